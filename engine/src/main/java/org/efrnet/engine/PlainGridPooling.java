package org.efrnet.engine;

import java.nio.FloatBuffer;
import java.util.Arrays;

/** Means of the regions of a grid, in Java: their sizes differ, which oneDNN's windows do not. */
final class PlainGridPooling {
  private final int channels;
  private final int height;
  private final int width;
  private final int bins;
  private final float[] source;
  private final float[] target;

  PlainGridPooling(int channels, int height, int width, int bins) {
    this.channels = channels;
    this.height = height;
    this.width = width;
    this.bins = bins;
    this.source = new float[channels * height * width];
    this.target = new float[channels * bins * bins];
  }

  /** Pools a map, channels last. */
  void pool(FloatBuffer from, FloatBuffer to) {
    from.get(0, source);
    Arrays.fill(target, 0);
    for (int y = 0; y < bins; y++) {
      int top = first(y, height);
      int bottom = end(y, height);
      for (int x = 0; x < bins; x++) {
        int left = first(x, width);
        int right = end(x, width);
        int at = (y * bins + x) * channels;
        for (int row = top; row < bottom; row++) {
          for (int column = left; column < right; column++) {
            int pixel = (row * width + column) * channels;
            for (int c = 0; c < channels; c++) {
              target[at + c] += source[pixel + c];
            }
          }
        }
        float share = 1f / ((bottom - top) * (right - left));
        for (int c = 0; c < channels; c++) {
          target[at + c] *= share;
        }
      }
    }
    to.put(0, target);
  }

  private int first(int bin, int side) {
    return bin * side / bins;
  }

  private int end(int bin, int side) {
    return -Math.floorDiv(-(bin + 1) * side, bins);
  }
}
