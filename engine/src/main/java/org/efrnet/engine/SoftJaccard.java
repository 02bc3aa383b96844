package org.efrnet.engine;

import java.nio.FloatBuffer;
import java.util.Arrays;

/**
 * The soft Jaccard loss: what {@link org.efrnet.learning.LearningRule#jaccard} says, and its
 * gradient by the logarithms of the probabilities.
 */
final class SoftJaccard {
  private final int classes;
  private final int stride;
  private final double weight;
  private final double[] predicted;
  private final double[] shared;
  private final double[] actual;

  /**
   * @param stride from one pixel's values to the next one's
   * @param weight of this loss in the sum
   */
  SoftJaccard(int classes, int stride, double weight) {
    this.classes = classes;
    this.stride = stride;
    this.weight = weight;
    this.predicted = new double[classes];
    this.shared = new double[classes];
    this.actual = new double[classes];
  }

  /**
   * Puts the gradient in the place of the probabilities.
   *
   * @param places of the truth's probability, one a pixel; -1 where there is no truth
   * @param values probabilities, then gradients: 0 where there is no truth
   * @return this loss's share in the sum of losses
   */
  double compare(int[] places, FloatBuffer values) {
    count(places, values);
    int present = 0;
    double sum = 0;
    float[] inside = new float[classes];
    float[] outside = new float[classes];
    for (int k = 0; k < classes; k++) {
      if (actual[k] > 0) {
        present++;
      }
    }
    for (int k = 0; k < classes; k++) {
      if (actual[k] > 0) {
        double union = predicted[k] + actual[k] - shared[k];
        sum += shared[k] / union;
        inside[k] = (float) (-weight / (present * union));
        outside[k] = (float) (weight * shared[k] / (present * union * union));
      }
    }
    // By the logarithm: the derivative by the probability, times that.
    for (int i = 0; i < places.length; i++) {
      int from = i * stride;
      int truth = places[i] - from;
      for (int k = 0; k < classes; k++) {
        float factor = places[i] < 0 ? 0 : k == truth ? inside[k] : outside[k];
        values.put(from + k, values.get(from + k) * factor);
      }
    }
    return present == 0 ? 0 : weight * (1 - sum / present);
  }

  private void count(int[] places, FloatBuffer values) {
    Arrays.fill(predicted, 0);
    Arrays.fill(shared, 0);
    Arrays.fill(actual, 0);
    for (int i = 0; i < places.length; i++) {
      if (places[i] >= 0) {
        int from = i * stride;
        for (int k = 0; k < classes; k++) {
          predicted[k] += values.get(from + k);
        }
        int truth = places[i] - from;
        shared[truth] += values.get(places[i]);
        actual[truth]++;
      }
    }
  }
}
