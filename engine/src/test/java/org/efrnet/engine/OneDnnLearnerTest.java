package org.efrnet.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import org.efrnet.bundle.BundleConfig;
import org.efrnet.graph.Graph;
import org.efrnet.graph.Model;
import org.efrnet.graph.Passes;
import org.efrnet.learning.Batch;
import org.efrnet.learning.LearningRule;
import org.efrnet.learning.Optimiser;
import org.efrnet.learning.Precision;
import org.efrnet.networks.EfrNet;
import org.efrnet.networks.Networks;
import org.efrnet.ops.Network;
import org.efrnet.readings.Parameters;
import org.efrnet.weights.FloatTensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** That the gradients are right is held where libtorch can be asked. */
class OneDnnLearnerTest {
  private static final int CLASSES = 3;

  private static Model model() {
    return model(EfrNet.of(CLASSES));
  }

  private static Model model(Network network) {
    Graph graph = Graph.of(network);
    return Passes.apply(Passes.training(), new Model(graph, Parameters.initial(graph, 4)));
  }

  private static LearningRule rule(boolean slopes, double smoothing) {
    return new LearningRule(
        new Optimiser.Sgd(0.9, 1e-4, true),
        new float[0],
        255,
        smoothing,
        5,
        0.9,
        slopes,
        LearningRule.Decay.CONVOLUTIONS);
  }

  /** Left third class 0, middle 1, right 2; brightness says which. */
  private static Batch batch(long seed, int n) {
    SplittableRandom random = new SplittableRandom(seed);
    int height = 32;
    int width = 48;
    float[] planes = new float[n * 3 * height * width];
    byte[] truth = new byte[n * height * width];
    for (int i = 0; i < planes.length; i++) {
      planes[i] = i % width / 16 - 1 + (float) random.nextDouble(-0.5, 0.5);
    }
    for (int i = 0; i < truth.length; i++) {
      truth[i] = (byte) (i % width / 16);
    }
    return new Batch(n, height, width, planes, truth);
  }

  private static double train(OneDnnLearner learner, int from, int to) {
    for (int i = from; i < to; i++) {
      learner.step(batch(i, 2), 0.05, new SplittableRandom(i));
    }
    return learner.meanLoss();
  }

  @ParameterizedTest
  @EnumSource(
      value = Precision.class,
      names = {"FP32", "BF16"})
  void learns(Precision precision) {
    assumeTrue(
        precision == Precision.FP32 || new OneDnnEngine().precisions().contains(BundleConfig.BF16),
        "no bfloat16 here");
    try (OneDnnLearner learner = new OneDnnLearner(model(), rule(true, 0), precision, 2)) {
      double first = train(learner, 0, 1);
      train(learner, 1, 30);
      assertThat(train(learner, 30, 40)).isLessThan(first / 3);
    }
  }

  @Test
  void goesOnToTheBitFromItsState() {
    Map<String, FloatTensor> middle;
    Map<String, FloatTensor> expected;
    try (OneDnnLearner learner = new OneDnnLearner(model(), rule(true, 0), Precision.FP32, 2)) {
      train(learner, 0, 2);
      middle = learner.state();
      train(learner, 2, 4);
      expected = learner.state();
    }
    try (OneDnnLearner learner = new OneDnnLearner(model(), rule(true, 0), Precision.FP32, 2)) {
      learner.restore(middle, 2);
      assertThat(learner.steps()).isEqualTo(2);
      train(learner, 2, 4);
      assertThat(learner.state()).isEqualTo(expected);
    }
  }

