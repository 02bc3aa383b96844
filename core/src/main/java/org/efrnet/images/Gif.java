package org.efrnet.images;

import java.io.ByteArrayOutputStream;
import java.util.zip.DataFormatException;

/**
 * The first frame of a GIF file on its background. Our own reader, because the JDK's shows a frame
 * whose data end early as whole, its rest black.
 *
 * <p>GIF89a specification. Transparency is ignored: a transparent pixel keeps its palette colour.
 */
final class Gif {
  private static final int HEADER_BYTES = 13;
  private static final int FRAME_BYTES = 10;
  private static final int EXTENSION = 0x21;
  private static final int FRAME = 0x2c;
  private static final int TRAILER = 0x3b;

  /** First row and row step of the four passes of an interlaced frame (appendix E). */
  private static final int[][] INTERLACED = {{0, 8}, {4, 8}, {2, 4}, {1, 2}};

  private static final int[][] IN_ORDER = {{0, 1}};

  private final byte[] file;
  private final Fault fault;
  private int at = HEADER_BYTES;

  private Gif(byte[] file, String name) {
    this.file = file;
    this.fault = new Fault(name, "GIF");
  }

  static Picture read(byte[] file, String name, ReadOptions options) throws PictureException {
    return new Gif(file, name).read(name, options);
  }

  static ClaimedSize size(byte[] file, String name) throws PictureException {
    return new Gif(file, name).size();
  }

  private ClaimedSize size() throws PictureException {
    if (file.length < HEADER_BYTES) {
      throw fault.truncated();
    }
    return new ClaimedSize(unsigned16(6), unsigned16(8));
  }

  private Picture read(String name, ReadOptions options) throws PictureException {
    ClaimedSize size = size();
    options.requireSize(name, size.width(), size.height());
    int width = (int) size.width();
    int height = (int) size.height();
    Colours shared = colours(file[10]);
    int block = next();
    while (block == EXTENSION) {
      at++;
      skipSubBlocks();
      block = next();
    }
    if (block != FRAME) {
      throw fault.damaged(
          block == TRAILER ? "it holds no picture" : "unknown block at byte " + (at - 1));
    }
    if (file.length - at < FRAME_BYTES) {
      throw fault.truncated();
    }
    Frame frame =
        new Frame(unsigned16(at), unsigned16(at + 2), unsigned16(at + 4), unsigned16(at + 6));
    boolean interlaced = (file[at + 8] & 0x40) != 0;
    if (frame.width < 1
        || frame.height < 1
        || frame.left + frame.width > width
        || frame.top + frame.height > height) {
      throw fault.damaged(
          String.format(
              "its first frame of %dx%d at (%d, %d) is not inside its %dx%d pixels",
              frame.width, frame.height, frame.left, frame.top, width, height));
    }
    int flags = file[at + 8];
    at += 9;
    Colours own = colours(flags);
    int literalBits = next();
    int start = at;
    int packed = skipSubBlocks();
    int afterFrame = at;
    requireEnd();
    byte[] indices = unpack(start, afterFrame, packed, literalBits, frame);
    int background = shared.count > 0 && (file[11] & 0xff) < shared.count ? file[11] & 0xff : 0;
    Canvas canvas =
        new Canvas(width, height, shared.count == 0 ? 0 : shared.colour(file, background));
    Colours used = own.count > 0 ? own : shared;
    canvas.paste(
        new Picture(frame.width, frame.height, rgb(indices, frame, used, interlaced)),
        frame.left,
        frame.top);
    return canvas.picture();
  }

  private record Frame(int left, int top, int width, int height) {}

  private record Colours(int at, int count) {
    int colour(byte[] file, int index) {
      int f = at + 3 * index;
      return (file[f] & 0xff) << 16 | (file[f + 1] & 0xff) << 8 | (file[f + 2] & 0xff);
    }
  }

  private Colours colours(int flags) throws PictureException {
    int start = at;
    int count = (flags & 0x80) == 0 ? 0 : 2 << (flags & 7);
    if (file.length - at < 3 * count) {
      throw fault.truncated();
    }
    at += 3 * count;
    return new Colours(start, count);
  }

  /** All that follows the first frame is walked over, for a file cut there is cut all the same. */
  private void requireEnd() throws PictureException {
    int block = next();
    while (block != TRAILER) {
      if (block == EXTENSION) {
        at++;
      } else if (block == FRAME) {
        if (file.length - at < FRAME_BYTES) {
          throw fault.truncated();
        }
        int flags = file[at + 8];
        at += 9;
        colours(flags);
        at++;
      } else {
        throw fault.damaged("unknown block at byte " + (at - 1));
      }
      skipSubBlocks();
      block = next();
    }
  }

  private byte[] unpack(int start, int end, int packed, int literalBits, Frame frame)
      throws PictureException {
    if (literalBits < 1 || literalBits > 8) {
      throw fault.damaged("its pixels are packed from " + literalBits + " bits");
    }
    int pixels = frame.width * frame.height;
    if (packed * Lzw.LARGEST_RATIO < pixels) {
      throw fault.truncated();
    }
    ByteArrayOutputStream stream = new ByteArrayOutputStream(packed);
    for (int f = start; f < end; f += 1 + (file[f] & 0xff)) {
      stream.write(file, f + 1, file[f] & 0xff);
    }
    byte[] indices = new byte[pixels];
    try {
      if (Lzw.gif(stream.toByteArray(), 0, packed, literalBits, indices) < pixels) {
        throw fault.truncated();
      }
    } catch (DataFormatException e) {
      throw fault.damaged("its packed pixels do not unpack, " + e.getMessage());
    }
    return indices;
  }

  private byte[] rgb(byte[] indices, Frame frame, Colours colours, boolean interlaced)
      throws PictureException {
    byte[] rgb = new byte[3 * indices.length];
    int f = 0;
    for (int[] pass : interlaced ? INTERLACED : IN_ORDER) {
      for (int y = pass[0]; y < frame.height; y += pass[1]) {
        int t = 3 * y * frame.width;
        for (int x = 0; x < frame.width; x++, t += 3) {
          int index = indices[f++] & 0xff;
          if (index >= colours.count) {
            throw fault.damaged(
                String.format(
                    "pixel (%d, %d) has index %d, its palette %d colours",
                    x, y, index, colours.count));
          }
          System.arraycopy(file, colours.at + 3 * index, rgb, t, 3);
        }
      }
    }
    return rgb;
  }

  /** Moves behind the empty block that ends a chain; returns the bytes in the chain. */
  private int skipSubBlocks() throws PictureException {
    int bytes = 0;
    int size = next();
    while (size > 0) {
      bytes += size;
      if (file.length - at < size) {
        throw fault.truncated();
      }
      at += size;
      size = next();
    }
    return bytes;
  }

  private int next() throws PictureException {
    if (at >= file.length) {
      throw fault.truncated();
    }
    return file[at++] & 0xff;
  }

  private int unsigned16(int from) {
    return (file[from] & 0xff) | (file[from + 1] & 0xff) << 8;
  }
}
