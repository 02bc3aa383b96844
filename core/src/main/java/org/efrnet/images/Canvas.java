package org.efrnet.images;

/** Pixels under construction. */
final class Canvas {
  private final int width;
  private final int height;
  private final byte[] rgb;

  Canvas(int width, int height, int background) {
    this.width = width;
    this.height = height;
    this.rgb = new byte[Math.multiplyExact(3, Math.multiplyExact(width, height))];
    fill(0, 0, width, height, background);
  }

  /** Fills a rectangle, which must lie inside, with 0xRRGGBB. */
  void fill(int x, int y, int columns, int rows, int colour) {
    for (int row = y; row < y + rows; row++) {
      int t = 3 * (row * width + x);
      for (int column = 0; column < columns; column++) {
        rgb[t++] = (byte) (colour >> 16);
        rgb[t++] = (byte) (colour >> 8);
        rgb[t++] = (byte) colour;
      }
    }
  }

  /** Copies a picture, which must fit, with its top left corner at (x, y). */
  void paste(Picture picture, int x, int y) {
    int length = 3 * picture.width();
    for (int row = 0; row < picture.height(); row++) {
      System.arraycopy(picture.rgb(), row * length, rgb, 3 * ((y + row) * width + x), length);
    }
  }

  /** The finished picture; the canvas is not drawn on afterwards. */
  Picture picture() {
    return new Picture(width, height, rgb);
  }
}
