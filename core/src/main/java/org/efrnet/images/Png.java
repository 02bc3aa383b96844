package org.efrnet.images;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * A PNG file, its chunks checked, its pixels not yet decoded. Our own reader, because a mask needs
 * the stored indices untouched, because text and profile chunks (which can unpack to gigabytes) are
 * never opened here, and because a line more than the header promises is never inflated.
 *
 * <p>W3C PNG specification, third edition. Alpha, transparency, gamma and profiles are ignored.
 */
final class Png {
  private static final long SIGNATURE = 0x89504e470d0a1a0aL;
  private static final int GREY = 0;
  private static final int RGB = 2;
  private static final int PALETTE = 3;
  private static final int GREY_ALPHA = 4;
  private static final int RGB_ALPHA = 6;

  /** No deflate stream unpacks to more than this many times its size (zlib technical notes). */
  static final long LARGEST_DEFLATE_RATIO = 1032;

  private static final int[][] WHOLE = {{0, 0, 1, 1}};

  /** First column, first row, column step, row step of the seven passes of Adam7. */
  private static final int[][] ADAM7 = {
    {0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}
  };

  private final String name;
  private final byte[] file;
  private int width;
  private int height;
  private int depth;
  private int type;
  private boolean interlaced;
  private int orientation = Exif.UPRIGHT;
  private byte[] palette = {};
  private final List<Span> data = new ArrayList<>();

  private record Span(int start, int length) {}

  private interface Lines {
    /** Unfiltered bytes of one line whose pixels go to columns {@code first, first + step, ...}. */
    void line(byte[] line, int pixels, int y, int first, int step) throws PictureException;
  }

  private Png(String name, byte[] file) {
    this.name = name;
    this.file = file;
  }

  static boolean isPng(byte[] file) {
    return file.length >= 8 && ByteBuffer.wrap(file).getLong(0) == SIGNATURE;
  }

  static ClaimedSize size(byte[] file, String name) throws PictureException {
    Png png = new Png(name, file);
    if (file.length < 24) {
      throw png.truncated();
    }
    ByteBuffer bytes = ByteBuffer.wrap(file);
    return new ClaimedSize(bytes.getInt(16) & 0xffffffffL, bytes.getInt(20) & 0xffffffffL);
  }

  /** Checks the file's structure, size claims and checksums; unpacks nothing. */
  static Png parse(byte[] file, String name, ReadOptions options) throws PictureException {
    Png png = new Png(name, file);
    png.readChunks(options);
    return png;
  }

  private void readChunks(ReadOptions options) throws PictureException {
    ByteBuffer bytes = ByteBuffer.wrap(file);
    int at = 8;
    boolean ended = false;
    boolean first = true;
    long packed = 0;
    while (!ended) {
      if (file.length - at < 12) {
        throw truncated();
      }
      long length = bytes.getInt(at) & 0xffffffffL;
      if (length > file.length - at - 12L) {
        throw truncated();
      }
      String chunk = new String(file, at + 4, 4, StandardCharsets.ISO_8859_1);
      int start = at + 8;
      int size = (int) length;
      if (first != chunk.equals("IHDR")) {
        throw damaged("chunk IHDR is not the first and only one of its kind");
      }
      boolean critical = (file[at + 4] & 0x20) == 0;
      if (critical) {
        CRC32 crc = new CRC32();
        crc.update(file, at + 4, size + 4);
        if ((int) crc.getValue() != bytes.getInt(start + size)) {
          throw damaged("the checksum of chunk " + chunk + " at byte " + at + " is wrong");
        }
      }
      switch (chunk) {
        case "IHDR" -> readHeader(bytes, start, size, options);
        case "PLTE" -> {
          if (size == 0 || size > 768 || size % 3 != 0) {
            throw damaged("a palette of " + size + " bytes");
          }
          palette = Arrays.copyOfRange(file, start, start + size);
        }
        case "IDAT" -> {
          data.add(new Span(start, size));
          packed += size;
        }
        case "IEND" -> ended = true;
        case "eXIf" -> orientation = Exif.orientation(file, start, size);
        default -> {
          if (critical) {
            throw damaged("unknown critical chunk " + chunk + " at byte " + at);
          }
        }
      }
      first = false;
      at = start + size + 4;
    }
    if (type == PALETTE && palette.length == 0) {
      throw damaged("it has palette pixels but no palette");
    }
    // A tiny file that claims a large picture is known to be short before memory is taken for it.
    if (packed * LARGEST_DEFLATE_RATIO < (long) lineBytes(width) * height) {
      throw truncated();
    }
  }

