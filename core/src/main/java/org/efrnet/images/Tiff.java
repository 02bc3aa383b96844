package org.efrnet.images;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * The first page of a TIFF file: strips or tiles, one plane or several, plain, PackBits, LZW or
 * Deflate. Our own reader, because the JDK's shows a page whose strips end early as whole, its rest
 * black, and takes memory for what a tag claims.
 *
 * <p>TIFF 6.0 and Technical Note 3 (Deflate). Alpha and profiles are ignored.
 */
final class Tiff {
  private static final int NEW_SUBFILE_TYPE = 254;
  private static final int WIDTH = 256;
  private static final int LENGTH = 257;
  private static final int BITS = 258;
  private static final int COMPRESSION = 259;
  private static final int PHOTOMETRIC = 262;
  private static final int FILL_ORDER = 266;
  private static final int STRIP_OFFSETS = 273;
  private static final int SAMPLES = 277;
  private static final int ROWS_PER_STRIP = 278;
  private static final int STRIP_BYTES = 279;
  private static final int PLANAR = 284;
  private static final int PREDICTOR = 317;
  private static final int COLOUR_MAP = 320;
  private static final int TILE_WIDTH = 322;
  private static final int TILE_LENGTH = 323;
  private static final int TILE_OFFSETS = 324;
  private static final int TILE_BYTES = 325;
  private static final int INK_SET = 332;
  private static final int SAMPLE_FORMAT = 339;
  private static final int DNG_VERSION = 50706;

  private static final int WHITE_IS_ZERO = 0;
  private static final int BLACK_IS_ZERO = 1;
  private static final int RGB = 2;
  private static final int PALETTE = 3;
  private static final int CMYK = 5;

  private static final int PLAIN = 1;
  private static final int LZW = 5;
  private static final int DEFLATE = 8;
  private static final int OLD_DEFLATE = 32946;
  private static final int PACK_BITS = 32773;

  /** Real files have up to five; more is a scientific stack that no picture reader shows right. */
  private static final int MOST_SAMPLES = 16;

  /** A tile wider than its picture is padding; memory for it is bounded by this. */
  private static final int LARGEST_TILE_SIDE = 4096;

  private static final String REMEDY = "save it as PNG or as an 8-bit RGB TIFF";

  private final byte[] file;
  private final ByteBuffer bytes;
  private final Fault fault;
  private final Map<Integer, Field> fields = new HashMap<>();
  private int width;
  private int height;
  private int bits;
  private int samples;
  private int photometric;
  private int compression;
  private int channels;
  private boolean differences;

  /** The values of a tag: where they lie in the file, and how many of which size. */
  private record Field(int at, long count, int size) {}

  private Tiff(byte[] file, String name) {
    this.file = file;
    this.bytes = ByteBuffer.wrap(file);
    this.fault = new Fault(name, "TIFF");
  }

  static Picture read(byte[] file, String name, ReadOptions options) throws PictureException {
    return new Tiff(file, name).read(name, options);
  }

  static ClaimedSize size(byte[] file, String name) throws PictureException {
    return new Tiff(file, name).size();
  }

  private ClaimedSize size() throws PictureException {
    readDirectory();
    return new ClaimedSize(required(WIDTH, "width"), required(LENGTH, "height"));
  }

  private Picture read(String name, ReadOptions options) throws PictureException {
    ClaimedSize size = size();
    options.requireSize(name, size.width(), size.height());
    width = (int) size.width();
    height = (int) size.height();
    readForm();
    byte[] values = readChunks();
    return Exif.upright(
        new Picture(width, height, rgb(values)), Exif.orientation(file, 0, file.length));
  }

  private void readDirectory() throws PictureException {
    if (file.length < 8) {
      throw fault.truncated();
    }
    if (file[0] == 'I') {
      bytes.order(ByteOrder.LITTLE_ENDIAN);
    }
    if (bytes.getShort(2) == 43) {
      throw fault.unsupported("BigTIFF", REMEDY);
    }
    long directory = bytes.getInt(4) & 0xffffffffL;
    if (directory < 8) {
      throw fault.damaged("its directory is at byte " + directory);
    }
    if (directory + 2 > file.length) {
      throw fault.truncated();
    }
    int count = unsigned16((int) directory);
    if (directory + 2 + 12L * count > file.length) {
      throw fault.truncated();
    }
    for (int i = 0; i < count; i++) {
      int at = (int) directory + 2 + 12 * i;
      int size =
          switch (unsigned16(at + 2)) {
            case 1 -> 1;
            case 3 -> 2;
            case 4 -> 4;
            default -> 0;
          };
      // Other types hold text, fractions and private data, none of which is needed.
      if (size > 0) {
        long values = bytes.getInt(at + 4) & 0xffffffffL;
        long start = values * size <= 4 ? at + 8 : bytes.getInt(at + 8) & 0xffffffffL;
        int tag = unsigned16(at);
        if (start + values * size <= file.length) {
          fields.putIfAbsent(tag, new Field((int) start, values, size));
        } else if (isNeeded(tag)) {
          throw fault.truncated();
        }
      }
    }
  }

