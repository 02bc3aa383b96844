package org.efrnet.ops;

/** A vertical and a horizontal extent, as of kernels, paddings and dilations. */
public record Size(int height, int width) {
  /** The same extent in both directions. */
  public static Size square(int side) {
    return new Size(side, side);
  }

  @Override
  public String toString() {
    return height + "x" + width;
  }
}