  private void readHeader(ByteBuffer bytes, int at, int size, ReadOptions options)
      throws PictureException {
    if (size != 13) {
      throw damaged("a header of " + size + " bytes instead of 13");
    }
    long claimedWidth = bytes.getInt(at) & 0xffffffffL;
    long claimedHeight = bytes.getInt(at + 4) & 0xffffffffL;
    options.requireSize(name, claimedWidth, claimedHeight);
    width = (int) claimedWidth;
    height = (int) claimedHeight;
    depth = file[at + 8];
    type = file[at + 9];
    boolean valid =
        switch (type) {
          case GREY -> depth == 1 || depth == 2 || depth == 4 || depth == 8 || depth == 16;
          case PALETTE -> depth == 1 || depth == 2 || depth == 4 || depth == 8;
          case RGB, GREY_ALPHA, RGB_ALPHA -> depth == 8 || depth == 16;
          default -> false;
        };
    if (!valid || file[at + 10] != 0 || file[at + 11] != 0 || (file[at + 12] & 0xfe) != 0) {
      throw damaged("colour type " + type + " with " + depth + " bits is not in the standard");
    }
    interlaced = file[at + 12] == 1;
  }

  /** The picture as 8-bit RGB, turned upright. */
  Picture picture() throws PictureException {
    byte[] rgb = new byte[3 * width * height];
    Lines lines =
        switch (type) {
          case RGB, RGB_ALPHA -> colourLines(rgb);
          case PALETTE -> paletteLines(rgb);
          default -> greyLines(rgb);
        };
    decode(lines);
    return Exif.upright(new Picture(width, height, rgb), orientation);
  }

  /** The stored palette indices or grey values themselves, turned upright. */
  Mask mask() throws PictureException {
    String remedy =
        "give a mask as an 8-bit grey or palette PNG whose pixel values are ids (a colour-coded one"
            + " is converted with its class table)";
    if (type == RGB || type == RGB_ALPHA) {
      throw new PictureException(name, "an RGB-coloured PNG is not a mask of ids", remedy);
    }
    if (type == GREY_ALPHA) {
      throw new PictureException(name, "a grey PNG with alpha is not a mask of ids", remedy);
    }
    if (depth == 16) {
      throw new PictureException(name, "a 16-bit PNG is not a mask of 8-bit ids", remedy);
    }
    byte[] ids = new byte[width * height];
    decode(
        (line, pixels, y, first, step) -> {
          int t = y * width + first;
          for (int x = 0; x < pixels; x++, t += step) {
            ids[t] = (byte) sample(line, x);
          }
        });
    return Exif.upright(new Mask(width, height, ids), orientation);
  }

  /** The stored palette indices or grey values of up to 16 bits, turned upright. */
  InstanceMap instances() throws PictureException {
    if (depth < 16) {
      Mask small = mask();
      char[] ids = new char[small.ids().length];
      for (int i = 0; i < ids.length; i++) {
        ids[i] = (char) (small.ids()[i] & 0xff);
      }
      return new InstanceMap(small.width(), small.height(), ids);
    }
    if (type != GREY) {
      throw new PictureException(
          name,
          "a PNG with colours or alpha is not a map of instances",
          "give the instances as a 16-bit grey PNG");
    }
    byte[] high = new byte[width * height];
    byte[] low = new byte[width * height];
    decode(
        (line, pixels, y, first, step) -> {
          int t = y * width + first;
          for (int x = 0; x < pixels; x++, t += step) {
            high[t] = line[2 * x];
            low[t] = line[2 * x + 1];
          }
        });
    Mask upper = Exif.upright(new Mask(width, height, high), orientation);
    Mask lower = Exif.upright(new Mask(width, height, low), orientation);
    char[] ids = new char[high.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = (char) (((upper.ids()[i] & 0xff) << 8) | (lower.ids()[i] & 0xff));
    }
    return new InstanceMap(upper.width(), upper.height(), ids);
  }

