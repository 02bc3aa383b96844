package org.efrnet.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.efrnet.conformance.SmallNetworks;
import org.efrnet.data.DataSet;
import org.efrnet.data.Example;
import org.efrnet.data.StreetScenes;
import org.efrnet.graph.Graph;
import org.efrnet.graph.Model;
import org.efrnet.graph.Passes;
import org.efrnet.images.Normalization;
import org.efrnet.learning.Batch;
import org.efrnet.learning.LearningRule;
import org.efrnet.learning.Optimiser;
import org.efrnet.learning.Precision;
import org.efrnet.networks.EfrNet;
import org.efrnet.ops.Network;
import org.efrnet.readings.Parameters;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Several processes take the steps that one would take of the same pictures. */
class SeveralProcessesTest {
  private static final int CLASSES = 8;
  private static final int HEIGHT = 32;
  private static final int WIDTH = 48;
  private static final Optimiser ONE_GRADIENT = new Optimiser.Sgd(0.9, 0, false);

  @TempDir private Path dir;

  private static Model model(Network network) {
    Graph graph = Graph.of(network);
    return Passes.apply(Passes.training(), new Model(graph, Parameters.initial(graph, 4)));
  }

  /** Class weights, smoothing, overlaps and clipping: whatever could be weighed wrongly. */
  private static LearningRule rule(Optimiser optimiser, double clipNorm) {
    return new LearningRule(
            optimiser,
            new float[] {1, 7, 3, 5, 2, 9, 4, 6},
            255,
            0.1,
            clipNorm,
            0.9,
            true,
            LearningRule.Decay.CONVOLUTIONS)
        .withJaccard(2);
  }

  /** Street scenes, the first hardly labelled and the last wholly, so that shares weigh unlike. */
  private static Batch whole(long seed, int n) {
    SplittableRandom random = new SplittableRandom(seed);
    DataSet scenes = StreetScenes.of(n, WIDTH, HEIGHT, seed);
    float[] planes = new float[n * 3 * HEIGHT * WIDTH];
    byte[] truth = new byte[n * HEIGHT * WIDTH];
    for (int i = 0; i < n; i++) {
      Example scene = load(scenes, i);
      Normalization.IMAGENET.planes(scene.picture(), planes, i * 3 * HEIGHT * WIDTH);
      System.arraycopy(scene.truth().ids(), 0, truth, i * HEIGHT * WIDTH, HEIGHT * WIDTH);
    }
    for (int i = 0; i < truth.length; i++) {
      if (random.nextInt(n) > i / (HEIGHT * WIDTH)) {
        truth[i] = (byte) 255;
      }
    }
    return new Batch(n, HEIGHT, WIDTH, planes, truth);
  }

