package org.efrnet.images;

import java.nio.file.Path;
import java.util.Arrays;

/**
 * A map of the objects in a picture, one unsigned 16-bit number a pixel, rows from the top. What
 * the numbers mean is the data set's business. Ownership of the array is as in {@link Picture}.
 *
 * @param width pixels a row, at least 1
 * @param height rows, at least 1
 * @param ids {@code width * height} numbers, each 0..65535
 */
public record InstanceMap(int width, int height, char[] ids) {
  public InstanceMap {
    if (width < 1 || height < 1 || ids.length != (long) width * height) {
      throw new IllegalArgumentException(
          "instance map "
              + width
              + "x"
              + height
              + " of "
              + ids.length
              + " numbers: both sides must be at least 1, and there is one number for each pixel");
    }
  }

  /**
   * Reads the stored values of a grey or palette PNG of up to 16 bits a pixel, turned upright as
   * {@link Pictures#read(Path)} turns a picture.
   *
   * @throws PictureException if the file is missing, damaged, no PNG, or holds colours or alpha
   */
  public static InstanceMap read(Path file) throws PictureException {
    byte[] bytes = PictureFile.read(file);
    if (!Png.isPng(bytes)) {
      throw new PictureException(
          file.toString(), "not a PNG", "give the instances as a 16-bit grey PNG");
    }
    return Png.parse(bytes, file.toString(), ReadOptions.DEFAULT).instances();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof InstanceMap m
        && width == m.width
        && height == m.height
        && Arrays.equals(ids, m.ids);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * width + height) + Arrays.hashCode(ids);
  }
}
