package org.efrnet.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.efrnet.images.Mask;
import org.efrnet.images.Masks;
import org.efrnet.images.Picture;
import org.efrnet.images.Pictures;
import org.efrnet.labels.CamvidLabels;
import org.efrnet.labels.ClassTable;
import org.efrnet.labels.LabelException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CamvidOriginalTest {
  private static final List<CamvidLabels.Label> LABELS = CamvidLabels.all();

  @TempDir Path dir;

  /** Every label once a row, the last column Void; the lists are those of the 11-class copy. */
  @BeforeEach
  void write() throws IOException {
    write("0001TP_1", "0016E5_2");
    Files.writeString(
        dir.resolve("train.txt"),
        "/SegNet/CamVid/train/0001TP_1.png /SegNet/CamVid/trainannot/0001TP_1.png\n");
    Files.writeString(dir.resolve("val.txt"), "0016E5_2\n");
  }

  private void write(String... names) throws IOException {
    Files.createDirectories(dir.resolve("701_StillsRaw_full"));
    Files.createDirectories(dir.resolve("LabeledApproved_full"));
    int[] colours = new int[256];
    byte[] ids = new byte[LABELS.size() * 2];
    for (int i = 0; i < LABELS.size(); i++) {
      colours[i] = LABELS.get(i).colour().rgb();
      ids[i] = (byte) i;
      ids[LABELS.size() + i] = (byte) i;
    }
    for (String name : names) {
      Pictures.writePng(
          dir.resolve("701_StillsRaw_full").resolve(name + ".png"),
          new Picture(LABELS.size(), 2, new byte[ids.length * 3]));
      Pictures.writePng(
          labels(name), FolderScenes.coloured(new Mask(LABELS.size(), 2, ids), colours));
    }
  }

  private Path labels(String name) {
    return dir.resolve("LabeledApproved_full").resolve(name + "_L.png");
  }

  @Test
  void everyColourBecomesItsClass() throws IOException {
    DataSet train = Camvid.openOriginal(dir, "train+val");
    assertThat(train.names()).containsExactly("0001TP_1", "0016E5_2");
    assertThat(train.sequenceOf(1)).isEqualTo("0016E5");
    assertThat(train.classes()).isEqualTo(ClassTable.named("camvid-11"));
    assertThat(train.hasTruth()).isTrue();
    Mask truth = train.load(1).truth();
    for (int i = 0; i < LABELS.size(); i++) {
      assertThat(truth.at(i, 1)).as(LABELS.get(i).name()).isEqualTo(LABELS.get(i).trainId());
    }
  }

  /** As released, 960x720: every colour fills a tile of 120x180 pixels, nothing else is in it. */
  @Test
  void everyPixelOfAFullSizePictureBecomesItsClass() throws IOException {
    int[] colours = LABELS.stream().mapToInt(label -> label.colour().rgb()).toArray();
    byte[] ids = new byte[960 * 720];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = (byte) (i / 960 / 180 * 8 + i % 960 / 120);
    }
    Picture stored = FolderScenes.coloured(new Mask(960, 720, ids), colours);
    Pictures.writePng(labels("0016E5_2"), stored);
    Pictures.writePng(
        dir.resolve("701_StillsRaw_full/0016E5_2.png"),
        new Picture(960, 720, new byte[960 * 720 * 3]));
    Example example = Camvid.openOriginal(dir, "val").load(0);
    byte[] expected = new byte[ids.length];
    Set<Integer> classes = new HashSet<>();
    for (int i = 0; i < ids.length; i++) {
      int id = LABELS.get(ids[i]).trainId();
      expected[i] = (byte) id;
      classes.add(id);
    }
    assertThat(LABELS).hasSize(32);
    assertThat(classes).hasSize(12).contains(ClassTable.IGNORE);
    assertThat(example.truth()).isEqualTo(new Mask(960, 720, expected));

    stored.rgb()[3 * (700 * 960 + 959)] ^= 1;
    Pictures.writePng(labels("0016E5_2"), stored);
    assertThatThrownBy(() -> Camvid.openOriginal(dir, "val").load(0))
        .isInstanceOf(LabelException.class)
        .hasMessageContaining("(1 pixel, at (959, 700))");
  }

  @Test
  void theSamePictureHasTheSameNameInBothLayouts(@TempDir Path copy) throws IOException {
    StreetScenes.writeCamvidLayout(copy, Map.of("train", StreetScenes.of(2, 32, 32, 1)));
    DataSet eleven = Camvid.open(copy, "train");
    write(eleven.names().toArray(String[]::new));
    Files.copy(copy.resolve("train.txt"), dir.resolve("test.txt"));
    assertThat(Overlap.between(eleven, Camvid.openOriginal(dir, "test"))).hasSize(2);
  }

  @Test
  void whatIsMissingOrForeignIsNamed() throws IOException {
    opening("test", "test.txt is missing");
    opening("all", "unknown CamVid split 'all'");
    Files.writeString(dir.resolve("test.txt"), "0001TP_1\n../0001TP_9.png");
    opening("test", "0001TP_9.png is missing, named by");
    Files.writeString(dir.resolve("test.txt"), "train/..");
    opening("test", "test.txt line 1");
    DataSet val = Camvid.openOriginal(dir, "val");
    Masks.write(labels("0016E5_2"), new Mask(32, 2, new byte[64]), new int[0]);
    assertThatThrownBy(() -> val.load(0)).hasMessageContaining("_L.png holds ids");
    byte[] rgb = new byte[32 * 2 * 3];
    rgb[3] = 64;
    rgb[4] = 64;
    rgb[5] = 64;
    Pictures.writePng(labels("0016E5_2"), new Picture(32, 2, rgb));
    assertThatThrownBy(() -> val.load(0))
        .isInstanceOf(LabelException.class)
        .hasMessageContaining("_L.png: colour 64,64,64 has no rule")
        .hasMessageContaining("(1 pixel, at (1, 0))");
    Files.delete(labels("0016E5_2"));
    opening("val", "0016E5_2_L.png is missing");
    Files.delete(labels("0001TP_1"));
    Files.delete(dir.resolve("LabeledApproved_full"));
    assertThat(Camvid.openOriginal(dir, "val").hasTruth()).isFalse();
  }

  private void opening(String split, String message) {
    assertThatThrownBy(() -> Camvid.openOriginal(dir, split))
        .isInstanceOf(DataException.class)
        .hasMessageContaining(message)
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
  }
}
