package org.efrnet.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.SplittableRandom;
import org.efrnet.conformance.Oracle;
import org.efrnet.graph.Graph;
import org.efrnet.graph.Model;
import org.efrnet.learning.Batch;
import org.efrnet.learning.LearningRule;
import org.efrnet.learning.Optimiser;
import org.efrnet.learning.Precision;
import org.efrnet.ops.ChannelDropout;
import org.efrnet.weights.FloatTensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * EFRNet against an independent PyTorch implementation: logits, five steps of SGD, logits
 * afterwards. What agreement to expect stands beside the recorded file.
 */
class OracleTest {
  private static final Oracle ORACLE = Oracle.efrnet();

  private static FloatTensor tensor(String name) {
    return ORACLE.tensor(name);
  }

  private static LibtorchLearner learner(Execution execution) {
    Graph written = ORACLE.model().graph();
    // The recorded steps were taken without dropout.
    Graph graph =
        new Graph(
            written.nodes().stream()
                .map(
                    n ->
                        n.op() instanceof org.efrnet.graph.Op.Dropout
                            ? new org.efrnet.graph.Node(
                                n.id(),
                                new org.efrnet.graph.Op.Dropout(new ChannelDropout(0)),
                                n.inputs())
                            : n)
                .toList(),
            written.outputs(),
            written.auxiliaryWeights());
    return new LibtorchLearner(
        new Model(graph, ORACLE.recorded().weights()),
        LearningRule.plain(new Optimiser.Sgd(0.9, 5e-4, false), 11),
        execution);
  }

  private static double[] logits(LibtorchLearner learner) {
    FloatTensor input = tensor("input");
    return learner.logits(input.values(), 1, 72, 96);
  }

  private static double difference(double[] logits, FloatTensor expected) {
    assertThat(logits).hasSameSizeAs(expected.values());
    double most = 0;
    for (int i = 0; i < logits.length; i++) {
      most = Math.max(most, Math.abs(logits[i] - expected.values()[i]));
    }
    return most;
  }

  private static double[] recordedLosses(String name) throws IOException {
    return new ObjectMapper().readValue(ORACLE.recorded().metadata().get(name), double[].class);
  }

  private static double[] fiveSteps(LibtorchLearner learner) {
    FloatTensor batch = tensor("batch");
    float[] labels = tensor("labels").values();
    byte[] truth = new byte[labels.length];
    for (int i = 0; i < truth.length; i++) {
      truth[i] = (byte) labels[i];
    }
    double[] losses = new double[5];
    for (int i = 0; i < 5; i++) {
      learner.step(new Batch(4, 72, 96, batch.values(), truth), 0.01, new SplittableRandom(1));
      losses[i] = learner.meanLoss();
    }
    return losses;
  }

  @ParameterizedTest
  @EnumSource(Execution.Layout.class)
  void logitsIn32Bits(Execution.Layout layout) {
    try (LibtorchLearner learner = learner(Execution.CPU.with(layout))) {
      assertThat(difference(logits(learner), tensor("logits"))).isLessThanOrEqualTo(1e-4);
    }
  }

  @Test
  void fiveStepsIn64Bits() throws IOException {
    try (LibtorchLearner learner = learner(Execution.CPU.with(Precision.FP64))) {
      // The file holds 32-bit values: half a unit in their last place is what it can tell.
      assertThat(difference(logits(learner), tensor("logits"))).isLessThanOrEqualTo(1e-6);
      double[] expected = recordedLosses("losses_float64");
      double[] losses = fiveSteps(learner);
      for (int i = 0; i < 5; i++) {
        assertThat(losses[i]).isCloseTo(expected[i], within(1e-10 * expected[i]));
      }
      assertThat(difference(logits(learner), tensor("logits_after_5_steps")))
          .isLessThanOrEqualTo(1e-6);
    }
  }

  @Test
  void fiveStepsIn32Bits() throws IOException {
    try (LibtorchLearner learner = learner(Execution.CPU)) {
      double[] expected = recordedLosses("losses_float32");
      double[] losses = fiveSteps(learner);
      for (int i = 0; i < 5; i++) {
        assertThat(losses[i]).isCloseTo(expected[i], within(1e-5 * expected[i]));
      }
    }
  }
}
