package org.efrnet.ops;

/**
 * A two-dimensional convolution (cross-correlation, as the field calls it) with zero padding.
 * Weight (out, in/groups, kernel height, kernel width) under {@code at.weight}, bias (out) under
 * {@code at.bias}.
 *
 * @param in input channels
 * @param out output channels
 * @param stride step in both directions
 */
public record Conv(
    Name at,
    int in,
    int out,
    Size kernel,
    int stride,
    Size padding,
    Size dilation,
    int groups,
    boolean bias) {
  public Conv {
    if (in < 1 || out < 1 || groups < 1 || in % groups != 0 || out % groups != 0) {
      throw new IllegalArgumentException(
          String.format(
              "convolution %s: %d -> %d channels in %d groups is not possible",
              at, in, out, groups));
    }
    if (Math.min(kernel.height(), kernel.width()) < 1
        || Math.min(dilation.height(), dilation.width()) < 1
        || Math.min(padding.height(), padding.width()) < 0
        || stride < 1) {
      throw new IllegalArgumentException(
          String.format(
              "convolution %s: kernel %s, stride %d, padding %s and dilation %s are not possible",
              at, kernel, stride, padding, dilation));
    }
  }

  /** 1x1, stride 1, no bias. */
  public static Conv pointwise(Name at, int in, int out) {
    return square(at, in, out, 1);
  }

  /** {@code side x side}, stride 1, padded to keep the size if {@code side} is odd; no bias. */
  public static Conv square(Name at, int in, int out, int side) {
    return new Conv(
        at, in, out, Size.square(side), 1, Size.square((side - 1) / 2), Size.square(1), 1, false);
  }

  /** {@code length x 1}, keeping the size, dilated vertically; no bias. */
  public static Conv vertical(Name at, int channels, int length, int dilation) {
    return new Conv(
        at,
        channels,
        channels,
        new Size(length, 1),
        1,
        new Size((length - 1) / 2 * dilation, 0),
        new Size(dilation, 1),
        1,
        false);
  }

  /** {@code 1 x length}, keeping the size, dilated horizontally; no bias. */
  public static Conv horizontal(Name at, int channels, int length, int dilation) {
    return new Conv(
        at,
        channels,
        channels,
        new Size(1, length),
        1,
        new Size(0, (length - 1) / 2 * dilation),
        new Size(1, dilation),
        1,
        false);
  }

  /** The same with another stride. */
  public Conv strided(int step) {
    return new Conv(at, in, out, kernel, step, padding, dilation, groups, bias);
  }

  /** The same with another dilation, padded so that a stride of 1 still keeps the size. */
  public Conv dilated(int rate) {
    return new Conv(
        at,
        in,
        out,
        kernel,
        stride,
        new Size((kernel.height() - 1) / 2 * rate, (kernel.width() - 1) / 2 * rate),
        Size.square(rate),
        groups,
        bias);
  }

  /** The same with a bias. */
  public Conv biased() {
    return new Conv(at, in, out, kernel, stride, padding, dilation, groups, true);
  }

  /** Whether it is one matrix applied at every place alike: 1x1, stride 1, no padding or groups. */
  public boolean isPointwise() {
    return kernel.equals(Size.square(1))
        && stride == 1
        && padding.equals(Size.square(0))
        && groups == 1;
  }

  /** Output rows for {@code rows} input rows. */
  public int outHeight(int rows) {
    return extent(rows, kernel.height(), padding.height(), dilation.height());
  }

  /** Output columns for {@code columns} input columns. */
  public int outWidth(int columns) {
    return extent(columns, kernel.width(), padding.width(), dilation.width());
  }

  private int extent(int side, int k, int p, int d) {
    return Math.floorDiv(side + 2 * p - d * (k - 1) - 1, stride) + 1;
  }
}
