package org.efrnet.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.efrnet.bundle.BundleConfig;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.cli.spark.SparkEvaluation;
import org.efrnet.data.DataSets;
import org.efrnet.data.StreetScenes;
import org.efrnet.graph.Graph;
import org.efrnet.images.Normalization;
import org.efrnet.images.Pictures;
import org.efrnet.labels.ClassTable;
import org.efrnet.metrics.ConfusionMatrix;
import org.efrnet.networks.EfrNet;
import org.efrnet.readings.Parameters;
import org.efrnet.segment.Evaluation;
import org.efrnet.segment.Protocol;
import org.efrnet.segment.Segmenter;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** {@code efrnet label} and {@code evaluate --spark}, beside what one machine gives. */
class LabelCommandTest {
  private static final int SCENES = 8;

  @TempDir private static Path shared;

  private static Path model;
  private static Path own;
  private static Path pictures;

  @TempDir private Path dir;

  @BeforeAll
  static void make() throws IOException {
    own = shared.resolve("own");
    assertThat(
            Run.of("scenes", own, "--count", 2, "--val", 6, "--size", "64x48", "--classes", "all")
                .code())
        .isZero();
    ClassTable classes = ClassTable.named("streets");
    model = shared.resolve("model");
    ModelBundle.of(
            BundleConfig.of(
                "untrained",
                new BundleConfig.Architecture("efrnet", classes.size()),
                classes,
                Normalization.IMAGENET,
                48,
                new BundleConfig.TrainingSize(64, 48),
                new BundleConfig.Licence("CC0-1.0", "random numbers"),
                Map.of()),
            Parameters.initial(Graph.of(EfrNet.of(classes.size())), 1))
        .write(model);
    pictures = scenes(shared.resolve("pictures"), SCENES);
  }

  private static Path scenes(Path folder, int count) throws IOException {
    Files.createDirectories(folder);
    StreetScenes scenes = StreetScenes.of(count, 64, 48, 5);
    for (int i = 0; i < count; i++) {
      Pictures.writePng(folder.resolve("s" + (100 + i) + ".png"), scenes.load(i).picture());
    }
    return folder;
  }

