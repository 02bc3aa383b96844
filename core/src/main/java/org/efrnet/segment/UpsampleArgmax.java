package org.efrnet.segment;

import org.efrnet.images.Mask;

/**
 * Class logits to a class map at another size: bilinear resampling (half-pixel centres, torch
 * {@code align_corners=False}) and argmax in one pass, the resampled logits never stored.
 *
 * <p>Where one class wins at all four logits around a pixel it wins between them, for bilinear
 * weights are convex; only pixels at the borders of classes are interpolated. The result equals the
 * plain computation in every pixel. That computation is, in float and in this order,
 *
 * <pre>(1-fx)·((1-fy)·a + fy·c) + fx·((1-fy)·b + fy·d)</pre>
 *
 * for the logits a b over c d, and of equal classes the lowest wins. Rounding can make a narrow
 * winner at the corners tie between them, hence a corner only counts as won when its margin is far
 * above rounding.
 *
 * <p>An instance serves one shape and keeps its work arrays; it is not safe for use by two threads
 * at once.
 */
public final class UpsampleArgmax {
  /**
   * Four roundings move an interpolated logit by at most {@code 4·2^-24} of the weighted sum of its
   * corners' magnitudes, so a winner and a loser by {@code 2^-21} of the larger magnitude together;
   * a margin of eight times that at every corner cannot be rounded away.
   */
  private static final float SAFE_MARGIN = 0x1p-18f;

  private static final short UNSURE = -1;

  private final int classes;
  private final int height;
  private final int width;
  private final Axis rows;
  private final Axis columns;
  private final float[] best;
  private final float[] second;
  private final short[] winner;
  private final float[] left;
  private final float[] right;

  /**
   * @param classes planes of the logits, 1..256
   * @param height rows of the logits
   * @param width columns of the logits
   * @param outHeight rows of the class map
   * @param outWidth columns of the class map
   */
  public UpsampleArgmax(int classes, int height, int width, int outHeight, int outWidth) {
    if (classes < 1 || classes > 256) {
      throw new IllegalArgumentException(classes + " classes: a class map holds ids of 1..256");
    }
    if (height < 1 || width < 1 || outHeight < 1 || outWidth < 1) {
      throw new IllegalArgumentException(
          "logits "
              + width
              + "x"
              + height
              + " to a map "
              + outWidth
              + "x"
              + outHeight
              + ": all sides must be at least 1");
    }
    this.classes = classes;
    this.height = height;
    this.width = width;
    this.rows = new Axis(height, outHeight);
    this.columns = new Axis(width, outWidth);
    int pixels = Math.multiplyExact(height, width);
    this.best = new float[pixels];
    this.second = new float[pixels];
    this.winner = new short[pixels];
    this.left = new float[classes];
    this.right = new float[classes];
  }

  /**
   * The class map of one picture.
   *
   * @param logits planar (classes, height, width)
   * @throws IllegalArgumentException if a logit is NaN or infinite
   */
  public static Mask of(
      float[] logits, int classes, int height, int width, int outHeight, int outWidth) {
    byte[] ids = new byte[Math.multiplyExact(outHeight, outWidth)];
    new UpsampleArgmax(classes, height, width, outHeight, outWidth).into(logits, ids);
    return new Mask(outWidth, outHeight, ids);
  }

  /**
   * Writes the class map of one picture, allocating nothing.
   *
   * @param logits planar (classes, height, width), not written to
   * @param ids receives {@code outHeight * outWidth} class ids, rows from the top
   * @throws IllegalArgumentException if a logit is NaN or infinite or an array has another length
   */
  public void into(float[] logits, byte[] ids) {
    requireLength("logits", logits.length, (long) classes * height * width);
    requireLength("class map", ids.length, (long) rows.size * columns.size);
    findWinners(logits);
    if (rows.size == height && columns.size == width) {
      for (int i = 0; i < ids.length; i++) {
        ids[i] = (byte) winner[i];
      }
      return;
    }
    dropNarrowWinners();
    for (int y = 0; y < rows.size; y++) {
      int top = rows.low[y] * width;
      int bottom = rows.high[y] * width;
      int x = 0;
      while (x < columns.size) {
        int l = columns.low[x];
        int r = columns.high[x];
        int end = columns.cellEnd[x];
        short id = winner[top + l];
        if (id != UNSURE
            && id == winner[top + r]
            && id == winner[bottom + l]
            && id == winner[bottom + r]) {
          int from = y * columns.size;
          for (int i = x; i < end; i++) {
            ids[from + i] = (byte) id;
          }
        } else {
          interpolate(logits, ids, y, x, end);
        }
        x = end;
      }
    }
  }

