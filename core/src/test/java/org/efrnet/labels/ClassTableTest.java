package org.efrnet.labels;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.json.JsonMapper;
import java.awt.image.Raster;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.efrnet.images.Mask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class ClassTableTest {
  private static final String YARD =
      """
      name: yard
      classes:
        - {label: 3, name: Ground, colour: [128, 64, 128]}
        - {label: 7, name: Person, colour: [220, 20, 60]}
      """;

  @TempDir Path folder;

  private ClassTable read(String yaml) throws IOException {
    return ClassTable.read(Files.writeString(folder.resolve("classes.yaml"), yaml));
  }

  private static Mask mask(int width, int... ids) {
    byte[] bytes = new byte[ids.length];
    for (int i = 0; i < ids.length; i++) {
      bytes[i] = (byte) ids[i];
    }
    return new Mask(width, ids.length / width, bytes);
  }

  static List<String> names() {
    return ClassTable.names();
  }

  @Test
  void camvidHasItsElevenClasses() {
    ClassTable table = ClassTable.named("camvid-11");
    assertThat(table.name()).isEqualTo("camvid-11");
    assertThat(table.classes())
        .extracting(SegmentationClass::name)
        .containsExactly(
            "Sky",
            "Building",
            "Pole",
            "Road",
            "Pavement",
            "Tree",
            "SignSymbol",
            "Fence",
            "Car",
            "Pedestrian",
            "Bicyclist");
    for (int id = 0; id < 256; id++) {
      OptionalInt rule =
          id < 11
              ? OptionalInt.of(id)
              : id == 11 ? OptionalInt.of(ClassTable.IGNORE) : OptionalInt.empty();
      assertThat(table.trainIdOf(new LabelId(id))).as("label %d", id).isEqualTo(rule);
    }
    assertThat(table.byColour(new Colour(60, 40, 222)).orElseThrow().name()).isEqualTo("Pavement");
    assertThat(table.byColour(table.ignored())).isEmpty();
    assertThat(table.trainIdOf(table.ignored())).hasValue(ClassTable.IGNORE);
    assertThat(table.byColour(new Colour(1, 2, 3))).isEmpty();
  }

  @Test
  void cityscapesHasItsNineteenClassesAndIgnoresTheOtherIds() {
    ClassTable table = ClassTable.named("cityscapes-19");
    assertThat(IntStream.range(0, 19).map(id -> table.labelOf(id).value()))
        .containsExactly(7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33);
    assertThat(table.classes().get(0).name()).isEqualTo("road");
    assertThat(table.classes().get(18).name()).isEqualTo("bicycle");
    for (int id = 0; id < 256; id++) {
      assertThat(table.trainIdOf(new LabelId(id)).isPresent())
          .as("label %d", id)
          .isEqualTo(id <= 33 || id == 255);
    }
    assertThat(table.trainIdOf(new LabelId(-1))).isEmpty();
    assertThat(table.trainIdOf(new LabelId(9))).hasValue(ClassTable.IGNORE);
    assertThat(table.toLabelIds(mask(3, 0, 18, 255))).isEqualTo(mask(3, 7, 33, 0));
  }

  @Test
  void allOfCityscapesLabelsAreKept() {
    List<CityscapesLabels.Label> all = CityscapesLabels.all();
    assertThat(all).hasSize(35);
    assertThat(IntStream.range(0, 34).allMatch(i -> all.get(i).id().value() == i)).isTrue();
    assertThat(all.get(34).name()).isEqualTo("license plate");
    assertThat(all.get(34).id().value()).isEqualTo(-1);
    assertThat(all.stream().filter(CityscapesLabels.Label::hasInstances))
        .extracting(label -> label.id().value())
        .containsExactly(24, 25, 26, 27, 28, 29, 30, 31, 32, 33);
    assertThat(all)
        .allMatch(label -> label.ignoreInEval() == (label.trainId() == ClassTable.IGNORE));
    assertThat(all.get(24))
        .isEqualTo(
            new CityscapesLabels.Label(
                "person", new LabelId(24), 11, "human", 6, true, false, new Colour(220, 20, 60)));
  }

  @Test
  void theGeneratedStreetsHaveEightClasses() {
    ClassTable table = ClassTable.named("streets");
    assertThat(table.classes())
        .extracting(SegmentationClass::name)
        .containsExactly(
            "Sky", "Building", "Road", "Pavement", "Tree", "Car", "Pole", "Pedestrian");
    assertThat(table.trainIdOf(new LabelId(255))).hasValue(ClassTable.IGNORE);
    assertThat(table.trainIdOf(new LabelId(8))).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("names")
  void everyTableConvertsThereAndBack(String name) throws IOException {
    ClassTable table = ClassTable.named(name);
    Random random = new Random(name.hashCode());
    int[] ids = new int[60];
    for (int i = 0; i < ids.length; i++) {
      int drawn = random.nextInt(table.size() + 1);
      ids[i] = drawn == table.size() ? ClassTable.IGNORE : drawn;
    }
    Mask trainIds = mask(12, ids);
    assertThat(table.toTrainIds(table.toLabelIds(trainIds), "x.png")).isEqualTo(trainIds);
    for (SegmentationClass entry : table.classes()) {
      assertThat(table.trainIdOf(table.labelOf(entry.id()))).hasValue(entry.id());
      assertThat(table.byColour(entry.colour())).contains(entry);
      assertThat(table.byName(entry.name())).contains(entry);
      assertThat(table.palette()[entry.id()]).isEqualTo(entry.colour().rgb());
    }
    assertThat(table.palette()).hasSize(256).endsWith(table.ignored().rgb());
    assertThat(ClassTable.named(name)).isEqualTo(table).hasSameHashCodeAs(table);
  }

  @ParameterizedTest
  @MethodSource("names")
  void everyValueHasARuleOrIsAnErrorWithItsPlace(String name) throws IOException {
    ClassTable table = ClassTable.named(name);
    int errors = 0;
    for (int value = 0; value < 256; value++) {
      int usual = table.labelOf(0).value();
      Mask mask = mask(3, usual, usual, usual, usual, value, value);
      OptionalInt trainId = table.trainIdOf(new LabelId(value));
      if (trainId.isPresent()) {
        assertThat(table.toTrainIds(mask, "m.png").at(1, 1)).isEqualTo(trainId.getAsInt());
        assertThat(trainId.getAsInt() < table.size() || trainId.getAsInt() == ClassTable.IGNORE)
            .isTrue();
        continue;
      }
      errors++;
      assertThatThrownBy(() -> table.toTrainIds(mask, "m.png"))
          .isInstanceOf(LabelException.class)
          .hasMessageStartingWith("label mask m.png: value " + value + " has no rule")
          .hasMessageContaining("(2 pixels, the first at (1, 1));");
    }
    assertThat(errors).isEqualTo(256 - table.size() - table.ignoredLabels().size());
  }

  @Test
  void thePaletteOfLabelsShowsEachClassAtItsLabel() throws IOException {
    int[] palette = read(YARD + "ignore: [0, 9]\nignoreColour: [1, 2, 3]\n").labelPalette();
    assertThat(palette).hasSize(256);
    ClassTable yard = read(YARD);
    for (SegmentationClass entry : yard.classes()) {
      assertThat(palette[yard.labelOf(entry.id()).value()]).isEqualTo(entry.colour().rgb());
    }
    assertThat(new int[] {palette[0], palette[9], palette[200]}).containsExactly(66051, 66051, 0);
  }

  @Test
  void anUnknownTableIsAnsweredWithTheNearestAndTheList() {
    assertThatThrownBy(() -> ClassTable.named("camvid"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "no class table is named 'camvid' (did you mean 'camvid-11'?); there are camvid-11,"
                + " cityscapes-19, streets, streets-3, or give a classes.yaml file");
  }

  @Test
  void aValueWithoutARuleIsNamedWithItsPlace() {
    ClassTable table = ClassTable.named("camvid-11");
    assertThatThrownBy(() -> table.toTrainIds(mask(3, 0, 1, 2, 3, 11, 37, 37, 255, 37), "a/b.png"))
        .isInstanceOf(LabelException.class)
        .hasMessage(
            "label mask a/b.png: value 37 has no rule in class table 'camvid-11' (3 pixels, the"
                + " first at (2, 1), and 1 more such values); give it a class or list it under"
                + " 'ignore', or use the table of this data set");
    assertThatThrownBy(() -> table.toTrainIds(mask(2, 0, 255), "b.png"))
        .hasMessageContaining("(1 pixel, at (1, 0)); give");
  }

  @Test
  void aTrainIdThatIsNoClassIsNotConverted() throws IOException {
    ClassTable table = ClassTable.named("camvid-11");
    for (int id : new int[] {-1, 11, 254, ClassTable.IGNORE}) {
      assertThatThrownBy(() -> table.labelOf(id))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll("train id " + id, "camvid-11", "0..10");
    }
    assertThatThrownBy(() -> table.toLabelIds(mask(1, 11)))
        .isInstanceOf(IllegalArgumentException.class);
    ClassTable yard = read(YARD);
    assertThat(yard.toLabelIds(mask(2, 0, 1))).isEqualTo(mask(2, 3, 7));
    assertThatThrownBy(() -> yard.toLabelIds(mask(1, 255)))
        .hasMessageContaining("no label for ignored pixels");
  }

  @Test
  void aUsersTableIsRead() throws IOException {
    ClassTable table = read(YARD + "ignore: [0, 255]\nignoreColour: [1, 2, 3]\n");
    assertThat(table.size()).isEqualTo(2);
    assertThat(table.ignored()).isEqualTo(new Colour(1, 2, 3));
    assertThat(table.ignoredLabels()).containsExactly(new LabelId(0), new LabelId(255));
    assertThat(table.toTrainIds(mask(4, 3, 7, 0, 255), "m")).isEqualTo(mask(4, 0, 1, 255, 255));
    assertThat(read(YARD).ignored()).isEqualTo(Colour.BLACK);
  }

  record Config(String network, ClassTable classes) {}

  @ParameterizedTest
  @MethodSource("names")
  void aTableStandsInAConfigAndComesBack(String name) throws IOException {
    JsonMapper mapper = JsonMapper.builder().build();
    Config config = new Config("efrnet", ClassTable.named(name));
    String json = mapper.writeValueAsString(config);
    assertThat(json).startsWith("{\"network\":\"efrnet\",\"classes\":{\"name\":\"" + name);
    assertThat(mapper.readValue(json, Config.class)).isEqualTo(config);
    assertThat(ClassTable.of(mapper.readTree(json).path("classes"), "config.json"))
        .isEqualTo(config.classes());
    assertThatThrownBy(
            () -> mapper.readValue(json.replace("\"ignore\"", "\"ingore\""), Config.class))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("unknown key 'ingore' (did you mean 'ignore'?)");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "name: yard|nmae: yard|unknown key 'nmae' (did you mean 'name'?)",
        "name: yard|name: ''|'name' is blank",
        "name: yard|name: 7|'name' is 7, not a text; quote it",
        "name: yard|ignore: []|'name' is missing",
        "label: 3|label: 256|class 0 'label' is 256, not a number within 0..255",
        "label: 3|label: -1|class 0 'label' is -1",
        "label: 3|label: 3.5|class 0 'label' is 3.5",
        "label: 3|label: 99999999999999|class 0 'label' is 99999999999999",
        "label: 3|label: 7|label 7 has two rules",
        "label: 3|labl: 3|class 0 has the unknown key 'labl' (did you mean 'label'?)",
        "name: Ground|name: Person|two classes named 'Person'",
        "name: Ground|name: true|class 0 'name' is true",
        "'colour: [128, 64, 128]'|'colour: [220, 20, 60]'|taken by class 'Ground'",
        "'colour: [128, 64, 128]'|'colour: [0, 0, 0]'|taken by ignored pixels",
        "'colour: [128, 64, 128]'|'colour: [128, 64]'|not [red, green, blue]",
        "'colour: [128, 64, 128]'|'colour: [128, 64, 300]'|'colour' is 300",
        "'colour: [128, 64, 128]'|'colour: red'|not [red, green, blue]",
        "'name: yard'|'name: &y yard'|anchor",
        "'name: yard'|'name: !!str yard'|type tag",
        "'name: yard'|'name: yard\nignore: [3]'|label 3 has two rules",
        "'name: yard'|'name: yard\nignore: [9, 9]'|label 9 has two rules",
        "'name: yard'|'name: yard\nignore: 9'|not a list of label ids",
        "'name: yard'|'name: yard\nname: yard'|Duplicate field 'name'"
      })
  void aUsersMistakeIsNamed(String right, String wrong, String part) {
    assertThat(YARD).contains(right);
    assertThatThrownBy(() -> read(YARD.replace(right, wrong)))
        .isInstanceOf(LabelException.class)
        .hasMessageStartingWith("class table ")
        .hasMessageContainingAll("classes.yaml: ", part)
        .extracting(Throwable::getMessage)
        .matches(message -> message.lines().count() == 1, "one line");
  }

  @Test
  void aFileThatIsNoTableIsRefused() throws IOException {
    assertThatThrownBy(() -> ClassTable.read(folder.resolve("none.yaml")))
        .isInstanceOf(LabelException.class)
        .hasMessageContainingAll("none.yaml", "does not exist");
    assertThatThrownBy(() -> ClassTable.read(folder))
        .isInstanceOf(LabelException.class)
        .hasMessageContaining("not a regular file");
    Path latin = folder.resolve("latin.yaml");
    Files.write(latin, "name: Straße".getBytes(ISO_8859_1));
    assertThatThrownBy(() -> ClassTable.read(latin))
        .isInstanceOf(LabelException.class)
        .hasMessageContaining("not UTF-8");
    assertThatThrownBy(() -> read("name: x\nclasses: []\n")).hasMessageContaining("has 0 classes");
    assertThatThrownBy(() -> read("name: x\n")).hasMessageContaining("'classes' is not a list");
    assertThatThrownBy(() -> read("- 1\n")).hasMessageContaining("is not a mapping");
    StringBuilder many = new StringBuilder("name: x\nclasses:\n");
    for (int i = 0; i < 256; i++) {
      many.append("  - {label: %d, name: c%d, colour: [9, 9, %d]}\n".formatted(i, i, i));
    }
    assertThatThrownBy(() -> read(many.toString())).hasMessageContaining("has 256 classes");
  }

  @Test
  void damagedTablesAreTablesOrALabelException() throws IOException {
    long seed = new Random().nextLong();
    System.out.println("damagedTablesAreTablesOrALabelException: seed " + seed);
    Random random = new Random(seed);
    byte[] right = (YARD + "ignore: [255]\n").getBytes(StandardCharsets.UTF_8);
    byte[] marks = "&*!{}[]:,-#|>%@'\"\\\n\t ?".getBytes(StandardCharsets.UTF_8);
    Path file = folder.resolve("classes.yaml");
    int refusals = 0;
    for (int round = 0; round < 600; round++) {
      byte[] wrong = right.clone();
      for (int n = random.nextInt(4); n >= 0; n--) {
        wrong[random.nextInt(wrong.length)] =
            random.nextInt(4) == 0
                ? (byte) random.nextInt(256)
                : marks[random.nextInt(marks.length)];
      }
      Files.write(file, wrong);
      try {
        assertThat(ClassTable.read(file).size()).isBetween(1, 2);
      } catch (LabelException e) {
        assertThat(e.getMessage().lines().count()).as(e.getMessage()).isEqualTo(1);
        refusals++;
      } catch (RuntimeException e) {
        fail("seed " + seed + " round " + round + ": " + new String(wrong, ISO_8859_1), e);
      }
    }
    assertThat(refusals).isGreaterThan(100);
  }

  /** Real label pictures, where a checkout of the project has them beside it. */
  @Test
  void realMasksHaveARuleForEveryPixel() throws IOException {
    Path shared = Path.of("..", "..", "shared");
    assumeTrue(Files.isDirectory(shared), "no data beside the project");
    try (Stream<Path> files = Files.list(shared.resolve("camvid/valannot"))) {
      for (Path file : files.sorted().limit(5).toList()) {
        Mask mask = grey(file);
        Mask trainIds = ClassTable.named("camvid-11").toTrainIds(mask, file.toString());
        assertThat(trainIds.histogram()[ClassTable.IGNORE]).isEqualTo(mask.histogram()[11]);
        assertThat(ClassTable.named("camvid-11").toLabelIds(trainIds)).isEqualTo(mask);
      }
    }
    try (Stream<Path> files = Files.walk(shared.resolve("cityscapes-pseudo"))) {
      for (Path file : files.filter(path -> path.toString().endsWith("labelIds.png")).toList()) {
        Mask trainIds = ClassTable.named("cityscapes-19").toTrainIds(grey(file), file.toString());
        assertThat(LongStream.of(trainIds.histogram()).limit(19).sum()).isPositive();
      }
    }
  }

  private static Mask grey(Path file) throws IOException {
    Raster raster = ImageIO.read(file.toFile()).getRaster();
    assertThat(raster.getNumBands()).isEqualTo(1);
    int[] ids = raster.getSamples(0, 0, raster.getWidth(), raster.getHeight(), 0, (int[]) null);
    return mask(raster.getWidth(), ids);
  }

  @Test
  void coloursAndLabelsKeepTheirRange() {
    assertThat(new Colour(1, 2, 3).rgb()).isEqualTo(0x010203);
    assertThat(Colour.ofRgb(0xff8001)).isEqualTo(new Colour(255, 128, 1)).hasToString("255,128,1");
    assertThatThrownBy(() -> new Colour(0, 256, 0)).hasMessageContaining("0,256,0");
    assertThatThrownBy(() -> new Colour(0, 0, -1)).hasMessageContaining("0,0,-1");
    assertThatThrownBy(() -> new LabelId(256)).hasMessageContaining("256");
    assertThatThrownBy(() -> new LabelId(-2)).hasMessageContaining("-2");
  }
}
