package org.efrnet.images;

/**
 * Pixels under construction: rectangles, pictures, {@link PixelFont} texts and single blended
 * pixels are put on it, then it becomes a {@link Picture}. For one thread.
 */
public final class Canvas {
  private final int width;
  private final int height;
  private final byte[] rgb;

  /**
   * A canvas of one colour.
   *
   * @param width pixels, at least 1
   * @param height pixels, at least 1; {@code 3 * width * height} bytes must fit an array
   * @param background 0xRRGGBB
   * @throws IllegalArgumentException if a side is less than 1
   * @throws ArithmeticException if it has more bytes than an array can hold
   */
  public Canvas(int width, int height, int background) {
    if (width < 1 || height < 1) {
      throw new IllegalArgumentException(
          "canvas " + width + "x" + height + ": both sides must be at least 1");
    }
    this.width = width;
    this.height = height;
    this.rgb = new byte[Math.multiplyExact(3, Math.multiplyExact(width, height))];
    fill(0, 0, width, height, background);
  }

  /**
   * Fills a rectangle with a colour.
   *
   * @param x its first column
   * @param y its first row
   * @param columns at least 0
   * @param rows at least 0
   * @param colour 0xRRGGBB
   * @throws IllegalArgumentException if it does not lie inside
   */
  public void fill(int x, int y, int columns, int rows, int colour) {
    requireInside("rectangle", x, y, columns, rows);
    for (int row = y; row < y + rows; row++) {
      int t = 3 * (row * width + x);
      for (int column = 0; column < columns; column++) {
        rgb[t++] = (byte) (colour >> 16);
        rgb[t++] = (byte) (colour >> 8);
        rgb[t++] = (byte) colour;
      }
    }
  }

  /**
   * Mixes a colour over one pixel.
   *
   * @param colour 0xRRGGBB
   * @param opacity 0 (leaves the pixel) to 1 (replaces it)
   * @throws IllegalArgumentException if the pixel does not lie inside
   */
  public void blend(int x, int y, int colour, double opacity) {
    requireInside("pixel", x, y, 1, 1);
    int over = (int) Math.round(256 * Math.min(1, Math.max(0, opacity)));
    int t = 3 * (y * width + x);
    rgb[t] = Overlay.mix(rgb[t], colour >> 16, over);
    rgb[t + 1] = Overlay.mix(rgb[t + 1], colour >> 8, over);
    rgb[t + 2] = Overlay.mix(rgb[t + 2], colour, over);
  }

  /**
   * Copies a picture, with its top left corner at (x, y).
   *
   * @throws IllegalArgumentException if it does not fit
   */
  public void paste(Picture picture, int x, int y) {
    requireInside("picture", x, y, picture.width(), picture.height());
    int length = 3 * picture.width();
    for (int row = 0; row < picture.height(); row++) {
      System.arraycopy(picture.rgb(), row * length, rgb, 3 * ((y + row) * width + x), length);
    }
  }

  private void requireInside(String what, int x, int y, int columns, int rows) {
    if (Math.min(Math.min(x, y), Math.min(columns, rows)) < 0
        || columns > width - x
        || rows > height - y) {
      throw new IllegalArgumentException(
          what
              + " "
              + columns
              + "x"
              + rows
              + " at ("
              + x
              + ", "
              + y
              + ") does not lie inside the canvas "
              + width
              + "x"
              + height);
    }
  }

  /** Columns. */
  public int width() {
    return width;
  }

  /** Rows. */
  public int height() {
    return height;
  }

  /** The finished picture; the canvas must not be drawn on afterwards. */
  public Picture picture() {
    return new Picture(width, height, rgb);
  }
}
