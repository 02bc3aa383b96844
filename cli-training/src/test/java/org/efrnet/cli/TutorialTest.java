package org.efrnet.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.data.DataSet;
import org.efrnet.data.DataSets;
import org.efrnet.data.MajorityMap;
import org.efrnet.images.Masks;
import org.efrnet.labels.ClassTable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the tutorial says is what happens: its commands, one after the other, in processes of their
 * own, on fewer and smaller scenes.
 */
class TutorialTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final String LAUNCHER = "./efrnet ";
  private static final String PERCENT = "own-data \\d+ %.*";

  @TempDir private Path dir;

  private record Result(int code, List<String> out, List<String> err) {}

  private static List<String> blocks(String language) throws IOException {
    String tutorial = Files.readString(ROOT.resolve("docs/tutorial.md"));
    Matcher matcher =
        Pattern.compile("^```" + language + "\n(.*?)^```", Pattern.DOTALL | Pattern.MULTILINE)
            .matcher(tutorial);
    return matcher.results().map(block -> block.group(1)).toList();
  }

  /** The words of all commands in their order, without the launcher's. */
  private static List<List<String>> commands() throws IOException {
    return blocks("sh").stream()
        .flatMap(String::lines)
        .filter(line -> line.startsWith(LAUNCHER))
        .map(line -> List.of(line.substring(LAUNCHER.length()).strip().split(" +")))
        .toList();
  }

  /** The next command must be this one; the words make it short and follow its second word. */
  private static List<String> shortened(List<String> command, String name, String... words) {
    assertThat(command.get(0)).isEqualTo(name);
    List<String> all = new ArrayList<>(command);
    all.addAll(2, List.of(words));
    return all;
  }

  /** Runs a command where the tutorial is read, until it ends or says a line that is waited for. */
  private Result run(List<String> words, String stopAt) throws Exception {
    List<String> line =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
    line.addAll(words);
    Path out = Files.createTempFile(dir, "out", ".txt");
    ProcessBuilder builder =
        new ProcessBuilder(line).directory(dir.toFile()).redirectOutput(out.toFile());
    // Other work on the machine would otherwise make idle threads of libtorch burn its processors.
    builder.environment().put("OMP_WAIT_POLICY", "passive");
    Process process = builder.start();
    List<String> err = new ArrayList<>();
    try (BufferedReader reader = process.errorReader()) {
      for (String said = reader.readLine(); said != null; said = reader.readLine()) {
        err.add(said);
        if (said.matches(stopAt)) {
          // Not the process itself, which would close what it still has to say.
          process.toHandle().destroy();
        }
      }
    }
    return new Result(process.waitFor(), Files.readAllLines(out), err);
  }

  private Result run(List<String> words) throws Exception {
    Result result = run(words, "(?!)");
    assertThat(result.code()).as(words + ": " + result.err()).isZero();
    return result;
  }

  @Test
  void everyCommandExists() throws IOException {
    assertThat(commands()).hasSizeGreaterThan(6);
    for (List<String> command : commands()) {
      // Throws what a user would be told: an unknown command, option or value.
      Main.commandLine().parseArgs(command.toArray(String[]::new));
    }
    assertThat(commands().stream().map(command -> command.get(0)))
        .contains("scenes", "train", "evaluate", "segment");
  }

  @Test
  void itsClassesAreAClassTable() throws IOException {
    List<String> tables =
        blocks("yaml").stream().filter(text -> text.contains("classes:")).toList();
    assertThat(tables).hasSize(1);
    ClassTable yard = ClassTable.of(new YAMLMapper().readTree(tables.get(0)), "tutorial.md");
    assertThat(yard.classes()).isEqualTo(ClassTable.named("streets-3").classes());
    assertThat(yard.ignoredLabels()).hasSize(2);
  }

  @Test
  void itsCommandsTrainAModelThatSegmentsUnseenScenes() throws Exception {
    Files.createDirectories(dir.resolve("recipes"));
    Files.copy(ROOT.resolve("recipes/own-data.yaml"), dir.resolve("recipes/own-data.yaml"));
    List<List<String>> commands = commands();
    String[] fewer = {"phases.0.epochs=16", "phases.0.crop=96x80", "bundle.height=120"};

    run(shortened(commands.get(0), "scenes", "--count", "100", "--val", "20", "--size", "160x120"));
    DataSet val = DataSets.open(dir.resolve("data/own"), "val");
    assertThat(val.load(0).truth().histogram()[ClassTable.IGNORE]).isPositive();

    Path out = dir.resolve("runs/own");
    Result stopped = run(shortened(commands.get(1), "train", fewer), PERCENT);
    assertThat(stopped.code()).isNotZero();
    assertThat(stopped.err())
        .anyMatch(line -> line.matches("stopped after step \\d+; go on with --resume.*"));
    assertThat(out.resolve("bundle")).doesNotExist();
    assertThat(commands.get(2)).contains("--resume").containsAll(commands.get(1));
    Result resumed = run(shortened(commands.get(2), "train", fewer));
    assertThat(resumed.err()).noneMatch(line -> line.contains(" epoch 1 "));
    assertThat(out.resolve("train.jsonl")).isNotEmptyFile();
    assertThat(ModelBundle.read(out.resolve("bundle")).classes()).isEqualTo(val.classes());

    Result judged = run(shortened(commands.get(3), "evaluate"));
    assertThat(judged.err()).as("nothing but progress").allMatch(l -> l.matches("evaluate \\d+ %"));
    double accuracy = figure(judged, "pixel accuracy");
    double baseline =
        100 * MajorityMap.of(DataSets.open(dir.resolve("data/own"), "train")).accuracy(val);
    System.out.println("tutorial: " + judged.out() + ", majority map " + baseline);
    assertThat(accuracy).isGreaterThanOrEqualTo(85);
    // Where things usually are is worth much in streets; a network must know more than that.
    assertThat(100 - accuracy).isLessThan(0.85 * (100 - baseline));
    assertThat(figure(judged, "Obstacle")).isGreaterThanOrEqualTo(30);

    List<String> tune = commands.get(commands.size() - 1);
    assertThat(tune).contains("from=efrnet.camvid", "schedule.rate=0.02");
    Result tuned =
        run(
            shortened(
                tune, "train", "phases.0.crop=96x80", "bundle.height=120", "watch.pictures=4"));
    assertThat(tuned.err())
        .anySatisfy(
            said ->
                assertThat(said)
                    .contains("started from efrnet.camvid (CC-BY-NC-4.0", "cls.weight"));

    List<String> segment = commands.get(4);
    assertThat(segment).startsWith("segment", "data/own/images/S2_000000.png");
    run(segment);
    assertThat(Masks.read(dir.resolve("out/S2_000000.mask.png")).height()).isEqualTo(120);
    assertThat(dir.resolve("out/S2_000000.overlay.png")).isNotEmptyFile();
    JsonNode json = new ObjectMapper().readTree(dir.resolve("out/S2_000000.json").toFile());
    assertThat(json.get("classes")).hasSize(3);
    try (Stream<Path> files = Files.list(dir.resolve("out"))) {
      assertThat(files).hasSize(3);
    }
  }

  private static double figure(Result judged, String row) {
    String line = judged.out().stream().filter(l -> l.startsWith(row)).findFirst().orElseThrow();
    return Double.parseDouble(line.substring(row.length()).strip());
  }
}
