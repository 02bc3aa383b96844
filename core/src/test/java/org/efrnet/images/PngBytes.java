package org.efrnet.images;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/** Small PNG files of every kind for tests, with all line filters and without any cleverness. */
final class PngBytes {
  static final int GREY = 0;
  static final int RGB = 2;
  static final int PALETTE = 3;
  static final int GREY_ALPHA = 4;
  static final int RGB_ALPHA = 6;

  private static final int[][] WHOLE = {{0, 0, 1, 1}};
  private static final int[][] ADAM7 = {
    {0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}
  };

  private PngBytes() {}

  static int channels(int type) {
    return switch (type) {
      case RGB -> 3;
      case RGB_ALPHA -> 4;
      case GREY_ALPHA -> 2;
      default -> 1;
    };
  }

  /** The pixels packed, {@code samples[(y * width + x) * channels + c]}, line filters in turn. */
  static byte[] lines(int[] samples, int width, int height, int type, int depth, boolean adam7) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    int channels = channels(type);
    int pixelBytes = Math.max(1, channels * depth / 8);
    for (int[] pass : adam7 ? ADAM7 : WHOLE) {
      int pixels = (width - pass[0] + pass[2] - 1) / pass[2];
      if (pixels < 1) {
        continue;
      }
      byte[] above = new byte[(pixels * channels * depth + 7) / 8];
      int filter = 0;
      for (int y = pass[1]; y < height; y += pass[3]) {
        byte[] line = new byte[above.length];
        int bit = 0;
        for (int x = pass[0]; x < width; x += pass[2]) {
          for (int c = 0; c < channels; c++) {
            int value = samples[(y * width + x) * channels + c];
            for (int b = depth - 1; b >= 0; b--, bit++) {
              line[bit / 8] |= (byte) ((value >> b & 1) << (7 - bit % 8));
            }
          }
        }
        all.write(filter);
        for (int i = 0; i < line.length; i++) {
          int left = i < pixelBytes ? 0 : line[i - pixelBytes] & 0xff;
          int corner = i < pixelBytes ? 0 : above[i - pixelBytes] & 0xff;
          int up = above[i] & 0xff;
          int guess =
              switch (filter) {
                case 1 -> left;
                case 2 -> up;
                case 3 -> (left + up) / 2;
                case 4 -> Png.paeth(left, up, corner);
                default -> 0;
              };
          all.write(line[i] - guess);
        }
        filter = (filter + 1) % 5;
        above = line;
      }
    }
    return all.toByteArray();
  }

  static byte[] header(int width, int height, int type, int depth, boolean adam7) {
    return ByteBuffer.allocate(13)
        .putInt(width)
        .putInt(height)
        .put((byte) depth)
        .put((byte) type)
        .put((byte) 0)
        .put((byte) 0)
        .put((byte) (adam7 ? 1 : 0))
        .array();
  }

  static byte[] deflated(byte[] bytes) {
    Deflater deflater = new Deflater();
    deflater.setInput(bytes);
    deflater.finish();
    byte[] packed = new byte[bytes.length + 100];
    int length = deflater.deflate(packed);
    deflater.end();
    return Arrays.copyOf(packed, length);
  }

  static byte[] chunk(String type, byte[] data) {
    byte[] name = type.getBytes(StandardCharsets.US_ASCII);
    CRC32 crc = new CRC32();
    crc.update(name);
    crc.update(data);
    return ByteBuffer.allocate(12 + data.length)
        .putInt(data.length)
        .put(name)
        .put(data)
        .putInt((int) crc.getValue())
        .array();
  }

  static byte[] file(byte[]... chunks) {
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    file.writeBytes(new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'});
    for (byte[] chunk : chunks) {
      file.writeBytes(chunk);
    }
    return file.toByteArray();
  }

  /** A whole file; {@code before} are chunks between header and pixels (palette, Exif). */
  static byte[] of(
      int[] samples, int width, int height, int type, int depth, boolean adam7, byte[]... before) {
    byte[] packed = deflated(lines(samples, width, height, type, depth, adam7));
    ByteArrayOutputStream middle = new ByteArrayOutputStream();
    for (byte[] chunk : before) {
      middle.writeBytes(chunk);
    }
    // In two parts, one of a single byte: readers must join them.
    return file(
        chunk("IHDR", header(width, height, type, depth, adam7)),
        middle.toByteArray(),
        chunk("IDAT", Arrays.copyOf(packed, 1)),
        chunk("IDAT", Arrays.copyOfRange(packed, 1, packed.length)),
        chunk("IEND", new byte[0]));
  }

  /** A TIFF structure with one tag: Orientation. */
  static byte[] exif(int orientation, boolean littleEndian) {
    return ByteBuffer.allocate(26)
        .order(littleEndian ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN)
        .putShort((short) (littleEndian ? 0x4949 : 0x4d4d))
        .putShort((short) 42)
        .putInt(8)
        .putShort((short) 1)
        .putShort((short) 0x0112)
        .putShort((short) 3)
        .putInt(1)
        .putShort((short) orientation)
        .putShort((short) 0)
        .putInt(0)
        .array();
  }
}
