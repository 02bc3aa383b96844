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
 * <p>Logits are read row by row, each once as long as the map is made in order, and only two rows
 * are kept. An instance serves one shape; it is not safe for use by two threads at once, but two
 * instances may make the upper and the lower half of one map.
 */
public final class UpsampleArgmax {
  /**
   * Four roundings move an interpolated logit by at most {@code 4·2^-24} of the weighted sum of its
   * corners' magnitudes, so a winner and a loser by {@code 2^-21} of the larger magnitude together;
   * a margin of eight times that at every corner cannot be rounded away.
   */
  private static final float SAFE_MARGIN = 0x1p-18f;

  private static final byte UNSURE = 0;
  private static final byte SURE = 1;

  private final int classes;
  private final int height;
  private final int width;
  private final Axis rows;
  private final Axis columns;
  private final float[] left;
  private final float[] right;
  private Line upper;
  private Line lower;

  /** A row of logits, and who wins where in it. */
  private static final class Line {
    int row = -1;
    final float[] logits;
    final byte[] winner;

    /** {@link #SURE} where the winner cannot lose by rounding. */
    final byte[] margin;

    Line(int width, int classes) {
      logits = new float[Math.multiplyExact(width, classes)];
      winner = new byte[width];
      margin = new byte[width];
    }
  }

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
    this.left = new float[classes];
    this.right = new float[classes];
    this.upper = new Line(width, classes);
    this.lower = new Line(width, classes);
  }

  /**
   * The class map of one picture.
   *
   * @param logits planar (classes, height, width)
   * @throws ArithmeticException if a logit is NaN or infinite
   */
  public static Mask of(
      float[] logits, int classes, int height, int width, int outHeight, int outWidth) {
    byte[] ids = new byte[Math.multiplyExact(outHeight, outWidth)];
    new UpsampleArgmax(classes, height, width, outHeight, outWidth)
        .into(LogitRows.planar(logits, classes, height, width), ids);
    return new Mask(outWidth, outHeight, ids);
  }

  /**
   * Writes the class map of one picture, allocating nothing.
   *
   * @param ids receives {@code outHeight * outWidth} class ids, rows from the top
   * @throws ArithmeticException if a logit is NaN or infinite
   * @throws IllegalArgumentException if {@code ids} has another length
   */
  public void into(LogitRows logits, byte[] ids) {
    into(logits, ids, 0, rows.size);
  }

  /**
   * Writes a part of the class map of one picture, allocating nothing.
   *
   * @param ids as for the whole map
   * @param from the first row of the map that is written
   * @param to the row behind the last
   * @throws ArithmeticException if a logit that was read is NaN or infinite
   * @throws IllegalArgumentException if {@code ids} has another length
   */
  public void into(LogitRows logits, byte[] ids, int from, int to) {
    if (ids.length != (long) rows.size * columns.size) {
      throw new IllegalArgumentException(
          "class map array of "
              + ids.length
              + " values: this shape has "
              + (long) rows.size * columns.size);
    }
    upper.row = -1;
    lower.row = -1;
    if (rows.size == height && columns.size == width) {
      for (int y = from; y < to; y++) {
        load(upper, logits, y);
        System.arraycopy(upper.winner, 0, ids, y * width, width);
      }
      return;
    }
    for (int y = from; y < to; y++) {
      if (lower.row == rows.low[y]) {
        Line next = upper;
        upper = lower;
        lower = next;
      }
      load(upper, logits, rows.low[y]);
      load(lower, logits, rows.high[y]);
      upsample(ids, y);
    }
  }

  private void upsample(byte[] ids, int y) {
    byte[] top = upper.winner;
    byte[] bottom = lower.winner;
    byte[] topMargin = upper.margin;
    byte[] bottomMargin = lower.margin;
    int at = y * columns.size;
    int x = 0;
    while (x < columns.size) {
      int l = columns.low[x];
      int r = columns.high[x];
      int end = columns.cellEnd[x];
      byte id = top[l];
      if (id == top[r]
          && id == bottom[l]
          && id == bottom[r]
          && (topMargin[l] & topMargin[r] & bottomMargin[l] & bottomMargin[r]) == SURE) {
        for (int i = x; i < end; i++) {
          ids[at + i] = id;
        }
      } else {
        interpolate(ids, y, x, end);
      }
      x = end;
    }
  }

  private void load(Line line, LogitRows rows, int row) {
    if (line.row == row) {
      return;
    }
    rows.read(row, line.logits);
    line.row = row;
    float[] z = line.logits;
    // Zero times a value that is not finite is NaN, and stays so in a sum.
    float zero = 0;
    for (int x = 0, from = 0; x < width; x++, from += classes) {
      float best = z[from];
      zero += best * 0;
      float second = Float.NEGATIVE_INFINITY;
      int id = 0;
      for (int k = 1; k < classes; k++) {
        float value = z[from + k];
        zero += value * 0;
        if (value > second) {
          if (value > best) {
            second = best;
            best = value;
            id = k;
          } else {
            second = value;
          }
        }
      }
      line.winner[x] = (byte) id;
      // The runner-up stands for all: a lower class of larger magnitude is behind by more.
      float magnitude = Math.max(Math.abs(best), Math.abs(second));
      // Below normal numbers rounding is no longer relative.
      line.margin[x] =
          best - second > SAFE_MARGIN * magnitude + Float.MIN_NORMAL || classes == 1
              ? SURE
              : UNSURE;
    }
    if (zero != 0) {
      throw notFinite(line);
    }
  }

  private ArithmeticException notFinite(Line line) {
    int i = 0;
    while (Math.abs(line.logits[i]) <= Float.MAX_VALUE) {
      i++;
    }
    return new ArithmeticException(
        "logit of class "
            + i % classes
            + " at ("
            + i / classes
            + ", "
            + line.row
            + ") is "
            + line.logits[i]
            + "; the weights or the input are damaged, check both for values that are not finite");
  }

  /** Plain computation of the columns {@code x..end-1}, which lie between the same logits. */
  private void interpolate(byte[] ids, int y, int x, int end) {
    float down = rows.fraction[y];
    float up = 1 - down;
    int l = columns.low[x] * classes;
    int r = columns.high[x] * classes;
    float[] above = upper.logits;
    float[] below = lower.logits;
    for (int k = 0; k < classes; k++) {
      left[k] = up * above[l + k] + down * below[l + k];
      right[k] = up * above[r + k] + down * below[r + k];
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
