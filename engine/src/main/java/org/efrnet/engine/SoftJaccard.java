package org.efrnet.engine;

import java.nio.FloatBuffer;
import java.util.Arrays;

/**
 * The soft Jaccard loss: what {@link org.efrnet.learning.LearningRule#jaccard} says, and its
 * gradient by the logarithms of the probabilities.
 */
final class SoftJaccard {
  /** Pixels that are copied to Java's heap and back at once, which is faster than one by one. */
  private static final int CHUNK = 4096;

  private final int classes;
  private final int stride;
  private final double weight;
  private final double[] predicted;
  private final double[] shared;
  private final double[] actual;
  private final float[] chunk;

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
    this.chunk = new float[CHUNK * stride];
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
    long present = Arrays.stream(actual).filter(pixels -> pixels > 0).count();
    double sum = 0;
    float[] inside = new float[classes];
    float[] outside = new float[classes];
    for (int k = 0; k < classes; k++) {
      if (actual[k] > 0) {
        double union = predicted[k] + actual[k] - shared[k];
        sum += shared[k] / union;
        inside[k] = (float) (-weight / (present * union));
        outside[k] = (float) (weight * shared[k] / (present * union * union));
      }
    }
    weigh(places, values, inside, outside);
    return present == 0 ? 0 : weight * (1 - sum / present);
  }

  /** By the logarithm: the derivative by the probability, times that. */
  private void weigh(int[] places, FloatBuffer values, float[] inside, float[] outside) {
    for (int first = 0; first < places.length; first += CHUNK) {
      int n = Math.min(CHUNK, places.length - first);
      values.get(first * stride, chunk, 0, n * stride);
      for (int i = 0; i < n; i++) {
        int from = i * stride;
        int place = places[first + i];
        if (place < 0) {
          Arrays.fill(chunk, from, from + classes, 0);
        } else {
          int truth = place - first * stride;
          float right = chunk[truth] * inside[truth - from];
          for (int k = 0; k < classes; k++) {
            chunk[from + k] *= outside[k];
          }
          chunk[truth] = right;
        }
      }
      values.put(first * stride, chunk, 0, n * stride);
    }
  }

  private void count(int[] places, FloatBuffer values) {
    Arrays.fill(predicted, 0);
    Arrays.fill(shared, 0);
    Arrays.fill(actual, 0);
    for (int first = 0; first < places.length; first += CHUNK) {
      int n = Math.min(CHUNK, places.length - first);
      values.get(first * stride, chunk, 0, n * stride);
      for (int i = 0; i < n; i++) {
        int place = places[first + i];
        if (place >= 0) {
          int from = i * stride;
          for (int k = 0; k < classes; k++) {
            predicted[k] += chunk[from + k];
          }
          int truth = place - first * stride;
          shared[truth - from] += chunk[truth];
          actual[truth - from]++;
        }
      }
    }
  }
}
