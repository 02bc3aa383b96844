package org.efrnet.readings;

/** The size of a map: pictures, channels, rows, columns. */
public record Shape(int n, int channels, int height, int width) {
  /** An image batch. */
  public static Shape image(int n, int height, int width) {
    return new Shape(n, 3, height, width);
  }

  /** Values in the map. */
  public long count() {
    return (long) n * channels * height * width;
  }

  /** The same with other channels. */
  public Shape withChannels(int count) {
    return new Shape(n, count, height, width);
  }

  /** The same with other rows and columns. */
  public Shape withSize(int rows, int columns) {
    return new Shape(n, channels, rows, columns);
  }

  @Override
  public String toString() {
    return n + "x" + channels + "x" + height + "x" + width;
  }
}