  /** Whether it stores colours and no palette: as a mask, one whose classes are told by colour. */
  boolean isRgb() {
    return type == RGB || type == RGB_ALPHA;
  }

  /** The palette as 0xRRGGBB; empty where pixels are no indices into one. */
  List<Integer> paletteColours() {
    List<Integer> colours = new ArrayList<>();
    for (int i = 0; type == PALETTE && i < palette.length; i += 3) {
      colours.add(
          (palette[i] & 0xff) << 16 | (palette[i + 1] & 0xff) << 8 | (palette[i + 2] & 0xff));
    }
    return colours;
  }

  /** The colours of an RGB-coded mask, exactly as stored, turned upright. */
  Picture maskColours() throws PictureException {
    if (type != RGB || depth != 8) {
      throw new PictureException(
          name,
          "an RGB-coded mask with " + (type == RGB ? "16 bits a channel" : "alpha"),
          "its colours would not be exact: export it as 8-bit RGB without alpha");
    }
    return picture();
  }

  private Lines colourLines(byte[] rgb) {
    int bytes = depth / 8;
    int pixelBytes = bytes * channels();
    return (line, pixels, y, first, step) -> {
      int t = 3 * (y * width + first);
      if (pixelBytes == 3 && step == 1) {
        System.arraycopy(line, 0, rgb, t, 3 * pixels);
        return;
      }
      // 16-bit samples are stored high byte first: the high byte is the 8-bit value.
      for (int x = 0, f = 0; x < pixels; x++, f += pixelBytes, t += 3 * step) {
        rgb[t] = line[f];
        rgb[t + 1] = line[f + bytes];
        rgb[t + 2] = line[f + 2 * bytes];
      }
    };
  }

  private Lines greyLines(byte[] rgb) {
    int pixelBytes = depth / 8 * channels();
    int scale = depth < 8 ? 255 / ((1 << depth) - 1) : 1;
    return (line, pixels, y, first, step) -> {
      int t = 3 * (y * width + first);
      for (int x = 0; x < pixels; x++, t += 3 * step) {
        byte value = depth < 8 ? (byte) (scale * sample(line, x)) : line[x * pixelBytes];
        rgb[t] = value;
        rgb[t + 1] = value;
        rgb[t + 2] = value;
      }
    };
  }

  private Lines paletteLines(byte[] rgb) {
    return (line, pixels, y, first, step) -> {
      int t = 3 * (y * width + first);
      for (int x = 0; x < pixels; x++, t += 3 * step) {
        int f = 3 * sample(line, x);
        if (f >= palette.length) {
          throw damaged(
              "pixel ("
                  + (first + x * step)
                  + ", "
                  + y
                  + ") has index "
                  + f / 3
                  + ", its palette "
                  + palette.length / 3
                  + " colours");
        }
        rgb[t] = palette[f];
        rgb[t + 1] = palette[f + 1];
        rgb[t + 2] = palette[f + 2];
      }
    };
  }

  private int sample(byte[] line, int x) {
    if (depth == 8) {
      return line[x] & 0xff;
    }
    int bit = x * depth;
    return (line[bit >> 3] >> (8 - depth - (bit & 7))) & ((1 << depth) - 1);
  }

  private int channels() {
    return switch (type) {
      case RGB -> 3;
      case RGB_ALPHA -> 4;
      case GREY_ALPHA -> 2;
      default -> 1;
    };
  }