  private static boolean isNeeded(int tag) {
    return switch (tag) {
      case BITS, STRIP_OFFSETS, STRIP_BYTES, TILE_OFFSETS, TILE_BYTES, COLOUR_MAP, SAMPLE_FORMAT ->
          true;
      default -> false;
    };
  }

  private void readForm() throws PictureException {
    if (fields.containsKey(DNG_VERSION)) {
      throw fault.unsupported("a camera's raw file (DNG)", "develop it to JPEG or PNG");
    }
    if ((first(NEW_SUBFILE_TYPE, 0) & 1) != 0) {
      throw fault.unsupported(
          "a first page that is only the preview of another", "save the picture alone as PNG");
    }
    compression = (int) first(COMPRESSION, PLAIN);
    switch (compression) {
      case PLAIN, LZW, DEFLATE, OLD_DEFLATE, PACK_BITS -> {}
      default -> throw fault.unsupported("compression " + compressionName(), REMEDY);
    }
    samples = (int) Math.min(first(SAMPLES, 1), MOST_SAMPLES + 1);
    photometric = (int) required(PHOTOMETRIC, "colour model");
    channels =
        switch (photometric) {
          case WHITE_IS_ZERO, BLACK_IS_ZERO, PALETTE -> 1;
          case RGB -> 3;
          case CMYK -> 4;
          default -> throw fault.unsupported("colour model " + photometricName(), REMEDY);
        };
    if (samples < channels || samples > MOST_SAMPLES) {
      throw fault.damaged(
          "it has " + first(SAMPLES, 1) + " samples a pixel, its colours take " + channels);
    }
    bits = (int) Math.min(first(BITS, 1), 1 << 16);
    requireAll(BITS, bits, "samples of different sizes");
    requireAll(SAMPLE_FORMAT, 1, "signed or floating-point samples");
    boolean known =
        switch (bits) {
          case 1, 2, 4 -> channels == 1 && samples == 1;
          case 8 -> true;
          case 16 -> photometric != PALETTE;
          default -> false;
        };
    if (!known) {
      throw fault.unsupported(
          samples + " samples of " + bits + " bits in colour model " + photometricName(), REMEDY);
    }
    if (first(FILL_ORDER, 1) != 1) {
      throw fault.unsupported("a reversed order of bits (FillOrder)", REMEDY);
    }
    if (photometric == CMYK && first(INK_SET, 1) != 1) {
      throw fault.unsupported("inks other than cyan, magenta, yellow and black", REMEDY);
    }
    boolean predicts = compression != PLAIN && compression != PACK_BITS;
    long predictor = predicts ? first(PREDICTOR, 1) : 1;
    if (predictor != 1 && (predictor != 2 || bits < 8)) {
      throw fault.unsupported("predictor " + predictor + " with " + bits + " bits", REMEDY);
    }
    differences = predictor == 2;
    if (photometric == PALETTE && count(COLOUR_MAP) < 3L << bits) {
      throw fault.damaged(
          "its palette has " + count(COLOUR_MAP) / 3 + " of " + (1 << bits) + " colours");
    }
  }

  private String compressionName() {
    return switch (compression) {
      case 2, 3, 4 -> compression + " (fax)";
      case 6, 7 -> compression + " (JPEG)";
      case 50000 -> compression + " (Zstandard)";
      case 50001 -> compression + " (WebP)";
      default -> Integer.toString(compression);
    };
  }

  private String photometricName() {
    return switch (photometric) {
      case PALETTE -> "palette";
      case RGB -> "RGB";
      case CMYK -> "CMYK";
      case WHITE_IS_ZERO, BLACK_IS_ZERO -> "grey";
      case 6 -> "YCbCr";
      case 8, 9, 10 -> "Lab";
      default -> Integer.toString(photometric);
    };
  }

