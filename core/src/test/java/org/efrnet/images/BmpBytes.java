package org.efrnet.images;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Small BMP files of every kind for tests. */
final class BmpBytes {
  private BmpBytes() {}

  /** A file with a 40-byte header; {@code extra} (masks, palette) stands between it and pixels. */
  static byte[] of(int width, int height, int bits, int packing, byte[] extra, byte[] pixels) {
    int start = 54 + extra.length;
    return ByteBuffer.allocate(start + pixels.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put((byte) 'B')
        .put((byte) 'M')
        .putInt(start + pixels.length)
        .putInt(0)
        .putInt(start)
        .putInt(40)
        .putInt(width)
        .putInt(height)
        .putShort((short) 1)
        .putShort((short) bits)
        .putInt(packing)
        .putInt(packing == 1 || packing == 2 ? pixels.length : 0)
        .putLong(0)
        .putLong(0)
        .put(extra)
        .put(pixels)
        .array();
  }

  static byte[] words(int... values) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (int value : values) {
      bytes.putInt(value);
    }
    return bytes.array();
  }

  static byte[] bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }
}
