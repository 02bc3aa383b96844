package org.efrnet.learning;

/**
 * What one training step sees, or the part of it that one of several processes sees. Arrays are
 * handed over, not copied.
 *
 * @param n pictures
 * @param planes (n, 3, height, width) normalised values
 * @param truth (n, height, width) train ids as unsigned bytes
 * @param first place of the first picture among all of the step
 * @param of pictures of the step in all processes; n if there is one
 */
public record Batch(int n, int height, int width, float[] planes, byte[] truth, int first, int of) {
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
    if (first < 0 || first + n > of) {
      throw new IllegalArgumentException(
          "pictures " + first + " to " + (first + n) + " are not within the " + of + " of a step");
    }
  }

  /** All pictures of a step. */
  public Batch(int n, int height, int width, float[] planes, byte[] truth) {
    this(n, height, width, planes, truth, 0, n);
  }

  /** Whether these are all pictures of the step. */
  public boolean isWhole() {
    return n == of;
  }
}
