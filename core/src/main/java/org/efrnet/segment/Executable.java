package org.efrnet.segment;

/**
 * A model made ready by an {@link Engine}. One call at a time: whoever owns it calls and closes it
 * on one thread, or in turns.
 */
public interface Executable extends AutoCloseable {
  /**
   * Computes one picture.
   *
   * @param planes normalised values, planar (3, height, width); read during the call only
   * @return its logits, (height, width, classes), where the engine has them: valid until the next
   *     call of this executable
   * @throws IllegalArgumentException if the array has another length, or the network cannot take a
   *     picture of this size
   * @throws IllegalStateException after {@link #close()}, or when the engine fails
   */
  LogitRows run(float[] planes, int height, int width);

  /**
   * Computes one picture and copies its logits.
   *
   * @return a new array, planar (classes, height, width)
   * @throws IllegalArgumentException as {@link #run}
   * @throws IllegalStateException as {@link #run}
   */
  default float[] logits(float[] planes, int height, int width) {
    return run(planes, height, width).toPlanar(classes(), height, width);
  }

  /**
   * Refuses an array that is not a picture's, in the words of every engine.
   *
   * @throws IllegalArgumentException if {@code planes} has another length than (3, height, width)
   */
  static void requirePlanes(float[] planes, int height, int width) {
    if (planes.length != 3L * height * width) {
      throw new IllegalArgumentException(
          planes.length + " values are not the 3 planes of " + width + "x" + height + " pixels");
    }
  }

  /**
   * In which numbers it computes: one of {@link org.efrnet.bundle.BundleConfig#PRECISION_NAMES}.
   */
  String precision();

  /** How many classes the logits tell apart. */
  int classes();

  /** Gives everything back; a second call does nothing. */
  @Override
  void close();
}
