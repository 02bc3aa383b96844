package org.efrnet.segment;

import java.util.Arrays;
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
 * are kept. Winners are found class by class for a whole row, by arithmetic without branches, so
 * that the compiler makes vector instructions of it and the time does not depend on the picture.
 *
 * <p>An instance serves one shape; it is not safe for use by two threads at once, but two instances
 * may make the upper and the lower half of one map.
 */
public final class UpsampleArgmax {
  /**
   * Four roundings move an interpolated logit by at most {@code 4·2^-24} of the weighted sum of its
   * corners' magnitudes, so a winner and a loser by {@code 2^-21} of the larger magnitude together;
   * a margin of eight times that at every corner cannot be rounded away. It is taken of the
   * winner's magnitude and doubled: a loser of more than that magnitude is behind by enough.
   */
  private static final float SAFE_MARGIN = 0x1p-17f;

  /** Below normal numbers rounding is no longer relative. */
  private static final float LEAST_MARGIN = 2 * Float.MIN_NORMAL;

  /** Squared it makes the smallest difference of floats larger than any number of classes. */
  private static final float HUGE = 0x1p127f;

  /** So many cells are interpolated together: few enough to stay in the processor's first cache. */
  private static final int BATCH = 256;

  /**
   * So many pixels of a row are interpolated with their cell; of longer cells there are several.
   */
  private static final int MOST_SPAN = 4;

  /** Stands for the class of a logit whose winner may lose by rounding. */
  private static final short UNSURE = -1;

  private final int classes;
  private final int height;
  private final int width;
  private final Axis rows;
  private final Axis columns;
  private Line upper;
  private Line lower;

  /** The row that was read last, class by class. */
  private final float[][] planes;

  private final float[] best;

  /** The number of classes less the winner's id. */
  private final float[] rank;

  private final float[] margin;

  /** By how much classes, the winner among them, are within the margin; that much if it is sure. */
  private final float[] within;

  /** Not zero where a logit of any row was not finite. */
  private final float[] spoilt;

  /** Where the cells begin that the row made last had to interpolate. */
  private final int[] open;

  private int openCount;

  /** Logits between two rows, as in a row. */
  private final float[] mixed;

  private final Batch batch;

  /** A row of logits, and who wins where in it. */
  private static final class Line {
    int row = -1;
    final float[] logits;

    /** Class ids, or {@link #UNSURE}. */
    final short[] winner;

    Line(int width, int classes) {
      logits = new float[Math.multiplyExact(width, classes)];
      winner = new short[width];
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
    this.upper = new Line(width, classes);
    this.lower = new Line(width, classes);
    this.planes = new float[classes][width];
    this.best = new float[width];
    this.rank = new float[width];
    this.margin = new float[width];
    this.within = new float[width];
    this.spoilt = new float[width];
    boolean same = outWidth == width && outHeight == height;
    this.open = new int[same ? 0 : outWidth];
    this.mixed = new float[same ? 0 : upper.logits.length];
    this.batch = new Batch(classes, same ? 0 : BATCH);
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
    Arrays.fill(spoilt, 0);
    if (rows.size == height && columns.size == width) {
      for (int y = from; y < to; y++) {
        read(upper, logits, y);
        for (int x = 0, at = y * width; x < width; x++, at++) {
          ids[at] = (byte) (classes - (int) rank[x]);
        }
      }
    } else {
      for (int y = from; y < to; y++) {
        upsample(logits, ids, y, y > from && rows.low[y] == rows.low[y - 1]);
      }
      batch.flush(ids);
    }
    float sum = 0;
    for (float s : spoilt) {
      sum += s;
    }
    if (sum != 0) {
      throw notFinite(logits);
    }
  }

  /** A row of the map; it lies between the same logits as the row before it, or not. */
  private void upsample(LogitRows logits, byte[] ids, int y, boolean asBefore) {
    int at = y * columns.size;
    if (asBefore) {
      // Only what is interpolated differs.
      System.arraycopy(ids, at - columns.size, ids, at, columns.size);
    } else {
      if (lower.row == rows.low[y]) {
        Line next = upper;
        upper = lower;
        lower = next;
      }
      load(upper, logits, rows.low[y]);
      load(lower, logits, rows.high[y]);
      fill(ids, at);
    }
    if (openCount > 0) {
      interpolate(ids, y);
    }
  }

