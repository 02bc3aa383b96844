package org.efrnet.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.assertj.core.api.AbstractThrowableAssert;
import org.efrnet.images.Mask;
import org.efrnet.images.Masks;
import org.efrnet.images.Picture;
import org.efrnet.images.Pictures;
import org.efrnet.labels.ClassTable;
import org.efrnet.labels.LabelException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LabelledFolderTest {
  private final StreetScenes scenes = StreetScenes.of(3, 48, 32, 7);

  @TempDir Path dir;

  @BeforeEach
  void write() throws IOException {
    FolderScenes.writeClasses(dir);
    FolderScenes.write(dir, "train", scenes, "a", "monday/b 2", "monday/c");
    FolderScenes.write(dir, "val", StreetScenes.of(1, 48, 32, 8), "d");
  }

  private AbstractThrowableAssert<?, ?> opening(String split) {
    return assertThatThrownBy(() -> LabelledFolder.open(dir, split))
        .isInstanceOf(DataException.class)
        .satisfies(
            e -> assertThat(e.getMessage()).doesNotContain("\n").contains(dir.getFileName() + ""));
  }

  private AbstractThrowableAssert<?, ?> loading(int index) throws IOException {
    DataSet train = LabelledFolder.open(dir, "train");
    return assertThatThrownBy(() -> train.load(index))
        .isInstanceOf(IOException.class)
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
  }

  private void list(String... lines) throws IOException {
    Files.writeString(dir.resolve("train.txt"), String.join("\n", lines));
  }

  @Test
  void masksOfIdsAndOfColoursGiveTheSameTruth() throws IOException {
    DataSet train = LabelledFolder.open(dir, "train");
    assertThat(train.name()).isEqualTo("yard train");
    assertThat(train.classes().name()).isEqualTo("yard");
    assertThat(train.hasTruth()).isTrue();
    assertThat(train.names()).containsExactly("a", "monday/b 2", "monday/c");
    assertThat(train.sequenceOf(0)).isEqualTo("images");
    assertThat(train.sequenceOf(1)).isEqualTo("monday");
    for (int i = 0; i < 3; i++) {
      assertThat(train.load(i).truth()).isEqualTo(scenes.load(i).truth());
      assertThat(train.load(i).picture().rgb()).isEqualTo(scenes.load(i).picture().rgb());
    }
  }

  @Test
  void splitsAreListsOfAnyName() throws IOException {
    DataSet both = LabelledFolder.open(dir, "train+val");
    assertThat(both.names()).containsExactly("a", "monday/b 2", "monday/c", "d");
    assertThat(Overlap.between(both, LabelledFolder.open(dir, "val"))).containsExactly("d");
    Files.copy(dir.resolve("val.txt"), dir.resolve("night-2.txt"));
    assertThat(LabelledFolder.open(dir, "night-2").names()).containsExactly("d");
    opening("tset").hasMessageContaining("tset.txt is missing").hasMessageContaining("train, val)");
    opening("../train").hasMessageContaining("unknown data split '../train'");
    opening("val+val").hasMessageContaining("names a split twice");
    opening("val+night-2")
        .hasMessageContaining("d.png again after")
        .hasMessageContaining("val.txt");
  }

  @Test
  void aLineMayNameItsMask() throws IOException {
    Files.move(dir.resolve("masks/a.png"), dir.resolve("masks/monday/a mask.png"));
    opening("train").hasMessageContaining("a.png is missing, named by");
    list("a.png \t monday/a mask.png", "", "monday\\c.png");
    DataSet train = LabelledFolder.open(dir, "train");
    assertThat(train.names()).containsExactly("a", "monday/c");
    assertThat(train.load(0).truth()).isEqualTo(scenes.load(0).truth());
    list("a.png\tmonday/a mask.png\tx");
    opening("train").hasMessageContaining("line 1 has 3 columns");
    list("\uFEFFmonday/c.png");
    assertThat(LabelledFolder.open(dir, "train").names()).containsExactly("monday/c");
  }

  @Test
  void withoutMasksThereIsNoTruth() throws IOException {
    try (Stream<Path> files = Files.walk(dir.resolve("masks"))) {
      for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
    DataSet train = LabelledFolder.open(dir, "train");
    assertThat(train.hasTruth()).isFalse();
    assertThat(train.load(2).truth().histogram()[ClassTable.IGNORE]).isEqualTo(48 * 32);
  }

  @Test
  void listsLeadNowhereButDown() throws IOException {
    for (String line :
        new String[] {"../train.txt", "/a.png", "monday//c.png", "./a.png", "a.png\t../a.png"}) {
      list("d.png", line);
      opening("train")
          .hasMessageContaining("train.txt line 2")
          .hasMessageContaining("without . or ..");
    }
    list("a\u0007.png");
    opening("train").hasMessageContaining("control characters");
    list("a.png", "a.png");
    opening("train").hasMessageContaining("line 2 names").hasMessageContaining("line 1: name each");
    list("nothing.png");
    opening("train").hasMessageContaining("nothing.png is missing").hasMessageContaining("line 1");
    list(" ");
    opening("train").hasMessageContaining("is empty");
  }

  @Test
  void aLinkOutOfTheFolderIsRefused(@TempDir Path elsewhere) throws IOException {
    for (String file : new String[] {"images/a.png", "masks/a.png", "classes.yaml", "train.txt"}) {
      Path kept = elsewhere.resolve("kept");
      Files.move(dir.resolve(file), kept);
      try {
        Files.createSymbolicLink(dir.resolve(file), kept);
      } catch (IOException | UnsupportedOperationException e) {
        assertThat(System.getenv("CI")).as("in CI symbolic links must work: " + e).isNull();
        abort("no symbolic links here: " + e);
      }
      opening("train")
          .hasMessageContaining(file)
          .hasMessageContaining("leads out of the data folder");
      Files.delete(dir.resolve(file));
      Files.move(kept, dir.resolve(file));
    }
  }

  @Test
  void aMaskMustHoldWhatTheTableKnows() throws IOException {
    Path colours = dir.resolve("masks/monday/b 2.png");
    Picture mask = Pictures.read(colours);
    mask.rgb()[3 * (48 + 2)] ^= 1;
    Pictures.writePng(colours, mask);
    loading(1)
        .isInstanceOf(LabelException.class)
        .hasMessageContaining("b 2.png: colour ")
        .hasMessageContaining("has no rule in class table 'yard' (1 pixel, at (2, 1))");
    Masks.write(dir.resolve("masks/a.png"), scenes.load(0).truth(), new int[256]);
    loading(0)
        .isInstanceOf(LabelException.class)
        .hasMessageContaining("a.png: value 1 has no rule");
    Pictures.writePng(dir.resolve("masks/a.png"), new Picture(1, 1, new byte[3]));
    loading(0).isInstanceOf(DataException.class).hasMessageContaining("is 1x1 but its picture");
    Files.writeString(dir.resolve("masks/a.png"), "x");
    loading(0).hasMessageContaining("a.png: not a PNG, JPEG, BMP, GIF or TIFF picture");
  }

  @Test
  void aMaskBlendedByResizingIsRefused() throws IOException {
    Path file = dir.resolve("masks/monday/b 2.png");
    Picture mask = Pictures.read(file);
    byte[] rgb = mask.rgb().clone();
    for (int i = 3; i < rgb.length; i++) {
      rgb[i] = (byte) (((mask.rgb()[i] & 0xff) + (mask.rgb()[i - 3] & 0xff)) / 2);
    }
    Pictures.writePng(file, new Picture(mask.width(), mask.height(), rgb));
    loading(1).hasMessageContaining("export the mask without smoothing or resizing");
  }

  @Test
  void theClassTableIsAskedFirst() throws IOException {
    Path table = dir.resolve("classes.yaml");
    Files.writeString(table, "name: yard\nclases: []\n", StandardCharsets.UTF_8);
    opening("train").hasMessageContaining("classes.yaml: ").hasMessageContaining("clases");
    Files.delete(table);
    opening("train").hasMessageContaining("classes.yaml is missing");
    assertThatThrownBy(() -> LabelledFolder.open(dir.resolve("none"), "train"))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("no data folder at");
  }

  @Test
  void whatIsWrittenIsReadBack(@TempDir Path empty) throws IOException {
    Path own = empty.resolve("a/b");
    List<Integer> written = new ArrayList<>();
    Map<String, DataSet> splits = Map.of("night-2", LabelledFolder.open(dir, "train+val"));
    LabelledFolder.write(own, splits, written::add);
    assertThat(written).containsExactly(1, 2, 3, 4);
    DataSet from = splits.get("night-2");
    DataSet back = DataSets.open(own, "night-2");
    assertThat(back.classes()).isEqualTo(from.classes());
    assertThat(back.names()).isEqualTo(from.names());
    for (int i = 0; i < from.size(); i++) {
      assertThat(back.load(i)).usingRecursiveComparison().isEqualTo(from.load(i));
      assertThat(back.sequenceOf(i)).isEqualTo(from.sequenceOf(i));
    }
    // Viewers show the classes' colours, though the values are label ids.
    Picture shown = Pictures.read(own.resolve("masks/a.png"));
    assertThat(shown.rgb())
        .isEqualTo(FolderScenes.coloured(from.load(0).truth(), from.classes().palette()).rgb());
    assertThatThrownBy(() -> LabelledFolder.write(own, splits, n -> {}))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("b is not empty, it holds classes.yaml: name a new folder");
  }

  @Test
  void namesThatWouldNotBeReadAreNotWritten(@TempDir Path empty) throws IOException {
    DataSet train = LabelledFolder.open(dir, "train");
    assertThatThrownBy(
            () -> LabelledFolder.write(empty.resolve("x"), Map.of("../train", train), n -> {}))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("'../train.txt' is no name of a file below");
    assertThatThrownBy(
            () ->
                LabelledFolder.write(
                    empty.resolve("y"), Map.of("train", train, "val", train), n -> {}))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("picture 'a.png' stands twice");
    assertThatThrownBy(
            () ->
                LabelledFolder.write(
                    empty.resolve("z"), Map.of("train", train, "val", scenes), n -> {}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("differ in classes");
    assertThat(empty.resolve("z")).doesNotExist();
  }

  @Test
  void aPaletteThatWasNumberedAnewIsRefusedAndAnyOtherIsTakenAsItIs() throws IOException {
    Path file = dir.resolve("masks/a.png");
    ClassTable classes = LabelledFolder.open(dir, "train").classes();
    Mask truth = scenes.load(0).truth();
    // Seven classes at most stand in a mask whose class i is stored as value i, not as 20 + i.
    Masks.write(file, truth, classes.palette());
    loading(0)
        .isInstanceOf(LabelException.class)
        .hasMessageContaining("a.png: value ")
        .hasMessageContaining("whose label is 2")
        .hasMessageContaining("numbered anew when it was saved; export it as 8-bit RGB");
    Mask labels = classes.toLabelIds(truth);
    for (int[] palette :
        new int[][] {classes.labelPalette(), new int[0], new int[256], classes.palette()}) {
      Masks.write(file, labels, palette);
      assertThat(LabelledFolder.open(dir, "train").load(0).truth()).isEqualTo(truth);
    }
  }
}
