package org.efrnet.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.efrnet.conformance.SmallNetworks;
import org.efrnet.graph.Graph;
import org.efrnet.graph.Model;
import org.efrnet.graph.Passes;
import org.efrnet.graph.Value;
import org.efrnet.learning.Batch;
import org.efrnet.learning.LearningRule;
import org.efrnet.learning.Optimiser;
import org.efrnet.learning.Precision;
import org.efrnet.networks.EfrNet;
import org.efrnet.networks.Networks;
import org.efrnet.ops.Auxiliary;
import org.efrnet.ops.Conv;
import org.efrnet.ops.Heads;
import org.efrnet.ops.Interpolation;
import org.efrnet.ops.Name;
import org.efrnet.ops.Network;
import org.efrnet.ops.Ops;
import org.efrnet.readings.Parameters;
import org.efrnet.weights.FloatTensor;
import org.efrnet.weights.Weights;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class LearnerTest {
  private static final int CLASSES = 3;

  private static Model model() {
    Graph graph = Graph.of(EfrNet.of(CLASSES));
    return new Model(graph, Parameters.initial(graph, 4));
  }

  private static LearningRule rule(boolean slopes) {
    return rule(slopes, LearningRule.Decay.CONVOLUTIONS);
  }

  private static LearningRule rule(boolean slopes, LearningRule.Decay decay) {
    return new LearningRule(
        new Optimiser.Sgd(0.9, 1e-4, true),
        new float[0],
        255,
        0,
        Double.POSITIVE_INFINITY,
        0.9,
        slopes,
        decay);
  }

  /** Left third class 0, middle 1, right 2; brightness says which. */
  private static Batch batch(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    int height = 32;
    int width = 48;
    float[] planes = new float[2 * 3 * height * width];
    byte[] truth = new byte[2 * height * width];
    for (int i = 0; i < planes.length; i++) {
      planes[i] = i % width / 16 - 1 + (float) random.nextDouble(-0.5, 0.5);
    }
    for (int i = 0; i < truth.length; i++) {
      truth[i] = (byte) (i % width / 16);
    }
    return new Batch(2, height, width, planes, truth);
  }

  private static double train(LibtorchLearner learner, int from, int to) {
    double loss = 0;
    for (int i = from; i < to; i++) {
      learner.step(batch(i), 0.05, new SplittableRandom(i));
      loss = learner.meanLoss();
    }
    return loss;
  }

  @ParameterizedTest
  @EnumSource(Precision.class)
  void learnsInEveryPrecision(Precision precision) {
    try (LibtorchLearner learner =
        new LibtorchLearner(model(), rule(true), Execution.CPU.with(precision))) {
      double first = train(learner, 0, 1);
      double last = train(learner, 1, 40);
      assertThat(last).isLessThan(first / 3);
    }
  }

  static List<String> networks() {
    return Networks.names();
  }

  @ParameterizedTest
  @MethodSource("networks")
  void everyNetworkLearns(String name) {
    Graph graph = Graph.of(SmallNetworks.of(name, CLASSES));
    Model fresh = new Model(graph, Parameters.initial(graph, 4));
    LearningRule rule = LearningRule.plain(new Optimiser.AdamW(0.9, 0.99, 1e-8, 0), 255);
    Batch small = everySecond(batch(1));
    try (LibtorchLearner learner = new LibtorchLearner(fresh, rule, Execution.CPU)) {
      double first = Double.NaN;
      for (int i = 0; i < 5; i++) {
        learner.step(small, 3e-3, new SplittableRandom(1));
        first = i == 0 ? learner.meanLoss() : first;
      }
      learner.meanLoss();
      learner.step(small, 0, new SplittableRandom(1));
      assertThat(learner.meanLoss()).isLessThan(first * 0.9);
    }
  }

  /** Two heads without anything in common: one at the image's size, one at half of it. */
  private record Two(boolean half) implements Network {
    private static final Conv WHOLE = Conv.pointwise(new Name("whole"), 3, CLASSES);
    private static final Conv HALF = Conv.pointwise(new Name("half"), 3, CLASSES);

    @Override
    public String name() {
      return "two";
    }

    @Override
    public int classes() {
      return CLASSES;
    }

    @Override
    public <T> Heads<T> heads(Ops<T> ops, T image) {
      if (half) {
        return Heads.of(ops.conv(image, HALF));
      }
      T smaller = ops.shrink(image, 2, Interpolation.NEAREST);
      Auxiliary<T> aside = new Auxiliary<>("aside", ops.conv(smaller, HALF), 0.25);
      return new Heads<>(ops.conv(image, WHOLE), List.of(aside));
    }
  }

  @Test
  void aSmallHeadIsHeldAgainstTheNearestTruth() {
    Batch whole = batch(3);
    for (int i = 0; i < whole.truth().length; i++) {
      whole.truth()[i] = (byte) (i * 7 % 11 % CLASSES);
    }
    Batch half = everySecond(whole);
    Graph graph = Graph.of(new Two(false));
    Weights weights = Parameters.initial(graph, 4);
    Graph main = new Graph(graph.nodes(), Map.of(Graph.LOGITS, logits(graph)), Map.of());
    Graph aside = Graph.of(new Two(true));
    Weights ofAside = Weights.of(Map.of("half.weight", weights.get("half.weight")));
    double expected =
        loss(new Model(main, weights), whole) + 0.25 * loss(new Model(aside, ofAside), half);
    assertThat(loss(new Model(graph, weights), whole)).isCloseTo(expected, within(1e-12));
  }

  private static Value logits(Graph graph) {
    return graph.outputs().get(Graph.LOGITS);
  }

  private static double loss(Model model, Batch batch) {
    LearningRule rule = LearningRule.plain(new Optimiser.Sgd(0, 0, false), 255);
    try (LibtorchLearner learner =
        new LibtorchLearner(model, rule, Execution.CPU.with(Precision.FP64))) {
      learner.step(batch, 0, new SplittableRandom(1));
      return learner.meanLoss();
    }
  }

  /** Every second pixel of every second row. */
  private static Batch everySecond(Batch whole) {
    int height = whole.height() / 2;
    int width = whole.width() / 2;
    float[] planes = new float[whole.n() * 3 * height * width];
    byte[] truth = new byte[whole.n() * height * width];
    for (int i = 0; i < planes.length; i++) {
      planes[i] = whole.planes()[2 * (i / width) * whole.width() + 2 * (i % width)];
    }
    for (int i = 0; i < truth.length; i++) {
      truth[i] = whole.truth()[2 * (i / width) * whole.width() + 2 * (i % width)];
    }
    return new Batch(whole.n(), height, width, planes, truth);
  }

  @ParameterizedTest
  @EnumSource(LearningRule.Decay.class)
  void frozenSlopesStay(LearningRule.Decay decay) {
    try (LibtorchLearner learner =
        new LibtorchLearner(model(), rule(false, decay), Execution.CPU)) {
      train(learner, 0, 3);
      assertThat(learner.weights().get("b1.1.act.weight").values()).containsExactly(0.25f);
    }
    try (LibtorchLearner learner = new LibtorchLearner(model(), rule(true, decay), Execution.CPU)) {
      train(learner, 0, 3);
      assertThat(learner.weights().get("b1.1.act.weight").values()[0]).isNotEqualTo(0.25f);
    }
  }

  @Test
  void frozenSlopesAreThoseOfTheState() {
    try (LibtorchLearner learner = new LibtorchLearner(model(), rule(true), Execution.CPU);
        LibtorchLearner frozen = new LibtorchLearner(model(), rule(false), Execution.CPU)) {
      train(learner, 0, 3);
      frozen.restore(learner.state(), 3);
      train(frozen, 3, 5);
      assertThat(frozen.weights().get("b1.1.act.weight"))
          .isEqualTo(learner.weights().get("b1.1.act.weight"))
          .isNotEqualTo(model().weights().get("b1.1.act.weight"));
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 1})
  void aBatchWithoutLabelsTeachesNothing(double jaccard) {
    LearningRule rule =
        new LearningRule(
            new Optimiser.Sgd(0.9, 0, true),
            new float[0],
            255,
            0,
            jaccard,
            5,
            0,
            true,
            LearningRule.Decay.CONVOLUTIONS);
    Batch seen = batch(1);
    byte[] none = new byte[seen.truth().length];
    Arrays.fill(none, (byte) 255);
    try (LibtorchLearner learner = new LibtorchLearner(model(), rule, Execution.CPU)) {
      float[] before = learner.state().get("trained").values();
      learner.step(
          new Batch(2, seen.height(), seen.width(), seen.planes(), none),
          0.05,
          new SplittableRandom(1));
      assertThat(learner.meanLoss()).isZero();
      assertThat(learner.state().get("trained").values()).isEqualTo(before);
      assertThat(train(learner, 1, 2)).isFinite().isPositive();
    }
  }

  @Test
  void goesOnFromItsStateAsIfNothingHadHappened() {
    String straight;
    String average;
    try (LibtorchLearner learner = new LibtorchLearner(model(), rule(true), Execution.CPU)) {
      train(learner, 0, 6);
      straight = learner.weights().digest();
      average = learner.averagedWeights().digest();
    }
    Map<String, FloatTensor> state;
    try (LibtorchLearner learner = new LibtorchLearner(model(), rule(true), Execution.CPU)) {
      train(learner, 0, 3);
      state = learner.state();
    }
    try (LibtorchLearner learner = new LibtorchLearner(model(), rule(true), Execution.CPU)) {
      learner.restore(state, 3);
      train(learner, 3, 6);
      assertThat(learner.weights().digest()).isEqualTo(straight);
      assertThat(learner.averagedWeights().digest()).isEqualTo(average).isNotEqualTo(straight);
      assertThat(learner.steps()).isEqualTo(6);
    }
  }

  @Test
  void theMeanLossIsThatOfTheStepsSinceTheLastCall() {
    try (LibtorchLearner one = new LibtorchLearner(model(), rule(true), Execution.CPU);
        LibtorchLearner other = new LibtorchLearner(model(), rule(true), Execution.CPU)) {
      double sum = 0;
      for (int i = 0; i < 3; i++) {
        sum += train(one, i, i + 1);
        other.step(batch(i), 0.05, new SplittableRandom(i));
      }
      assertThat(other.meanLoss()).isCloseTo(sum / 3, within(1e-12));
      assertThatThrownBy(other::meanLoss).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void aLongGradientIsShortenedAndAShortOneIsNot() {
    double[] moved = new double[3];
    double[] norms = {1e-3, 2e-3, 1e9};
    for (int i = 0; i < norms.length; i++) {
      LearningRule clipped =
          new LearningRule(
              new Optimiser.Sgd(0, 0, false),
              new float[0],
              255,
              0,
              norms[i],
              0,
              false,
              LearningRule.Decay.CONVOLUTIONS);
      try (LibtorchLearner learner = new LibtorchLearner(model(), clipped, Execution.CPU)) {
        float[] before = learner.state().get("trained").values();
        learner.step(batch(1), 1, new SplittableRandom(1));
        float[] after = learner.state().get("trained").values();
        double square = 0;
        for (int k = 0; k < after.length; k++) {
          square += Math.pow(after[k] - before[k], 2);
        }
        moved[i] = Math.sqrt(square);
      }
    }
    assertThat(moved[0]).isCloseTo(1e-3, within(1e-5));
    assertThat(moved[1]).isCloseTo(2e-3, within(1e-5));
    assertThat(moved[2]).isBetween(1e-2, 1e3);
  }

  @Test
  void refusesAStateOfAnotherRule() {
    LearningRule adam = LearningRule.plain(new Optimiser.AdamW(0.9, 0.99, 1e-8, 0), 255);
    try (LibtorchLearner learner = new LibtorchLearner(model(), rule(true), Execution.CPU);
        LibtorchLearner other = new LibtorchLearner(model(), adam, Execution.CPU)) {
      assertThatThrownBy(() -> other.restore(learner.state(), 1))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("momentum")
          .hasMessageContaining("second");
    }
  }

  @Test
  void stopsWhereTheLossIsNoNumber() {
    Batch broken = batch(1);
    Arrays.fill(broken.planes(), Float.NaN);
    try (LibtorchLearner learner = new LibtorchLearner(model(), rule(true), Execution.CPU)) {
      String before = Arrays.toString(learner.weights().get("cls.weight").values());
      assertThatThrownBy(() -> learner.step(broken, 0.1, new SplittableRandom(1)))
          .isInstanceOf(ArithmeticException.class)
          .hasMessageContaining("NaN");
      assertThat(Arrays.toString(learner.weights().get("cls.weight").values())).isEqualTo(before);
      assertThat(learner.steps()).isZero();
    }
  }

  @Test
  void weightsThatAreNoNumbersAreNotGivenAway() {
    LearningRule wild =
        new LearningRule(
            new Optimiser.Sgd(0, 0, false),
            new float[0],
            255,
            0,
            Double.POSITIVE_INFINITY,
            0.5,
            true,
            LearningRule.Decay.EVERYTHING);
    try (LibtorchLearner learner = new LibtorchLearner(model(), wild, Execution.CPU)) {
      learner.step(batch(1), Double.POSITIVE_INFINITY, new SplittableRandom(1));
      assertThatThrownBy(learner::state)
          .isInstanceOf(ArithmeticException.class)
          .hasMessageContaining("a value of");
      assertThatThrownBy(learner::averagedWeights).isInstanceOf(ArithmeticException.class);
    }
  }

  @Test
  void trainingPassesChangeNothingButSpeed() {
    Model written = model();
    Model rewritten = Passes.apply(Passes.training(), written);
    assertThat(rewritten.graph()).isNotEqualTo(written.graph());
    Execution exact = Execution.CPU.with(Precision.FP64);
    try (LibtorchLearner a = new LibtorchLearner(written, rule(true), exact);
        LibtorchLearner b = new LibtorchLearner(rewritten, rule(true), exact)) {
      train(a, 0, 4);
      train(b, 0, 4);
      float[] expected = a.weights().get("ffm2.fuse.conv.weight").values();
      float[] actual = b.weights().get("ffm2.fuse.conv.weight").values();
      for (int i = 0; i < expected.length; i++) {
        assertThat(actual[i]).isCloseTo(expected[i], within(1e-6f));
      }
    }
  }
}
