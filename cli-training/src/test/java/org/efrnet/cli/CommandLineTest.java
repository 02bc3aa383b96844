package org.efrnet.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.StreamSupport;
import org.efrnet.bundle.BundleConfig;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.data.DataSet;
import org.efrnet.data.DataSets;
import org.efrnet.data.StreetScenes;
import org.efrnet.graph.Graph;
import org.efrnet.images.Mask;
import org.efrnet.images.Masks;
import org.efrnet.images.Normalization;
import org.efrnet.images.Picture;
import org.efrnet.images.Pictures;
import org.efrnet.labels.ClassTable;
import org.efrnet.networks.EfrNet;
import org.efrnet.readings.Parameters;
import org.efrnet.segment.Engines;
import org.efrnet.segment.GoldenCheck;
import org.efrnet.segment.Segmenter;
import org.efrnet.weights.Weights;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** The commands from the outside: words in; exit code, lines and files out. */
class CommandLineTest {
  @TempDir private static Path shared;

  private static Path bundle;
  private static Path camvid;

  @TempDir private Path dir;

  record Result(int code, String out, String err) {
    JsonNode json() throws IOException {
      return new ObjectMapper().readTree(out);
    }

    /** What stands on stderr, once it is made sure that it is one line. */
    String complaint() {
      assertThat(err.strip()).isNotEmpty().doesNotContain("\n").startsWith("efrnet: ");
      return err.strip();
    }
  }

