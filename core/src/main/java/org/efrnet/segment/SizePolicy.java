package org.efrnet.segment;

import org.efrnet.images.Picture;

/** To what size a picture is scaled before the network sees it. */
public sealed interface SizePolicy {
  /** As the bundle says: to its number of rows, the aspect ratio kept. */
  record Bundle() implements SizePolicy {}

  /** Not at all. */
  record Native() implements SizePolicy {}

  /** To that size, whatever the aspect ratio. */
  record Exact(int width, int height) implements SizePolicy {}

  /** To so many rows, the aspect ratio kept. */
  record Height(int rows) implements SizePolicy {}

  /**
   * {@code native}, {@code WIDTHxHEIGHT} or {@code HEIGHT}.
   *
   * @throws IllegalArgumentException if the text is none of them
   */
  static SizePolicy parse(String text) {
    if (text.equals("native")) {
      return new Native();
    }
    if (text.matches("[1-9][0-9]{0,4}")) {
      return new Height(Integer.parseInt(text));
    }
    if (text.matches("[1-9][0-9]{0,4}x[1-9][0-9]{0,4}")) {
      String[] sides = text.split("x", -1);
      return new Exact(Integer.parseInt(sides[0]), Integer.parseInt(sides[1]));
    }
    throw new IllegalArgumentException(
        "size '"
            + text
            + "' is neither native, nor WIDTHxHEIGHT such as 640x360, nor a height such"
            + " as 360");
  }

  /** Width and height for a picture; sides are rounded to the nearest pixel, and at least 1. */
  default int[] of(Picture picture, int bundleHeight) {
    if (this instanceof Native) {
      return new int[] {picture.width(), picture.height()};
    }
    if (this instanceof Exact exact) {
      return new int[] {exact.width(), exact.height()};
    }
    int rows = this instanceof Height height ? height.rows() : bundleHeight;
    long width = Math.round((double) picture.width() * rows / picture.height());
    return new int[] {(int) Math.max(1, width), rows};
  }
}
