package org.efrnet.ops;

/**
 * A transposed convolution. Weight (in, out, kernel, kernel) under {@code at.weight}, bias (out)
 * under {@code at.bias}. Its output has the size of a value given with it: the rows and columns
 * that the plain formula lacks ("output padding") follow from that, so odd sizes come back exactly.
 *
 * @param kernel side of the square kernel
 * @param padding rows and columns dropped from each border
 */
public record ConvTranspose(
    Name at, int in, int out, int kernel, int stride, int padding, boolean bias) {
  public ConvTranspose {
    if (in < 1 || out < 1 || kernel < 1 || stride < 1 || padding < 0 || padding >= kernel) {
      throw new IllegalArgumentException(
          String.format(
              "transposed convolution %s: %d -> %d channels, kernel %d, stride %d and padding %d"
                  + " are not possible",
              at, in, out, kernel, stride, padding));
    }
  }

  /** The same with a bias. */
  public ConvTranspose biased() {
    return new ConvTranspose(at, in, out, kernel, stride, padding, true);
  }

  /**
   * The output padding that makes {@code from} rows (or columns) become {@code to}.
   *
   * @throws IllegalArgumentException if none in 0..stride-1 does
   */
  public int outputPadding(int from, int to) {
    int extra = to - ((from - 1) * stride - 2 * padding + kernel);
    if (extra < 0 || extra >= stride) {
      throw new IllegalArgumentException(
          String.format(
              "transposed convolution %s cannot turn %d into %d (kernel %d, stride %d, padding %d)",
              at, from, to, kernel, stride, padding));
    }
    return extra;
  }
}
