package org.efrnet.images;

import java.util.Arrays;

/**
 * The one resize of training and serving, specified bit for bit: integer arithmetic only, so that
 * the same bytes come out on every JVM and CPU.
 *
 * <p><b>Bilinear.</b> Columns first, then rows; each pass turns {@code in} samples into {@code out}
 * and rounds to 8 bits. With {@code m = max(in, out)}, sample {@code j} has for result {@code i}
 * the raw weight
 *
 * <pre>w(i,j) = max(0, 2m - |(2j+1)·out - (2i+1)·in|)        0 &lt;= j &lt; in</pre>
 *
 * that is the triangle filter with half-pixel centres, one source pixel wide when enlarging (torch
 * {@code align_corners=False}) and widened by {@code in/out} when shrinking (antialias); samples
 * beyond the border count for nothing. With {@code W} the sum of a result's raw weights and {@code
 * S} the sum of its first {@code k}, the first {@code k} fixed-point weights sum to
 *
 * <pre>R(S) = floor((S·2^23 + W) / 2W) when 2S &lt;= W, else 2^22 - R(W - S)</pre>
 *
 * so that they sum to exactly 2^22 (a constant picture stays constant) and mirrored pictures give
 * mirrored results. A result is {@code (sum of weight·sample + 2^21) >> 22}.
 *
 * <p><b>Nearest.</b> Result {@code i} is sample {@code floor((2i+1)·in / 2out)}.
 *
 * <p>Both sizes are at most {@link #MAX_SIDE} a side, where 64 bits still hold every product.
 */
public final class Resize {
  /** The longest side, in pixels, of a source or result. */
  public static final int MAX_SIDE = 1 << 18;

  static final int BITS = 22;
  static final int ROUND = 1 << (BITS - 1);

  private Resize() {}

  /** The whole picture at another size; {@code source} itself when the size is its own. */
  public static Picture bilinear(Picture source, int width, int height) {
    if (width == source.width() && height == source.height()) {
      return source;
    }
    requireSides(source.width(), source.height(), width, height);
    return bilinear(source, width, height, Region.whole(width, height));
  }

  /**
   * The picture with its last column and row repeated to the right and below; {@code source} itself
   * when it has that size.
   *
   * @param width at least the picture's
   * @param height at least the picture's
   */
  public static Picture padded(Picture source, int width, int height) {
    if (width == source.width() && height == source.height()) {
      return source;
    }
    byte[] from = source.rgb();
    byte[] rgb = new byte[3 * width * height];
    int row = 3 * source.width();
    for (int y = 0; y < height; y++) {
      int to = 3 * width * y;
      System.arraycopy(from, row * Math.min(y, source.height() - 1), rgb, to, row);
      for (int i = row; i < 3 * width; i++) {
        rgb[to + i] = rgb[to + i - 3];
      }
    }
    return new Picture(width, height, rgb);
  }

  /**
   * The part {@code crop} of the picture resized to {@code width x height}: the bytes that a crop
   * of the full result has, at the cost of the part alone.
   *
   * @throws IllegalArgumentException if {@code crop} does not lie inside {@code width x height}
   */
  public static Picture bilinear(Picture source, int width, int height, Region crop) {
    requireSides(source.width(), source.height(), width, height);
    crop.requireInside(width, height);
    Taps columns = Taps.of(source.width(), width, crop.x(), crop.width());
    Taps rows = Taps.of(source.height(), height, crop.y(), crop.height());
    int firstRow = rows.first[0];
    int rowCount = rows.first[crop.height() - 1] + rows.count[crop.height() - 1] - firstRow;
    byte[] narrowed =
        width == source.width()
            ? cropColumns(source, crop, firstRow, rowCount)
            : resizeColumns(source, columns, crop.width(), firstRow, rowCount);
    byte[] result =
        height == source.height()
            ? narrowed
            : resizeRows(narrowed, 3 * crop.width(), rows, crop.height(), firstRow);
    return new Picture(crop.width(), crop.height(), result);
  }

  /** The whole mask at another size; {@code source} itself when the size is its own. */
  public static Mask nearest(Mask source, int width, int height) {
    if (width == source.width() && height == source.height()) {
      return source;
    }
    requireSides(source.width(), source.height(), width, height);
    return nearest(source, width, height, Region.whole(width, height));
  }

