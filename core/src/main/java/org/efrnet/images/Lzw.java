package org.efrnet.images;

import java.util.zip.DataFormatException;

/**
 * The two LZW streams that picture files hold. Our own, because the JDK's readers fill what a
 * stream leaves out with black and say nothing.
 *
 * <p>GIF89a, appendix F: least significant bit first. TIFF 6.0, section 13: most significant bit
 * first, and codes grow one entry early.
 */
final class Lzw {
  /**
   * The longest string has an entry for each of its bytes and takes one code of at least 9 bits: a
   * stream never unpacks to more than this many times its size.
   */
  static final long LARGEST_RATIO = 4096;

  private static final int MOST_CODES = 4096;
  private static final int MOST_BITS = 12;

  private final byte[] from;
  private final int end;
  private final int literalBits;
  private final boolean tiff;
  private final short[] prefix = new short[MOST_CODES];
  private final byte[] last = new byte[MOST_CODES];
  private final byte[] first = new byte[MOST_CODES];
  private final short[] length = new short[MOST_CODES];
  private int at;
  private int bits;
  private int held;

  private Lzw(byte[] from, int start, int end, int literalBits, boolean tiff) {
    this.from = from;
    this.at = start;
    this.end = end;
    this.literalBits = literalBits;
    this.tiff = tiff;
  }

  /** Unpacks until {@code to} is full or the stream ends; returns how many bytes came out. */
  static int gif(byte[] from, int start, int end, int literalBits, byte[] to)
      throws DataFormatException {
    return new Lzw(from, start, end, literalBits, false).unpack(to, to.length);
  }

  /** As {@link #gif}, into the first {@code most} bytes. */
  static int tiff(byte[] from, int start, int end, byte[] to, int most) throws DataFormatException {
    return new Lzw(from, start, end, 8, true).unpack(to, most);
  }

  private int unpack(byte[] to, int most) throws DataFormatException {
    int clear = 1 << literalBits;
    for (int i = 0; i < clear; i++) {
      last[i] = (byte) i;
      first[i] = (byte) i;
      length[i] = 1;
    }
    int early = tiff ? 1 : 0;
    int width = literalBits + 1;
    int next = clear + 2;
    int before = -1;
    int t = 0;
    while (t < most) {
      int code = code(width);
      if (code < 0 || code == clear + 1) {
        return t;
      }
      if (code == clear) {
        width = literalBits + 1;
        next = clear + 2;
        before = -1;
        continue;
      }
      if (code > next || (code >= clear && before < 0) || (code == next && next == MOST_CODES)) {
        throw new DataFormatException("code " + code + " is not in its table");
      }
      if (before >= 0 && next < MOST_CODES) {
        prefix[next] = (short) before;
        first[next] = first[before];
        last[next] = code == next ? first[before] : first[code];
        length[next] = (short) (length[before] + 1);
        next++;
        if (next + early == (1 << width) && width < MOST_BITS) {
          width++;
        }
      }
      int stop = t + length[code];
      int entry = code;
      for (int i = stop - 1; i >= t; i--) {
        if (i < most) {
          to[i] = last[entry];
        }
        entry = prefix[entry];
      }
      t = Math.min(stop, most);
      before = code;
    }
    return t;
  }

  /** The next code, or -1 at the end of the stream. */
  private int code(int width) {
    while (bits < width) {
      if (at >= end) {
        return -1;
      }
      int value = from[at++] & 0xff;
      held = tiff ? (held << 8) | value : held | (value << bits);
      bits += 8;
    }
    int mask = (1 << width) - 1;
    bits -= width;
    if (tiff) {
      int code = (held >> bits) & mask;
      held &= (1 << bits) - 1;
      return code;
    }
    int code = held & mask;
    held >>>= width;
    return code;
  }
}
