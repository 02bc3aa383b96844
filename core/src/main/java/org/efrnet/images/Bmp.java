package org.efrnet.images;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A BMP file. Our own reader, for it is short, never looks at profiles, and names a run, a palette
 * colour or a mask that makes no sense.
 *
 * <p>Microsoft's BITMAPFILEHEADER and its BITMAPCOREHEADER, BITMAPINFOHEADER, BITMAPV4HEADER and
 * BITMAPV5HEADER. Alpha and profiles are ignored; pixels that a run-length-coded file skips have
 * the first colour of its palette.
 */
final class Bmp {
  private static final int FILE_HEADER = 14;
  private static final int CORE_HEADER = 12;
  private static final int INFO_HEADER = 40;
  private static final int MASKS_AT = FILE_HEADER + INFO_HEADER;

  private static final int PLAIN = 0;
  private static final int RUNS_OF_8 = 1;
  private static final int RUNS_OF_4 = 2;
  private static final int MASKED = 3;
  private static final int MASKED_ALPHA = 6;

  private final byte[] file;
  private final ByteBuffer bytes;
  private final Fault fault;
  private int width;
  private int height;
  private boolean topDown;
  private int bits;
  private int paletteAt;
  private int colourBytes;
  private int colours;
  private long pixelsAt;

  private Bmp(byte[] file, String name) {
    this.file = file;
    this.bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    this.fault = new Fault(name, "BMP");
  }

  static Picture read(byte[] file, String name, ReadOptions options) throws PictureException {
    return new Bmp(file, name).read(name, options);
  }

  static ClaimedSize size(byte[] file, String name) throws PictureException {
    return new Bmp(file, name).size();
  }

  private ClaimedSize size() throws PictureException {
    if (file.length < FILE_HEADER + 4) {
      throw fault.truncated();
    }
    pixelsAt = bytes.getInt(10) & 0xffffffffL;
    int header = bytes.getInt(FILE_HEADER);
    switch (header) {
      case CORE_HEADER, INFO_HEADER, 52, 56, 64, 108, 124 -> {}
      default -> throw fault.damaged("a header of " + header + " bytes is not in the standard");
    }
    if (file.length < FILE_HEADER + header) {
      throw fault.truncated();
    }
    boolean core = header == CORE_HEADER;
    long claimedHeight = core ? unsigned16(20) : bytes.getInt(22);
    topDown = claimedHeight < 0;
    return new ClaimedSize(core ? unsigned16(18) : bytes.getInt(18), Math.abs(claimedHeight));
  }

  private Picture read(String name, ReadOptions options) throws PictureException {
    ClaimedSize size = size();
    options.requireSize(name, size.width(), size.height());
    width = (int) size.width();
    height = (int) size.height();
    int header = bytes.getInt(FILE_HEADER);
    boolean core = header == CORE_HEADER;
    bits = unsigned16(core ? 24 : 28);
    int packing = core ? PLAIN : bytes.getInt(30);
    requireKnown(packing, header);
    int masks =
        header == INFO_HEADER ? packing == MASKED ? 12 : packing == MASKED_ALPHA ? 16 : 0 : 0;
    findPalette(FILE_HEADER + header + masks, core);
    byte[] rgb;
    if (packing == RUNS_OF_8 || packing == RUNS_OF_4) {
      long packed = bytes.getInt(34) & 0xffffffffL;
      if (pixelsAt + packed > file.length) {
        throw fault.truncated();
      }
      rgb = unpackRuns();
    } else {
      long rowBytes = (width * (long) bits + 31) / 32 * 4;
      if (pixelsAt + rowBytes * height > file.length) {
        throw fault.truncated();
      }
      rgb = new byte[3 * width * height];
      readRows(rgb, (int) rowBytes, packing);
    }
    return new Picture(width, height, rgb);
  }

  private void requireKnown(int packing, int header) throws PictureException {
    boolean known =
        switch (packing) {
          case PLAIN ->
              bits == 1 || bits == 4 || bits == 8 || bits == 16 || bits == 24 || bits == 32;
          case RUNS_OF_8 -> bits == 8 && !topDown;
          case RUNS_OF_4 -> bits == 4 && !topDown;
          case MASKED, MASKED_ALPHA -> (bits == 16 || bits == 32) && header != 64;
          default -> false;
        };
    if (!known) {
      throw fault.unsupported(
          bits + " bits a pixel with compression " + packing, "save it as PNG or as a 24-bit BMP");
    }
  }

  private void findPalette(int at, boolean core) throws PictureException {
    paletteAt = at;
    if (pixelsAt < at) {
      throw fault.damaged("its pixels start at byte " + pixelsAt + ", inside its header");
    }
    if (pixelsAt > file.length) {
      throw fault.truncated();
    }
    if (bits > 8) {
      return;
    }
    colourBytes = core ? 3 : 4;
    long claimed = core ? 0 : bytes.getInt(46) & 0xffffffffL;
    // What the header leaves open is what fits before the pixels.
    long most = Math.min(1 << bits, (pixelsAt - at) / colourBytes);
    colours = (int) (claimed == 0 ? most : Math.min(claimed, most));
    if (colours == 0) {
      throw fault.damaged("it has palette pixels but no palette");
    }
  }

