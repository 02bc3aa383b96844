package org.efrnet.engine;

import java.nio.FloatBuffer;
import org.efrnet.ops.Pool;

/** Maximum pooling that remembers where the maxima stood, in Java: oneDNN breaks ties otherwise. */
final class PlainPooling {
  private final int channels;
  private final int height;
  private final int width;
  private final Pool window;
  private final float[] source;
  private final float[] target;

  PlainPooling(int channels, int height, int width, Pool window) {
    this.channels = channels;
    this.height = height;
    this.width = width;
    this.window = window;
    this.source = new float[channels * height * width];
    this.target = new float[channels * window.out(height) * window.out(width)];
  }

  /**
   * Pools a map, channels last.
   *
   * @param indices receives {@code row * width + column} of each maximum, the first of equal ones
   */
  void pool(FloatBuffer from, FloatBuffer to, int[] indices) {
    from.get(0, source);
    int rows = window.out(height);
    int columns = window.out(width);
    for (int y = 0; y < rows; y++) {
      int top = Math.max(0, y * window.stride() - window.padding());
      int bottom = Math.min(height, y * window.stride() - window.padding() + window.kernel());
      for (int x = 0; x < columns; x++) {
        int left = Math.max(0, x * window.stride() - window.padding());
        int right = Math.min(width, x * window.stride() - window.padding() + window.kernel());
        int at = (y * columns + x) * channels;
        for (int c = 0; c < channels; c++) {
          int best = top * width + left;
          float most = source[best * channels + c];
          for (int row = top; row < bottom; row++) {
            for (int column = left; column < right; column++) {
              int index = row * width + column;
              float value = source[index * channels + c];
              if (value > most) {
                most = value;
                best = index;
              }
            }
          }
          target[at + c] = most;
          indices[at + c] = best;
        }
      }
    }
    to.put(0, target);
  }
}
