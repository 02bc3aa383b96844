package org.efrnet.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.assertj.core.api.AbstractThrowableAssert;
import org.efrnet.images.InstanceMap;
import org.efrnet.images.Mask;
import org.efrnet.images.Masks;
import org.efrnet.images.Picture;
import org.efrnet.labels.ClassTable;
import org.efrnet.labels.LabelException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CityscapesTest {
  @TempDir Path temporary;
  private Path dir;

  @BeforeEach
  void writeSplits() throws IOException {
    dir = temporary.resolve("data");
    StreetScenes scenes = StreetScenes.of(3, 48, 32, 4);
    CityscapesScenes.write(dir, "train", scenes, "ulm", "aachen", "ulm");
    CityscapesScenes.write(dir, "val", scenes, "lindau", "frankfurt");
    CityscapesScenes.write(dir, "test", scenes, "berlin");
  }

  private AbstractThrowableAssert<?, ?> opening(String split) {
    return assertThatThrownBy(() -> Cityscapes.open(dir, split))
        .isInstanceOf(DataException.class)
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
  }

  private Path labels(String name) {
    return dir.resolve("gtFine/val/frankfurt").resolve(name);
  }

  /** One picture of 34 x 1 pixels whose labels are all there are. */
  private static void writeAllLabels(Path dir, String kind, String split, String name)
      throws IOException {
    byte[] ids = new byte[34];
    char[] instances = new char[34];
    for (int i = 0; i < 34; i++) {
      ids[i] = (byte) i;
      instances[i] = (char) (i == 26 ? 26007 : i);
    }
    CityscapesScenes.writePicture(dir, split, "ulm", name, new Picture(34, 1, new byte[3 * 34]));
    CityscapesScenes.writeLabels(dir, kind, split, "ulm", name, new Mask(34, 1, ids), instances);
  }

  @Test
  void picturesComeByCityAndName() throws IOException {
    Cityscapes train = Cityscapes.open(dir, "train");
    assertThat(train.names())
        .containsExactly("aachen_000001_000019", "ulm_000000_000019", "ulm_000002_000019");
    assertThat(train.sequenceOf(0)).isEqualTo("aachen");
    assertThat(train.name()).isEqualTo("cityscapes train");
    assertThat(train.hasTruth()).isTrue();
    assertThat(train.hasInstances()).isTrue();
    assertThat(train.classes()).isEqualTo(ClassTable.named("cityscapes-19"));
    Example second = train.load(1);
    assertThat(second.picture().rgb())
        .isEqualTo(StreetScenes.of(1, 48, 32, 4).load(0).picture().rgb());
    assertThat(second.truth()).isEqualTo(train.truth(1));
    assertThat(second.truth().at(0, 31)).isEqualTo(ClassTable.IGNORE);
  }

  @Test
  void labelIdsBecomeTrainIdsAndInstancesStay() throws IOException {
    Path other = dir.resolve("other");
    writeAllLabels(other, "gtFine", "train", "ulm_000000_000001");
    Cityscapes train = Cityscapes.open(other, "train");
    Mask truth = train.load(0).truth();
    int[] evaluated = {7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33};
    for (int trainId = 0; trainId < evaluated.length; trainId++) {
      assertThat(truth.at(evaluated[trainId], 0)).isEqualTo(trainId);
    }
    assertThat(truth.histogram()[ClassTable.IGNORE]).isEqualTo(34 - 19);
    InstanceMap instances = train.instances(0).orElseThrow();
    assertThat((int) instances.ids()[26]).isEqualTo(26007);
    assertThat((int) instances.ids()[24]).isEqualTo(24);
  }

  @Test
  void trainIdsServeWhereLabelIdsAreMissing() throws IOException {
    String stem = "frankfurt_000001_000019_gtFine";
    Mask truth = Cityscapes.open(dir, "val").truth(0);
    Files.delete(labels(stem + "_labelIds.png"));
    Masks.writeGrey(labels(stem + "_labelTrainIds.png"), truth);
    assertThat(Cityscapes.open(dir, "val").truth(0)).isEqualTo(truth);

    // Label ids under that name would be other classes, unseen, if they were all below 19.
    truth.ids()[3] = 26;
    Masks.writeGrey(labels(stem + "_labelTrainIds.png"), truth);
    assertThatThrownBy(() -> Cityscapes.open(dir, "val").truth(0))
        .isInstanceOf(LabelException.class)
        .hasMessageContaining("labelTrainIds.png: value 26 has no rule")
        .hasMessageContaining("1 pixel, at (3, 0)");
  }

  @Test
  void coarseLabelsAreASplitOfTheirOwn() throws IOException {
    writeAllLabels(dir, "gtCoarse", "train_extra", "ulm_000009_000001");
    Cityscapes extra = Cityscapes.open(dir, "coarse:train_extra");
    assertThat(extra.names()).containsExactly("ulm_000009_000001");
    assertThat(Cityscapes.open(dir, "train+coarse:train_extra").size()).isEqualTo(4);
    // As the archive's own folder, and one folder deeper, as unpacking into it makes it.
    Files.createDirectory(dir.resolve("leftImg8bit_trainextra"));
    Files.move(
        dir.resolve("leftImg8bit/train_extra"), dir.resolve("leftImg8bit_trainextra/train_extra"));
    assertThat(Cityscapes.open(dir, "coarse:train_extra").load(0).truth())
        .isEqualTo(extra.truth(0));
    Files.createDirectory(dir.resolve("leftImg8bit_trainextra/leftImg8bit"));
    Files.move(
        dir.resolve("leftImg8bit_trainextra/train_extra"),
        dir.resolve("leftImg8bit_trainextra/leftImg8bit/train_extra"));
    assertThat(Cityscapes.open(dir, "coarse:train_extra").size()).isEqualTo(1);
    assertThat(DataSets.has(dir, "coarse:train_extra")).isTrue();
    // The same pictures with fine and with coarse labels.
    assertThat(Cityscapes.open(dir, "coarse:val").hasTruth()).isFalse();
    opening("val+coarse:val").hasMessageContaining("again after split val");
  }

  @Test
  void joinsSplitsAndTellsThemApart() throws IOException {
    DataSet both = DataSets.open(dir, "train+val");
    assertThat(both.size()).isEqualTo(5);
    assertThat(Overlap.between(both, DataSets.open(dir, "val"))).hasSize(2);
    opening("training").hasMessageContaining("unknown Cityscapes split 'training'");
    opening("train+train").hasMessageContaining("names a split twice");
    opening("coarse:train_extra")
        .hasMessageContaining("train_extra is missing")
        .hasMessageContaining("a split that is there: train, val, test");
    assertThatThrownBy(() -> Cityscapes.open(dir.resolve("none"), "val"))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("no Cityscapes folder at");
  }

  @Test
  void testHasNoTruthWhateverLiesThere() throws IOException {
    // The archive of labels holds files for test that say nothing.
    CityscapesScenes.writeLabels(
        dir,
        "gtFine",
        "test",
        "berlin",
        "berlin_000000_000019",
        new Mask(48, 32, new byte[48 * 32]),
        new char[48 * 32]);
    Cityscapes test = Cityscapes.open(dir, "test");
    assertThat(test.hasTruth()).isFalse();
    assertThat(test.hasInstances()).isFalse();
    assertThat(test.load(0).truth().histogram()[ClassTable.IGNORE]).isEqualTo(48 * 32);
  }

  @Test
  void missingFilesAreNamed() throws IOException {
    Files.delete(labels("frankfurt_000001_000019_gtFine_instanceIds.png"));
    opening("val")
        .hasMessageContaining("the instances of")
        .hasMessageContaining("frankfurt_000001_000019_gtFine_labelIds.png are missing");
    Files.delete(labels("frankfurt_000001_000019_gtFine_labelIds.png"));
    opening("val")
        .hasMessageContaining("frankfurt_000001_000019_gtFine_labelIds.png is missing")
        .hasMessageContaining("labelTrainIds.png")
        .hasMessageContaining("frankfurt_000001_000019_leftImg8bit.png");
    Files.delete(dir.resolve("leftImg8bit/test/berlin/berlin_000000_000019_leftImg8bit.png"));
    opening("test").hasMessageContaining("holds no picture CITY/NAME_leftImg8bit.png");
  }

  @Test
  void aSplitWithoutInstancesHasNone() throws IOException {
    for (String city : new String[] {"frankfurt", "lindau"}) {
      int number = city.equals("lindau") ? 0 : 1;
      Files.delete(
          dir.resolve("gtFine/val")
              .resolve(city)
              .resolve("%s_%06d_000019_gtFine_instanceIds.png".formatted(city, number)));
    }
    Cityscapes val = Cityscapes.open(dir, "val");
    assertThat(val.hasTruth()).isTrue();
    assertThat(val.hasInstances()).isFalse();
    assertThat(val.instances(0)).isEmpty();
  }

  @Test
  void linksOutOfTheFolderAreRefused() throws IOException {
    Path elsewhere = Files.createDirectory(temporary.resolve("elsewhere"));
    Path file = labels("frankfurt_000001_000019_gtFine_labelIds.png");
    Path moved = elsewhere.resolve("labels.png");
    Files.move(file, moved);
    Files.createSymbolicLink(file, moved);
    opening("val").hasMessageContaining("leads out of the data folder");
  }

  @Test
  void theLayoutIsTold() throws IOException {
    assertThat(DataSets.layoutOf(dir)).isEqualTo(DataSets.Layout.CITYSCAPES);
    assertThat(DataSets.layoutOf(dir)).hasToString("cityscapes");
    assertThat(DataSets.open(dir, "val")).isInstanceOf(Cityscapes.class);
    assertThat(DataSets.has(dir, "val")).isTrue();
    assertThat(DataSets.has(dir, "coarse:train_extra")).isFalse();
    assertThat(DataSets.has(dir, "nonsense")).isFalse();
  }

  @Test
  void thePublishedPseudoFrameIsRead() throws IOException {
    Path pseudo = Path.of("..", "..", "shared", "cityscapes-pseudo");
    assumeTrue(Files.isDirectory(pseudo), "no pseudo frame here");
    Cityscapes val = Cityscapes.open(pseudo, "val");
    assertThat(val.names()).containsExactly("frankfurt_000000_000294");
    // Its labelTrainIds do not fit its labelIds (they were made smaller with interpolation), so the
    // official table says what is to be read: label ids 0..33 to train ids.
    int[] trainIds = {
      255, 255, 255, 255, 255, 255, 255, 0, 1, 255, 255, 2, 3, 4, 255, 255, 255, 5, 255, 6, 7, 8, 9,
      10, 11, 12, 13, 14, 15, 255, 255, 16, 17, 18
    };
    Mask labelIds =
        Masks.read(
            pseudo.resolve("gtFine/val/frankfurt/frankfurt_000000_000294_gtFine_labelIds.png"));
    Mask truth = val.load(0).truth();
    assertThat(truth.width()).isEqualTo(256);
    assertThat(truth.height()).isEqualTo(128);
    byte[] expected = new byte[labelIds.ids().length];
    for (int p = 0; p < expected.length; p++) {
      expected[p] = (byte) trainIds[labelIds.ids()[p]];
    }
    assertThat(truth.ids()).isEqualTo(expected);
    assertThat(val.instances(0).orElseThrow().ids()).contains((char) 24003, (char) 26002);
  }
}
