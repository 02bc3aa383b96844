package org.efrnet.labels;

/**
 * An sRGB colour; its text is {@code red,green,blue}.
 *
 * @param red 0..255
 * @param green 0..255
 * @param blue 0..255
 */
public record Colour(int red, int green, int blue) {
  /** What stands for pixels without a class where nothing else is said. */
  public static final Colour BLACK = new Colour(0, 0, 0);

  public Colour {
    if (((red | green | blue) & ~0xff) != 0) {
      throw new IllegalArgumentException(
          "colour " + red + "," + green + "," + blue + " is not within 0..255");
    }
  }

  /** The colour of the lower 24 bits, 0xRRGGBB. */
  public static Colour ofRgb(int rgb) {
    return new Colour(rgb >> 16 & 0xff, rgb >> 8 & 0xff, rgb & 0xff);
  }

  /** As one number, 0xRRGGBB. */
  public int rgb() {
    return red << 16 | green << 8 | blue;
  }

  @Override
  public String toString() {
    return red + "," + green + "," + blue;
  }
}
