package org.efrnet.learning;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.efrnet.bundle.BundleConfig;
import org.efrnet.engine.OneDnnEngine;
import org.efrnet.engine.OneDnnLearner;
import org.efrnet.graph.Graph;
import org.efrnet.graph.Model;
import org.efrnet.graph.Passes;
import org.efrnet.networks.Networks;
import org.efrnet.readings.Parameters;
import org.efrnet.torch.Execution;
import org.efrnet.torch.LibtorchLearner;
import org.efrnet.weights.FloatTensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * oneDNN's steps against libtorch's. One step of plain descent at a rate of 1 is the gradient,
 * which libtorch knows in 64 bits. Rounding moves maxima and the signs of what activations see, so
 * 32 bits are off by a percent here and there: libtorch's own as much as oneDNN's.
 */
class LearnersAgreeTest {
  private static final int CLASSES = 11;

  private static Batch batch(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    int n = 3;
    int height = 40;
    int width = 56;
    float[] planes = new float[n * 3 * height * width];
    byte[] truth = new byte[n * height * width];
    for (int i = 0; i < planes.length; i++) {
      planes[i] = (float) random.nextDouble(-1, 1);
    }
    for (int i = 0; i < truth.length; i++) {
      int y = i % width * (CLASSES + 1) / width;
      truth[i] = (byte) (y == CLASSES ? 255 : y);
    }
    return new Batch(n, height, width, planes, truth);
  }

  private static Model model(String name) {
    Graph graph = Graph.of(Networks.named(name, CLASSES).orElseThrow());
    return Passes.apply(Passes.training(), new Model(graph, Parameters.initial(graph, 3)));
  }

  private static LearningRule rule(Optimiser optimiser, double clipNorm, double averageDecay) {
    return rule(optimiser, clipNorm, averageDecay, false);
  }

  private static LearningRule rule(
      Optimiser optimiser, double clipNorm, double averageDecay, boolean learnSlopes) {
    float[] weights = new float[CLASSES];
    for (int c = 0; c < CLASSES; c++) {
      weights[c] = 1 + c;
    }
    return new LearningRule(
        optimiser,
        weights,
        255,
        0,
        clipNorm,
        averageDecay,
        learnSlopes,
        LearningRule.Decay.CONVOLUTIONS);
  }

  private record Stepped(double loss, Map<String, FloatTensor> weights) {}

  private static Stepped stepped(Learner learner, double rate, int steps) {
    double loss = 0;
    for (int i = 0; i < steps; i++) {
      learner.step(batch(i), rate, new SplittableRandom(i));
      loss = learner.meanLoss();
    }
    return new Stepped(loss, learner.averagedWeights().tensors());
  }

  /** How far two weights are apart, measured by how far the first has moved. */
  private static Map<String, Double> apart(Model start, Stepped exact, Stepped other) {
    Map<String, Double> apart = new TreeMap<>();
    exact
        .weights()
        .forEach(
            (name, tensor) -> {
              float[] from = start.weights().get(name).values();
              double moved = 0;
              double differs = 0;
              for (int i = 0; i < from.length; i++) {
                double e = tensor.values()[i];
                moved += (e - from[i]) * (e - from[i]);
                double d = e - other.weights().get(name).values()[i];
                differs += d * d;
              }
              // What should not move at all, as a mean behind a batch norm, moves by rounding.
              apart.put(name, Math.sqrt(differs) / (Math.sqrt(moved) + 1e-4));
            });
    return apart;
  }

