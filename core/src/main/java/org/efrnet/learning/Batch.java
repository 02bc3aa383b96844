package org.efrnet.learning;

/**
 * What one training step sees. Arrays are handed over, not copied.
 *
 * @param n pictures
 * @param planes (n, 3, height, width) normalised values
 * @param truth (n, height, width) train ids as unsigned bytes
 */
public record Batch(int n, int height, int width, float[] planes, byte[] truth) {
  public Batch {
    long pixels = (long) n * height * width;
    if (planes.length != 3 * pixels || truth.length != pixels) {
      throw new IllegalArgumentException(
          "batch of "
              + n
              + " pictures "
              + width
              + "x"
              + height
              + " needs "
              + 3 * pixels
              + " values and "
              + pixels
              + " labels, got "
              + planes.length
              + " and "
              + truth.length);
    }
  }
}