  private static void requireLength(String what, int length, long needed) {
    if (length != needed) {
      throw new IllegalArgumentException(
          what + " array of " + length + " values: this shape has " + needed);
    }
  }

  private void findWinners(float[] logits) {
    int pixels = best.length;
    boolean finite = true;
    for (int i = 0; i < pixels; i++) {
      best[i] = logits[i];
      finite &= Math.abs(logits[i]) <= Float.MAX_VALUE;
      second[i] = Float.NEGATIVE_INFINITY;
      winner[i] = 0;
    }
    for (int c = 1; c < classes; c++) {
      int plane = c * pixels;
      for (int i = 0; i < pixels; i++) {
        float value = logits[plane + i];
        finite &= Math.abs(value) <= Float.MAX_VALUE;
        if (value > best[i]) {
          second[i] = best[i];
          best[i] = value;
          winner[i] = (short) c;
        } else if (value > second[i]) {
          second[i] = value;
        }
      }
    }
    if (!finite) {
      throw notFinite(logits);
    }
  }

  private IllegalArgumentException notFinite(float[] logits) {
    int i = 0;
    while (Math.abs(logits[i]) <= Float.MAX_VALUE) {
      i++;
    }
    int pixel = i % best.length;
    return new IllegalArgumentException(
        "logit of class "
            + i / best.length
            + " at ("
            + pixel % width
            + ", "
            + pixel / width
            + ") is "
            + logits[i]
            + "; the weights or the input are damaged, check both for values that are not finite");
  }

  private void dropNarrowWinners() {
    for (int i = 0; i < best.length; i++) {
      // The runner-up stands for all: a lower class of larger magnitude is behind by more.
      float magnitude = Math.max(Math.abs(best[i]), Math.abs(second[i]));
      // Below normal numbers rounding is no longer relative.
      if (!(best[i] - second[i] > SAFE_MARGIN * magnitude + Float.MIN_NORMAL)) {
        winner[i] = UNSURE;
      }
    }
  }

  /** Plain computation of the columns {@code x..end-1}, which lie between the same logits. */
  private void interpolate(float[] logits, byte[] ids, int y, int x, int end) {
    int pixels = best.length;
    float down = rows.fraction[y];
    float up = 1 - down;
    int a = rows.low[y] * width + columns.low[x];
    int b = rows.low[y] * width + columns.high[x];
    int c = rows.high[y] * width + columns.low[x];
    int d = rows.high[y] * width + columns.high[x];
    for (int k = 0, plane = 0; k < classes; k++, plane += pixels) {
      left[k] = up * logits[plane + a] + down * logits[plane + c];
      right[k] = up * logits[plane + b] + down * logits[plane + d];
    }
    for (int i = x; i < end; i++) {
      float fx = columns.fraction[i];
      float gx = 1 - fx;
      float most = gx * left[0] + fx * right[0];
      int id = 0;
      for (int k = 1; k < classes; k++) {
        float value = gx * left[k] + fx * right[k];
        if (value > most) {
          most = value;
          id = k;
        }
      }
      ids[y * columns.size + i] = (byte) id;
    }
  }

  /** Where each result of an axis lies between the samples {@code low} and {@code high}. */
  private static final class Axis {
    final int size;
    final int[] low;
    final int[] high;
    final float[] fraction;

    /** The first later result that lies between other samples. */
    final int[] cellEnd;

    Axis(int in, int out) {
      size = out;
      low = new int[out];
      high = new int[out];
      fraction = new float[out];
      cellEnd = new int[out];
      for (int i = 0; i < out; i++) {
        // (i + 1/2)·in/out - 1/2, not below 0, as a fraction over 2·out.
        long position = Math.max(0, (2L * i + 1) * in - out);
        low[i] = (int) (position / (2L * out));
        high[i] = Math.min(low[i] + 1, in - 1);
        fraction[i] = (float) ((double) (position % (2L * out)) / (2.0 * out));
      }
      for (int i = out - 1; i >= 0; i--) {
        cellEnd[i] = i + 1 < out && low[i + 1] == low[i] ? cellEnd[i + 1] : i + 1;
      }
    }
  }
}
