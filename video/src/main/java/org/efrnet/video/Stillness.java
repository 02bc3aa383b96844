package org.efrnet.video;

import org.efrnet.images.Picture;

/**
 * Tells where a picture shows the same as the one before it, in blocks of 8x8 pixels: the mean of
 * all differences in brightness is at most {@value #MEAN} of 255 steps, and none is above {@value
 * #MOST}. Noise of a camera and of compression stays below both; an edge that moves by a pixel does
 * not. For one thread.
 */
public final class Stillness {
  /** The side of a block, in pixels: that of the transforms of common video codecs. */
  static final int BLOCK = 8;

  static final int MEAN = 2;
  static final int MOST = 16;

  private final int width;
  private final int height;
  private final int columns;
  private final boolean[] still;
  private byte[] before;
  private byte[] now;
  private boolean begun;

  /** For pictures of that size. */
  public Stillness(int width, int height) {
    this.width = width;
    this.height = height;
    this.columns = (width + BLOCK - 1) / BLOCK;
    this.still = new boolean[columns * ((height + BLOCK - 1) / BLOCK)];
    this.before = new byte[width * height];
    this.now = new byte[width * height];
  }

  /**
   * Takes the next picture. After the first one nothing is still: there is nothing to compare with.
   *
   * @throws IllegalArgumentException if it has another size
   */
  public void next(Picture picture) {
    if (picture.width() != width || picture.height() != height) {
      throw new IllegalArgumentException(
          "a picture of "
              + picture.width()
              + "x"
              + picture.height()
              + " among those of "
              + width
              + "x"
              + height);
    }
    byte[] oldest = before;
    before = now;
    now = oldest;
    byte[] rgb = picture.rgb();
    for (int i = 0, t = 0; i < now.length; i++, t += 3) {
      now[i] = (byte) (((rgb[t] & 0xff) + 2 * (rgb[t + 1] & 0xff) + (rgb[t + 2] & 0xff)) >> 2);
    }
    if (begun) {
      for (int y = 0, block = 0; y < height; y += BLOCK) {
        for (int x = 0; x < width; x += BLOCK, block++) {
          still[block] = isStill(x, y);
        }
      }
    }
    begun = true;
  }

  private boolean isStill(int left, int top) {
    int right = Math.min(width, left + BLOCK);
    int bottom = Math.min(height, top + BLOCK);
    int allowed = MEAN * (right - left) * (bottom - top);
    int sum = 0;
    for (int y = top; y < bottom; y++) {
      for (int i = y * width + left; i < y * width + right; i++) {
        int difference = Math.abs((now[i] & 0xff) - (before[i] & 0xff));
        sum += difference;
        if (difference > MOST) {
          return false;
        }
      }
      if (sum > allowed) {
        return false;
      }
    }
    return true;
  }

  /** Whether the latest picture shows the same there as the one before it. */
  public boolean at(int x, int y) {
    return still[y / BLOCK * columns + x / BLOCK];
  }
}
