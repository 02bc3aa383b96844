package org.efrnet.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.efrnet.bundle.BundleConfig;
import org.efrnet.bundle.Bundles;
import org.efrnet.bundle.Calibration;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.conformance.OpsConformance;
import org.efrnet.conformance.RandomModels;
import org.efrnet.graph.Model;
import org.efrnet.images.Mask;
import org.efrnet.images.Picture;
import org.efrnet.networks.EfrNet;
import org.efrnet.networks.Networks;
import org.efrnet.readings.Reference;
import org.efrnet.readings.Shape;
import org.efrnet.readings.Shapes;
import org.efrnet.segment.EngineOptions;
import org.efrnet.segment.Engines;
import org.efrnet.segment.Executable;
import org.efrnet.segment.GoldenCheck;
import org.efrnet.segment.LogitRows;
import org.efrnet.segment.Segmenter;
import org.efrnet.segment.SizePolicy;
import org.efrnet.weights.FloatTensor;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OnnxRuntimeEngineTest {
  private static final EngineOptions TWO_THREADS = new EngineOptions(2);
  private static final Segmenter.Options SMALL = Segmenter.Options.DEFAULT.withThreads(1);

  private static Picture random(int width, int height, long seed) {
    byte[] rgb = new byte[3 * width * height];
    new Random(seed).nextBytes(rgb);
    return new Picture(width, height, rgb);
  }

  private static ModelBundle bundle(String network, int height) {
    ModelBundle untrained = Bundles.untrained(network, height, 1);
    return ModelBundle.of(untrained.config(), RandomModels.of(untrained.network(), 5).weights());
  }

  @Test
  void isFoundOnTheClassPath() {
    assertThat(Engines.named("onnxruntime")).isInstanceOf(OnnxRuntimeEngine.class);
    assertThat(Engines.names()).containsExactly("onnxruntime", "reference");
    assertThat(new OnnxRuntimeEngine().version()).matches("[0-9]+\\.[0-9]+\\.[0-9]+");
  }

  /**
   * Sizes come and go, as those of a folder of pictures do; buffers grow, shrink and are shared.
   */
  @Test
  void givesTheReferencesLogitsAtChangingSizes() {
    Model model = RandomModels.of(EfrNet.of(11), 3);
    try (Executable executable = new OnnxRuntimeEngine().prepare(model, TWO_THREADS)) {
      assertThat(executable.classes()).isEqualTo(11);
      assertThat(executable.precision()).isEqualTo("fp32");
      for (int[] size : new int[][] {{37, 53}, {9, 12}, {37, 53}, {53, 37}, {38, 21}, {9, 12}}) {
        FloatTensor image = RandomModels.image(1, 3, size[0], size[1], 4);
        float[] expected = Reference.logits(model, image).values();
        LogitRows rows = executable.run(image.values(), size[0], size[1]);
        float[] read = rows.toPlanar(11, size[0], size[1]);
        assertClose(read, expected);
        assertThat(executable.logits(image.values(), size[0], size[1])).isEqualTo(read);
      }
    }
  }

  private static void assertClose(float[] logits, float[] expected) {
    assertThat(logits).hasSameSizeAs(expected);
    double scale = 0;
    double most = 0;
    for (int i = 0; i < logits.length; i++) {
      scale = Math.max(scale, Math.abs(expected[i]));
      most = Math.max(most, Math.abs(logits[i] - expected[i]));
    }
    assertThat(most).isLessThan(1e-4 * scale);
  }

  @Test
  void aShorterArrayTakesTheBeginningOfARow() {
    Model model = RandomModels.of(EfrNet.of(3), 3);
    FloatTensor image = RandomModels.image(1, 3, 16, 16, 4);
    try (Executable executable = new OnnxRuntimeEngine().prepare(model, TWO_THREADS)) {
      LogitRows rows = executable.run(image.values(), 16, 16);
      float[] whole = new float[48];
      float[] part = new float[10];
      rows.read(15, whole);
      rows.read(15, part);
      assertThat(part).isEqualTo(Arrays.copyOf(whole, 10));
    }
  }

  /**
   * A tenth of what a bundle allows, for every network: other processors round otherwise. Half of
   * it where untrained values grow by the million, Xception39's: a gate whose argument is such a
   * number near 0 magnifies rounding.
   */
  @Test
  void givesEveryNetworksGoldenLogits() {
    for (String network : Networks.names()) {
      try (Segmenter segmenter =
          Segmenter.load(bundle(network, 48), SMALL.with(GoldenCheck.ALWAYS))) {
        Segmenter.Golden golden = segmenter.golden();
        assertThat(golden.difference())
            .as(network)
            .isPositive()
            .isLessThan(golden.tolerance() / (network.equals("bisenet-xception39") ? 2 : 10));
        assertThat(segmenter.golden()).isEqualTo(golden);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"enet", "efrnet", "efrnet-s"})
  void segmentsOddSizesAsTheReferenceDoes(String network) {
    ModelBundle bundle = bundle(network, 40);
    Picture picture = random(333, 251, 6);
    try (Segmenter segmenter = Segmenter.load(bundle, SMALL);
        Segmenter reference = Segmenter.load(bundle, SMALL.withEngine("reference"))) {
      assertThat(segmenter.engine()).isEqualTo("onnxruntime");
      Mask mask = segmenter.segment(picture).mask();
      Mask expected = reference.segment(picture).mask();
      int equal = 0;
      for (int i = 0; i < mask.ids().length; i++) {
        equal += mask.ids()[i] == expected.ids()[i] ? 1 : 0;
      }
      assertThat((double) equal / mask.ids().length).isGreaterThan(0.999);
      // A map of one class would agree whatever was computed.
      assertThat(segmenter.segment(picture).shares()).hasSizeGreaterThan(1);
    }
  }

  @Test
  void saysWhenAPictureAsItIsIsTooSmall() {
    Segmenter.Options asItIs = SMALL.with(new SizePolicy.Native());
    try (Segmenter segmenter = Segmenter.load(bundle("efrnet", 24), asItIs)) {
      assertThatThrownBy(() -> segmenter.segment(random(1, 1, 1)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("choose a larger size");
      assertThat(segmenter.segment(random(9, 9, 1)).mask().ids()).hasSize(81);
    }
  }

  /** The network halves three times, and would have to give back a row that it dropped. */
  @Test
  void refusesASizeBeforeOnnxRuntimeSeesIt() {
    Model model = RandomModels.of(Networks.named("enet", 3).orElseThrow(), 1);
    try (Executable executable = new OnnxRuntimeEngine().prepare(model, TWO_THREADS)) {
      assertThatThrownBy(() -> executable.logits(new float[3 * 9 * 10], 9, 10))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageNotContaining("onnxruntime");
      assertThat(executable.logits(new float[3 * 8 * 16], 8, 16)).hasSize(3 * 8 * 16);
    }
  }

  @Test
  void misuseIsAnExceptionOfJava() {
    Model model = RandomModels.of(EfrNet.of(3), 1);
    Executable executable = new OnnxRuntimeEngine().prepare(model, TWO_THREADS);
    assertThatThrownBy(() -> executable.run(new float[5], 8, 8))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("5 values")
        .hasMessageContaining("8x8");
    LogitRows last = executable.run(new float[192], 8, 8);
    executable.close();
    executable.close();
    assertThatThrownBy(() -> executable.run(new float[192], 8, 8))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
    assertThatThrownBy(() -> executable.logits(new float[192], 8, 8))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
    // No longer of use to anybody, but no reason to crash: the memory is Java's.
    last.read(7, new float[24]);
  }

  @Test
  void computesInFp32Alone() {
    Model model = RandomModels.of(EfrNet.of(3), 1);
    assertThat(new OnnxRuntimeEngine().precisions()).containsExactly(BundleConfig.FP32);
    assertThatThrownBy(
            () ->
                new OnnxRuntimeEngine()
                    .prepare(model, new EngineOptions(1, "bf16", Calibration.NONE)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("not in bf16");
  }

  @Test
  void aModelThatIsNoneIsRefusedInOneLine() {
    assertThatThrownBy(() -> OnnxSession.of(new byte[] {1, 2, 3}, 1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageStartingWith("onnxruntime: ")
        .hasMessageNotContaining("\n");
  }

  /**
   * Whoever prepares a model goes on to compute as Java says. The first session of a process is the
   * one that could change that, hence a process of its own.
   */
  @Test
  void leavesSubnormalNumbersToJava(@TempDir Path folder) throws Exception {
    Path output = folder.resolve("output");
    ProcessBuilder java =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Defrnet.cache=" + System.getProperty("efrnet.cache"),
            "-cp",
            System.getProperty("java.class.path"),
            SubnormalMain.class.getName());
    Process process = java.redirectErrorStream(true).redirectOutput(output.toFile()).start();
    assertThat(process.waitFor()).as(Files.readString(output)).isZero();
    assertThat(Files.readString(output).strip()).endsWith("1.4E-45");
  }

  /** Prints the smallest number after a model was prepared and run. */
  static final class SubnormalMain {
    private SubnormalMain() {}

    public static void main(String[] args) {
      Model model = RandomModels.of(EfrNet.of(3), 1);
      try (Executable executable = new OnnxRuntimeEngine().prepare(model, TWO_THREADS)) {
        executable.logits(new float[192], 8, 8);
        System.out.println(Float.parseFloat("1.4e-45") * Float.parseFloat("1"));
      }
    }
  }

  @Test
  void callsLeaveNothingBehind() {
    float[] small = RandomModels.image(1, 3, 32, 48, 1).values();
    float[] large = RandomModels.image(1, 3, 48, 72, 1).values();
    Model model = RandomModels.of(EfrNet.of(11), 1);
    try (Executable executable = new OnnxRuntimeEngine().prepare(model, TWO_THREADS)) {
      LeakCheck check =
          LeakCheck.of(
              50,
              300,
              i -> {
                executable.run(small, 32, 48);
                executable.run(large, 48, 72);
              });
      assertThat(check.leaks()).as(check.toString()).isFalse();
    }
  }

  @Test
  void preparingAndClosingLeavesNothingBehind() {
    Model model = RandomModels.of(EfrNet.of(11), 1);
    LeakCheck check =
        LeakCheck.of(
            5,
            20,
            i -> {
              try (Executable executable = new OnnxRuntimeEngine().prepare(model, TWO_THREADS)) {
                executable.run(new float[3 * 16 * 16], 16, 16);
              }
            });
    assertThat(check.leaks()).as(check.toString()).isFalse();
  }

  @Test
  void sessionsThatStayOpenAreCaught() {
    Model model = RandomModels.of(EfrNet.of(11), 1);
    List<Executable> open = new ArrayList<>();
    // So many that what other tests of this process freed does not take them all in.
    LeakCheck check =
        LeakCheck.of(
            1,
            60,
            i -> {
              Executable executable = new OnnxRuntimeEngine().prepare(model, TWO_THREADS);
              executable.run(new float[3 * 64 * 64], 64, 64);
              open.add(executable);
            });
    open.forEach(Executable::close);
    assertThat(check.leaks()).as(check.toString()).isTrue();
  }

  /** The engine under the suite that every reading of operations inherits, in both its forms. */
  private abstract static class Conformance extends OpsConformance {
    private final OnnxRuntimeEngine engine;

    Conformance(OnnxOptions.Unpooling unpooling) {
      this.engine = new OnnxRuntimeEngine(unpooling);
    }

    @Override
    protected FloatTensor logits(Model model, FloatTensor image) {
      int[] s = image.shape();
      int pixels = 3 * s[2] * s[3];
      // The suite's single operations shrink what they are given, as no network does.
      Shape one = model.graph().logits(new Shapes(), Shape.image(1, s[2], s[3]));
      float[] all = new float[Math.toIntExact(s[0] * one.count())];
      try (Executable executable = engine.prepare(model, TWO_THREADS)) {
        for (int n = 0; n < s[0]; n++) {
          float[] picture = Arrays.copyOfRange(image.values(), n * pixels, (n + 1) * pixels);
          float[] logits = executable.logits(picture, s[2], s[3]);
          System.arraycopy(logits, 0, all, n * logits.length, logits.length);
        }
      }
      return new FloatTensor(new int[] {s[0], one.channels(), one.height(), one.width()}, all);
    }
  }

  @Nested
  class ByMaxUnpool extends Conformance {
    ByMaxUnpool() {
      super(OnnxOptions.Unpooling.MAXUNPOOL);
    }
  }

  @Nested
  class ByScatterElements extends Conformance {
    ByScatterElements() {
      super(OnnxOptions.Unpooling.SCATTER);
    }

    /** Where windows overlap this form is refused, and nothing is left to compare. */
    @Override
    protected FloatTensor logits(Model model, FloatTensor image) {
      if (!Unpoolings.mayCollide(model.graph())) {
        return super.logits(model, image);
      }
      assertThatThrownBy(() -> super.logits(model, image))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("windows overlap");
      return Reference.logits(model, image);
    }
  }
}