  private static double median(Map<String, Double> values) {
    return values.values().stream().sorted().skip(values.size() / 2).findFirst().orElseThrow();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "efrnet",
        "efrnet-r2",
        "efrnet-s",
        "baseline",
        "baseline+ffm1",
        "baseline+ffm1+ffm2",
        "enet",
        "erfnet",
        "cgnet"
      })
  void gradientsAreLibtorchs(String name) {
    gradientsAreLibtorchs(name, rule(new Optimiser.Sgd(0, 0, false), Double.POSITIVE_INFINITY, 0));
  }

  @Test
  void slopesLearnToo() {
    gradientsAreLibtorchs(
        "efrnet", rule(new Optimiser.Sgd(0, 0, false), Double.POSITIVE_INFINITY, 0, true));
  }

  @ParameterizedTest
  @ValueSource(strings = {"efrnet", "enet"})
  void overlapsCountToo(String name) {
    gradientsAreLibtorchs(
        name, rule(new Optimiser.Sgd(0, 0, false), Double.POSITIVE_INFINITY, 0).withJaccard(3));
  }

  private static void gradientsAreLibtorchs(String name, LearningRule rule) {
    Model model = model(name);
    Stepped exact;
    Stepped libtorch;
    Stepped oneDnn;
    try (Learner learner = new LibtorchLearner(model, rule, Execution.CPU.with(Precision.FP64))) {
      exact = stepped(learner, 1, 1);
    }
    try (Learner learner = new LibtorchLearner(model, rule, Execution.CPU)) {
      libtorch = stepped(learner, 1, 1);
    }
    try (Learner learner = new OneDnnLearner(model, rule, Precision.FP32, 2)) {
      oneDnn = stepped(learner, 1, 1);
    }
    assertThat(oneDnn.loss() / exact.loss()).isBetween(1 - 1e-5, 1 + 1e-5);
    Map<String, Double> ours = apart(model, exact, oneDnn);
    Map<String, Double> theirs = apart(model, exact, libtorch);
    System.out.printf("%s: oneDNN %.2g, libtorch %.2g%n", name, median(ours), median(theirs));
    assertThat(ours.keySet()).isEqualTo(theirs.keySet());
    ours.forEach(
        (at, value) ->
            assertThat(value)
                .as("gradient by %s", at)
                // A scalar may be a sum that cancels.
                .isLessThanOrEqualTo(
                    Math.max(at.endsWith("act.weight") ? 2 : 0.05, 3 * theirs.get(at))));
    assertThat(median(ours)).isLessThanOrEqualTo(Math.max(0.02, 3 * median(theirs)));
  }

  @Test
  void severalStepsOfAnyRuleGoTheSameWay() {
    Model model = model("efrnet");
    for (LearningRule rule :
        new LearningRule[] {
          rule(new Optimiser.Sgd(0.9, 1e-2, true), 1, 0.9),
          rule(new Optimiser.Sgd(0.5, 1e-2, false), Double.POSITIVE_INFINITY, 0),
          rule(new Optimiser.AdamW(0.9, 0.99, 1e-4, 1e-2), Double.POSITIVE_INFINITY, 0.5)
        }) {
      Stepped exact;
      try (Learner learner = new LibtorchLearner(model, rule, Execution.CPU.with(Precision.FP64))) {
        exact = stepped(learner, 1e-3, 4);
      }
      try (Learner learner = new OneDnnLearner(model, rule, Precision.FP32, 2)) {
        Stepped stepped = stepped(learner, 1e-3, 4);
        assertThat(stepped.loss() / exact.loss()).isBetween(1 - 1e-4, 1 + 1e-4);
        Map<String, Double> apart = apart(model, exact, stepped);
        assertThat(median(apart)).as("by %s", rule).isLessThan(0.01);
        apart.forEach((at, value) -> assertThat(value).as("%s by %s", at, rule).isLessThan(0.5));
      }
    }
  }

  @Test
  void gradientsOf16BitsPointTheSameWay() {
    assumeTrue(new OneDnnEngine().precisions().contains(BundleConfig.BF16), "no bfloat16 here");
    Model model = model("efrnet");
    LearningRule rule = rule(new Optimiser.Sgd(0, 0, false), Double.POSITIVE_INFINITY, 0);
    Stepped exact;
    try (Learner learner = new LibtorchLearner(model, rule, Execution.CPU.with(Precision.FP64))) {
      exact = stepped(learner, 1, 1);
    }
    try (Learner learner = new OneDnnLearner(model, rule, Precision.BF16, 2)) {
      Stepped rounded = stepped(learner, 1, 1);
      assertThat(rounded.loss() / exact.loss()).isBetween(0.99, 1.01);
      double along = 0;
      double one = 0;
      double other = 0;
      for (String at : exact.weights().keySet()) {
        float[] from = model.weights().get(at).values();
        for (int i = 0; i < from.length; i++) {
          double a = exact.weights().get(at).values()[i] - from[i];
          double b = rounded.weights().get(at).values()[i] - from[i];
          along += a * b;
          one += a * a;
          other += b * b;
        }
      }
      assertThat(along / Math.sqrt(one * other)).isGreaterThan(0.97);
    }
  }

  @Test
  void statesAreUnderstoodByBoth() {
    Model model = model("efrnet");
    LearningRule rule = rule(new Optimiser.Sgd(0.9, 1e-3, true), 5, 0.9);
    try (Learner libtorch = new LibtorchLearner(model, rule, Execution.CPU);
        Learner oneDnn = new OneDnnLearner(model, rule, Precision.FP32, 2)) {
      stepped(libtorch, 0.01, 2);
      oneDnn.restore(libtorch.state(), libtorch.steps());
      assertThat(oneDnn.steps()).isEqualTo(2);
      assertThat(oneDnn.weights()).isEqualTo(libtorch.weights());
      stepped(oneDnn, 0.01, 1);
      libtorch.restore(oneDnn.state(), oneDnn.steps());
      assertThat(libtorch.averagedWeights()).isEqualTo(oneDnn.averagedWeights());
    }
  }
}