  private void readRows(byte[] rgb, int rowBytes, int packing) throws PictureException {
    boolean masked = packing != PLAIN;
    Channel[] channels = new Channel[3];
    if (bits == 16 || bits == 32) {
      for (int c = 0; c < 3; c++) {
        int plain = bits == 16 ? 0x7c00 >> (5 * c) : 0xff0000 >> (8 * c);
        channels[c] = channel(masked ? bytes.getInt(MASKS_AT + 4 * c) : plain);
      }
    }
    for (int y = 0; y < height; y++) {
      int f = (int) pixelsAt + rowBytes * (topDown ? y : height - 1 - y);
      int t = 3 * y * width;
      for (int x = 0; x < width; x++, t += 3) {
        switch (bits) {
          case 24 -> {
            rgb[t] = file[f + 3 * x + 2];
            rgb[t + 1] = file[f + 3 * x + 1];
            rgb[t + 2] = file[f + 3 * x];
          }
          case 16, 32 -> {
            int pixel = bits == 16 ? unsigned16(f + 2 * x) : bytes.getInt(f + 4 * x);
            rgb[t] = channels[0].of(pixel);
            rgb[t + 1] = channels[1].of(pixel);
            rgb[t + 2] = channels[2].of(pixel);
          }
          default -> {
            int bit = x * bits;
            int index =
                ((file[f + (bit >> 3)] & 0xff) >> (8 - bits - (bit & 7))) & ((1 << bits) - 1);
            paint(rgb, x, y, index);
          }
        }
      }
    }
  }

  /** One colour's bits in a pixel; of more than eight the highest eight are taken. */
  private record Channel(int mask, int shift, int most) {
    byte of(int pixel) {
      int value = (pixel & mask) >>> shift;
      return (byte) (most >= 255 ? value : most == 0 ? 0 : (value * 255 + most / 2) / most);
    }
  }

  private Channel channel(int mask) throws PictureException {
    int length = Integer.bitCount(mask);
    int low = Integer.numberOfTrailingZeros(mask);
    if (length > 0 && 32 - Integer.numberOfLeadingZeros(mask) - low != length) {
      throw fault.damaged(
          "the bits of its channel mask 0x" + Integer.toHexString(mask) + " are apart");
    }
    int dropped = Math.max(0, length - 8);
    int from = low + dropped;
    return length == 0
        ? new Channel(0, 0, 0)
        : new Channel((mask >>> from) << from, from, (1 << (length - dropped)) - 1);
  }

  private void paint(byte[] rgb, int x, int y, int index) throws PictureException {
    if (index >= colours) {
      throw fault.damaged(
          String.format(
              "pixel (%d, %d) has index %d, its palette %d colours", x, y, index, colours));
    }
    int f = paletteAt + colourBytes * index;
    int t = 3 * (y * width + x);
    rgb[t] = file[f + 2];
    rgb[t + 1] = file[f + 1];
    rgb[t + 2] = file[f];
  }

  private byte[] unpackRuns() throws PictureException {
    Canvas canvas = new Canvas(width, height, bytes.getInt(paletteAt) & 0xffffff);
    byte[] rgb = canvas.picture().rgb();
    boolean halves = bits == 4;
    int f = (int) pixelsAt;
    int x = 0;
    int row = 0;
    while (true) {
      if (file.length - f < 2) {
        throw fault.truncated();
      }
      int count = file[f++] & 0xff;
      int value = file[f++] & 0xff;
      if (count > 0) {
        requireInside(x + count, row);
        for (int i = 0; i < count; i++) {
          int index = !halves ? value : (i & 1) == 0 ? value >> 4 : value & 15;
          paint(rgb, x++, height - 1 - row, index);
        }
      } else if (value == 0) {
        x = 0;
        row++;
      } else if (value == 1) {
        return rgb;
      } else if (value == 2) {
        if (file.length - f < 2) {
          throw fault.truncated();
        }
        x += file[f++] & 0xff;
        row += file[f++] & 0xff;
        requireInside(x, row);
      } else {
        int stored = halves ? (value + 1) / 2 : value;
        stored += stored & 1;
        if (file.length - f < stored) {
          throw fault.truncated();
        }
        requireInside(x + value, row);
        for (int i = 0; i < value; i++) {
          int pair = file[f + (halves ? i / 2 : i)] & 0xff;
          int index = !halves ? pair : (i & 1) == 0 ? pair >> 4 : pair & 15;
          paint(rgb, x++, height - 1 - row, index);
        }
        f += stored;
      }
    }
  }

  private void requireInside(int columns, int row) throws PictureException {
    if (columns > width || row >= height) {
      throw fault.damaged("a run of pixels leaves its " + width + "x" + height + " pixels");
    }
  }

  private int unsigned16(int at) {
    return bytes.getShort(at) & 0xffff;
  }
}
