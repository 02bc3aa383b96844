package org.efrnet.torch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.bytedeco.pytorch.AbstractTensor;
import org.bytedeco.pytorch.Tensor;
import org.efrnet.graph.Graph;
import org.efrnet.graph.Model;
import org.efrnet.learning.Batch;
import org.efrnet.learning.LearningRule;
import org.efrnet.learning.Optimiser;
import org.efrnet.networks.EfrNet;
import org.efrnet.readings.Parameters;
import org.junit.jupiter.api.Test;

/** Training leaves nothing behind in native memory. {@code -Dlong} runs the long form. */
class LearnerMemoryTest {
  private static final int STEPS = System.getProperty("long") == null ? 500 : 2000;

  private final Batch batch = batch();
  private final LibtorchLearner learner = learner();

  private static LibtorchLearner learner() {
    Graph graph = Graph.of(EfrNet.of(5));
    return new LibtorchLearner(
        new Model(graph, Parameters.initial(graph, 1)),
        new LearningRule(
            new Optimiser.AdamW(0.9, 0.99, 1e-8, 1e-2),
            new float[] {1, 2, 3, 4, 5},
            255,
            0.1,
            1,
            0.9,
            true,
            LearningRule.Decay.CONVOLUTIONS),
        Execution.CPU);
  }

  private static Batch batch() {
    SplittableRandom random = new SplittableRandom(2);
    float[] planes = new float[4 * 3 * 64 * 96];
    byte[] truth = new byte[4 * 64 * 96];
    for (int i = 0; i < planes.length; i++) {
      planes[i] = (float) random.nextDouble(-1, 1);
    }
    for (int i = 0; i < truth.length; i++) {
      truth[i] = (byte) (random.nextInt(10) == 0 ? 255 : random.nextInt(5));
    }
    return new Batch(4, 64, 96, planes, truth);
  }

  private void step(int number) {
    learner.step(batch, 1e-3, new SplittableRandom(number));
  }

  @Test
  void stepsLeaveNothingBehind() {
    LeakCheck check = LeakCheck.of(50, STEPS, this::step);
    learner.close();
    assertThat(check.liveGrowth()).isZero();
    assertThat(check.leaks()).as(check.toString()).isFalse();
  }

  @Test
  void aPlantedLeakIsCaught() {
    List<Tensor> kept = new ArrayList<>();
    LeakCheck check =
        LeakCheck.of(
            5,
            20,
            i -> {
              step(i);
              kept.add(AbstractTensor.create(new float[1000], 1000));
            });
    kept.forEach(Tensor::close);
    learner.close();
    assertThat(check.leaks()).as(check.toString()).isTrue();
  }
}
