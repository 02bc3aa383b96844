package org.efrnet.engine;

import java.nio.FloatBuffer;
import java.util.Arrays;

/** Puts values back where maxima stood, in Java: oneDNN has no such operation. */
final class PlainUnpooling {
  private final int channels;
  private final float[] source;
  private final float[] target;

  PlainUnpooling(int channels, int sourcePixels, int targetPixels) {
    this.channels = channels;
    this.source = new float[channels * sourcePixels];
    this.target = new float[channels * targetPixels];
  }

  /**
   * Unpools a map, channels last; where places collide, the last in row-major order wins.
   *
   * @param indices the pixel of the target where each value goes
   */
  void unpool(FloatBuffer from, int[] indices, FloatBuffer to) {
    from.get(0, source);
    Arrays.fill(target, 0);
    for (int at = 0; at < source.length; at += channels) {
      for (int c = 0; c < channels; c++) {
        target[indices[at + c] * channels + c] = source[at + c];
      }
    }
    to.put(0, target);
  }
}
