package org.efrnet.bundle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.efrnet.graph.Graph;
import org.efrnet.images.Normalization;
import org.efrnet.labels.ClassTable;
import org.efrnet.networks.ENet;
import org.efrnet.readings.Parameters;
import org.efrnet.weights.FloatTensor;
import org.efrnet.weights.Safetensors;
import org.efrnet.weights.Weights;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelBundleTest {
  private static ModelBundle whole;

  @TempDir Path folder;
  private Path dir;

  @BeforeAll
  static void makeBundle() {
    whole =
        Bundles.untrained("enet", 36, 1)
            .withCard("# A card\nwith ümlauts\n")
            .with(Bundles.CALIBRATION)
            .withRecipe("epochs: 1\n")
            .withLog("{\"step\": 1}\n");
  }

  @BeforeEach
  void chooseFolder() {
    dir = folder.resolve("a.bundle");
  }

  private void replaceInConfig(UnaryOperator<String> change) throws IOException {
    Path config = dir.resolve("config.json");
    String before = Files.readString(config);
    String after = change.apply(before);
    assertThat(after).isNotEqualTo(before);
    Files.writeString(config, after);
    BundleFiles.writeSums(dir);
  }

  private void assertRefused(String... parts) {
    assertThatThrownBy(() -> ModelBundle.read(dir))
        .isInstanceOf(BundleException.class)
        .hasMessageContaining(dir.toString())
        .hasMessageContainingAll(parts)
        .message()
        .doesNotContain("\n");
  }

  @Test
  void readsWhatItWrote() throws IOException {
    whole.write(dir);
    ModelBundle read = ModelBundle.read(dir);

    assertThat(read.config()).isEqualTo(whole.config());
    assertThat(read.weights()).isEqualTo(whole.weights());
    assertThat(read.card()).isEqualTo(whole.card());
    assertThat(read.recipe()).isEqualTo(whole.recipe());
    assertThat(read.log()).isEqualTo(whole.log());
    assertThat(read.calibration()).isEqualTo(Bundles.CALIBRATION);
    assertThat(read.digest()).isEqualTo(whole.digest()).hasSize(64);
    assertThat(read.network()).isEqualTo(whole.network());
    assertThat(read.model().graph()).isEqualTo(whole.model().graph());
    assertThat(read.classes()).isEqualTo(ClassTable.named("camvid-11"));
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left).containsExactly(dir);
    }
  }

  @Test
  void theSameBundleIsTheSameBytes() throws IOException {
    whole.write(dir);
    Path other = folder.resolve("b");
    ModelBundle.read(dir).write(other);
    for (String file : BundleFiles.NAMES) {
      assertThat(other.resolve(file)).hasSameBinaryContentAs(dir.resolve(file));
    }
  }

  @Test
  void aCalibrationThatIsNoMagnitudeIsRefused() throws IOException {
    whole.write(dir);
    for (String bad :
        List.of("{\"inputs\": {\"b0.conv\": 0}}", "{\"inputs\": {\"b0.conv\": null}}")) {
      BundleFiles.write(dir.resolve(BundleFiles.CALIBRATION), bad);
      BundleFiles.writeSums(dir);
      assertRefused("calibration.json is refused", "b0.conv", "not a finite magnitude above 0");
    }
    BundleFiles.write(dir.resolve(BundleFiles.CALIBRATION), "{\"input\": {}}");
    BundleFiles.writeSums(dir);
    assertRefused("calibration.json", "input");
  }

  @Test
  void recipeLogAndCalibrationMayBeMissingAndACardIsMade() throws IOException {
    ModelBundle bare = ModelBundle.of(whole.config(), whole.weights());
    bare.write(dir);
    ModelBundle read = ModelBundle.read(dir);
    assertThat(read.card())
        .isEqualTo(bare.card())
        .startsWith("# test.untrained\n")
        .contains("enet with 11 classes", "Sky, Building", "36 rows", "CC0-1.0. random numbers");
    assertThat(read.calibration().isEmpty()).isTrue();
    assertThat(read.recipe()).isEmpty();
    assertThat(read.log()).isEmpty();
    assertThat(read.digest()).isEqualTo(whole.digest());
    assertThatThrownBy(() -> bare.withCard(" \n").write(dir))
        .isInstanceOf(BundleException.class)
        .hasMessageContaining("is not written: its card is blank");
    assertThat(ModelBundle.read(dir).card()).isEqualTo(bare.card());
  }

  @Test
  void goldenLogitsAreComputedOnceAndKept() throws IOException {
    Golden golden = whole.golden();
    ModelBundle recorded = whole.with(whole.config().withMetrics(Map.of("miou", 3)));
    assertThat(recorded.golden()).isSameAs(golden);
    recorded.write(dir);
    assertThat(ModelBundle.read(dir).golden()).isEqualTo(golden);
    ModelBundle.read(dir).with(whole.config()).write(folder.resolve("again"));
    assertThat(folder.resolve("again/golden.safetensors"))
        .hasSameBinaryContentAs(dir.resolve("golden.safetensors"));

    BundleConfig c = whole.config();
    BundleConfig darker =
        new BundleConfig(
            c.format(),
            c.name(),
            c.architecture(),
            c.classTable(),
            new Normalization(new float[] {0.5f, 0.5f, 0.5f}, new float[] {1, 1, 1}),
            c.height(),
            c.training(),
            c.licence(),
            c.precisions(),
            c.metrics(),
            c.createdWith());
    assertThat(whole.with(darker).golden().logits()).isNotEqualTo(golden.logits());
    assertThat(whole.with(darker).golden().picture().rgb()).isEqualTo(golden.picture().rgb());
  }

  @Test
  void whatIsYoungerThanTheFormatIsLeftOutWhereItSaysNothing() throws IOException {
    whole.write(dir);
    assertThat(Files.readString(dir.resolve("config.json")))
        .doesNotContain("unscored")
        .doesNotContain("blueFirst");
    // With them it would be another model, and without them it is the one that it was.
    replaceInConfig(text -> text.replace("\"deviation\"", "\"blueFirst\" : true, \"deviation\""));
    ModelBundle other = ModelBundle.read(dir);
    assertThat(other.config().normalization().blueFirst()).isTrue();
    assertThat(other.digest()).isNotEqualTo(whole.digest());
  }

  @Test
  void channelsThatAreNoClassStandInTheBundle() throws IOException {
    BundleConfig c = Bundles.config("enet", ClassTable.named("camvid-11"), 36);
    BundleConfig.Architecture twelve = new BundleConfig.Architecture("enet", 12, List.of(4));
    ModelBundle bundle =
        ModelBundle.of(
            BundleConfig.of(
                "twelve",
                twelve,
                c.classTable(),
                c.normalization(),
                36,
                c.training(),
                c.licence(),
                Map.of()),
            Parameters.initial(Graph.of(new ENet(12)), 1));
    bundle.write(dir);
    ModelBundle read = ModelBundle.read(dir);
    assertThat(read.config().architecture()).isEqualTo(twelve);
    assertThat(read.classes().size()).isEqualTo(11);
    assertThat(read.golden().logits().shape()[0]).isEqualTo(12);
    assertThat(read.digest()).isEqualTo(bundle.digest());
    replaceInConfig(text -> text.replace("\"unscored\" : [ 4 ]", "\"unscored\" : [ 5 ]"));
    assertThat(ModelBundle.read(dir).digest()).isNotEqualTo(bundle.digest());
    replaceInConfig(text -> text.replace("\"unscored\" : [ 5 ]", "\"unscored\" : [ 5, 5 ]"));
    assertRefused("config.json is refused", "'unscored' is [5, 5]", "each once");
    replaceInConfig(text -> text.replace("\"unscored\" : [ 5, 5 ]", "\"unscored\" : [ 12 ]"));
    assertRefused("'unscored' is [12]", "within 0..11");
    replaceInConfig(text -> text.replace("\"unscored\" : [ 12 ]", "\"unscored\" : [ ]"));
    assertRefused("'architecture' has 12 classes, class table 'camvid-11' 11");
  }

  @Test
  void aPrecisionCanBeLeftOut() {
    BundleConfig c = whole.config();
    assertThat(c.withoutPrecision("bf16").precisions()).containsOnlyKeys("fp32", "int8");
    assertThatThrownBy(() -> c.withoutPrecision("fp32"))
        .hasMessageContaining("'precisions' lacks 'fp32'");
  }

  @Test
  void theDigestFollowsWhatDecidesPredictions() {
    BundleConfig c = whole.config();
    assertThat(whole.with(c.withMetrics(Map.of())).digest()).isEqualTo(whole.digest());
    BundleConfig higher = Bundles.config("enet", whole.classes(), 40);
    assertThat(whole.with(higher).digest()).isNotEqualTo(whole.digest());
    assertThat(Bundles.untrained("enet", 36, 2).digest()).isNotEqualTo(whole.digest());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "model.safetensors",
        "config.json",
        "golden.safetensors",
        "README.md",
        "recipe.yaml",
        "train.jsonl"
      })
  void refusesAFileMissingOrChangedAgainstTheChecksums(String file) throws IOException {
    whole.write(dir);
    byte[] bytes = Files.readAllBytes(dir.resolve(file));
    bytes[bytes.length / 2] ^= 1;
    Files.write(dir.resolve(file), bytes);
    assertRefused(file, "checksum");

    Files.delete(dir.resolve(file));
    assertRefused(file, "is missing", "SHA256SUMS");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "model.safetensors",
        "config.json",
        "golden.safetensors",
        "README.md",
        "SHA256SUMS"
      })
  void refusesABundleWithoutWhatItNeeds(String file) throws IOException {
    whole.write(dir);
    Files.delete(dir.resolve(file));
    if (!file.equals("SHA256SUMS")) {
      BundleFiles.writeSums(dir);
    }
    assertRefused(file, "is missing; a bundle has model.safetensors, config.json", "copy it anew");
  }

  @Test
  void refusesABlankCard() throws IOException {
    whole.write(dir);
    Files.writeString(dir.resolve("README.md"), "\n \n");
    BundleFiles.writeSums(dir);
    assertRefused("README.md is blank");
  }

  @Test
  void saysWhatHelpsWithABundleOfTheFormatBefore() throws IOException {
    whole.write(dir);
    Files.delete(dir.resolve("golden.safetensors"));
    // As format 1 was: without precisions, too.
    replaceInConfig(
        text ->
            text.replace("\"format\" : 2", "\"format\" : 1")
                .replaceFirst("(?s)\"precisions\".*?(?=\"metrics\")", ""));
    assertRefused("config.json", "'format' is 1", "no golden logits", "--resume");
  }

  @Test
  void refusesFilesOutsideTheChecksumsAndForeignLines() throws IOException {
    ModelBundle.of(whole.config(), whole.weights()).write(dir);
    Files.writeString(dir.resolve("recipe.yaml"), "slipped in");
    assertRefused("recipe.yaml", "not listed");

    Files.delete(dir.resolve("recipe.yaml"));
    Path sums = dir.resolve("SHA256SUMS");
    String good = Files.readString(sums);
    Files.writeString(sums, good + "0".repeat(64) + "  ../outside\n");
    assertRefused("../outside", "no file of a bundle");
    Files.writeString(sums, good + good);
    assertRefused("SHA256SUMS", "one more file");
    Files.writeString(sums, "nonsense\u0007\n");
    assertRefused("SHA256SUMS", "nonsense\\u0007");
    Files.write(sums, new byte[] {(byte) 0xff, (byte) 0xfe});
    assertRefused("SHA256SUMS", "UTF-8");
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      value = {
        "`\"height\" : 36` | `\"heigth\" : 36` | `unknown key 'heigth' (did you mean 'height'?)`",
        "`\"format\" : 2` | `\"format\" : 3` | `'format' is 3, this version knows 2 only`",
        "`\"format\" : 2` | `\"format\" : \"2\"` | `(at format)`",
        "`1.0E-4` | `0` | `'tolerance' is 0.0`",
        "`1.0E-4` | `-1` | `'tolerance' is -1.0`",
        "`1.0E-4` | `1e999` | `'tolerance' is Infinity`",
        "`1.0E-4` | `\"NaN\"` | `tolerance`",
        "`1.0E-4` | `null` | `(at precisions.fp32.tolerance)`",
        "`\"fp32\"` | `\"fp23\"` | `did you mean 'fp32'?`",
        "`\"fp32\"` | `\"bf16\"` | `uplicate`",
        "`\"miouLoss\" : { }` | `\"miouLoss\" : {\"val\": null}` | `'miouLoss' of 'val' is null`",
        "`\"miouLoss\" : { }` | `\"miouLoss\" : {\"val\": 101}` | `'miouLoss' of 'val' is 101.0`",
        "`\"miouLoss\" : { }` | `\"miouLoss\" : null` | `(at precisions.fp32.miouLoss)`",
        "`\"precisions\" : {` | `\"precisions\" : {}, \"x\" : {` | `unknown key 'x'`",
        "`\"mean\" : [ 0.485,` | `\"mean\" : [ null,` | `(at normalization.mean`",
        "`\"height\" : 36` | `\"height\" : 0` | `'height' is 0`",
        "`\"height\" : 36` | `\"height\" : \"36\"` | `(at height)`",
        "`\"height\" : 36` | `\"height\" : 36.5` | `(at height)`",
        "`\"height\" : 36` | `\"height\" : null` | `height`",
        "`\"height\" : 36,` | `` | `height`",
        "`\"height\" : 36,` | `\"height\" : 36, \"height\" : 37,` | `uplicate`",
        "`\"enet\"` | `\"enett\"` | `did you mean 'enet'?`",
        "`\"classes\" : 11` | `\"classes\" : 12` | `12 classes`",
        "`test.untrained` | `../up` | `'../up'`",
        "`CC0-1.0` | ` ` | `licence.id`",
        "`0.229` | `0` | `above 0`",
        "`Sky` | `` | `class table`",
      },
      delimiter = '|')
  void refusesAConfigurationThatSaysSomethingElse(String from, String to, String reason)
      throws IOException {
    whole.write(dir);
    replaceInConfig(text -> text.replace(from, to));
    assertRefused(reason);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{", "[]", "{} {}", "null", "7"})
  void refusesAConfigurationThatIsNone(String text) throws IOException {
    whole.write(dir);
    replaceInConfig(before -> text);
    assertRefused("config.json");
  }

  private static Weights changed(String name, FloatTensor tensor) {
    return whole.weights().with(Map.of(name, tensor));
  }

  @Test
  void refusesWeightsOfAnotherNetwork() throws IOException {
    String name = whole.weights().names().first();
    FloatTensor tensor = whole.weights().get(name);
    TreeMap<String, FloatTensor> fewer = new TreeMap<>(whole.weights().tensors());
    fewer.remove(name);

    assertThatThrownBy(() -> ModelBundle.of(whole.config(), Weights.of(fewer)))
        .hasMessageContaining("'enet' of 11 classes")
        .hasMessageContaining("'" + name + "' is missing");
    FloatTensor flat = new FloatTensor(new int[] {tensor.values().length, 1}, tensor.values());
    assertThatThrownBy(() -> ModelBundle.of(whole.config(), changed(name, flat)))
        .hasMessageContaining("'" + name + "' has shape [" + tensor.values().length + ", 1]");
    assertThatThrownBy(
            () ->
                ModelBundle.of(
                    whole.config(),
                    changed("more.weight", new FloatTensor(new int[0], new float[1]))))
        .hasMessageContaining("1 tensors too many: 'more.weight'");
    float[] broken = tensor.values().clone();
    broken[broken.length - 1] = Float.NaN;
    assertThatThrownBy(
            () ->
                ModelBundle.of(
                    whole.config(), changed(name, new FloatTensor(tensor.shape(), broken))))
        .hasMessageContaining("NaN at " + (broken.length - 1));

    whole.write(dir);
    Safetensors.write(dir.resolve("model.safetensors"), Weights.of(fewer), Map.of());
    BundleFiles.writeSums(dir);
    assertRefused(name, "is missing");
  }

  @Test
  void refusesANegativeVariance() {
    String name =
        whole.weights().names().stream()
            .filter(n -> n.endsWith("running_var"))
            .findFirst()
            .orElseThrow();
    float[] values = whole.weights().get(name).values().clone();
    values[0] = -1;
    FloatTensor negative = new FloatTensor(new int[] {values.length}, values);
    assertThatThrownBy(() -> ModelBundle.of(whole.config(), changed(name, negative)))
        .hasMessageContaining(name)
        .hasMessageContaining("-1.0 at 0");
  }

  @Test
  void replacesABundleButNothingElse() throws IOException {
    whole.write(dir);
    ModelBundle other = Bundles.untrained("enet", 36, 2);
    other.write(dir);
    assertThat(ModelBundle.read(dir).digest()).isEqualTo(other.digest());
    assertThat(dir.resolve("recipe.yaml")).doesNotExist();

    Files.writeString(dir.resolve("thesis.tex"), "years of work");
    assertThatThrownBy(() -> whole.write(dir))
        .isInstanceOf(BundleException.class)
        .hasMessageContaining("'thesis.tex'")
        .hasMessageContaining("choose another folder");
    assertThat(dir.resolve("thesis.tex")).hasContent("years of work");
    assertThat(dir.resolve("config.json")).exists();

    Path file = Files.writeString(folder.resolve("file"), "x");
    assertThatThrownBy(() -> whole.write(file)).hasMessageContaining("is no folder");
    assertThatThrownBy(() -> whole.write(file.resolve("below")))
        .isInstanceOf(BundleException.class)
        .hasMessageContaining("below");
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left).containsExactlyInAnyOrder(dir, file);
    }
  }

  @Test
  void makesMissingParents() throws IOException {
    Path deep = folder.resolve("x").resolve("y");
    whole.write(deep);
    assertThat(ModelBundle.of(deep.toString()).digest()).isEqualTo(whole.digest());
  }

  @Test
  void findsModelsOnTheClassPath() throws IOException {
    whole.write(folder.resolve("org/efrnet/models/efrnet.camvid"));
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    try (URLClassLoader loader = new URLClassLoader(new URL[] {folder.toUri().toURL()}, before)) {
      thread.setContextClassLoader(loader);
      assertThat(ModelBundle.named("efrnet.camvid").digest()).isEqualTo(whole.digest());
      assertThat(ModelBundle.of("efrnet.camvid").card()).isEqualTo(whole.card());

      Files.delete(folder.resolve("org/efrnet/models/efrnet.camvid/train.jsonl"));
      assertThatThrownBy(() -> ModelBundle.named("efrnet.camvid"))
          .hasMessageStartingWith("model 'efrnet.camvid' on the class path: train.jsonl");
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  @Test
  void saysWhatWouldHelpWhenThereIsNoSuchModel() {
    assertThatThrownBy(() -> ModelBundle.of("efrnet.canvid"))
        .isInstanceOf(BundleException.class)
        .hasMessageContaining("did you mean 'efrnet.camvid'?")
        .hasMessageContaining("path");
    assertThatThrownBy(() -> ModelBundle.of("efrnet.camvid"))
        .hasMessageContaining("org.efrnet:efrnet-model-camvid");
    assertThatThrownBy(() -> ModelBundle.of("no/such/folder"))
        .hasMessageContaining("is not a folder");
    assertThatThrownBy(() -> ModelBundle.of("a b")).hasMessageContaining("'a b'");
    assertThatThrownBy(() -> ModelBundle.of("")).isInstanceOf(BundleException.class);
    assertThatThrownBy(() -> ModelBundle.of("a\0b")).isInstanceOf(BundleException.class);
  }
}