  @Test
  void frozenSlopesAreThoseOfTheState() {
    try (OneDnnLearner learner = new OneDnnLearner(model(), rule(true, 0), Precision.FP32, 2);
        OneDnnLearner fresh = new OneDnnLearner(model(), rule(false, 0), Precision.FP32, 2);
        OneDnnLearner used = new OneDnnLearner(model(), rule(false, 0), Precision.FP32, 2)) {
      train(learner, 0, 3);
      train(used, 0, 1);
      used.restore(learner.state(), 3);
      fresh.restore(learner.state(), 3);
      assertThat(train(used, 5, 6)).isEqualTo(train(fresh, 5, 6));
      assertThat(used.weights().get("b0.act.weight"))
          .isEqualTo(learner.weights().get("b0.act.weight"))
          .isNotEqualTo(model().weights().get("b0.act.weight"));
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
    Batch seen = batch(1, 2);
    byte[] none = new byte[seen.truth().length];
    Arrays.fill(none, (byte) 255);
    try (OneDnnLearner learner = new OneDnnLearner(model(), rule, Precision.FP32, 2)) {
      Batch unlabelled = new Batch(2, seen.height(), seen.width(), seen.planes(), none);
      float[] before = learner.state().get("trained").values();
      learner.step(unlabelled, 0.05, new SplittableRandom(1));
      assertThat(learner.meanLoss()).isZero();
      assertThat(learner.state().get("trained").values()).isEqualTo(before);
      assertThat(train(learner, 1, 2)).isFinite().isPositive();
    }
  }

  @Test
  void sizesOfBatchesMayChange() {
    try (OneDnnLearner learner = new OneDnnLearner(model(), rule(false, 0), Precision.FP32, 2)) {
      for (int n = 2; n < 6; n++) {
        learner.step(batch(n, n), 0.01, new SplittableRandom(n));
      }
      assertThat(learner.steps()).isEqualTo(4);
      assertThat(learner.meanLoss()).isPositive();
    }
  }

  @Test
  void givesAllNativeMemoryBack() {
    long before = Handles.live();
    try (OneDnnLearner learner = new OneDnnLearner(model(), rule(true, 0), Precision.FP32, 2)) {
      train(learner, 0, 1);
      long live = Handles.live();
      train(learner, 1, 4);
      assertThat(Handles.live()).isEqualTo(live).isGreaterThan(before);
    }
    assertThat(Handles.live()).isEqualTo(before);
    assertThatThrownBy(
            () ->
                new OneDnnLearner(
                    model(Networks.named("icnet", CLASSES).orElseThrow()),
                    rule(false, 0),
                    Precision.FP32,
                    2))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(Handles.live()).isEqualTo(before);
  }

  @ParameterizedTest
  @ValueSource(strings = {"enet-davidtvs-2018", "icnet", "bisenet-r18", "rthpnet"})
  void saysWhatItCannotTrain(String name) {
    Model model = model(Networks.named(name, CLASSES).orElseThrow());
    assertThatThrownBy(() -> new OneDnnLearner(model, rule(false, 0), Precision.FP32, 2))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("engine onednn cannot train ")
        .hasMessageEndingWith("; choose the engine libtorch");
  }

  @Test
  void refusesRulesAndPrecisionsThatAreNotIts() {
    assertThatThrownBy(() -> new OneDnnLearner(model(), rule(false, 0.1), Precision.FP32, 2))
        .hasMessage("engine onednn does not smooth labels; choose the engine libtorch");
    assertThatThrownBy(() -> new OneDnnLearner(model(), rule(false, 0), Precision.FP64, 2))
        .hasMessage("engine onednn does not compute in 64 bits; choose the engine libtorch");
  }

  @Test
  void whatIsNoNumberChangesNoWeight() {
    try (OneDnnLearner learner = new OneDnnLearner(model(), rule(false, 0), Precision.FP32, 2)) {
      Batch good = batch(1, 2);
      float[] planes = good.planes().clone();
      Arrays.fill(planes, Float.NaN);
      Batch bad = new Batch(2, 32, 48, planes, good.truth());
      assertThatThrownBy(() -> learner.step(bad, 0.1, new SplittableRandom(1)))
          .isInstanceOf(ArithmeticException.class)
          .hasMessageContaining("NaN");
      assertThat(learner.steps()).isZero();
      assertThat(learner.weights().get("b0.conv.weight"))
          .isEqualTo(model().weights().get("b0.conv.weight"));
      assertThatThrownBy(learner::meanLoss).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void aTruthThatIsNoClassIsRefused() {
    try (OneDnnLearner learner = new OneDnnLearner(model(), rule(false, 0), Precision.FP32, 2)) {
      Batch batch = batch(1, 2);
      batch.truth()[7] = 9;
      assertThatThrownBy(() -> learner.step(batch, 0.1, new SplittableRandom(1)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("a truth of 9 is no class of this network");
    }
  }
}