  /**
   * The part {@code crop} of the mask resized to {@code width x height}.
   *
   * @throws IllegalArgumentException if {@code crop} does not lie inside {@code width x height}
   */
  public static Mask nearest(Mask source, int width, int height, Region crop) {
    requireSides(source.width(), source.height(), width, height);
    crop.requireInside(width, height);
    int[] columns = new int[crop.width()];
    for (int x = 0; x < columns.length; x++) {
      columns[x] = nearestIndex(crop.x() + x, source.width(), width);
    }
    byte[] from = source.ids();
    byte[] ids = new byte[crop.width() * crop.height()];
    int at = 0;
    for (int y = 0; y < crop.height(); y++) {
      int row = nearestIndex(crop.y() + y, source.height(), height) * source.width();
      for (int column : columns) {
        ids[at++] = from[row + column];
      }
    }
    return new Mask(crop.width(), crop.height(), ids);
  }

  private static int nearestIndex(int i, int in, int out) {
    return (int) ((2L * i + 1) * in / (2L * out));
  }

  private static byte[] cropColumns(Picture source, Region crop, int firstRow, int rowCount) {
    byte[] from = source.rgb();
    if (crop.width() == source.width() && rowCount == source.height()) {
      return from;
    }
    int length = 3 * crop.width();
    byte[] to = new byte[length * rowCount];
    for (int y = 0; y < rowCount; y++) {
      System.arraycopy(
          from, 3 * ((firstRow + y) * source.width() + crop.x()), to, y * length, length);
    }
    return to;
  }

  private static byte[] resizeColumns(
      Picture source, Taps taps, int width, int firstRow, int rowCount) {
    byte[] to = new byte[Math.multiplyExact(3 * width, rowCount)];
    for (int y = 0; y < rowCount; y++) {
      int row = 3 * (firstRow + y) * source.width();
      if (taps.widest <= 2) {
        enlargeRow(source.rgb(), row, taps, to, 3 * width * y, width);
      } else {
        shrinkRow(source.rgb(), row, taps, to, 3 * width * y, width);
      }
    }
    return to;
  }

  private static void enlargeRow(byte[] from, int row, Taps taps, byte[] to, int at, int width) {
    int[] first = taps.first;
    int[] weights = taps.weights;
    int[] count = taps.count;
    int t = at;
    for (int x = 0; x < width; x++, t += 3) {
      int f = row + 3 * first[x];
      int a = weights[2 * x];
      int b = weights[2 * x + 1];
      // A lone tap reads itself twice, the second time with weight 0: no branch on the sums.
      int g = f + 3 * (count[x] - 1);
      to[t] = (byte) (((from[f] & 0xff) * a + (from[g] & 0xff) * b + ROUND) >> BITS);
      to[t + 1] = (byte) (((from[f + 1] & 0xff) * a + (from[g + 1] & 0xff) * b + ROUND) >> BITS);
      to[t + 2] = (byte) (((from[f + 2] & 0xff) * a + (from[g + 2] & 0xff) * b + ROUND) >> BITS);
    }
  }

  private static void shrinkRow(byte[] from, int row, Taps taps, byte[] to, int at, int width) {
    int[] weights = taps.weights;
    int[] first = taps.first;
    int[] count = taps.count;
    int widest = taps.widest;
    int t = at;
    for (int x = 0; x < width; x++, t += 3) {
      int f = row + 3 * first[x];
      int w = x * widest;
      int end = w + count[x];
      int red = ROUND;
      int green = ROUND;
      int blue = ROUND;
      for (; w < end; w++, f += 3) {
        int weight = weights[w];
        red += (from[f] & 0xff) * weight;
        green += (from[f + 1] & 0xff) * weight;
        blue += (from[f + 2] & 0xff) * weight;
      }
      to[t] = (byte) (red >> BITS);
      to[t + 1] = (byte) (green >> BITS);
      to[t + 2] = (byte) (blue >> BITS);
    }
  }

  private static byte[] resizeRows(byte[] from, int length, Taps taps, int height, int firstRow) {
    byte[] to = new byte[Math.multiplyExact(length, height)];
    int[] sums = new int[taps.widest > 4 ? length : 0];
    for (int y = 0; y < height; y++) {
      int f = (taps.first[y] - firstRow) * length;
      int w = y * taps.widest;
      int count = taps.count[y];
      if (count == 1) {
        System.arraycopy(from, f, to, y * length, length);
      } else if (count == 2) {
        mixTwo(from, f, length, taps.weights[w], taps.weights[w + 1], to, y * length);
      } else if (count <= 4) {
        mixFour(from, f, length, count, taps.weights, w, to, y * length);
      } else {
        Arrays.fill(sums, ROUND);
        for (int k = 0; k < count; k++) {
          addRow(from, f + k * length, taps.weights[w + k], sums);
        }
        for (int i = 0; i < length; i++) {
          to[y * length + i] = (byte) (sums[i] >> BITS);
        }
      }
    }
    return to;
  }

