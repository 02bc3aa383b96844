package org.efrnet.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.bytedeco.javacpp.FloatPointer;
import org.efrnet.bundle.Calibration;
import org.efrnet.conformance.RandomModels;
import org.efrnet.conformance.SmallNetworks;
import org.efrnet.graph.Model;
import org.efrnet.networks.EfrNet;
import org.efrnet.networks.Networks;
import org.efrnet.readings.Reference;
import org.efrnet.segment.EngineOptions;
import org.efrnet.segment.Engines;
import org.efrnet.segment.Executable;
import org.efrnet.segment.LogitRows;
import org.efrnet.segment.NodeTime;
import org.efrnet.segment.Profiled;
import org.efrnet.weights.FloatTensor;
import org.junit.jupiter.api.Test;

class OneDnnEngineTest {
  private static final EngineOptions TWO_THREADS = new EngineOptions(2);
  private static final int HEIGHT = 48;
  private static final int WIDTH = 64;

  private final Model model = RandomModels.of(EfrNet.of(5), 1);
  private final OneDnnEngine engine = new OneDnnEngine();

  private static float[] image(int height, int width, long seed) {
    return RandomModels.image(1, 3, height, width, seed).values();
  }

  private Calibration calibration() {
    try (Calibrator calibrator = new Calibrator(model, 2)) {
      assertThat(calibrator.calibration().isEmpty()).isTrue();
      calibrator.add(image(HEIGHT, WIDTH, 7), HEIGHT, WIDTH);
      calibrator.add(image(HEIGHT, WIDTH, 8), HEIGHT, WIDTH);
      return calibrator.calibration();
    }
  }

  /** Root of the mean square of the difference, relative to that of the values. */
  private static double error(float[] actual, float[] expected) {
    double difference = 0;
    double magnitude = 0;
    for (int i = 0; i < expected.length; i++) {
      difference += Math.pow(actual[i] - expected[i], 2);
      magnitude += Math.pow(expected[i], 2);
    }
    return Math.sqrt(difference / magnitude);
  }

  @Test
  void rowsAreReadWhereOneBufferDoesNotHoldThemAll() {
    try (FloatPointer values = new FloatPointer(30)) {
      for (int i = 0; i < 30; i++) {
        values.put(i, i);
      }
      for (int most : new int[] {6, 13, 29, 30}) {
        LogitRows rows = PlanBuilder.rows(values, 5, 6, most);
        float[] line = new float[6];
        for (int y = 0; y < 5; y++) {
          rows.read(y, line);
          assertThat(line)
              .containsExactly(6 * y, 6 * y + 1, 6 * y + 2, 6 * y + 3, 6 * y + 4, 6 * y + 5);
        }
      }
    }
  }

  @Test
  void isFoundAndComesFirst() {
    assertThat(Engines.first().name()).isEqualTo(OneDnnEngine.NAME);
    assertThat(engine.version()).startsWith("3.");
    assertThat(engine.precisions()).contains("fp32").doesNotHaveDuplicates();
  }

  @Test
  void precisionsAreThoseOfTheProcessor() {
    int avx2 = 7;
    int avx2Vnni = 15;
    int avx512 = 39;
    int avx512Vnni = 103;
    int avx512Bf16 = 231;
    int amx = 4079;
    assertThat(Precisions.of(0)).containsExactly("fp32");
    assertThat(Precisions.of(avx2)).containsExactly("fp32");
    assertThat(Precisions.of(avx512)).containsExactly("fp32");
    assertThat(Precisions.of(avx2Vnni)).containsExactly("int8", "fp32");
    assertThat(Precisions.of(avx512Vnni)).containsExactly("int8", "fp32");
    assertThat(Precisions.of(avx512Bf16)).containsExactly("int8", "bf16", "fp32");
    assertThat(Precisions.of(amx)).containsExactly("int8", "bf16", "fp32");
  }

  /** Random weights are harder to round than trained ones; the bounds are theirs. */
  @Test
  void everyPrecisionComputesTheSameNetwork() {
    float[] planes = image(HEIGHT, WIDTH, 2);
    float[] expected =
        Reference.logits(model, new FloatTensor(new int[] {1, 3, HEIGHT, WIDTH}, planes)).values();
    Calibration calibration = calibration();
    for (String precision : List.of("fp32", "bf16", "int8")) {
      EngineOptions options = new EngineOptions(2, precision, calibration);
      if (!engine.precisions().contains(precision)) {
        assertThatThrownBy(() -> engine.prepare(model, options))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("does not compute in " + precision)
            .hasMessageContaining("fp32");
        continue;
      }
      try (Executable executable = engine.prepare(model, options)) {
        assertThat(executable.precision()).isEqualTo(precision);
        assertThat(executable.classes()).isEqualTo(5);
        double error = error(executable.logits(planes, HEIGHT, WIDTH), expected);
        double most = precision.equals("fp32") ? 1e-5 : precision.equals("bf16") ? 0.05 : 0.2;
        assertThat(error).as(precision).isLessThan(most);
        if (!precision.equals("fp32")) {
          assertThat(error).as(precision + " is not fp32 in disguise").isGreaterThan(1e-4);
        }
      }
    }
  }

