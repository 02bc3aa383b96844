package org.efrnet.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.efrnet.bundle.Bundles;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.graph.Graph;
import org.efrnet.readings.Parameters;
import org.efrnet.weights.FloatTensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExportCommandTest {
  @TempDir private static Path shared;

  private static Path bundle;

  @TempDir private Path dir;

  private static ModelBundle randomBundle() {
    ModelBundle untrained = Bundles.untrained("efrnet", 64, 1);
    return ModelBundle.of(untrained.config(), Parameters.initial(Graph.of(untrained.network()), 5));
  }

  @BeforeAll
  static void make() throws IOException {
    bundle = shared.resolve("bundle");
    randomBundle().write(bundle);
  }

  private static String text(Path file) throws IOException {
    return Files.readString(file, StandardCharsets.ISO_8859_1);
  }

  @Test
  void writesAFileAndSaysHowCloseItIs() throws IOException {
    Path file = dir.resolve("model.onnx");
    Run result = Run.of("export", bundle, "--to", "onnx", "-o", file);
    assertThat(result.err()).isEmpty();
    assertThat(result.code()).isZero();
    String number = " +[0-9.]+e-[0-9]+";
    assertThat(result.out().lines().filter(line -> line.contains(" %")))
        .hasSize(3)
        .allMatch(line -> line.matches(" *[0-9]+x[0-9]+" + number + number + " +100\\.000 %"));
    assertThat(result.out()).contains("96x64", "65x49", "127x33").endsWith("image to logits\n");
    assertThat(text(file))
        .contains("efrnet", "licenceNote", randomBundle().config().licence().note());
    assertThat(text(file)).doesNotContain("ArgMax");
  }

  @Test
  void givesClassesAsASecondOutput() throws IOException {
    Path file = dir.resolve("model.onnx");
    Run result =
        Run.of(
            "export",
            bundle,
            "--to",
            "onnx",
            "-o",
            file,
            "--argmax",
            "--argmax-type",
            "uint8",
            "--unpool",
            "scatter",
            "--opset",
            "17");
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(result.out()).endsWith("image to logits and classes\n");
    assertThat(text(file)).contains("ArgMax", "Cast");
  }

  @ParameterizedTest
  @CsvSource({
    "--opset 16, must be 17",
    "--argmax-type int64, add --argmax",
    "--unpool magic, 'magic'",
  })
  void refusesWrongUsage(String words, String complaint) throws IOException {
    String[] more = words.split(" ", -1);
    Run result =
        Run.of("export", bundle, "--to", "onnx", "-o", dir.resolve("m.onnx"), more[0], more[1]);
    assertThat(result.code()).isEqualTo(2);
    assertThat(result.complaint()).contains(complaint);
    try (Stream<Path> left = Files.list(dir)) {
      assertThat(left).isEmpty();
    }
  }

  /** Weights so small that the file, in which they are zero, cannot tell classes apart. */
  @Test
  void leavesNoFileBehindThatIsNotCloseEnough() throws IOException {
    ModelBundle good = randomBundle();
    FloatTensor weight = good.weights().get("cls.weight");
    float[] values = weight.values().clone();
    for (int i = 0; i < values.length; i++) {
      values[i] *= 1e-39f;
    }
    FloatTensor small = new FloatTensor(weight.shape(), values);
    Path folder = dir.resolve("small");
    ModelBundle.of(good.config(), good.weights().with(Map.of("cls.weight", small))).write(folder);
    Path file = dir.resolve("model.onnx");
    Run result = Run.of("export", folder, "--to", "onnx", "-o", file);
    assertThat(result.code()).isEqualTo(1);
    assertThat(result.complaint()).contains("model.onnx is not written: at 96x64");
    try (Stream<Path> left = Files.list(dir)) {
      assertThat(left).containsExactly(folder);
    }
  }

  @Test
  void saysThatThereIsNoFolder() {
    Path file = dir.resolve("none/model.onnx");
    Run result = Run.of("export", bundle, "--to", "onnx", "-o", file);
    assertThat(result.code()).isEqualTo(1);
    assertThat(result.complaint()).contains("none: no such file or folder");
  }
}
