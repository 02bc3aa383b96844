package org.efrnet.engine;

import java.nio.FloatBuffer;
import org.efrnet.ops.Interpolation;

/** Resizing as oneDNN does not: with corners kept in place, and to the nearest in torch's sense. */
final class PlainResize {
  private final int channels;
  private final int width;
  private final Axis rows;
  private final Axis columns;
  private final float[] source;
  private final float[] target;

  /** Where each result of an axis lies between two samples. */
  private record Axis(int[] low, int[] high, float[] fraction) {
    static Axis of(Interpolation interpolation, int in, int out) {
      Axis axis = new Axis(new int[out], new int[out], new float[out]);
      for (int i = 0; i < out; i++) {
        double at =
            interpolation == Interpolation.NEAREST
                ? Math.floorDiv((long) i * in, out)
                : out == 1 ? 0 : (double) i * (in - 1) / (out - 1);
        axis.low[i] = (int) at;
        axis.high[i] = Math.min(axis.low[i] + 1, in - 1);
        axis.fraction[i] = (float) (at - axis.low[i]);
      }
      return axis;
    }
  }

  PlainResize(
      Interpolation interpolation,
      int channels,
      int height,
      int width,
      int outHeight,
      int outWidth) {
    if (interpolation == Interpolation.BILINEAR) {
      throw new IllegalArgumentException(interpolation + " is oneDNN's");
    }
    this.channels = channels;
    this.width = width;
    this.rows = Axis.of(interpolation, height, outHeight);
    this.columns = Axis.of(interpolation, width, outWidth);
    this.source = new float[channels * height * width];
    this.target = new float[channels * outHeight * outWidth];
  }

  /** Resizes a map, channels last. */
  void resize(FloatBuffer from, FloatBuffer to) {
    from.get(0, source);
    int at = 0;
    for (int y = 0; y < rows.low.length; y++) {
      float down = rows.fraction[y];
      for (int x = 0; x < columns.low.length; x++) {
        float along = columns.fraction[x];
        int a = (rows.low[y] * width + columns.low[x]) * channels;
        int b = (rows.low[y] * width + columns.high[x]) * channels;
        int c = (rows.high[y] * width + columns.low[x]) * channels;
        int d = (rows.high[y] * width + columns.high[x]) * channels;
        for (int k = 0; k < channels; k++) {
          float above = source[a + k] + along * (source[b + k] - source[a + k]);
          float below = source[c + k] + along * (source[d + k] - source[c + k]);
          target[at++] = above + down * (below - above);
        }
      }
    }
    to.put(0, target);
  }
}
