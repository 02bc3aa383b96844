package org.efrnet.data;

import org.efrnet.images.Mask;
import org.efrnet.images.Picture;

/**
 * A picture and what is to be seen in it, pixel by pixel.
 *
 * @param name the picture's name in its data set, without folder and suffix
 * @param picture sRGB, (height, width, 3)
 * @param truth train ids of the data set's classes, the same size as the picture; {@link
 *     org.efrnet.labels.ClassTable#IGNORE} where nothing is known, which is everywhere in a split
 *     without labels
 */
public record Example(String name, Picture picture, Mask truth) {
  public Example {
    if (picture.width() != truth.width() || picture.height() != truth.height()) {
      throw new IllegalArgumentException(
          "example "
              + name
              + ": its picture is "
              + picture.width()
              + "x"
              + picture.height()
              + ", its truth "
              + truth.width()
              + "x"
              + truth.height()
              + "; both must have the same size");
    }
  }

  /** What the decoded picture and truth take in memory. */
  long bytes() {
    return (long) picture.rgb().length + truth.ids().length;
  }
}
