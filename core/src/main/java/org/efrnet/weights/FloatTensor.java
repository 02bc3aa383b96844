package org.efrnet.weights;

import java.util.Arrays;

/**
 * A named parameter's values: fp32, row-major, in Java memory. The array is not copied; whoever
 * hands it over or reads it does not write to it afterwards.
 *
 * @param shape sizes, outermost first; convolution weights are (out, in/groups, kernel height,
 *     kernel width), those of transposed convolutions (in, out, kernel height, kernel width)
 * @param values as many as the product of {@code shape}
 */
public record FloatTensor(int[] shape, float[] values) {
  public FloatTensor {
    long count = 1;
    for (int side : shape) {
      if (side < 0) {
        throw new IllegalArgumentException("negative size in shape " + Arrays.toString(shape));
      }
      count = Math.multiplyExact(count, (long) side);
    }
    if (count != values.length) {
      throw new IllegalArgumentException(
          "shape " + Arrays.toString(shape) + " needs " + count + " values, got " + values.length);
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof FloatTensor t
        && Arrays.equals(shape, t.shape)
        && Arrays.equals(values, t.values);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(shape) + Arrays.hashCode(values);
  }

  @Override
  public String toString() {
    return "FloatTensor" + Arrays.toString(shape);
  }
}