  private static Example load(DataSet scenes, int i) {
    try {
      return scenes.load(i);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Batch part(Batch whole, int rank, int size) {
    int first = whole.n() * rank / size;
    int end = whole.n() * (rank + 1) / size;
    int pixels = HEIGHT * WIDTH;
    return new Batch(
        end - first,
        HEIGHT,
        WIDTH,
        Arrays.copyOfRange(whole.planes(), 3 * pixels * first, 3 * pixels * end),
        Arrays.copyOfRange(whole.truth(), pixels * first, pixels * end),
        first,
        whole.n());
  }

  /** What some steps came to. */
  private record Stepped(
      double[] trained, double[] statistics, double[] average, double[] momentum, double loss) {}

  private static Stepped stepped(
      Model model,
      LearningRule rule,
      Precision precision,
      int steps,
      int n,
      Optional<TorchProcesses> processes) {
    Natives.setThreads(1);
    int rank = processes.map(TorchProcesses::rank).orElse(0);
    int size = processes.map(TorchProcesses::size).orElse(1);
    try (LibtorchLearner learner =
        new LibtorchLearner(model, rule, Execution.CPU.with(precision), processes)) {
      for (int i = 0; i < steps; i++) {
        learner.step(part(whole(i, n), rank, size), 0.01, new SplittableRandom(i));
      }
      return new Stepped(
          learner.exact("trained"),
          learner.exact("statistics"),
          learner.exact("average"),
          learner.exact("momentum"),
          learner.meanLoss());
    }
  }

  private static List<Stepped> together(
      int size, Model model, LearningRule rule, Precision precision, int steps, int n)
      throws Exception {
    return Ranks.all(
        size, processes -> stepped(model, rule, precision, steps, n, Optional.of(processes)));
  }

  private static double apart(double[] expected, double[] actual) {
    assertThat(actual).hasSameSizeAs(expected);
    double most = 0;
    for (int i = 0; i < expected.length; i++) {
      most = Math.max(most, Math.abs(expected[i] - actual[i]));
    }
    return most;
  }

  /** The length of the difference, measured by the length of the first. */
  private static double relative(double[] expected, double[] actual) {
    double difference = 0;
    double length = 0;
    for (int i = 0; i < expected.length; i++) {
      difference += (expected[i] - actual[i]) * (expected[i] - actual[i]);
      length += expected[i] * expected[i];
    }
    return Math.sqrt(difference / length);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 4})
  void twentyStepsEndWhereThoseOfOneProcessDo(int size) throws Exception {
    assumeTrue(size == 2 || System.getProperty("long") != null, "four only with -Dlong");
    Model model = model(EfrNet.of(CLASSES));
    LearningRule rule = rule(new Optimiser.Sgd(0.9, 1e-3, true), 0.5);
    Stepped one = stepped(model, rule, Precision.FP64, 20, 4, Optional.empty());
    List<Stepped> all = together(size, model, rule, Precision.FP64, 20, 4);
    for (Stepped other : all) {
      assertThat(other.loss()).isCloseTo(one.loss(), within(1e-9));
      assertThat(apart(one.trained(), other.trained())).isLessThan(1e-9);
      assertThat(relative(one.statistics(), other.statistics())).isLessThan(1e-9);
      assertThat(apart(one.average(), other.average())).isLessThan(1e-9);
      // Not nearly but wholly the same as those beside it.
      assertThat(other.trained()).isEqualTo(all.get(0).trained());
      assertThat(other.statistics()).isEqualTo(all.get(0).statistics());
      assertThat(other.momentum()).isEqualTo(all.get(0).momentum());
    }
  }

  @Test
  void gradientsIn32BitsAreThoseOfOneProcess() throws Exception {
    Model model = model(EfrNet.of(CLASSES));
    LearningRule rule = rule(ONE_GRADIENT, Double.POSITIVE_INFINITY);
    Stepped exact = stepped(model, rule, Precision.FP64, 1, 4, Optional.empty());
    Stepped one = stepped(model, rule, Precision.FP32, 1, 4, Optional.empty());
    // Maxima and the signs that activations see are moved by rounding: one process has its share.
    double own = relative(exact.momentum(), one.momentum());
    for (double[] other : gradientsOfTwoRealProcesses()) {
      assertThat(relative(one.momentum(), other)).isLessThan(Math.max(1e-5, 3 * own));
      assertThat(relative(exact.momentum(), other)).isLessThan(Math.max(1e-5, 3 * own));
    }
    assertThat(own).isLessThan(1e-3);
  }

  /**
   * Not threads, as elsewhere: the oneDNN within libtorch 2.10 breaks down where two threads
   * compute the gradients of one convolution in 32 bits at once.
   */
  private List<double[]> gradientsOfTwoRealProcesses() throws Exception {
    String port = Integer.toString(Ranks.freePort());
    List<Process> ranks = new ArrayList<>();
    List<double[]> gradients = new ArrayList<>();
    try {
      for (int rank = 0; rank < 2; rank++) {
        ranks.add(
            new ProcessBuilder(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-cp",
                    System.getProperty(
                        "surefire.test.class.path", System.getProperty("java.class.path")),
                    SeveralProcessesTest.class.getName(),
                    Integer.toString(rank),
                    port,
                    dir.resolve("rank-" + rank).toString())
                .redirectErrorStream(true)
                .redirectOutput(dir.resolve("rank-" + rank + ".log").toFile())
                .start());
      }
      for (int rank = 0; rank < 2; rank++) {
        assertThat(ranks.get(rank).waitFor(3, TimeUnit.MINUTES)).isTrue();
        assertThat(ranks.get(rank).exitValue())
            .as(() -> text(dir.resolve("rank-0.log")) + text(dir.resolve("rank-1.log")))
            .isZero();
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(dir.resolve("rank-" + rank)));
        double[] values = new double[bytes.remaining() / Double.BYTES];
        bytes.asDoubleBuffer().get(values);
        gradients.add(values);
      }
    } finally {
      ranks.forEach(Process::destroyForcibly);
    }
    return gradients;
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A rank of {@link #gradientsOfTwoRealProcesses}: its number, the port, and where it writes. */
  public static void main(String[] words) throws Exception {
    Rendezvous meeting =
        Ranks.meeting(Integer.parseInt(words[0]), 2, Integer.parseInt(words[1]), 60);
    double[] gradient;
    try (TorchProcesses processes = new TorchProcesses(meeting, "cpu", line -> {})) {
      gradient =
          stepped(
                  model(EfrNet.of(CLASSES)),
                  rule(ONE_GRADIENT, Double.POSITIVE_INFINITY),
                  Precision.FP32,
                  1,
                  4,
                  Optional.of(processes))
              .momentum();
      processes.part();
    }
    ByteBuffer bytes = ByteBuffer.allocate(Double.BYTES * gradient.length);
    bytes.asDoubleBuffer().put(gradient);
    Files.write(Path.of(words[2]), bytes.array());
  }

  /** Five pictures: one process has two of them and the other three. */
  @ParameterizedTest
  @ValueSource(strings = {"efrnet", "enet", "erfnet", "cgnet", "icnet"})
  void everyNetworksGradientsAreThoseOfOneProcess(String name) throws Exception {
    Model model = model(SmallNetworks.of(name, CLASSES));
    LearningRule rule = rule(ONE_GRADIENT, Double.POSITIVE_INFINITY);
    Stepped one = stepped(model, rule, Precision.FP64, 1, 5, Optional.empty());
    for (Stepped other : together(2, model, rule, Precision.FP64, 1, 5)) {
      assertThat(relative(one.momentum(), other.momentum())).isLessThan(1e-9);
      assertThat(relative(one.statistics(), other.statistics())).isLessThan(1e-9);
      assertThat(other.loss()).isCloseTo(one.loss(), within(1e-12));
    }
  }
}
