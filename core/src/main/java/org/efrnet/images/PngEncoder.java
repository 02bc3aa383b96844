package org.efrnet.images;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/** Pictures and masks as the bytes of a PNG file; the same input gives the same bytes. */
final class PngEncoder {
  private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  private static final int GREY = 0;
  private static final int RGB = 2;
  private static final int PALETTE = 3;

  private PngEncoder() {}

  static byte[] encode(Picture picture) {
    return encode(picture.rgb(), picture.width(), picture.height(), 3, RGB);
  }

  static byte[] encodeGrey(Mask values) {
    return encode(values.ids(), values.width(), values.height(), 1, GREY);
  }

  private static byte[] encode(byte[] pixels, int width, int height, int channels, int type) {
    ByteArrayOutputStream file = start(width, height, type);
    Packer packer = new Packer();
    int length = channels * width;
    byte[] above = new byte[length];
    byte[] line = new byte[length];
    byte[] filtered = new byte[length + 1];
    for (int y = 0; y < height; y++) {
      System.arraycopy(pixels, y * length, line, 0, length);
      filter(cheapestFilter(line, above, channels), line, above, channels, filtered);
      packer.add(filtered, filtered.length);
      byte[] swap = above;
      above = line;
      line = swap;
    }
    return finish(file, packer);
  }

  /** Colour type 3 with all 256 palette entries, so that any id is a valid index. */
  static byte[] encode(Mask mask, int[] paletteRgb) {
    ByteArrayOutputStream file = start(mask.width(), mask.height(), PALETTE);
    byte[] palette = new byte[768];
    for (int i = 0; i < paletteRgb.length; i++) {
      palette[3 * i] = (byte) (paletteRgb[i] >> 16);
      palette[3 * i + 1] = (byte) (paletteRgb[i] >> 8);
      palette[3 * i + 2] = (byte) paletteRgb[i];
    }
    chunk(file, "PLTE", palette, palette.length);
    Packer packer = new Packer();
    // Differences of ids mean nothing: palette lines pack best unfiltered.
    byte[] line = new byte[mask.width() + 1];
    for (int y = 0; y < mask.height(); y++) {
      System.arraycopy(mask.ids(), y * mask.width(), line, 1, mask.width());
      packer.add(line, line.length);
    }
    return finish(file, packer);
  }

  private static ByteArrayOutputStream start(int width, int height, int type) {
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    file.writeBytes(SIGNATURE);
    byte[] header =
        ByteBuffer.allocate(13).putInt(width).putInt(height).put((byte) 8).put((byte) type).array();
    chunk(file, "IHDR", header, header.length);
    return file;
  }

  private static byte[] finish(ByteArrayOutputStream file, Packer packer) {
    byte[] data = packer.finish();
    chunk(file, "IDAT", data, data.length);
    chunk(file, "IEND", new byte[0], 0);
    return file.toByteArray();
  }

  private static void chunk(ByteArrayOutputStream file, String type, byte[] data, int length) {
    byte[] name = type.getBytes(StandardCharsets.US_ASCII);
    CRC32 crc = new CRC32();
    crc.update(name);
    crc.update(data, 0, length);
    file.writeBytes(ByteBuffer.allocate(4).putInt(length).array());
    file.writeBytes(name);
    file.write(data, 0, length);
    file.writeBytes(ByteBuffer.allocate(4).putInt((int) crc.getValue()).array());
  }

  private static final class Packer {
    private final Deflater deflater = new Deflater(4);
    private final ByteArrayOutputStream packed = new ByteArrayOutputStream();
    private final byte[] buffer = new byte[1 << 15];

    void add(byte[] bytes, int length) {
      deflater.setInput(bytes, 0, length);
      drain();
    }

    byte[] finish() {
      deflater.finish();
      drain();
      deflater.end();
      return packed.toByteArray();
    }

    private void drain() {
      int count = deflater.deflate(buffer);
      while (count > 0) {
        packed.write(buffer, 0, count);
        count = deflater.deflate(buffer);
      }
    }
  }

  /** The filter with the least sum of absolute differences, the specification's heuristic. */
  private static int cheapestFilter(byte[] line, byte[] above, int channels) {
    long[] sums = new long[5];
    for (int i = 0; i < line.length; i++) {
      int left = i < channels ? 0 : line[i - channels] & 0xff;
      int up = above[i] & 0xff;
      int corner = i < channels ? 0 : above[i - channels] & 0xff;
      int value = line[i] & 0xff;
      sums[0] += Math.abs((byte) value);
      sums[1] += Math.abs((byte) (value - left));
      sums[2] += Math.abs((byte) (value - up));
      sums[3] += Math.abs((byte) (value - ((left + up) >> 1)));
      sums[4] += Math.abs((byte) (value - Png.paeth(left, up, corner)));
    }
    int best = 0;
    for (int f = 1; f < 5; f++) {
      best = sums[f] < sums[best] ? f : best;
    }
    return best;
  }

  private static void filter(int filter, byte[] line, byte[] above, int channels, byte[] to) {
    to[0] = (byte) filter;
    for (int i = 0; i < line.length; i++) {
      int left = i < channels ? 0 : line[i - channels] & 0xff;
      int up = above[i] & 0xff;
      int corner = i < channels ? 0 : above[i - channels] & 0xff;
      int guess =
          switch (filter) {
            case 1 -> left;
            case 2 -> up;
            case 3 -> (left + up) >> 1;
            case 4 -> Png.paeth(left, up, corner);
            default -> 0;
          };
      to[i + 1] = (byte) (line[i] - guess);
    }
  }
}