  private int lineBytes(int pixels) {
    return (pixels * channels() * depth + 7) / 8;
  }

  private void decode(Lines lines) throws PictureException {
    Inflater inflater = new Inflater();
    try {
      Unpacked unpacked = new Unpacked(inflater);
      int pixelBytes = Math.max(1, channels() * depth / 8);
      for (int[] pass : interlaced ? ADAM7 : WHOLE) {
        int pixels = (width - pass[0] + pass[2] - 1) / pass[2];
        if (pixels < 1) {
          continue;
        }
        int length = lineBytes(pixels);
        byte[] above = new byte[length];
        byte[] line = new byte[length];
        byte[] filter = new byte[1];
        for (int y = pass[1]; y < height; y += pass[3]) {
          unpacked.read(filter, 1);
          unpacked.read(line, length);
          unfilter(filter[0], line, above, pixelBytes);
          lines.line(line, pixels, y, pass[0], pass[2]);
          byte[] swap = above;
          above = line;
          line = swap;
        }
      }
      unpacked.checkEnd();
    } catch (DataFormatException e) {
      throw new PictureException(
          name, "damaged PNG: its packed pixels do not unpack", "export or copy it anew", e);
    } finally {
      inflater.end();
    }
  }

  private final class Unpacked {
    private final Inflater inflater;
    private int next;

    Unpacked(Inflater inflater) {
      this.inflater = inflater;
    }

    void read(byte[] to, int length) throws DataFormatException, PictureException {
      int at = 0;
      while (at < length) {
        int count = inflater.inflate(to, at, length - at);
        at += count;
        if (count == 0 && !feed()) {
          throw truncated();
        }
      }
    }

    /** The stream's own checksum stands behind the last line. */
    void checkEnd() throws DataFormatException, PictureException {
      byte[] more = new byte[1];
      while (!inflater.finished()) {
        if (inflater.inflate(more) > 0) {
          return;
        }
        if (!inflater.finished() && !feed()) {
          throw truncated();
        }
      }
    }

    private boolean feed() {
      if (inflater.finished() || inflater.needsDictionary() || next >= data.size()) {
        return false;
      }
      Span span = data.get(next++);
      inflater.setInput(file, span.start(), span.length());
      return true;
    }
  }

  private void unfilter(int filter, byte[] line, byte[] above, int pixelBytes)
      throws PictureException {
    switch (filter) {
      case 0 -> {}
      case 1 -> {
        for (int i = pixelBytes; i < line.length; i++) {
          line[i] += line[i - pixelBytes];
        }
      }
      case 2 -> {
        for (int i = 0; i < line.length; i++) {
          line[i] += above[i];
        }
      }
      case 3 -> {
        for (int i = 0; i < line.length; i++) {
          int left = i < pixelBytes ? 0 : line[i - pixelBytes] & 0xff;
          line[i] += (byte) ((left + (above[i] & 0xff)) >> 1);
        }
      }
      case 4 -> {
        for (int i = 0; i < line.length; i++) {
          int left = i < pixelBytes ? 0 : line[i - pixelBytes] & 0xff;
          int corner = i < pixelBytes ? 0 : above[i - pixelBytes] & 0xff;
          line[i] += (byte) paeth(left, above[i] & 0xff, corner);
        }
      }
      default -> throw damaged("unknown line filter " + (filter & 0xff));
    }
  }

  static int paeth(int left, int up, int corner) {
    int byLeft = Math.abs(up - corner);
    int byUp = Math.abs(left - corner);
    int byCorner = Math.abs(left + up - 2 * corner);
    return byLeft <= byUp && byLeft <= byCorner ? left : byUp <= byCorner ? up : corner;
  }

  private PictureException truncated() {
    return new PictureException(
        name, "truncated PNG: it ends before its pixels do", "copy or download it anew");
  }

  private PictureException damaged(String how) {
    return new PictureException(name, "damaged PNG: " + how, "export or copy it anew");
  }
}