  /** The masks of a folder, by their names. */
  private static Map<String, List<Byte>> masks(Path folder) throws IOException {
    Map<String, List<Byte>> masks = new TreeMap<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".mask.png")).toList()) {
        List<Byte> bytes = new ArrayList<>();
        for (byte one : Files.readAllBytes(file)) {
          bytes.add(one);
        }
        masks.put(file.getFileName().toString(), bytes);
      }
    }
    return masks;
  }

  private static long written(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return 0;
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(f -> f.toString().endsWith(".mask.png")).count();
    }
  }

  private Map<String, List<Byte>> segmented(Path folder) throws IOException {
    Path out = dir.resolve("segmented");
    Run result =
        Run.of(
            "segment", folder, "-o", out, "--model", model, "--threads", 1, "--precision", "fp32");
    assertThat(result.code()).as(result.err()).isLessThan(2);
    return masks(out);
  }

  @Test
  void labelsAsSegmentDoesAndOnce() throws IOException {
    Path all = scenes(dir.resolve("all"), SCENES);
    Files.writeString(all.resolve("nonsense.png"), "no picture");
    Path out = dir.resolve("masks");
    Object[] words = {
      "label", all, "-o", out, "--model", model, "--precision", "fp32", "--spark", "local[2]"
    };
    Run result = Run.of(words);
    assertThat(result.code()).as(result.err()).isEqualTo(1);
    assertThat(result.out())
        .startsWith(out + ": labelled 8 of 9 pictures, 1 failed, 0 were there; ")
        .contains("by " + model + ", onednn, fp32, threads 1");
    assertThat(result.err().lines().filter(line -> line.startsWith("efrnet: ")))
        .hasSize(1)
        .allMatch(
            line -> line.startsWith("efrnet: " + all.resolve("nonsense.png") + ": not a PNG"));
    assertThat(result.err()).contains("label 100 %");
    assertThat(masks(out)).isEqualTo(segmented(all));

    Files.delete(all.resolve("nonsense.png"));
    Files.delete(out.resolve("s103.mask.png"));
    Run again = Run.of(words);
    assertThat(again.code()).as(again.err()).isZero();
    assertThat(again.out()).contains("labelled 1 of 8 pictures, 0 failed, 7 were there; ");
    assertThat(masks(out)).isEqualTo(segmented(all));
  }

  @Test
  void evaluatesCountForCount() throws IOException {
    Object[] words = {
      "evaluate",
      model,
      "--data",
      own,
      "--split",
      "val",
      "--format",
      "json",
      "--audit",
      "--precision",
      "fp32",
      "--threads",
      1,
      "--flip",
      "--scales",
      "1,0.75"
    };
    Run here = Run.of(words);
    assertThat(here.code()).as(here.err()).isZero();
    Object[] more = Arrays.copyOf(words, words.length + 2);
    more[words.length] = "--spark";
    more[words.length + 1] = "local[2]";
    Run there = Run.of(more);
    assertThat(there.code()).as(there.err()).isZero();
    ObjectMapper mapper = new ObjectMapper();
    JsonNode expected = mapper.readTree(here.out());
    assertThat(expected.get("images").asInt()).isEqualTo(6);
    assertThat(expected.has("audit")).isTrue();
    assertThat(mapper.readTree(there.out())).isEqualTo(expected);
    assertThat(there.err()).contains("evaluate 100 %");
  }

  /** Figures are rounded, so the counts themselves are held together here. */
  @Test
  void confusionMatricesAreTheSame() throws IOException {
    Segmenter.Options options = Segmenter.Options.DEFAULT.withThreads(1).withPrecision("fp32");
    EvaluationCluster.Judged judged =
        new SparkEvaluation()
            .judge(
                new EvaluationCluster.Order(
                    "local[2]",
                    Map.of(),
                    model.toString(),
                    options,
                    own,
                    "train+val",
                    Protocol.PLAIN,
                    true),
                Evaluation.Progress.NONE);
    List<ConfusionMatrix> each = new ArrayList<>();
    try (Segmenter segmenter = Segmenter.load(ModelBundle.read(model), options)) {
      Evaluation alone =
          Evaluation.of(
              segmenter,
              DataSets.open(own, "train+val"),
              Protocol.PLAIN,
              Evaluation.Progress.NONE,
              (index, example, prediction, counted) -> each.add(counted));
      assertThat(judged.evaluation()).isEqualTo(alone);
      assertThat(alone.overall().pixels()).isPositive();
    }
    assertThat(judged.byPicture()).isEqualTo(each).hasSize(8);
  }

  @Test
  void wrongWordsAreSaidInALine() {
    Path out = dir.resolve("out");
    Run master = Run.of("label", pictures, "-o", out, "--spark", "pictures");
    assertThat(master.code()).isEqualTo(2);
    assertThat(master.complaint()).contains("'pictures' is no master of Spark's");
    Run nobody = Run.of("label", pictures, "-o", out, "--spark", "spark://127.0.0.1:1");
    assertThat(nobody.code()).isEqualTo(1);
    assertThat(nobody.complaint()).contains("no Spark master listens at spark://127.0.0.1:1");
    Run threads =
        Run.of(
            "label", pictures, "-o", out, "--spark", "local[1]", "--threads", 2, "--model", model);
    assertThat(threads.code()).isEqualTo(1);
    assertThat(threads.complaint()).contains("local[1]");
    Run conf = Run.of("evaluate", model, "--data", own, "--conf", "a=b");
    assertThat(conf.code()).isEqualTo(2);
    assertThat(conf.complaint()).contains("--conf says nothing without --spark");
    Run nothing = Run.of("label", dir, "-o", out, "--model", model, "--spark=local[1]");
    assertThat(nothing.code()).isEqualTo(1);
    assertThat(nothing.complaint()).contains(dir + ": no .jpg");
    assertThat(out).doesNotExist();
  }

  private Process start(String... words) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx512m");
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(word -> word.startsWith("--add-opens"))
        .forEach(command::add);
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add("-Defrnet.cache=" + System.getProperty("efrnet.cache"));
    command.add(Main.class.getName());
    command.addAll(List.of(words));
    return new ProcessBuilder(command)
        .redirectOutput(dir.resolve("out.txt").toFile())
        .redirectError(dir.resolve("err.txt").toFile())
        .start();
  }

  /** Killed without a word, started again: only the rest is done. */
  @Test
  void aKilledRunGoesOn() throws Exception {
    int count = 400;
    Path many = scenes(dir.resolve("many"), count);
    Path out = dir.resolve("masks");
    String[] words = {
      "label",
      many.toString(),
      "-o",
      out.toString(),
      "--model",
      model.toString(),
      "--precision",
      "fp32",
      "--spark",
      "local[2]"
    };
    Process first = start(words);
    while (first.isAlive() && written(out) < 20) {
      Thread.sleep(10);
    }
    first.destroyForcibly().waitFor();
    assertThat(out).as(Files.readString(dir.resolve("err.txt"))).isDirectory();
    Map<String, List<Byte>> half = masks(out);
    assertThat(half.size()).as(Files.readString(dir.resolve("err.txt"))).isBetween(20, count - 1);
    Map<String, Object> times = new TreeMap<>();
    for (String name : half.keySet()) {
      times.put(name, Files.getLastModifiedTime(out.resolve(name)));
    }

    Run second = Run.of((Object[]) words);
    assertThat(second.code()).as(second.err()).isZero();
    assertThat(second.out())
        .contains(
            "labelled "
                + (count - half.size())
                + " of 400 pictures, 0 failed, "
                + half.size()
                + " were there; ");
    for (Map.Entry<String, Object> time : times.entrySet()) {
      assertThat(Files.getLastModifiedTime(out.resolve(time.getKey()))).isEqualTo(time.getValue());
    }
    assertThat(masks(out)).isEqualTo(segmented(many));
    try (Stream<Path> files = Files.list(out)) {
      assertThat(files.map(f -> f.getFileName().toString()))
          .hasSize(count + 1)
          .noneMatch(name -> name.endsWith(".part"));
    }
  }

  /** As the launcher says it: what Spark itself asks of this Java. */
  @Test
  void theLauncherOpensWhatSparkAsksFor() throws Exception {
    Process process =
        new ProcessBuilder(
                "bash",
                "-c",
                "spark=1; options=(); eval \"$(sed -n '/^# What Spark asks of Java/,/^fi$/p'"
                    + " ../efrnet)\"; printf '%s\\n' \"${options[@]}\"")
            .start();
    List<String> said = new ArrayList<>();
    try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
      lines.lines().forEach(said::add);
    }
    String all =
        (String)
            Class.forName("org.apache.spark.launcher.JavaModuleOptions")
                .getMethod("defaultModuleOptions")
                .invoke(null);
    List<String> asked =
        Arrays.stream(all.strip().split("\\s+"))
            .filter(word -> word.startsWith("--add-opens"))
            .toList();
    assertThat(asked).isNotEmpty();
    assertThat(said).containsAll(asked);
  }

  @Test
  void helpSaysOfLabelWhatItSaysItself() {
    assertThat(Main.commandLine().getSubcommands().get("label").getCommandSpec().usageMessage())
        .satisfies(
            usage ->
                assertThat(usage.description()[0])
                    .isEqualTo(ElsewhereCommand.KNOWN.get("label").description()));
  }

  /** Two workers, each a process, who have nothing of this project but what the job brings. */
  @Test
  @EnabledOnOs(OS.LINUX)
  @EnabledIfSystemProperty(named = "long", matches = ".*")
  void aStandaloneClusterGivesTheSameMasks() throws Exception {
    Path script = Path.of("cluster").toAbsolutePath();
    Process process =
        new ProcessBuilder("bash", script.toString())
            .redirectError(dir.resolve("cluster.txt").toFile())
            .start();
    try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
      String master = lines.readLine();
      assertThat(master).as(Files.readString(dir.resolve("cluster.txt"))).startsWith("spark://");
      Path out = dir.resolve("masks");
      Process label =
          new ProcessBuilder(
                  "bash",
                  Path.of("..", "efrnet").toString(),
                  "label",
                  pictures.toString(),
                  "-o",
                  out.toString(),
                  "--model",
                  model.toString(),
                  "--precision",
                  "fp32",
                  "--spark",
                  master)
              .redirectErrorStream(true)
              .start();
      String said = new String(label.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(label.waitFor()).as(said).isZero();
      assertThat(masks(out)).isEqualTo(segmented(pictures));
    } finally {
      process.destroy();
      assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    }
  }
}
