package org.efrnet.segment;

/** A network that an engine has made ready. One call at a time. */
public interface Executable extends AutoCloseable {
  /**
   * Runs the network on one picture.
   *
   * @param planes (3, height, width) normalised values; only read
   * @return (classes, height, width) logits, the caller's
   */
  float[] logits(float[] planes, int height, int width);

  /** Frees what the engine holds; calling it again does nothing. */
  @Override
  void close();
}