  /** Cells that one class wins; notes the others. */
  private void fill(byte[] ids, int at) {
    short[] top = upper.winner;
    short[] bottom = lower.winner;
    int[] low = columns.low;
    int[] high = columns.high;
    int[] cellEnd = columns.cellEnd;
    int size = columns.size;
    int count = 0;
    int x = 0;
    while (x < size) {
      int l = low[x];
      int r = high[x];
      int id = top[l];
      int end = cellEnd[x];
      if (id == UNSURE || id != top[r] || id != bottom[l] || id != bottom[r]) {
        open[count++] = x;
      } else {
        while (end < size
            && id == top[low[end]]
            && id == top[high[end]]
            && id == bottom[low[end]]
            && id == bottom[high[end]]) {
          end = cellEnd[end];
        }
        Arrays.fill(ids, at + x, at + end, (byte) id);
      }
      x = end;
    }
    openCount = count;
  }

  private void load(Line line, LogitRows rows, int row) {
    if (line.row == row) {
      return;
    }
    read(line, rows, row);
    margins(best, margin, within);
    for (float[] plane : planes) {
      count(plane, best, margin, within);
    }
    for (int x = 0; x < width; x++) {
      line.winner[x] = within[x] == margin[x] ? (short) (classes - (int) rank[x]) : UNSURE;
    }
  }

  /** Reads a row and ranks its winners; the lowest class that equals the best. */
  private void read(Line line, LogitRows rows, int row) {
    rows.read(row, line.logits);
    line.row = row;
    for (int k = 0; k < classes; k++) {
      spread(line.logits, k, classes, planes[k], width);
    }
    System.arraycopy(planes[0], 0, best, 0, width);
    for (float[] plane : planes) {
      raise(plane, best, spoilt);
    }
    Arrays.fill(rank, 0);
    for (int k = 0; k < classes; k++) {
      rank(planes[k], best, classes - k, rank);
    }
  }

  private static void spread(float[] from, int first, int step, float[] to, int count) {
    for (int x = 0, f = first; x < count; x++, f += step) {
      to[x] = from[f];
    }
  }

  /** Zero times a value that is not finite is NaN, and stays so in a sum. */
  private static void raise(float[] plane, float[] best, float[] spoilt) {
    for (int x = 0; x < best.length; x++) {
      best[x] = Math.max(best[x], plane[x]);
      spoilt[x] += plane[x] * 0;
    }
  }

  /** Who is behind by anything at all is far below 0. */
  private static void rank(float[] plane, float[] best, float ofThis, float[] rank) {
    for (int x = 0; x < rank.length; x++) {
      rank[x] = Math.max(rank[x], ofThis - (best[x] - plane[x]) * HUGE * HUGE);
    }
  }

  private static void margins(float[] best, float[] margin, float[] within) {
    for (int x = 0; x < margin.length; x++) {
      margin[x] = Math.abs(best[x]) * SAFE_MARGIN + LEAST_MARGIN;
      within[x] = 0;
    }
  }

  private static void count(float[] plane, float[] best, float[] margin, float[] within) {
    for (int x = 0; x < within.length; x++) {
      within[x] += Math.max(0, margin[x] - (best[x] - plane[x]));
    }
  }

  private ArithmeticException notFinite(LogitRows logits) {
    float[] line = upper.logits;
    for (int row = 0; row < height; row++) {
      logits.read(row, line);
      for (int i = 0; i < line.length; i++) {
        if (!(Math.abs(line[i]) <= Float.MAX_VALUE)) {
          return new ArithmeticException(
              "logit of class "
                  + i % classes
                  + " at ("
                  + i / classes
                  + ", "
                  + row
                  + ") is "
                  + line[i]
                  + "; the weights or the input are damaged, check both for values that are not"
                  + " finite");
        }
      }
    }
    return new ArithmeticException("a logit was not finite when it was read first");
  }

