package org.efrnet.learning;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Map;
import org.efrnet.weights.FloatTensor;
import org.junit.jupiter.api.Test;

/** By hand, step by step. */
class DescentTest {
  private static Descent descent(Optimiser optimiser, double clip, double average) {
    LearningRule rule =
        new LearningRule(
            optimiser, new float[0], 255, 0, clip, average, true, LearningRule.Decay.CONVOLUTIONS);
    return new Descent(rule, new float[] {1, -2}, new float[] {5}, new float[] {1, 0});
  }

  @Test
  void momentumAndDecay() {
    Descent descent = descent(new Optimiser.Sgd(0.5, 0.1, false), Double.POSITIVE_INFINITY, 0);
    descent.update(new float[] {1, 4}, 0.1);
    // Only the first decays: 1 + 0.1 * 1.
    assertThat(descent.trained())
        .containsExactly(new float[] {1 - 0.11f, -2 - 0.4f}, within(1e-6f));
    descent.update(new float[] {0, 0}, 0.1);
    // Half of the last move, and the first's decay: 0.1 * 0.89.
    assertThat(descent.trained())
        .containsExactly(
            new float[] {0.89f - 0.1f * (0.55f + 0.089f), -2.4f - 0.2f}, within(1e-6f));
    assertThat(descent.steps()).isEqualTo(2);
    assertThat(descent.averaged()).isSameAs(descent.trained());
    assertThat(descent.averagedStatistics()).isSameAs(descent.statistics());
  }

  @Test
  void nesterovLooksAhead() {
    Descent descent = descent(new Optimiser.Sgd(0.5, 0, true), Double.POSITIVE_INFINITY, 0);
    descent.update(new float[] {1, 0}, 0.1);
    assertThat(descent.trained()[0]).isCloseTo(1 - 0.15f, within(1e-6f));
  }

  @Test
  void longGradientsAreShortened() {
    Descent descent = descent(new Optimiser.Sgd(0, 0, false), 1, 0);
    descent.update(new float[] {3, 4}, 1);
    assertThat(descent.trained()).containsExactly(new float[] {0.4f, -2.8f}, within(1e-6f));
    descent.update(new float[] {0.3f, 0.4f}, 1);
    assertThat(descent.trained()).containsExactly(new float[] {0.1f, -3.2f}, within(1e-6f));
  }

  @Test
  void firstStepOfAdamIsTheRate() {
    Descent descent = descent(new Optimiser.AdamW(0.9, 0.99, 0, 0.5), Double.POSITIVE_INFINITY, 0);
    descent.update(new float[] {1e-3f, -7}, 0.01);
    assertThat(descent.trained())
        .containsExactly(new float[] {1 - 0.01f - 0.005f, -2 + 0.01f}, within(1e-6f));
  }

  @Test
  void averageFollowsFasterAtFirst() {
    Descent descent = descent(new Optimiser.Sgd(0, 0, false), Double.POSITIVE_INFINITY, 0.99);
    descent.update(new float[] {1, 0}, 1);
    // 2 / 11 is kept at the first step, not 0.99.
    assertThat(descent.averaged()[0]).isCloseTo(2 / 11f, within(1e-6f));
    descent.statistics()[0] = 6;
    descent.update(new float[] {0, 0}, 1);
    assertThat(descent.averagedStatistics()[0]).isCloseTo(5 + 0.75f, within(1e-6f));
  }

  @Test
  void whatIsNoNumberChangesNothing() {
    Descent descent = descent(new Optimiser.Sgd(0, 0, false), 1, 0.5);
    assertThatThrownBy(() -> descent.update(new float[] {Float.NaN, 0}, 1))
        .isInstanceOf(ArithmeticException.class)
        .hasMessage("the gradient's norm is NaN");
    assertThat(descent.trained()).containsExactly(1, -2);
    assertThat(descent.steps()).isZero();
    descent.trained()[1] = Float.POSITIVE_INFINITY;
    assertThatThrownBy(descent::state)
        .isInstanceOf(ArithmeticException.class)
        .hasMessage("a value of trained is Infinity");
  }

  @Test
  void stateOfAnotherRuleOrNetworkIsRefused() {
    Descent sgd = descent(new Optimiser.Sgd(0.9, 0, false), 1, 0);
    Descent adam = descent(new Optimiser.AdamW(0.9, 0.99, 0, 0.5), 1, 0);
    assertThatThrownBy(() -> sgd.restore(adam.state(), 1))
        .hasMessage(
            "the saved state holds [first, second, statistics, trained], this training needs"
                + " [momentum, statistics, trained]");
    Map<String, FloatTensor> state = sgd.state();
    state.put("trained", new FloatTensor(new int[] {1}, new float[1]));
    assertThatThrownBy(() -> sgd.restore(state, 1))
        .hasMessage("the saved state's 'trained' has 1 values, this network needs 2");
  }
}
