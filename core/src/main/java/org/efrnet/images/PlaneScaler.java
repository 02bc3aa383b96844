package org.efrnet.images;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * From pictures of one size to what a network reads, in one pass: scaled as by {@link
 * Resize#bilinear(Picture, int, int)}, padded as by {@link Resize#padded}, normalised as by {@link
 * Normalization#planes}, bit for bit, with nothing stored in between but a few rows that stay in
 * the processor's cache, and nothing allocated.
 *
 * <p>An instance keeps work arrays: it may be used by one thread at a time. Two instances may make
 * the upper and the lower part of the same planes at once.
 */
public final class PlaneScaler {
  /** Results of so few rows are mixed at one go; of more, row by row. */
  private static final int MOST_MIXED = 4;

  private static final VarHandle INTS =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  private final int width;
  private final int height;
  private final int scaledWidth;
  private final int scaledHeight;
  private final int paddedWidth;
  private final int paddedHeight;

  /** Where the channels' planes begin. */
  private final int redPlane;

  private final int greenPlane;
  private final int bluePlane;
  private final float[] red;
  private final float[] green;
  private final float[] blue;
  private final Resize.Taps columns;
  private final Resize.Taps rows;

  /** The results {@code halvedFrom..halvedTo-1} of a row have the weights 1 3 3 1 in eighths. */
  private final int halvedFrom;

  private final int halvedTo;

  /** Source rows at the result's width, values 0..255: all reds, then greens, then blues. */
  private final int[][] narrow;

  /** Which source row {@link #narrow} holds where; -1 for none. */
  private final int[] held;

  /** Results that are not complete yet, where more than {@link #MOST_MIXED} rows make one. */
  private final int[][] sums;

  private final int[] mixed;

  /**
   * @param width of the pictures
   * @param height of the pictures
   * @param scaledWidth to which they are scaled
   * @param scaledHeight to which they are scaled
   * @param paddedWidth of the planes, at least {@code scaledWidth}
   * @param paddedHeight of the planes, at least {@code scaledHeight}
   * @throws IllegalArgumentException if padding would cut, or a side is out of {@link Resize}'s
   *     range
   */
  public PlaneScaler(
      int width,
      int height,
      int scaledWidth,
      int scaledHeight,
      int paddedWidth,
      int paddedHeight,
      Normalization normalization) {
    boolean direct = width == scaledWidth && height == scaledHeight;
    if (!direct) {
      Resize.requireSides(width, height, scaledWidth, scaledHeight);
    }
    if (paddedWidth < scaledWidth
        || paddedHeight < scaledHeight
        || 3L * paddedWidth * paddedHeight > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "padding "
              + scaledWidth
              + "x"
              + scaledHeight
              + " to "
              + paddedWidth
              + "x"
              + paddedHeight
              + ": must not cut, nor have more values than an array can hold");
    }
    this.width = width;
    this.height = height;
    this.scaledWidth = scaledWidth;
    this.scaledHeight = scaledHeight;
    this.paddedWidth = paddedWidth;
    this.paddedHeight = paddedHeight;
    int plane = paddedWidth * paddedHeight;
    this.redPlane = normalization.planeOf(0) * plane;
    this.greenPlane = normalization.planeOf(1) * plane;
    this.bluePlane = normalization.planeOf(2) * plane;
    this.red = normalization.table(0);
    this.green = normalization.table(1);
    this.blue = normalization.table(2);
    this.columns = Resize.Taps.of(width, scaledWidth, 0, direct ? 0 : scaledWidth);
    this.rows = Resize.Taps.of(height, scaledHeight, 0, direct ? 0 : scaledHeight);
    boolean halves = width == 2 * scaledWidth && scaledWidth > 2;
    this.halvedFrom = halves ? 1 : 0;
    this.halvedTo = halves ? scaledWidth - 1 : 0;
    boolean summed = rows.widest() > MOST_MIXED;
    int length = direct ? 0 : Math.multiplyExact(3, scaledWidth);
    this.narrow = new int[summed ? 1 : MOST_MIXED][length];
    this.held = new int[narrow.length];
    this.sums = new int[summed ? mostOpen(rows) : 0][length];
    this.mixed = new int[length];
  }

  /** How many results take part of one source row at most. */
  private static int mostOpen(Resize.Taps rows) {
    int most = 1;
    int last = 0;
    for (int y = 0; y < rows.first().length; y++) {
      int end = rows.first()[y] + rows.count()[y];
      while (last < rows.first().length && rows.first()[last] < end) {
        last++;
      }
      most = Math.max(most, last - y);
    }
    return most;
  }

  /**
   * Writes the planes of a picture.
   *
   * @param picture of this instance's size
   * @param planes receives {@code 3 * paddedWidth * paddedHeight} values: red, green, blue, or as
   *     the normalization orders them, each (height, width)
   * @throws IllegalArgumentException if one of them has another size
   */
  public void into(Picture picture, float[] planes) {
    into(picture, planes, 0, paddedHeight);
  }

  /**
   * Writes some rows of the planes of a picture.
   *
   * @param picture of this instance's size
   * @param planes of the whole padded size
   * @param from the first row that is written
   * @param to the row behind the last, at most the padded height
   * @throws IllegalArgumentException if one of them has another size
   */
  public void into(Picture picture, float[] planes, int from, int to) {
    if (picture.width() != width || picture.height() != height) {
      throw new IllegalArgumentException(
          "picture "
              + picture.width()
              + "x"
              + picture.height()
              + " is not of the size "
              + width
              + "x"
              + height
              + " that is scaled here");
    }
    if (planes.length != 3L * paddedWidth * paddedHeight) {
      throw new IllegalArgumentException(
          "array of "
              + planes.length
              + " values for the planes of "
              + paddedWidth
              + "x"
              + paddedHeight
              + " pixels");
    }
    if (from >= to) {
      return;
    }
    // Rows of padding alone still need the row that they repeat.
    int first = Math.min(from, scaledHeight - 1);
    int end = Math.min(to, scaledHeight);
    if (mixed.length == 0) {
      for (int y = first; y < end; y++) {
        copy(picture.rgb(), y, planes);
      }
    } else if (sums.length > 0) {
      sum(picture.rgb(), planes, first, end);
    } else {
      mix(picture.rgb(), planes, first, end);
    }
    for (int y = Math.max(from, scaledHeight); y < to; y++) {
      for (int c = 0; c < 3; c++) {
        int plane = c * paddedWidth * paddedHeight;
        System.arraycopy(
            planes,
            plane + (scaledHeight - 1) * paddedWidth,
            planes,
            plane + y * paddedWidth,
            paddedWidth);
      }
    }
  }

  /** Without scaling. */
  private void copy(byte[] rgb, int y, float[] planes) {
    int redAt = redPlane + y * paddedWidth;
    int greenAt = greenPlane + y * paddedWidth;
    int blueAt = bluePlane + y * paddedWidth;
    int from = 3 * y * width;
    for (int x = 0; x < scaledWidth; x++, from += 3) {
      planes[redAt + x] = red[rgb[from] & 0xff];
      planes[greenAt + x] = green[rgb[from + 1] & 0xff];
      planes[blueAt + x] = blue[rgb[from + 2] & 0xff];
    }
    pad(planes, redAt, greenAt, blueAt);
  }

  /** Results of at most {@link #MOST_MIXED} rows. */
  private void mix(byte[] rgb, float[] planes, int from, int to) {
    Arrays.fill(held, -1);
    for (int y = from; y < to; y++) {
      int f = rows.first()[y];
      int count = rows.count()[y];
      int[] a = narrowed(rgb, f);
      if (count == 1) {
        write(a, planes, y);
        continue;
      }
      int w = y * rows.widest();
      int[] weights = rows.weights();
      int[] b = narrowed(rgb, f + 1);
      if (count == 2) {
        mixTwo(a, weights[w], b, weights[w + 1], mixed);
      } else {
        int[] c = narrowed(rgb, f + 2);
        // Where there is no fourth row, the third is read again at weight 0.
        int[] d = count == 4 ? narrowed(rgb, f + 3) : c;
        int last = count == 4 ? weights[w + 3] : 0;
        mixFour(a, weights[w], b, weights[w + 1], c, weights[w + 2], d, last, mixed);
      }
      write(mixed, planes, y);
    }
  }

  private static void mixTwo(int[] a, int wa, int[] b, int wb, int[] to) {
    for (int i = 0; i < to.length; i++) {
      to[i] = (a[i] * wa + b[i] * wb + Resize.ROUND) >> Resize.BITS;
    }
  }

  private static void mixFour(
      int[] a, int wa, int[] b, int wb, int[] c, int wc, int[] d, int wd, int[] to) {
    for (int i = 0; i < to.length; i++) {
      to[i] = (a[i] * wa + b[i] * wb + c[i] * wc + d[i] * wd + Resize.ROUND) >> Resize.BITS;
    }
  }

  private int[] narrowed(byte[] rgb, int row) {
    int slot = row % narrow.length;
    if (held[slot] != row) {
      narrow(rgb, row, narrow[slot]);
      held[slot] = row;
    }
    return narrow[slot];
  }

  /** Results of many rows, each of which is read once and added to all that it is part of. */
  private void sum(byte[] rgb, float[] planes, int from, int to) {
    int[] first = rows.first();
    int[] count = rows.count();
    int[] row = narrow[0];
    int y = from;
    for (int source = first[from]; y < to; source++) {
      narrow(rgb, source, row);
      for (int q = y; q < to && first[q] <= source; q++) {
        int weight = rows.weights()[q * rows.widest() + source - first[q]];
        int[] sum = sums[q % sums.length];
        if (source == first[q]) {
          begin(sum, row, weight);
        } else {
          add(sum, row, weight);
        }
      }
      for (; y < to && source == first[y] + count[y] - 1; y++) {
        int[] sum = sums[y % sums.length];
        for (int i = 0; i < sum.length; i++) {
          mixed[i] = sum[i] >> Resize.BITS;
        }
        write(mixed, planes, y);
      }
    }
  }

  private static void begin(int[] sum, int[] row, int weight) {
    for (int i = 0; i < sum.length; i++) {
      sum[i] = row[i] * weight + Resize.ROUND;
    }
  }

  private static void add(int[] sum, int[] row, int weight) {
    for (int i = 0; i < sum.length; i++) {
      sum[i] += row[i] * weight;
    }
  }

  private void narrow(byte[] rgb, int row, int[] to) {
    int at = 3 * row * width;
    if (width == scaledWidth) {
      spread(rgb, at, to);
    } else if (columns.widest() <= 2) {
      enlarge(rgb, at, to);
    } else {
      shrink(rgb, at, to, 0, halvedFrom);
      halve(rgb, at, to);
      shrink(rgb, at, to, halvedTo, scaledWidth);
    }
  }

  private void spread(byte[] rgb, int at, int[] to) {
    int greens = scaledWidth;
    int blues = 2 * scaledWidth;
    for (int x = 0, f = at; x < scaledWidth; x++, f += 3) {
      to[x] = rgb[f] & 0xff;
      to[greens + x] = rgb[f + 1] & 0xff;
      to[blues + x] = rgb[f + 2] & 0xff;
    }
  }

  private void enlarge(byte[] rgb, int at, int[] to) {
    int[] first = columns.first();
    int[] weights = columns.weights();
    int[] count = columns.count();
    int greens = scaledWidth;
    int blues = 2 * scaledWidth;
    for (int x = 0; x < scaledWidth; x++) {
      int f = at + 3 * first[x];
      int a = weights[2 * x];
      int b = weights[2 * x + 1];
      // A lone tap reads itself twice, the second time with weight 0: no branch on the sums.
      int g = f + 3 * (count[x] - 1);
      to[x] = ((rgb[f] & 0xff) * a + (rgb[g] & 0xff) * b + Resize.ROUND) >> Resize.BITS;
      to[greens + x] =
          ((rgb[f + 1] & 0xff) * a + (rgb[g + 1] & 0xff) * b + Resize.ROUND) >> Resize.BITS;
      to[blues + x] =
          ((rgb[f + 2] & 0xff) * a + (rgb[g + 2] & 0xff) * b + Resize.ROUND) >> Resize.BITS;
    }
  }

  private void shrink(byte[] rgb, int at, int[] to, int from, int end) {
    int[] first = columns.first();
    int[] weights = columns.weights();
    int[] count = columns.count();
    int widest = columns.widest();
    int greens = scaledWidth;
    int blues = 2 * scaledWidth;
    for (int x = from; x < end; x++) {
      int f = at + 3 * first[x];
      int w = x * widest;
      int last = w + count[x];
      int r = Resize.ROUND;
      int g = Resize.ROUND;
      int b = Resize.ROUND;
      for (; w < last; w++, f += 3) {
        int weight = weights[w];
        r += (rgb[f] & 0xff) * weight;
        g += (rgb[f + 1] & 0xff) * weight;
        b += (rgb[f + 2] & 0xff) * weight;
      }
      to[x] = r >> Resize.BITS;
      to[greens + x] = g >> Resize.BITS;
      to[blues + x] = b >> Resize.BITS;
    }
  }

  /**
   * The weights 1 3 3 1 in eighths, away from the borders: red and blue of a pixel are added in the
   * halves of one number.
   */
  private void halve(byte[] rgb, int at, int[] to) {
    int greens = scaledWidth;
    int blues = 2 * scaledWidth;
    int f = at + 3 * (2 * halvedFrom - 1);
    for (int x = halvedFrom; x < halvedTo; x++, f += 6) {
      int a = (int) INTS.get(rgb, f);
      int b = (int) INTS.get(rgb, f + 3);
      int c = (int) INTS.get(rgb, f + 6);
      int d = (int) INTS.get(rgb, f + 9);
      int redBlue =
          (a & 0xff00ff) + (d & 0xff00ff) + 3 * ((b & 0xff00ff) + (c & 0xff00ff)) + 0x40004;
      int green = (a >> 8 & 0xff) + (d >> 8 & 0xff) + 3 * ((b >> 8 & 0xff) + (c >> 8 & 0xff)) + 4;
      to[x] = redBlue >> 3 & 0xff;
      to[greens + x] = green >> 3;
      to[blues + x] = redBlue >> 19;
    }
  }

  /** Looks a row's values up. */
  private void write(int[] row, float[] planes, int y) {
    int redAt = redPlane + y * paddedWidth;
    int greenAt = greenPlane + y * paddedWidth;
    int blueAt = bluePlane + y * paddedWidth;
    look(row, 0, red, planes, redAt, scaledWidth);
    look(row, scaledWidth, green, planes, greenAt, scaledWidth);
    look(row, 2 * scaledWidth, blue, planes, blueAt, scaledWidth);
    pad(planes, redAt, greenAt, blueAt);
  }

  private static void look(int[] row, int from, float[] table, float[] to, int at, int count) {
    for (int x = 0; x < count; x++) {
      to[at + x] = table[row[from + x] & 0xff];
    }
  }

  private void pad(float[] planes, int redAt, int greenAt, int blueAt) {
    if (paddedWidth > scaledWidth) {
      padRow(planes, redAt);
      padRow(planes, greenAt);
      padRow(planes, blueAt);
    }
  }

  private void padRow(float[] planes, int at) {
    Arrays.fill(planes, at + scaledWidth, at + paddedWidth, planes[at + scaledWidth - 1]);
  }
}
