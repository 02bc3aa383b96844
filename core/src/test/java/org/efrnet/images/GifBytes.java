package org.efrnet.images;

import java.io.ByteArrayOutputStream;

/** Small GIF files for tests, every pixel a code of its own. */
final class GifBytes {
  private GifBytes() {}

  /** Header and a palette of four colours: colour i is (16 i + 1, 16 i + 2, 16 i + 3). */
  static byte[] header(int width, int height, int background) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(new byte[] {'G', 'I', 'F', '8', '9', 'a'});
    bytes.writeBytes(BmpBytes.bytes(width, width >> 8, height, height >> 8, 0x81, background, 0));
    for (int i = 0; i < 4; i++) {
      bytes.writeBytes(BmpBytes.bytes(16 * i + 1, 16 * i + 2, 16 * i + 3));
    }
    return bytes.toByteArray();
  }

  static byte[] frame(int left, int top, int width, int height, boolean interlaced, int... pixels) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(BmpBytes.bytes(0x2c, left, left >> 8, top, top >> 8));
    bytes.writeBytes(BmpBytes.bytes(width, width >> 8, height, height >> 8, interlaced ? 0x40 : 0));
    bytes.write(2);
    bytes.writeBytes(subBlocks(codes(pixels)));
    return bytes.toByteArray();
  }

  /** Codes of three bits: clearing after every pixel keeps them from growing. */
  private static byte[] codes(int... pixels) {
    byte[] packed = new byte[(3 * (2 * pixels.length + 1) + 7) / 8];
    int bit = 0;
    for (int i = 0; i <= 2 * pixels.length; i++) {
      int code = i == 2 * pixels.length ? 5 : (i & 1) == 0 ? 4 : pixels[i / 2];
      for (int b = 0; b < 3; b++, bit++) {
        packed[bit / 8] |= (byte) (((code >> b) & 1) << (bit % 8));
      }
    }
    return packed;
  }

  static byte[] subBlocks(byte[] data) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int at = 0; at < data.length; at += 255) {
      int length = Math.min(255, data.length - at);
      bytes.write(length);
      bytes.write(data, at, length);
    }
    bytes.write(0);
    return bytes.toByteArray();
  }

  static byte[] file(byte[]... blocks) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (byte[] block : blocks) {
      bytes.writeBytes(block);
    }
    bytes.write(0x3b);
    return bytes.toByteArray();
  }
}
