package org.efrnet.images;

/**
 * A rectangle of pixels inside a picture or mask.
 *
 * @param x the leftmost column, at least 0
 * @param y the topmost row, at least 0
 * @param width columns, at least 1
 * @param height rows, at least 1
 */
public record Region(int x, int y, int width, int height) {
  public Region {
    if (x < 0 || y < 0 || width < 1 || height < 1) {
      throw new IllegalArgumentException(
          "region "
              + width
              + "x"
              + height
              + " at ("
              + x
              + ", "
              + y
              + "): the corner must be at least 0 and both sides at least 1");
    }
  }

  /** All of a picture or mask of this size. */
  public static Region whole(int width, int height) {
    return new Region(0, 0, width, height);
  }

  void requireInside(int outerWidth, int outerHeight) {
    if ((long) x + width > outerWidth || (long) y + height > outerHeight) {
      throw new IllegalArgumentException(
          "region "
              + width
              + "x"
              + height
              + " at ("
              + x
              + ", "
              + y
              + ") does not lie inside "
              + outerWidth
              + "x"
              + outerHeight
              + "; move or shrink it");
    }
  }
}