  private void requireAll(int tag, int value, String otherwise) throws PictureException {
    Field field = fields.get(tag);
    for (int i = 0; field != null && i < Math.min(field.count, samples); i++) {
      if (value(field, i) != value) {
        throw fault.unsupported(otherwise, REMEDY);
      }
    }
  }

  /** Strips are tiles as wide as the picture, except that the last one is cut. */
  private byte[] readChunks() throws PictureException {
    boolean tiled = fields.containsKey(TILE_OFFSETS);
    long chunkWidth = tiled ? required(TILE_WIDTH, "tile width") : width;
    long chunkHeight =
        tiled
            ? required(TILE_LENGTH, "tile height")
            : Math.min(height, first(ROWS_PER_STRIP, height));
    if (chunkWidth < 1
        || chunkHeight < 1
        || chunkWidth > Math.max(width, LARGEST_TILE_SIDE)
        || chunkHeight > Math.max(height, LARGEST_TILE_SIDE)) {
      throw fault.damaged(
          "it has tiles or strips of " + chunkWidth + "x" + chunkHeight + " pixels");
    }
    long planar = first(PLANAR, 1);
    if (planar != 1 && planar != 2) {
      throw fault.damaged("planar configuration " + planar + " is not in the standard");
    }
    int planes = planar == 2 ? channels : 1;
    int together = planar == 2 ? 1 : samples;
    Field offsets = fields.get(tiled ? TILE_OFFSETS : STRIP_OFFSETS);
    Field lengths = fields.get(tiled ? TILE_BYTES : STRIP_BYTES);
    int across = (int) ((width + chunkWidth - 1) / chunkWidth);
    long chunks = across * ((height + chunkHeight - 1) / chunkHeight);
    if (offsets == null
        || lengths == null
        || Math.min(offsets.count, lengths.count) < planes * chunks) {
      throw fault.damaged("it does not say where its " + planes * chunks + " tiles or strips are");
    }
    int rowBytes = Math.toIntExact((chunkWidth * together * bits + 7) / 8);
    long most = rowBytes * Math.min(chunkHeight, height);
    if (most > Integer.MAX_VALUE - 8) {
      throw fault.unsupported("a strip of " + most + " bytes", "save it with smaller strips");
    }
    // All of it lies in the file, and is not too little, before memory is taken for any of it.
    for (int i = 0; i < planes * chunks; i++) {
      long top = i % chunks / across * chunkHeight;
      long rows = Math.min(chunkHeight, height - top);
      if (value(offsets, i) + value(lengths, i) > file.length
          || value(lengths, i) * largestRatio() < rowBytes * rows) {
        throw fault.truncated();
      }
    }
    byte[] values = new byte[channels * width * height];
    byte[] unpacked = new byte[0];
    for (int i = 0; i < planes * chunks; i++) {
      int plane = (int) (i / chunks);
      int inPlane = (int) (i % chunks);
      int left = (int) (inPlane % across * chunkWidth);
      int top = (int) (inPlane / across * chunkHeight);
      int rows = (int) Math.min(chunkHeight, height - top);
      int start = (int) value(offsets, i);
      int packed = (int) value(lengths, i);
      byte[] from = file;
      int f = start;
      if (compression != PLAIN) {
        if (unpacked.length == 0) {
          unpacked = new byte[(int) most];
        }
        unpack(start, packed, unpacked, rowBytes * rows);
        from = unpacked;
        f = 0;
      }
      int columns = (int) Math.min(chunkWidth, width - left);
      for (int row = 0; row < rows; row++) {
        if (differences) {
          undoDifferences(from, f, rowBytes, together);
        }
        int t = ((top + row) * width + left) * channels + plane;
        for (int c = 0; c < (planes > 1 ? 1 : channels); c++) {
          copyRow(from, f, c, together, columns, values, t + c);
        }
        f += rowBytes;
      }
    }
    return values;
  }

  /** How many times its size a part unpacks to at most. */
  private long largestRatio() {
    return switch (compression) {
      case LZW -> Lzw.LARGEST_RATIO;
      case PACK_BITS -> 64;
      case PLAIN -> 1;
      default -> Png.LARGEST_DEFLATE_RATIO;
    };
  }

  private void unpack(int start, int packed, byte[] to, int needed) throws PictureException {
    try {
      int count =
          switch (compression) {
            case LZW -> Lzw.tiff(file, start, start + packed, to, needed);
            case PACK_BITS -> unpackBits(start, start + packed, to, needed);
            default -> inflate(start, packed, to, needed);
          };
      if (count < needed) {
        throw fault.truncated();
      }
    } catch (DataFormatException e) {
      throw fault.damaged("its packed pixels do not unpack, " + e.getMessage());
    }
  }