  @Test
  void everyNetworkRunsInEveryPrecision() {
    for (String name : Networks.names()) {
      Model one = RandomModels.of(SmallNetworks.of(name, 4), 3);
      float[] planes = image(32, 40, 4);
      Calibration calibration;
      try (Calibrator calibrator = new Calibrator(one, 2)) {
        calibrator.add(planes, 32, 40);
        calibration = calibrator.calibration();
      }
      float[] exact;
      try (Executable executable = engine.prepare(one, TWO_THREADS)) {
        exact = executable.logits(planes, 32, 40);
      }
      for (String precision : engine.precisions()) {
        try (Executable executable =
            engine.prepare(one, new EngineOptions(2, precision, calibration))) {
          assertThat(error(executable.logits(planes, 32, 40), exact))
              .as("%s in %s", name, precision)
              .isLessThan(0.5);
        }
      }
    }
  }

  @Test
  void eightBitsWithoutACalibrationAreRefusedWithTheRemedy() {
    EngineOptions options = new EngineOptions(1, "int8", Calibration.NONE);
    assertThatThrownBy(() -> engine.prepare(model, options))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("int8");
    if (engine.precisions().contains("int8")) {
      assertThatThrownBy(() -> engine.prepare(model, options))
          .hasMessageContaining("efrnet calibrate");
    }
  }

  @Test
  void sizesComeAndGoAndNothingStaysBehind() {
    long before = Handles.live();
    try (Executable executable = engine.prepare(model, TWO_THREADS)) {
      float[] first = executable.logits(image(HEIGHT, WIDTH, 2), HEIGHT, WIDTH);
      for (int i = 0; i < 5; i++) {
        executable.logits(image(24 + i, 40, 3), 24 + i, 40);
      }
      assertThat(executable.logits(image(HEIGHT, WIDTH, 2), HEIGHT, WIDTH))
          .as("the same bytes from a plan made anew")
          .isEqualTo(first);
      assertThat(Handles.live()).isGreaterThan(before);
    }
    assertThat(Handles.live()).isEqualTo(before);
  }

  @Test
  void misuseIsAnErrorInWords() {
    Executable executable = engine.prepare(model, TWO_THREADS);
    assertThatThrownBy(() -> executable.run(new float[5], 8, 8))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("5 values are not the 3 planes of 8x8");
    assertThatThrownBy(() -> executable.run(new float[0], 0, 8))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("too small");
    executable.close();
    executable.close();
    assertThatThrownBy(() -> executable.run(new float[192], 8, 8))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
  }

  @Test
  void aFrameAllocatesNothingToSpeakOf() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long own = Thread.currentThread().getId();
    float[] planes = image(HEIGHT, WIDTH, 2);
    try (Executable executable = engine.prepare(model, TWO_THREADS)) {
      for (int i = 0; i < 50; i++) {
        executable.run(planes, HEIGHT, WIDTH);
      }
      long before = threads.getThreadAllocatedBytes(own);
      for (int i = 0; i < 100; i++) {
        executable.run(planes, HEIGHT, WIDTH);
      }
      assertThat((threads.getThreadAllocatedBytes(own) - before) / 100).isLessThan(500);
    }
  }

  @Test
  void threadsAreThoseAskedFor() {
    for (int count : new int[] {1, 3, 2}) {
      try (Executable executable = engine.prepare(model, new EngineOptions(count))) {
        assertThat(executable.classes()).isEqualTo(5);
        assertThat(OpenMp.threads()).isEqualTo(count);
      }
    }
  }

  @Test
  void saysWhereTimeGoes() {
    try (Executable executable = engine.prepare(model, TWO_THREADS)) {
      List<NodeTime> nodes =
          ((Profiled) executable).profile(image(HEIGHT, WIDTH, 2), HEIGHT, WIDTH, 3);
      assertThat(nodes).extracting(NodeTime::name).contains("b1.1.middle.conv", "cls");
      assertThat(nodes).allMatch(node -> node.milliseconds() > 0);
      assertThat(nodes).filteredOn(node -> node.what().startsWith("convolution 3x3")).isNotEmpty();
      assertThat(nodes)
          .as("nothing is left to oneDNN's slow reference")
          .noneMatch(node -> node.what().contains("ref:"));
    }
  }

  @Test
  void thePeakIsMeasuredWhereThePrecisionIs() {
    for (String precision : List.of("fp32", "bf16", "int8")) {
      boolean here = engine.precisions().contains(precision);
      assertThat(ConvolutionPeak.gflops(precision, 1).isPresent()).isEqualTo(here);
    }
    assertThat(ConvolutionPeak.gflops("fp32", 1).orElseThrow()).isGreaterThan(0.1);
  }
}
