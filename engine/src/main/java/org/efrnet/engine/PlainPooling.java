package org.efrnet.engine;

import java.nio.IntBuffer;
import org.efrnet.ops.Pool;

/**
 * Maximum pooling that remembers where the maxima stood, in Java: oneDNN breaks ties otherwise.
 *
 * <p>Values are compared as whole numbers of the same order. Which of a window's values is greatest
 * is as good as random, and a processor that guesses it wrongly waits longer than all of this
 * arithmetic takes; so nothing here branches on a value.
 */
final class PlainPooling {
  private final int channels;
  private final int height;
  private final int width;
  private final Pool window;
  private final int[] source;
  private final int[] target;

  PlainPooling(int channels, int height, int width, Pool window) {
    this.channels = channels;
    this.height = height;
    this.width = width;
    this.window = window;
    this.source = new int[channels * height * width];
    this.target = new int[channels * window.out(height) * window.out(width)];
  }

  /**
   * Pools a map, channels last.
   *
   * @param from the bits of its values
   * @param to receives the bits of the maxima; zero has no sign there
   * @param indices receives {@code row * width + column} of each maximum, the first of equal ones
   */
  void pool(IntBuffer from, IntBuffer to, int[] indices) {
    from.get(0, source);
    for (int i = 0; i < source.length; i++) {
      source[i] = ordered(source[i]);
    }
    int rows = window.out(height);
    int columns = window.out(width);
    for (int y = 0; y < rows; y++) {
      int top = Math.max(0, y * window.stride() - window.padding());
      int bottom = Math.min(height, y * window.stride() - window.padding() + window.kernel());
      for (int x = 0; x < columns; x++) {
        int left = Math.max(0, x * window.stride() - window.padding());
        int right = Math.min(width, x * window.stride() - window.padding() + window.kernel());
        int at = (y * columns + x) * channels;
        if (bottom - top == 2 && right - left == 2) {
          square(top * width + left, at, indices);
        } else {
          window(top, bottom, left, right, at, indices);
        }
      }
    }
    for (int i = 0; i < target.length; i++) {
      target[i] = bits(target[i]);
    }
    to.put(0, target);
  }

  /** The usual window, 2x2, in one go. */
  private void square(int pixel, int at, int[] indices) {
    int a = pixel * channels;
    int b = a + channels;
    int c = a + width * channels;
    int d = c + channels;
    for (int k = 0; k < channels; k++) {
      int most =
          Math.max(Math.max(source[a + k], source[b + k]), Math.max(source[c + k], source[d + k]));
      int later =
          differ(source[a + k], most)
              * (1 + differ(source[b + k], most) * (width - 1 + differ(source[c + k], most)));
      target[at + k] = most;
      indices[at + k] = pixel + later;
    }
  }

  private void window(int top, int bottom, int left, int right, int at, int[] indices) {
    int first = (top * width + left) * channels;
    System.arraycopy(source, first, target, at, channels);
    for (int row = top; row < bottom; row++) {
      for (int column = left; column < right; column++) {
        int from = (row * width + column) * channels;
        for (int k = 0; k < channels; k++) {
          target[at + k] = Math.max(target[at + k], source[from + k]);
        }
      }
    }
    // From the last place to the first, which so has the last word.
    for (int row = bottom - 1; row >= top; row--) {
      for (int column = right - 1; column >= left; column--) {
        int pixel = row * width + column;
        int from = pixel * channels;
        for (int k = 0; k < channels; k++) {
          indices[at + k] =
              pixel + differ(source[from + k], target[at + k]) * (indices[at + k] - pixel);
        }
      }
    }
  }

  /** 1 if they differ, else 0. */
  private static int differ(int a, int b) {
    int d = a ^ b;
    return (d | -d) >>> 31;
  }

  /** A number that is less, equal or greater as the value of these bits is; 0 for both zeros. */
  private static int ordered(int bits) {
    int number = bits ^ ((bits >> 31) & Integer.MAX_VALUE);
    return number - (number >> 31);
  }

  private static int bits(int ordered) {
    int number = ordered + (ordered >> 31);
    return number ^ ((number >> 31) & Integer.MAX_VALUE);
  }
}
