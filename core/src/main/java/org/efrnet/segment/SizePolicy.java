package org.efrnet.segment;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.efrnet.images.Resize;
import org.efrnet.text.OneLine;

/**
 * To what size a picture is scaled before the network sees it; as text it is what {@link #parse}
 * reads.
 */
public sealed interface SizePolicy {
  /**
   * The height that the bundle names, keeping the aspect ratio: what its figures were made with.
   */
  record BundleHeight() implements SizePolicy {
    @Override
    public String toString() {
      return "bundle";
    }
  }

  /** The picture's own size. */
  record Native() implements SizePolicy {
    @Override
    public String toString() {
      return "native";
    }
  }

  /** This size whatever the aspect ratio. */
  record Exact(int width, int height) implements SizePolicy {
    public Exact {
      requireSide(width);
      requireSide(height);
    }

    @Override
    public String toString() {
      return width + "x" + height;
    }
  }

  /** This many rows, keeping the aspect ratio. */
  record Height(int rows) implements SizePolicy {
    public Height {
      requireSide(rows);
    }

    @Override
    public String toString() {
      return Integer.toString(rows);
    }
  }

  /** Columns and rows. */
  record Scaled(int width, int height) {
    /** The same, each side rounded up to a multiple. */
    public Scaled roundedUp(int multiple) {
      return new Scaled(
          (width + multiple - 1) / multiple * multiple,
          (height + multiple - 1) / multiple * multiple);
    }
  }

  /**
   * The size for a picture; where the aspect ratio is kept the width is rounded to the nearest
   * pixel, halves up, and is at least 1.
   *
   * @param bundleHeight the height that the bundle names
   * @throws IllegalArgumentException if a side would be longer than {@link Resize#MAX_SIDE}
   */
  default Scaled of(int width, int height, int bundleHeight) {
    if (this instanceof Exact exact) {
      return new Scaled(exact.width, exact.height);
    }
    if (this instanceof Native) {
      return new Scaled(width, height);
    }
    int rows = this instanceof Height fixed ? fixed.rows : bundleHeight;
    long columns = Math.max(1, (2L * width * rows + height) / (2L * height));
    if (columns > Resize.MAX_SIDE) {
      throw new IllegalArgumentException(
          "a picture of "
              + width
              + "x"
              + height
              + " pixels would be "
              + columns
              + " wide at height "
              + rows
              + "; cut it, or choose a smaller or exact size");
    }
    return new Scaled((int) columns, rows);
  }

  /**
   * Reads {@code native}, {@code WIDTHxHEIGHT} or {@code HEIGHT}.
   *
   * @throws IllegalArgumentException if the text is none of these
   */
  static SizePolicy parse(String text) {
    if (text.equals("native")) {
      return new Native();
    }
    Matcher sizes = Pattern.compile("(?:([0-9]{1,7})x)?([0-9]{1,7})").matcher(text);
    if (!sizes.matches()) {
      throw new IllegalArgumentException(
          "size '" + OneLine.of(text) + "' is not 'native', WIDTHxHEIGHT or HEIGHT");
    }
    int height = Integer.parseInt(sizes.group(2));
    return sizes.group(1) == null
        ? new Height(height)
        : new Exact(Integer.parseInt(sizes.group(1)), height);
  }

  private static void requireSide(int side) {
    if (side < 1 || side > Resize.MAX_SIDE) {
      throw new IllegalArgumentException(
          "size " + side + " is not a number of pixels within 1.." + Resize.MAX_SIDE);
    }
  }
}
