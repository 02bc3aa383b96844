package org.efrnet.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Optional;
import java.util.SplittableRandom;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AbstractTensor;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;

/** Held against the definition, spelt out, and its differences. */
class SoftJaccardTest {
  private static final int N = 2;
  private static final int CLASSES = 4;
  private static final int PIXELS = 6;
  private static final int IGNORE = 255;
  private static final double WEIGHT = 1.5;

  /** Class 2 is nowhere; the last pixel of each picture has no truth. */
  private static final int[] TRUTH = {0, 1, 1, 3, 0, IGNORE, 3, 3, 0, 1, 0, IGNORE};

  private static double defined(double[] logits, int[] truth) {
    double[] shared = new double[CLASSES];
    double[] predicted = new double[CLASSES];
    double[] actual = new double[CLASSES];
    for (int i = 0; i < truth.length; i++) {
      if (truth[i] == IGNORE) {
        continue;
      }
      double sum = 0;
      for (int k = 0; k < CLASSES; k++) {
        sum += Math.exp(logits[at(i, k)]);
      }
      for (int k = 0; k < CLASSES; k++) {
        double p = Math.exp(logits[at(i, k)]) / sum;
        predicted[k] += p;
        shared[k] += k == truth[i] ? p : 0;
        actual[k] += k == truth[i] ? 1 : 0;
      }
    }
    double mean = 0;
    int present = 0;
    for (int k = 0; k < CLASSES; k++) {
      if (actual[k] > 0) {
        present++;
        mean += shared[k] / (predicted[k] + actual[k] - shared[k]);
      }
    }
    return present == 0 ? 0 : WEIGHT * (1 - mean / present);
  }

  /** Where a pixel's logit lies in (n, classes, 2, 3). */
  private static int at(int pixel, int k) {
    return (pixel / PIXELS * CLASSES + k) * PIXELS + pixel % PIXELS;
  }

  private static double[] logits() {
    SplittableRandom random = new SplittableRandom(5);
    double[] logits = new double[N * CLASSES * PIXELS];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = random.nextDouble(-3, 3);
    }
    return logits;
  }

  /** The loss, and behind it the gradient. */
  private static double[] computed(double[] logits, int[] truth) {
    long[] ids = new long[truth.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = truth[i];
    }
    try (PointerScope scope = new PointerScope()) {
      Tensor leaf = AbstractTensor.create(logits, N, CLASSES, 2, 3).to(ScalarType.Double).clone();
      leaf.set_requires_grad(true);
      Tensor loss =
          new SoftJaccard(WEIGHT, IGNORE, Optional.empty())
              .of(leaf, AbstractTensor.create(ids, N, 2, 3));
      loss.backward();
      double[] result = new double[1 + logits.length];
      result[0] = loss.item_double();
      double[] gradient = new double[logits.length];
      new DoublePointer(leaf.grad().contiguous().data_ptr()).get(gradient);
      System.arraycopy(gradient, 0, result, 1, gradient.length);
      return result;
    }
  }

  @Test
  void isWhatItsDefinitionSays() {
    double[] logits = logits();
    double[] computed = computed(logits, TRUTH);
    assertThat(computed[0]).isCloseTo(defined(logits, TRUTH), within(1e-12));
    for (int i = 0; i < logits.length; i++) {
      double h = 1e-5;
      double[] more = logits.clone();
      double[] less = logits.clone();
      more[i] += h;
      less[i] -= h;
      double slope = (defined(more, TRUTH) - defined(less, TRUTH)) / (2 * h);
      assertThat(computed[1 + i]).as("logit %d", i).isCloseTo(slope, within(1e-8));
    }
  }

  @Test
  void isNothingWithoutTruth() {
    int[] none = TRUTH.clone();
    Arrays.fill(none, IGNORE);
    assertThat(computed(logits(), none)).containsOnly(0);
  }
}