  static Result run(Object... words) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine line = Main.commandLine();
    line.setOut(new PrintWriter(out, true));
    line.setErr(new PrintWriter(err, true));
    int code = line.execute(Arrays.stream(words).map(Object::toString).toArray(String[]::new));
    return new Result(code, out.toString(), err.toString());
  }

  /** Random weights of seed 5: nothing is recognised, but everything runs. */
  static ModelBundle randomBundle() {
    return randomBundle(ClassTable.named("camvid-11"));
  }

  static ModelBundle randomBundle(ClassTable classes) {
    return ModelBundle.of(
        BundleConfig.of(
            "random",
            new BundleConfig.Architecture("efrnet", classes.size()),
            classes,
            Normalization.IMAGENET,
            64,
            new BundleConfig.TrainingSize(96, 64),
            new BundleConfig.Licence("Apache-2.0", "Random numbers."),
            Map.of()),
        Parameters.initial(Graph.of(EfrNet.of(classes.size())), 5));
  }

  @BeforeAll
  static void make() throws IOException {
    bundle = shared.resolve("bundle");
    randomBundle().write(bundle);
    camvid = shared.resolve("camvid");
    StreetScenes.writeCamvidLayout(
        camvid,
        Map.of(
            "train", StreetScenes.of(4, 96, 64, 1),
            "val", StreetScenes.of(2, 96, 64, 2),
            "test", StreetScenes.of(3, 96, 64, 3)));
  }

  private Path picture(String name, int width, int height) throws IOException {
    Path file = dir.resolve(name);
    Files.createDirectories(file.getParent());
    byte[] rgb = new byte[3 * width * height];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) (i * 31 + i / width);
    }
    Pictures.writePng(file, new Picture(width, height, rgb));
    return file;
  }

  @ParameterizedTest
  @CsvSource({"333, 251, ''", "97, 41, --size=native", "60, 45, --size=96x64", "64, 64, --size=33"})
  void segmentWritesAllThreeFilesAtThePicturesSize(int width, int height, String option)
      throws IOException {
    Path file = picture("street.png", width, height);
    Path out = dir.resolve("out");
    Result result =
        option.isEmpty()
            ? run("segment", file, "-o", out, "--model", bundle)
            : run("segment", file, "-o", out, "--model", bundle, option);
    assertThat(result.err()).isEmpty();
    assertThat(result.code()).isZero();
    assertThat(result.out().strip()).startsWith(file.toString()).doesNotContain("\n");

    Mask mask = Masks.read(out.resolve("street.mask.png"));
    assertThat(mask.width()).isEqualTo(width);
    assertThat(mask.height()).isEqualTo(height);
    JsonNode json = new ObjectMapper().readTree(out.resolve("street.json").toFile());
    assertThat(json.properties().stream().map(Map.Entry::getKey))
        .containsExactly(
            "image",
            "width",
            "height",
            "model",
            "licence",
            "engine",
            "precision",
            "threads",
            "classes",
            "millis");
    assertThat(Engines.names()).contains(json.get("engine").textValue());
    assertThat(BundleConfig.PRECISION_NAMES).contains(json.get("precision").textValue());
    assertThat(json.get("threads").intValue()).isPositive();
    assertThat(json.get("width").intValue()).isEqualTo(width);
    assertThat(json.get("model").textValue()).isEqualTo("random");
    assertThat(json.get("licence").textValue()).isEqualTo("Apache-2.0");
    assertThat(json.get("millis").properties().stream().map(Map.Entry::getKey))
        .containsExactly("decode", "prepare", "network", "finish", "total");
    long[] histogram = mask.histogram();
    double sum = 0;
    for (JsonNode c : json.get("classes")) {
      double share = c.get("share").doubleValue();
      assertThat(share).isEqualTo(histogram[c.get("id").intValue()] / (double) (width * height));
      sum += share;
    }
    assertThat(sum).isCloseTo(1, org.assertj.core.data.Offset.offset(1e-9));
    Picture overlay = Pictures.read(out.resolve("street.overlay.png"));
    assertThat(overlay.width() * overlay.height()).isGreaterThan(width * height);
  }

  @Test
  void segmentWritesConfidenceAndPolygonsWhereAskedFor() throws IOException {
    Path file = picture("street.png", 90, 61);
    Path out = dir.resolve("out");
    assertThat(run("segment", file, "-o", out, "--model", bundle).code()).isZero();
    assertThat(out.resolve("street.confidence.png")).doesNotExist();
    assertThat(out.resolve("street.polygons.json")).doesNotExist();
    Result result =
        run("segment", file, "-o", out, "--model", bundle, "--confidence", "--polygons");
    assertThat(result.err()).isEmpty();
    Mask confidence = Masks.read(out.resolve("street.confidence.png"));
    assertThat(confidence.width()).isEqualTo(90);
    assertThat(confidence.height()).isEqualTo(61);
    // Of eleven classes the most likely has an eleventh at least.
    for (byte value : confidence.ids()) {
      assertThat(value & 0xff).isGreaterThanOrEqualTo(22);
    }
    long[] pixels = Masks.read(out.resolve("street.mask.png")).histogram();
    JsonNode all = new ObjectMapper().readTree(out.resolve("street.polygons.json").toFile());
    assertThat(all.get("type").textValue()).isEqualTo("FeatureCollection");
    long[] areas = new long[256];
    for (JsonNode feature : all.get("features")) {
      JsonNode about = feature.get("properties");
      areas[about.get("id").intValue()] += about.get("area").intValue();
      for (JsonNode ring : feature.get("geometry").get("coordinates")) {
        assertThat(ring.get(ring.size() - 1)).isEqualTo(ring.get(0));
      }
    }
    assertThat(areas).isEqualTo(pixels);
    run("segment", file, "-o", out, "--model", bundle, "--polygons", "--min-area", "40");
    JsonNode large = new ObjectMapper().readTree(out.resolve("street.polygons.json").toFile());
    for (JsonNode feature : large.get("features")) {
      assertThat(feature.get("properties").get("area").intValue()).isGreaterThanOrEqualTo(40);
    }
    assertThat(large.get("features").size()).isBetween(1, all.get("features").size());
  }

  @Test
  void anEngineAndAPrecisionMayBeChosen() throws IOException {
    Path file = picture("street.png", 20, 16);
    List<Object> words =
        List.of("segment", file, "-o", dir, "--model", bundle, "--size", "16", "--threads", "1");
    List<Object> chosen = new ArrayList<>(words);
    chosen.addAll(List.of("--engine", "reference", "--precision", "fp32"));
    assertThat(run(chosen.toArray()).err()).isEmpty();
    JsonNode json = new ObjectMapper().readTree(dir.resolve("street.json").toFile());
    assertThat(json.get("engine").textValue()).isEqualTo("reference");
    assertThat(json.get("precision").textValue()).isEqualTo("fp32");
    assertThat(json.get("threads").intValue()).isEqualTo(1);
    chosen.set(chosen.size() - 1, "int8");
    Result refused = run(chosen.toArray());
    assertThat(refused.code()).isEqualTo(1);
    assertThat(refused.complaint())
        .contains("engine reference does not compute in int8 on this machine, but in fp32");
  }

  @Test
  void segmentTakesFoldersAndGoesOnAfterABrokenPicture() throws IOException {
    Path folder = dir.resolve("pictures");
    picture("pictures/a.png", 40, 30);
    picture("pictures/c.png", 40, 30);
    Files.writeString(folder.resolve("b.png"), "no picture");
    Files.writeString(folder.resolve("notes.txt"), "not even called one");
    Path out = dir.resolve("out");
    Result result = run("segment", folder, "-o", out, "--model", bundle);
    assertThat(result.code()).isEqualTo(1);
    assertThat(result.out().lines()).hasSize(2);
    assertThat(result.err().lines().filter(l -> l.startsWith("efrnet: ")))
        .singleElement()
        .asString()
        .contains("b.png");
    assertThat(out.resolve("a.json")).exists();
    assertThat(out.resolve("c.mask.png")).exists();
    assertThat(out.resolve("b.json")).doesNotExist();
  }

  @Test
  void segmentKeepsPicturesOfOneNameApart() throws IOException {
    Path one = picture("one/street.png", 40, 30);
    Path two = picture("two/street.png", 50, 30);
    Path out = dir.resolve("out");
    Path three = picture("three/street-2.png", 60, 30);
    assertThat(run("segment", one, two, three, "-o", out, "--model", bundle).code()).isZero();
    assertThat(Masks.read(out.resolve("street.mask.png")).width()).isEqualTo(40);
    assertThat(Masks.read(out.resolve("street-2.mask.png")).width()).isEqualTo(50);
    assertThat(Masks.read(out.resolve("street-2-2.mask.png")).width()).isEqualTo(60);
  }

  @Test
  void segmentLeavesItsOwnResultsOut() throws IOException {
    Path file = picture("pictures/a.png", 40, 30);
    Path folder = file.getParent();
    assertThat(run("segment", folder, "-o", folder, "--model", bundle).code()).isZero();
    Result again = run("segment", folder, "-o", folder, "--model", bundle);
    assertThat(again.out().lines()).hasSize(1);
    assertThat(folder.resolve("a.overlay.overlay.png")).doesNotExist();
  }

  @Test
  void segmentReplacesNobodysAnnotations() throws IOException {
    Path file = picture("p.png", 40, 30);
    for (String theirs : List.of("{\"shapes\": [], \"imagePath\": \"p.png\"}", "{", "[]")) {
      Files.writeString(dir.resolve("p.json"), theirs);
      assertThat(run("segment", file, "-o", dir, "--model", bundle))
          .satisfies(r -> assertThat(r.code()).isEqualTo(1))
          .satisfies(r -> assertThat(r.complaint()).contains("p.json: is there", "-o"));
      assertThat(dir.resolve("p.json")).hasContent(theirs);
      assertThat(dir.resolve("p.overlay.png")).doesNotExist();
    }
    Files.delete(dir.resolve("p.json"));
    assertThat(run("segment", file, "-o", dir, "--model", bundle).code()).isZero();
    assertThat(run("segment", file, "-o", dir, "--model", bundle).code()).isZero();
  }

  @Test
  void segmentSaysWhereItCannotWrite() throws IOException {
    Path file = picture("p.png", 40, 30);
    assertThat(run("segment", file, "-o", file, "--model", bundle))
        .satisfies(r -> assertThat(r.code()).isEqualTo(1))
        .satisfies(r -> assertThat(r.complaint()).contains("p.png: is a file where a folder"));
  }

  @Test
  void segmentSaysWhatIsMissing() throws IOException {
    assertThat(run("segment", dir.resolve("none.jpg"), "-o", dir, "--model", bundle))
        .satisfies(r -> assertThat(r.code()).isEqualTo(1))
        .satisfies(r -> assertThat(r.complaint()).contains("none.jpg"));
    Path file = picture("p.png", 40, 30);
    assertThat(run("segment", file, "--model", dir.resolve("nowhere")))
        .satisfies(r -> assertThat(r.code()).isEqualTo(1))
        .satisfies(r -> assertThat(r.complaint()).contains("nowhere"));
    Path broken = dir.resolve("broken");
    randomBundle().write(broken);
    Files.write(broken.resolve("model.safetensors"), new byte[100]);
    assertThat(run("segment", file, "--model", broken))
        .satisfies(r -> assertThat(r.code()).isEqualTo(1))
        .satisfies(r -> assertThat(r.complaint()).contains("model.safetensors"));
  }

  @Test
  void segmentRefusesWeightsThatAreNotWhatTheBundleSays() throws IOException {
    Path swapped = dir.resolve("swapped");
    ModelBundle random = randomBundle();
    Weights others = Parameters.initial(Graph.of(EfrNet.of(11)), 6);
    ModelBundle.of(random.config(), others).write(swapped);
    Files.copy(
        bundle.resolve("golden.safetensors"),
        swapped.resolve("golden.safetensors"),
        StandardCopyOption.REPLACE_EXISTING);
    Path sums = swapped.resolve("SHA256SUMS");
    String golden = ".{64}(?=  golden.safetensors)";
    Matcher right = Pattern.compile(golden).matcher(Files.readString(bundle.resolve("SHA256SUMS")));
    assertThat(right.find()).isTrue();
    Files.writeString(sums, Files.readString(sums).replaceFirst(golden, right.group()));
    Path file = picture("p.png", 40, 30);
    assertThat(run("segment", file, "-o", dir.resolve("out"), "--model", swapped))
        .satisfies(r -> assertThat(r.code()).isEqualTo(1))
        .satisfies(
            r ->
                assertThat(r.complaint())
                    .contains("bundle 'random': engine " + Engines.first().name() + " in fp32"));
    assertThat(dir.resolve("out/p.mask.png")).doesNotExist();
  }

  /** The bundle of the repository: golden logits of its own weights, and every engine's. */
  @Test
  void theEmbeddedModelKeepsItsContract() throws IOException {
    ModelBundle embedded = ModelBundle.of("efrnet.camvid");
    float[] anew = ModelBundle.of(embedded.config(), embedded.weights()).golden().logits().values();
    // The reference's exp may differ in its last bit from one Java to the next.
    assertThat(embedded.golden().difference(anew)).isLessThan(1e-6);
    for (String engine : Engines.names()) {
      Segmenter.Options always =
          Segmenter.Options.DEFAULT.withEngine(engine).with(GoldenCheck.ALWAYS);
      try (Segmenter segmenter = Segmenter.load(embedded, always.withPrecision("fp32"))) {
        assertThat(segmenter.golden().difference()).as(engine).isLessThan(1e-5);
      }
      // The others within what the bundle allows them, or loading fails.
      for (String precision : Engines.named(engine).precisions()) {
        try (Segmenter segmenter = Segmenter.load(embedded, always.withPrecision(precision))) {
          assertThat(segmenter.precision()).isEqualTo(precision);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "segmant",
        "segment",
        "segment a.png --sise 3",
        "segment a.png --size big",
        "segment a.png --threads 0",
        "segment a.png --engine onednm",
        "segment a.png --precision fp64",
        "segment a.png --polygons --min-area 0",
        "evaluate bundle --data own --engine none",
        "networks --classes 0",
        "scenes",
        "scenes own --count 0",
        "scenes own --val many",
        "scenes own --size 640x20",
        "scenes own --classes four",
        "networks --network efrnot",
        "networks --size 640",
        "networks --format xml",
        "evaluate bundle",
        "train",
        "train recipe.yaml",
        "pack -o packs",
        "pack --device gpu -o packs",
        "pack --device cpu",
        "pack --device cpu -o packs --split 60",
        "pack --device cpu -o packs --split 0MiB",
      })
  void wrongUsageIsOneLineAndCode2(String words) {
    Result result = run((Object[]) words.split(" "));
    assertThat(result.code()).isEqualTo(2);
    assertThat(result.complaint()).contains("--help");
  }

  @Test
  void wrongWordsGetTheNearestRightOne() {
    assertThat(run("segmant").complaint()).contains("did you mean 'segment'?");
    assertThat(run("segment", "a.png", "--sise", "3").complaint())
        .contains("did you mean '--size'?");
    assertThat(run("networks", "--network", "efrnot").complaint()).contains("'efrnet'");
    assertThat(run("segment", "a.png", "--engine", "libtorsh").complaint())
        .contains("engine 'libtorsh' is none of", "did you mean 'libtorch'?");
    assertThat(run("segment", "a.png", "--precision", "bf61").complaint())
        .contains("precision 'bf61' is none of auto, fp32, bf16, int8 (did you mean 'bf16'?)");
  }

  @Test
  void helpHasCommandsToCopy() {
    assertThat(run("--help").out()).contains("./efrnet segment samples/street.jpg");
    for (String command : List.of("segment", "train", "evaluate", "networks", "scenes", "pack")) {
      assertThat(run(command, "--help").out()).contains("xample");
    }
  }

  @Test
  void networksPrintsThePapersFigures() throws IOException {
    JsonNode networks =
        run("networks", "--size", "640x360", "--classes", "19", "--format", "json").json();
    JsonNode efrnet = networks.get(0);
    assertThat(efrnet.get("name").textValue()).isEqualTo("efrnet");
    assertThat(efrnet.get("parameters").longValue()).isEqualTo(480_436);
    assertThat(efrnet.get("gmac").doubleValue())
        .isCloseTo(3.0143, org.assertj.core.data.Offset.offset(5e-5));
    assertThat(efrnet.has("convGmac")).isTrue();
    assertThat(efrnet.has("receptiveField")).isTrue();
    assertThat(efrnet.has("activationMegabytes")).isTrue();
    assertThat(run("networks").out()).contains("480,436", "3.0143", "1.9135");
    assertThat(run("networks").out()).contains("rthpnet is a reconstruction from its paper");
    assertThat(run("networks", "--network", "rthpnet", "--format", "json").json())
        .anySatisfy(n -> assertThat(n.path("reconstruction").asText()).contains("abstract"));
    Result blocks = run("networks", "--network", "efrnet");
    assertThat(blocks.out()).doesNotContain("reconstruction");
    assertThat(blocks.out()).contains("ffm2", "b2.8", "total", "480,436");
    JsonNode one = run("networks", "--network", "efrnet", "--format", "json").json();
    assertThat(
            StreamSupport.stream(one.get(0).get("blocks").spliterator(), false)
                .mapToLong(b -> b.get("parameters").longValue())
                .sum())
        .isEqualTo(480_436);
    assertThat(run("networks", "--size", "333x251", "--network", "enet").code()).isEqualTo(1);
  }

  @Test
  void evaluateJudges() throws IOException {
    Result json = run("evaluate", bundle, "--data", camvid, "--split", "test", "--format", "json");
    assertThat(json.code()).isZero();
    JsonNode scores = json.json();
    assertThat(scores.get("miou").doubleValue()).isBetween(0.0, 100.0);
    assertThat(scores.get("pixelAccuracy").doubleValue()).isBetween(0.0, 100.0);
    assertThat(scores.has("meanAccuracy")).isTrue();
    assertThat(scores.get("classes")).hasSize(11);
    assertThat(scores.get("images").intValue()).isEqualTo(3);
    assertThat(Engines.names()).contains(scores.get("engine").textValue());
    assertThat(scores.get("precision").textValue()).isEqualTo("fp32");
    assertThat(scores.get("threads").intValue()).isPositive();
    assertThat(scores.get("width").intValue()).isEqualTo(96);
    assertThat(scores.get("height").intValue()).isEqualTo(64);
    Result table = run("evaluate", bundle, "--data", camvid);
    assertThat(table.out()).contains("mIoU", "pixel accuracy", "Road");
  }

  @Test
  void evaluateRecordsIntoTheBundle() throws IOException {
    Path copy = dir.resolve("bundle");
    randomBundle().write(copy);
    assertThat(run("evaluate", copy, "--data", camvid, "--record").code()).isZero();
    ModelBundle read = ModelBundle.read(copy);
    assertThat(read.config().metrics()).containsKey("test");
    // What was not judged stays byte for byte.
    for (String file : List.of("model.safetensors", "golden.safetensors")) {
      assertThat(copy.resolve(file)).hasSameBinaryContentAs(bundle.resolve(file));
    }
    assertThat(read.weights().digest()).isEqualTo(randomBundle().weights().digest());
    String before = randomBundle().card().stripTrailing() + "\n\n## Judged on ";
    assertThat(read.card()).startsWith(before).contains("| all | ", "| Bicyclist |");
    // At another size and then as before: each stands once.
    run("evaluate", copy, "--data", camvid, "--record", "--size", "48x32");
    run("evaluate", copy, "--data", camvid, "--record");
    assertThat(ModelBundle.read(copy).card())
        .startsWith(before)
        .containsOnlyOnce(", fp32\n")
        .containsOnlyOnce(", fp32, size 48x32\n");
  }

  @Test
  void evaluateSaysWhatIsWrongWithTheData() throws IOException {
    assertThat(run("evaluate", bundle, "--data", dir.resolve("none")).complaint())
        .contains("none", "no such folder");
    assertThat(run("evaluate", bundle, "--data", camvid, "--split", "tst"))
        .satisfies(r -> assertThat(r.code()).isEqualTo(1))
        .satisfies(r -> assertThat(r.complaint()).contains("tst"));
    Path copy = dir.resolve("camvid");
    StreetScenes.writeCamvidLayout(copy, Map.of("test", StreetScenes.of(2, 96, 64, 3)));
    Path label;
    try (var files = Files.list(copy.resolve("testannot"))) {
      label = files.sorted().findFirst().orElseThrow();
    }
    Mask mask = Masks.read(label);
    mask.ids()[97] = 77;
    Masks.write(label, mask, new int[256]);
    assertThat(run("evaluate", bundle, "--data", copy).complaint())
        .contains(label.getFileName().toString(), "77", "(1, 1)");
    Files.delete(label);
    assertThat(run("evaluate", bundle, "--data", copy).complaint())
        .contains(label.getFileName().toString());
  }

  @Test
  void trainsEvaluatesAndRefusesALeak() throws IOException {
    Path out = dir.resolve("run");
    String phases = "phases=[{epochs: 1, batch: 2, crop: 64x48, scale: [0.8, 1.2]}]";
    Object[] words = {
      "train",
      Path.of("..", "recipes", "efrnet.camvid.yaml"),
      "precision=fp32",
      phases,
      "before.0." + phases,
      "--data",
      camvid,
      "--out",
      out,
      "--threads",
      "2"
    };
    Result trained = run(words);
    assertThat(trained.err())
        .containsPattern("(?s)stage 1 of 2.* 100 %.*stage 2 of 2.*started from.* 100 %");
    assertThat(trained.code()).isZero();
    assertThat(out.resolve("train.jsonl")).exists();
    assertThat(run(words).err()).contains("--resume");

    Path model = out.resolve("bundle");
    assertThat(run("evaluate", model, "--data", camvid, "--split", "test").code()).isZero();
    Result leak = run("evaluate", model, "--data", camvid, "--split", "val");
    assertThat(leak.code()).isEqualTo(1);
    assertThat(leak.complaint()).contains("trained on 2 of the 2");
    assertThat(run("evaluate", model, "--data", camvid, "--split", "val", "--allow-leak").out())
        .startsWith("LEAK");
  }

  @Test
  void packsADataSetIntoAFreeFolderAlone() throws IOException {
    Path packed = dir.resolve("packed");
    Result first = run("pack", "--data", camvid, "-o", packed);
    assertThat(first.code()).isZero();
    assertThat(first.out().strip()).isEqualTo("packed: " + packed);
    assertThat(packed.resolve("train.txt")).exists();
    Result again = run("pack", "--data", camvid, "-o", packed);
    assertThat(again.code()).isEqualTo(1);
    assertThat(again.complaint()).contains("packed", "not empty");
    Path pieces = dir.resolve("pieces");
    assertThat(run("pack", "--data", camvid, "-o", pieces, "--split", "20KiB").code()).isZero();
    assertThat(pieces.resolve("camvid.tar.001")).exists();
    assertThat(pieces.resolve("join.sh")).exists();
  }

  @Test
  void packingAProgramTakesACheckout() {
    assertThat(run("pack", "--device", "cpu", "-o", dir.resolve("p")))
        .satisfies(r -> assertThat(r.code()).isEqualTo(1))
        .satisfies(r -> assertThat(r.complaint()).contains("./efrnet"));
  }

  /** Own data, two pictures a split. */
  private Path ownData() {
    Path own = dir.resolve("own");
    assertThat(
            run("scenes", own, "--count", 2, "--val", 2, "--size", "64x48", "--classes", "all")
                .code())
        .isZero();
    return own;
  }

  @Test
  void ownDataAreTrainedOnAndJudged() throws IOException {
    Path own = ownData();
    Path out = dir.resolve("run");
    Path recipe = Path.of("..", "recipes", "smoke.yaml");
    List<String> choice = List.of("data.source=folder", "phases.0.epochs=1", "phases.0.batch=2");
    List<Object> words = new ArrayList<>(List.of("train", recipe));
    words.addAll(choice);
    words.addAll(List.of("--data", own, "--out", out, "--threads", "1"));
    assertThat(run(words.toArray()).code()).isZero();
    Path model = out.resolve("bundle");
    Result judged = run("evaluate", model, "--data", own, "--split", "val");
    assertThat(judged.code()).isZero();
    assertThat(judged.out()).contains("streets val", "Pavement");
    assertThat(run("evaluate", model, "--data", own, "--split", "train").complaint())
        .contains("trained on 2 of the 2");
  }

  @Test
  void scenesAreOwnDataOfTwoSeeds() throws IOException {
    Path own = dir.resolve("made/own");
    Result made = run("scenes", own, "--count", 3, "--val", 2, "--size", "64x48", "--seed", 7);
    assertThat(made.code()).isZero();
    assertThat(made.out())
        .isEqualTo(
            own
                + ": 3 scenes to train on, 2 to judge on, 64x48, classes Way, Obstacle,"
                + " Surroundings"
                + System.lineSeparator());
    assertThat(made.err()).contains("scenes 100 %");
    DataSet train = DataSets.open(own, "train");
    DataSet val = DataSets.open(own, "val");
    assertThat(train.names()).containsExactly("S7_000000", "S7_000001", "S7_000002");
    assertThat(val.names()).containsExactly("S8_000000", "S8_000001");
    DataSet scenes = StreetScenes.of(2, 64, 48, 8).inThreeClasses();
    assertThat(val.classes()).isEqualTo(scenes.classes());
    for (int i = 0; i < 2; i++) {
      assertThat(val.load(i).picture().rgb()).isEqualTo(scenes.load(i).picture().rgb());
      assertThat(val.load(i).truth()).isEqualTo(scenes.load(i).truth());
    }
  }

  @Test
  void scenesTouchNothingThatIsThere() throws IOException {
    Path own = Files.createDirectories(dir.resolve("own"));
    Path mine = Files.writeString(own.resolve("train.txt"), "mine");
    assertThat(run("scenes", own))
        .satisfies(r -> assertThat(r.code()).isEqualTo(1))
        .satisfies(
            r -> assertThat(r.complaint()).contains("own is not empty, it holds train.txt: name"));
    assertThat(mine).hasContent("mine");
    assertThat(run("scenes", mine))
        .satisfies(r -> assertThat(r.code()).isEqualTo(1))
        .satisfies(r -> assertThat(r.complaint()).contains("train.txt: is a file where a folder"));
    try (var files = Files.list(own)) {
      assertThat(files).containsExactly(mine);
    }
  }

  @Test
  void aSplitWithoutLabelsIsSaidToHaveNone() throws IOException {
    Path own = ownData();
    try (var masks = Files.list(own.resolve("masks"))) {
      for (Path mask : masks.toList()) {
        Files.delete(mask);
      }
    }
    Files.delete(own.resolve("masks"));
    Path eight = dir.resolve("eight");
    randomBundle(ClassTable.named("streets")).write(eight);
    assertThat(run("evaluate", eight, "--data", own, "--split", "val"))
        .satisfies(r -> assertThat(r.code()).isEqualTo(1))
        .satisfies(r -> assertThat(r.complaint()).contains("streets val", "no labels"));
  }

  @Test
  void aRecipeForAnotherLayoutIsRefused() throws IOException {
    Path own = ownData();
    Path recipe = Path.of("..", "recipes", "efrnet.camvid.yaml");
    Path out = dir.resolve("run");
    assertThat(run("train", recipe, "--data", own, "--out", out).complaint())
        .contains("data.source camvid but", "data.source=folder");
    assertThat(
            run("train", recipe, "data.source=camvid-original", "--data", camvid, "--out", out)
                .complaint())
        .contains("data.source camvid-original but", "data.source=camvid");
    try (var masks = Files.list(own.resolve("masks"))) {
      for (Path mask : masks.toList()) {
        Files.delete(mask);
      }
    }
    Files.delete(own.resolve("masks"));
    assertThat(
            run(
                    "train",
                    recipe,
                    "data.source=folder",
                    "data.split=val",
                    "--data",
                    own,
                    "--out",
                    out)
                .complaint())
        .contains("no labels to train on");
  }

  @Test
  void trainNeedsItsData() {
    Path recipe = Path.of("..", "recipes", "efrnet.camvid.yaml");
    Result result = run("train", recipe, "--out", dir.resolve("run"));
    assertThat(result.code()).isEqualTo(2);
    assertThat(result.complaint()).contains("--data DIR");
    assertThat(run("train", recipe, "--data", dir.resolve("none"), "--out", dir.resolve("run")))
        .satisfies(r -> assertThat(r.code()).isEqualTo(1))
        .satisfies(r -> assertThat(r.complaint()).contains("none"));
    assertThat(run("train", dir.resolve("no.yaml"), "--out", dir).complaint())
        .contains("no.yaml: no such file");
  }
}
