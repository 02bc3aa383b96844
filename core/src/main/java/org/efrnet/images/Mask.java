package org.efrnet.images;

import java.util.Arrays;

/**
 * A map of ids, one unsigned byte a pixel, rows from the top: a segmentation's classes or a label
 * picture. What the ids mean (class ids, label ids of a data set, ignore) is the business of a
 * {@link org.efrnet.labels.ClassTable}. Ownership of the array is as in {@link Picture}.
 *
 * @param width pixels a row, at least 1
 * @param height rows, at least 1
 * @param ids {@code width * height} bytes, each 0..255 as an unsigned byte
 */
public record Mask(int width, int height, byte[] ids) {
  public Mask {
    if (width < 1 || height < 1) {
      throw new IllegalArgumentException(
          "mask size " + width + "x" + height + ": both sides must be at least 1");
    }
    if (ids.length != (long) width * height) {
      throw new IllegalArgumentException(
          "mask "
              + width
              + "x"
              + height
              + " needs "
              + (long) width * height
              + " bytes, got "
              + ids.length);
    }
  }

  /** The id 0..255 at a pixel. */
  public int at(int x, int y) {
    return ids[y * width + x] & 0xff;
  }

  /** How many pixels carry each of the 256 ids. */
  public long[] histogram() {
    long[] counts = new long[256];
    for (byte id : ids) {
      counts[id & 0xff]++;
    }
    return counts;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Mask m
        && width == m.width
        && height == m.height
        && Arrays.equals(ids, m.ids);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * width + height) + Arrays.hashCode(ids);
  }
}