  private static void mixTwo(byte[] from, int f, int length, int a, int b, byte[] to, int t) {
    for (int i = 0; i < length; i++) {
      to[t + i] =
          (byte) (((from[f + i] & 0xff) * a + (from[f + length + i] & 0xff) * b + ROUND) >> BITS);
    }
  }

  /** Three or four rows; with three, the last one is read again at weight 0. */
  private static void mixFour(
      byte[] from, int f, int length, int count, int[] weights, int w, byte[] to, int t) {
    int a = weights[w];
    int b = weights[w + 1];
    int c = weights[w + 2];
    int d = count == 4 ? weights[w + 3] : 0;
    int f1 = f + length;
    int f2 = f1 + length;
    int f3 = f + (count - 1) * length;
    for (int i = 0; i < length; i++) {
      to[t + i] =
          (byte)
              (((from[f + i] & 0xff) * a
                      + (from[f1 + i] & 0xff) * b
                      + (from[f2 + i] & 0xff) * c
                      + (from[f3 + i] & 0xff) * d
                      + ROUND)
                  >> BITS);
    }
  }

  private static void addRow(byte[] from, int f, int weight, int[] sums) {
    for (int i = 0; i < sums.length; i++) {
      sums[i] += (from[f + i] & 0xff) * weight;
    }
  }

  static void requireSides(int sourceWidth, int sourceHeight, int width, int height) {
    requireSize("source", sourceWidth, sourceHeight);
    requireSize("result", width, height);
  }

  private static void requireSize(String what, int width, int height) {
    if (width < 1 || height < 1 || width > MAX_SIDE || height > MAX_SIDE) {
      throw new IllegalArgumentException(
          "resize " + what + " " + width + "x" + height + ": sides must be 1.." + MAX_SIDE);
    }
    if (3L * width * height > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "resize " + what + " " + width + "x" + height + " has more bytes than an array can hold");
    }
  }

  /** Result i is the sum over k of weights[i * widest + k] times sample first[i] + k. */
  record Taps(int[] first, int[] count, int[] weights, int widest) {

    /** The taps of results {@code from .. from + length - 1}. */
    static Taps of(int in, int out, int from, int length) {
      long reach = 2L * Math.max(in, out);
      int[] first = new int[length];
      int[] count = new int[length];
      int widest = 2;
      for (int i = 0; i < length; i++) {
        long centre = (2L * (from + i) + 1) * in;
        // |(2j+1)·out - centre| < reach holds for j strictly between these two quotients.
        long low = Math.floorDiv(Math.floorDiv(centre - reach, out) + 1, 2);
        long high = Math.floorDiv(-Math.floorDiv(-(centre + reach), out) - 1, 2);
        low = Math.max(low, 0);
        high = Math.min(high, in - 1L);
        while (raw(low, centre, out, reach) == 0) {
          low++;
        }
        while (raw(high, centre, out, reach) == 0) {
          high--;
        }
        first[i] = (int) low;
        count[i] = (int) (high - low + 1);
        widest = Math.max(widest, count[i]);
      }
      int[] weights = new int[Math.multiplyExact(length, widest)];
      for (int i = 0; i < length; i++) {
        long centre = (2L * (from + i) + 1) * in;
        long total = 0;
        for (int k = 0; k < count[i]; k++) {
          total += raw(first[i] + k, centre, out, reach);
        }
        long sum = 0;
        int before = 0;
        for (int k = 0; k < count[i]; k++) {
          sum += raw(first[i] + k, centre, out, reach);
          int upTo = share(sum, total);
          weights[i * widest + k] = upTo - before;
          before = upTo;
        }
      }
      return new Taps(first, count, weights, widest);
    }

    private static long raw(long j, long centre, int out, long reach) {
      return Math.max(0, reach - Math.abs((2 * j + 1) * out - centre));
    }

    private static int share(long sum, long total) {
      return 2 * sum <= total
          ? (int) (((sum << (BITS + 1)) + total) / (2 * total))
          : (1 << BITS) - share(total - sum, total);
    }
  }
}
