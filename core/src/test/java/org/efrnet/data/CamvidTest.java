package org.efrnet.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.assertj.core.api.AbstractThrowableAssert;
import org.efrnet.images.Mask;
import org.efrnet.images.Masks;
import org.efrnet.images.Picture;
import org.efrnet.images.Pictures;
import org.efrnet.labels.ClassTable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CamvidTest {
  @TempDir Path dir;

  @BeforeEach
  void writeTwoSplits() throws IOException {
    writeSplit("train", "0001TP_01", "0006R0_02");
    writeSplit("val", "0016E5_03");
  }

  private void writeSplit(String split, String... names) throws IOException {
    Files.createDirectories(dir.resolve(split));
    Files.createDirectories(dir.resolve(split + "annot"));
    StringBuilder list = new StringBuilder();
    for (String name : names) {
      byte[] rgb = new byte[12 * 8 * 3];
      rgb[3] = (byte) 200;
      Pictures.writePng(dir.resolve(split).resolve(name + ".png"), new Picture(12, 8, rgb));
      writeLabels(split, name, 12, 8);
      list.append(
          "/SegNet/CamVid/%s/%s.png /SegNet/CamVid/%sannot/%s.png\n"
              .formatted(split, name, split, name));
    }
    Files.writeString(dir.resolve(split + ".txt"), list);
  }

  /** Ids 0..11 in turn: all classes and the unlabelled id. */
  private void writeLabels(String split, String name, int width, int height) throws IOException {
    byte[] ids = new byte[width * height];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = (byte) (i % 12);
    }
    Masks.write(
        dir.resolve(split + "annot").resolve(name + ".png"),
        new Mask(width, height, ids),
        ClassTable.named("camvid-11").palette());
  }

  private AbstractThrowableAssert<?, ?> opening(String split) {
    return assertThatThrownBy(() -> Camvid.open(dir, split))
        .isInstanceOf(DataException.class)
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
  }

  @Test
  void readsPicturesAndTrainIds() throws IOException {
    DataSet train = Camvid.open(dir, "train");
    assertThat(train.names()).containsExactly("0001TP_01", "0006R0_02");
    assertThat(train.sequenceOf(1)).isEqualTo("0006R0");
    assertThat(train.hasTruth()).isTrue();
    assertThat(train.classes().size()).isEqualTo(11);
    Example first = train.load(0);
    assertThat(first.name()).isEqualTo("0001TP_01");
    assertThat(first.picture().at(1, 0, 0)).isEqualTo(200);
    for (int x = 0; x < 12; x++) {
      assertThat(first.truth().at(x, 7)).isEqualTo(x == 11 ? ClassTable.IGNORE : x);
    }
  }

  @Test
  void joinsSplits() throws IOException {
    DataSet both = Camvid.open(dir, "train+val");
    assertThat(both.name()).isEqualTo("camvid train+val");
    assertThat(both.names()).containsExactly("0001TP_01", "0006R0_02", "0016E5_03");
    assertThat(Overlap.between(both, Camvid.open(dir, "val"))).containsExactly("0016E5_03");
    assertThat(Overlap.between(Camvid.open(dir, "train"), Camvid.open(dir, "val"))).isEmpty();
  }

  @Test
  void unknownAndRepeatedSplitsAreRefused() {
    opening("training").hasMessageContaining("unknown CamVid split 'training'");
    opening("train+").hasMessageContaining("unknown CamVid split ''");
    opening("train+train").hasMessageContaining("names a split twice");
  }

  @Test
  void missingListAndFolder() {
    opening("test").hasMessageContaining("test.txt is missing: give the folder");
    assertThatThrownBy(() -> Camvid.open(dir.resolve("nowhere"), "train"))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("no CamVid folder at")
        .hasMessageContaining("nowhere");
  }

  @Test
  void missingPictureOrLabelNamesTheFileAndTheLine() throws IOException {
    Files.delete(dir.resolve("trainannot/0006R0_02.png"));
    opening("train")
        .hasMessageContaining("0006R0_02.png is missing")
        .hasMessageContaining("train.txt line 2");
    Files.delete(dir.resolve("val/0016E5_03.png"));
    opening("val").hasMessageContaining("0016E5_03.png is missing");
  }

  @Test
  void aSplitWithoutLabelsIsAState() throws IOException {
    Files.delete(dir.resolve("valannot/0016E5_03.png"));
    Files.delete(dir.resolve("valannot"));
    DataSet val = Camvid.open(dir, "val");
    assertThat(val.hasTruth()).isFalse();
    assertThat(val.load(0).truth().histogram()[ClassTable.IGNORE]).isEqualTo(12 * 8);
    assertThat(Camvid.open(dir, "train+val").hasTruth()).isFalse();

    Files.writeString(dir.resolve("train.txt"), "train/0001TP_01.png\ntrain/0006R0_02.png\n");
    assertThat(Camvid.open(dir, "train").hasTruth()).isFalse();
  }

  @Test
  void brokenListsAreRefused() throws IOException {
    Path list = dir.resolve("train.txt");
    Files.writeString(list, "\n \n");
    opening("train").hasMessageContaining("is empty");
    Files.writeString(list, "train/0001TP_01.png trainannot/0001TP_01.png x\n");
    opening("train").hasMessageContaining("line 1 has 3 columns");
    Files.writeString(
        list, "train/0001TP_01.png trainannot/0001TP_01.png\n\ntrain/0006R0_02.png\n");
    opening("train").hasMessageContaining("line 3 has 1 column(s), the first line 2");
    Files.writeString(list, "0001TP_01.png\n");
    opening("train").hasMessageContaining("write a folder and a file in it");
    Files.writeString(list, "../../etc/../passwd\n");
    opening("train").hasMessageContaining("write a folder and a file in it");
    Files.writeString(list, "train/\u001b[2Jx.png\n");
    opening("train").hasMessageContaining("'train/\\u001b[2Jx.png' with control characters");
    Files.write(list, new byte[] {(byte) 0xff, (byte) 0xfe, 'x'});
    opening("train").hasMessageContaining("is not UTF-8 text");
    Files.delete(list);
    Files.createDirectory(list);
    opening("train").hasMessageContaining("cannot be read");
  }

  @Test
  void aLinkOutOfTheFolderIsRefused(@TempDir Path elsewhere) throws IOException {
    Path secret = Files.writeString(elsewhere.resolve("secret.png"), "secret");
    Path picture = dir.resolve("train/0001TP_01.png");
    Files.delete(picture);
    try {
      Files.createSymbolicLink(picture, secret);
    } catch (IOException | UnsupportedOperationException e) {
      assertThat(System.getenv("CI")).as("in CI symbolic links must work: " + e).isNull();
      abort("no symbolic links here: " + e);
    }
    opening("train").hasMessageContaining("leads out of the data folder");
  }

  @Test
  void anUnreadablePictureIsOneLineNamingIt() throws IOException {
    Files.writeString(dir.resolve("train/0001TP_01.png"), "no picture");
    DataSet train = Camvid.open(dir, "train");
    assertThatThrownBy(() -> train.load(0))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("0001TP_01.png")
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
    assertThat(train.load(1).name()).isEqualTo("0006R0_02");
  }

  @Test
  void labelsOfAnotherSizeAreRefused() throws IOException {
    writeLabels("train", "0001TP_01", 8, 12);
    DataSet train = Camvid.open(dir, "train");
    assertThatThrownBy(() -> train.load(0))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("0001TP_01.png is 8x12 but its picture")
        .hasMessageContaining("12x8");
  }

  @Test
  void theRealSetHasItsPublishedSizes() throws IOException {
    Path real = Path.of("..", "..", "shared", "camvid");
    assumeTrue(Files.isDirectory(real), "the real CamVid is not beside the repository");
    DataSet train = Camvid.open(real, "train");
    DataSet test = Camvid.open(real, "test");
    assertThat(train.size()).isEqualTo(367);
    assertThat(Camvid.open(real, "val").size()).isEqualTo(101);
    assertThat(test.size()).isEqualTo(233);
    assertThat(Overlap.between(Camvid.open(real, "train+val"), test)).isEmpty();
    assertThat(test.names().stream().filter(name -> name.startsWith("0001TP")).count())
        .isEqualTo(62);
    Example example = test.load(232);
    assertThat(example.picture().width()).isEqualTo(480);
    assertThat(example.truth().height()).isEqualTo(360);
    assertThat(example.truth().histogram()[0]).isPositive();
  }
}