  /** Plain computation of the open cells of a row. */
  private void interpolate(byte[] ids, int y) {
    float down = rows.fraction[y];
    mix(upper.logits, 1 - down, lower.logits, down, mixed);
    int at = y * columns.size;
    for (int i = 0; i < openCount; i++) {
      int end = columns.cellEnd[open[i]];
      for (int x = open[i]; x < end; x += MOST_SPAN) {
        if (batch.isFull()) {
          batch.flush(ids);
        }
        batch.add(mixed, columns, x, Math.min(MOST_SPAN, end - x), at);
      }
    }
  }

  static void mix(float[] above, float up, float[] below, float down, float[] mixed) {
    for (int i = 0; i < mixed.length; i++) {
      mixed[i] = up * above[i] + down * below[i];
    }
  }

  /** Cells of any rows, to be interpolated together. */
  private static final class Batch {
    final int classes;

    /** By cell: all classes at its left, and at its right. */
    final float[] ends;

    /** The same by class, then cell. */
    final float[][] left;

    final float[][] right;

    /** By pixel of the cell, then cell: how much of the left and of the right goes into it. */
    final float[][] ofLeft;

    final float[][] ofRight;

    /** Where in the map the cell begins, and how many pixels it has. */
    final int[] place;

    final int[] span;
    final float[] best;
    final float[] rank;
    int count;
    int widest;

    Batch(int classes, int capacity) {
      this.classes = classes;
      ends = new float[2 * classes * capacity];
      left = new float[classes][capacity];
      right = new float[classes][capacity];
      ofLeft = new float[MOST_SPAN][capacity];
      ofRight = new float[MOST_SPAN][capacity];
      place = new int[capacity];
      span = new int[capacity];
      best = new float[capacity];
      rank = new float[capacity];
    }

    boolean isFull() {
      return count == place.length;
    }

    void add(float[] row, Axis columns, int x, int pixels, int at) {
      int i = count++;
      int to = 2 * classes * i;
      int from = columns.low[x] * classes;
      if (columns.high[x] > columns.low[x]) {
        System.arraycopy(row, from, ends, to, 2 * classes);
      } else {
        // The last column is its own neighbour.
        System.arraycopy(row, from, ends, to, classes);
        System.arraycopy(row, from, ends, to + classes, classes);
      }
      for (int p = 0; p < pixels; p++) {
        float fraction = columns.fraction[x + p];
        ofLeft[p][i] = 1 - fraction;
        ofRight[p][i] = fraction;
      }
      place[i] = at + x;
      span[i] = pixels;
      widest = Math.max(widest, pixels);
    }

    void flush(byte[] ids) {
      for (int k = 0; k < classes; k++) {
        spread(ends, k, 2 * classes, left[k], count);
        spread(ends, classes + k, 2 * classes, right[k], count);
      }
      // Pixels that a narrower cell does not have are computed from what lies there, and not kept.
      for (int p = 0; p < widest; p++) {
        Arrays.fill(best, 0, count, Float.NEGATIVE_INFINITY);
        for (int k = 0; k < classes; k++) {
          raise(left[k], ofLeft[p], right[k], ofRight[p], best, count);
        }
        Arrays.fill(rank, 0, count, 0);
        for (int k = 0; k < classes; k++) {
          rank(left[k], ofLeft[p], right[k], ofRight[p], best, classes - k, rank, count);
        }
        for (int i = 0; i < count; i++) {
          if (p < span[i]) {
            ids[place[i] + p] = (byte) (classes - (int) rank[i]);
          }
        }
      }
      count = 0;
      widest = 0;
    }

    private static void raise(
        float[] left, float[] ofLeft, float[] right, float[] ofRight, float[] best, int count) {
      for (int i = 0; i < count; i++) {
        best[i] = Math.max(best[i], ofLeft[i] * left[i] + ofRight[i] * right[i]);
      }
    }

    private static void rank(
        float[] left,
        float[] ofLeft,
        float[] right,
        float[] ofRight,
        float[] best,
        float ofThis,
        float[] rank,
        int count) {
      for (int i = 0; i < count; i++) {
        float behind = best[i] - (ofLeft[i] * left[i] + ofRight[i] * right[i]);
        rank[i] = Math.max(rank[i], ofThis - behind * HUGE * HUGE);
      }
    }
  }

  /** Where each result of an axis lies between the samples {@code low} and {@code high}. */
  static final class Axis {
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
