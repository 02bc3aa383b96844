package org.efrnet.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.FloatBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;

class HistogramTest {
  private static double best(float[] values) {
    Histogram histogram = new Histogram();
    histogram.add(FloatBuffer.wrap(values), values.length);
    return histogram.bestMagnitude();
  }

  /** The mean square of what rounding to 8 bits changes. */
  private static double error(float[] values, double magnitude) {
    double step = magnitude / 127;
    double sum = 0;
    for (float value : values) {
      double rounded = Math.max(-127, Math.min(127, Math.rint(value / step))) * step;
      sum += Math.pow(value - rounded, 2);
    }
    return sum / values.length;
  }

  @Test
  void evenValuesAreNotCut() {
    float[] values = new float[10_000];
    for (int i = 0; i < values.length; i++) {
      values[i] = -3 + 6f * i / values.length;
    }
    assertThat(best(values)).isBetween(2.9, 3.2);
  }

  /** Cutting one value off is cheaper than rounding all others more coarsely. */
  @Test
  void anOutlierIsCut() {
    float[] values = new float[100_001];
    Random random = new Random(4);
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    values[500] = 12;
    assertThat(best(values)).isBetween(3.0, 8.0);
  }

  @Test
  void isNearTheBestOfAll() {
    for (long seed = 0; seed < 20; seed++) {
      Random random = new Random(seed);
      float[] values = new float[20_000];
      for (int i = 0; i < values.length; i++) {
        double value = Math.pow(random.nextGaussian(), 3);
        values[i] = (float) (value > 0 ? value : 0.25 * value);
      }
      double least = Double.POSITIVE_INFINITY;
      for (double magnitude = 0.5; magnitude < 100; magnitude *= 1.02) {
        least = Math.min(least, error(values, magnitude));
      }
      assertThat(error(values, best(values))).as("seed %d", seed).isLessThan(1.1 * least);
    }
  }

  @Test
  void zerosHaveAMagnitudeToo() {
    assertThat(best(new float[10])).isEqualTo(1);
    assertThat(best(new float[] {0, -0f, 5e-3f})).isPositive();
  }
}
