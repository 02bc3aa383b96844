package org.efrnet.segment;

/** Logits wherever an engine keeps them, read row by row; by several threads at once. */
@FunctionalInterface
public interface LogitRows {
  /**
   * Copies a row of all classes, channels last.
   *
   * @param row from the top, from 0
   * @param into is filled: all classes of the first pixel, of the second, and so on; if it is
   *     shorter than the row, with the row's beginning
   */
  void read(int row, float[] into);

  /**
   * Rows of an array.
   *
   * @param logits planar (classes, height, width); read when rows are
   */
  static LogitRows planar(float[] logits, int classes, int height, int width) {
    if (logits.length != (long) classes * height * width) {
      throw new IllegalArgumentException(
          logits.length
              + " logits are not those of "
              + classes
              + " classes of "
              + width
              + "x"
              + height
              + " pixels");
    }
    return (row, into) -> {
      for (int k = 0; k < classes; k++) {
        for (int from = (k * height + row) * width, to = k; to < into.length; to += classes) {
          into[to] = logits[from++];
        }
      }
    };
  }

  /** All rows as a new array, planar (classes, height, width). */
  default float[] toPlanar(int classes, int height, int width) {
    float[] logits = new float[Math.multiplyExact(classes, Math.multiplyExact(height, width))];
    float[] line = new float[width * classes];
    for (int row = 0; row < height; row++) {
      read(row, line);
      for (int k = 0; k < classes; k++) {
        for (int to = (k * height + row) * width, from = k; from < line.length; from += classes) {
          logits[to++] = line[from];
        }
      }
    }
    return logits;
  }
}
