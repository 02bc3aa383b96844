package org.efrnet.ops;

/**
 * A pooling window. Padding never wins a maximum.
 *
 * @param ceil whether a last window that hangs over the border counts (Caffe), or is dropped
 */
public record Pool(int kernel, int stride, int padding, boolean ceil) {
  public Pool {
    // More padding than half a kernel would leave windows with nothing but padding.
    if (kernel < 1 || stride < 1 || padding < 0 || padding > kernel / 2) {
      throw new IllegalArgumentException(
          String.format(
              "pooling with kernel %d, stride %d and padding %d is not possible: padding is at"
                  + " most half the kernel",
              kernel, stride, padding));
    }
  }

  /** {@code 2x2}, stride 2: the usual halving. */
  public static final Pool HALVE = new Pool(2, 2, 0, false);

  /** Output rows (or columns) for {@code side} input rows (or columns). */
  public int out(int side) {
    int span = side + 2 * padding - kernel;
    int steps = ceil ? -Math.floorDiv(-span, stride) : Math.floorDiv(span, stride);
    // A window must start inside the picture or its left padding, never in the right padding.
    if (ceil && steps * stride >= side + padding) {
      steps--;
    }
    return steps + 1;
  }
}
