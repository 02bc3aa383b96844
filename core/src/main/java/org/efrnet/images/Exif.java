package org.efrnet.images;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The one Exif tag that changes where pixels are: Orientation (0x0112) of the first directory. Exif
 * 2.32, 4.6.2; only that directory is read, so a loop of directories is never followed.
 */
final class Exif {
  static final int UPRIGHT = 1;
  static final int LAST = 8;

  private static final int ORIENTATION = 0x0112;
  private static final int SHORT = 3;

  private Exif() {}

  /**
   * The orientation 1..8 in a TIFF structure; {@link #UPRIGHT} where there is none or it makes no
   * sense, as every viewer does.
   */
  static int orientation(byte[] file, int start, int length) {
    if (length < 8) {
      return UPRIGHT;
    }
    ByteBuffer tiff = ByteBuffer.wrap(file, start, length).slice();
    int order = tiff.getShort(0);
    if (order == 0x4949) {
      tiff.order(ByteOrder.LITTLE_ENDIAN);
    } else if (order != 0x4d4d) {
      return UPRIGHT;
    }
    long directory = tiff.getInt(4) & 0xffffffffL;
    if (tiff.getShort(2) != 42 || directory + 2 > length) {
      return UPRIGHT;
    }
    int entries = tiff.getShort((int) directory) & 0xffff;
    for (int i = 0; i < entries; i++) {
      long entry = directory + 2 + 12L * i;
      if (entry + 12 > length) {
        return UPRIGHT;
      }
      int at = (int) entry;
      if ((tiff.getShort(at) & 0xffff) == ORIENTATION) {
        int value = tiff.getShort(at + 8) & 0xffff;
        boolean valid = tiff.getShort(at + 2) == SHORT && value >= UPRIGHT && value <= LAST;
        return valid ? value : UPRIGHT;
      }
    }
    return UPRIGHT;
  }

  static Picture upright(Picture stored, int orientation) {
    return orientation == UPRIGHT
        ? stored
        : orientation > 4
            ? new Picture(
                stored.height(),
                stored.width(),
                turn(stored.rgb(), stored.width(), stored.height(), 3, orientation))
            : new Picture(
                stored.width(),
                stored.height(),
                turn(stored.rgb(), stored.width(), stored.height(), 3, orientation));
  }

  static Mask upright(Mask stored, int orientation) {
    if (orientation == UPRIGHT) {
      return stored;
    }
    byte[] ids = turn(stored.ids(), stored.width(), stored.height(), 1, orientation);
    return orientation > 4
        ? new Mask(stored.height(), stored.width(), ids)
        : new Mask(stored.width(), stored.height(), ids);
  }

  /** Orientation n says which side of the scene the stored first row and first column are. */
  private static byte[] turn(byte[] from, int width, int height, int channels, int orientation) {
    boolean transposed = orientation > 4;
    boolean fromRight =
        orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    boolean fromBottom =
        orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    int outWidth = transposed ? height : width;
    int outHeight = transposed ? width : height;
    byte[] to = new byte[from.length];
    int t = 0;
    for (int y = 0; y < outHeight; y++) {
      for (int x = 0; x < outWidth; x++) {
        int column = transposed ? y : x;
        int row = transposed ? x : y;
        column = fromRight ? width - 1 - column : column;
        row = fromBottom ? height - 1 - row : row;
        int f = channels * (row * width + column);
        for (int c = 0; c < channels; c++) {
          to[t++] = from[f + c];
        }
      }
    }
    return to;
  }
}
