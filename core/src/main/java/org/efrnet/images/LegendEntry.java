package org.efrnet.images;

/**
 * A line of a legend.
 *
 * @param name the class's name
 * @param rgb its colour, 0xRRGGBB
 * @param share its part of the picture's pixels, 0..1
 */
public record LegendEntry(String name, int rgb, double share) {
  public LegendEntry {
    if (!(share >= 0 && share <= 1)) {
      throw new IllegalArgumentException(
          "share " + share + " of class " + name + " must lie in 0..1");
    }
  }
}