  private int inflate(int start, int packed, byte[] to, int needed) throws DataFormatException {
    Inflater inflater = new Inflater();
    try {
      inflater.setInput(file, start, packed);
      int t = 0;
      int count = 1;
      while (t < needed && count > 0) {
        count = inflater.inflate(to, t, needed - t);
        t += count;
      }
      return t;
    } finally {
      inflater.end();
    }
  }

  private int unpackBits(int start, int end, byte[] to, int needed) {
    int f = start;
    int t = 0;
    while (t < needed && f < end) {
      int head = file[f++];
      if (head >= 0) {
        int count = Math.min(Math.min(head + 1, needed - t), end - f);
        System.arraycopy(file, f, to, t, count);
        f += count;
        t += count;
      } else if (head != -128 && f < end) {
        byte value = file[f++];
        for (int stop = Math.min(needed, t + 1 - head); t < stop; t++) {
          to[t] = value;
        }
      }
    }
    return t;
  }

  /** Section 14: each sample is stored as its difference from the same one of the pixel before. */
  private void undoDifferences(byte[] row, int at, int length, int together) {
    if (bits == 8) {
      for (int i = at + together; i < at + length; i++) {
        row[i] += row[i - together];
      }
      return;
    }
    ByteBuffer wide = ByteBuffer.wrap(row).order(bytes.order());
    for (int i = at + 2 * together; i < at + length; i += 2) {
      wide.putShort(i, (short) (wide.getShort(i) + wide.getShort(i - 2 * together)));
    }
  }

  private void copyRow(
      byte[] from, int at, int channel, int together, int columns, byte[] to, int first) {
    int t = first;
    if (bits < 8) {
      int mask = (1 << bits) - 1;
      for (int x = 0; x < columns; x++, t += channels) {
        int bit = x * bits;
        to[t] = (byte) ((from[at + (bit >> 3)] >> (8 - bits - (bit & 7))) & mask);
      }
      return;
    }
    int sampleBytes = bits / 8;
    // Of 16 bits the high byte is the 8-bit value.
    int f = at + channel * sampleBytes;
    f += bits == 16 && bytes.order() == ByteOrder.LITTLE_ENDIAN ? 1 : 0;
    for (int x = 0; x < columns; x++, t += channels, f += together * sampleBytes) {
      to[t] = from[f];
    }
  }

  private byte[] rgb(byte[] values) {
    if (photometric == RGB) {
      return values;
    }
    byte[] rgb = new byte[3 * width * height];
    Field map = fields.get(COLOUR_MAP);
    int scale = bits < 8 ? 255 / ((1 << bits) - 1) : 1;
    int flip = photometric == WHITE_IS_ZERO ? 0xff : 0;
    for (int i = 0, t = 0; t < rgb.length; i++, t += 3) {
      for (int c = 0; c < 3; c++) {
        rgb[t + c] =
            (byte)
                switch (photometric) {
                  case PALETTE -> value(map, (c << bits) + (values[i] & 0xff)) >> 8;
                  case CMYK -> lightLeft(values[4 * i + c], values[4 * i + 3]);
                  default -> (values[i] * scale) ^ flip;
                };
      }
    }
    return rgb;
  }

  /** Paper left by an ink times paper left by black, as for a JPEG of four inks. */
  private static int lightLeft(byte ink, byte black) {
    return ((255 - (ink & 0xff)) * (255 - (black & 0xff)) + 127) / 255;
  }

  private long required(int tag, String what) throws PictureException {
    if (count(tag) == 0) {
      throw fault.damaged("it does not say its " + what);
    }
    return first(tag, 0);
  }

  private long first(int tag, long otherwise) {
    return count(tag) == 0 ? otherwise : value(fields.get(tag), 0);
  }

  private long count(int tag) {
    Field field = fields.get(tag);
    return field == null ? 0 : field.count;
  }

  private long value(Field field, int i) {
    return switch (field.size) {
      case 1 -> file[field.at + i] & 0xff;
      case 2 -> unsigned16(field.at + 2 * i);
      default -> bytes.getInt(field.at + 4 * i) & 0xffffffffL;
    };
  }

  private int unsigned16(int at) {
    return bytes.getShort(at) & 0xffff;
  }
}
