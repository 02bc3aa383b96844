package org.efrnet.video;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;

/**
 * Whether a file is as long as its container says. Demuxers take the end of a file for the end of
 * the video, so a copy that was cut off would pass for a whole one.
 *
 * <p>Read are the outermost headers alone: boxes of ISO base media files (MP4, MOV; ISO/IEC
 * 14496-12, 4.2), RIFF's chunks (AVI) and Matroska's segment (RFC 8794, RFC 9559). Other containers
 * do not say how long they are.
 */
final class Wholeness {
  private static final int RIFF = 0x52494646;
  private static final int EBML = 0x1a45dfa3;
  private static final int SEGMENT = 0x18538067;
  private static final int FTYP = 0x66747970;

  /** More outermost boxes than a real file has; an index of fragments is no outermost box. */
  private static final int MOST_BOXES = 1_000_000;

  private Wholeness() {}

  /** The bytes that are missing at the file's end; 0 if none are, or nobody can tell. */
  static long missing(Path file) throws IOException {
    try (RandomAccessFile in = new RandomAccessFile(file.toFile(), "r")) {
      if (in.length() < 12) {
        return 0;
      }
      int first = in.readInt();
      int second = in.readInt();
      long end =
          switch (first) {
            case RIFF -> riffEnd(in);
            case EBML -> matroskaEnd(in);
            default -> second == FTYP ? boxesEnd(in) : 0;
          };
      return Math.max(0, end - in.length());
    }
  }

  /** Of the last RIFF chunk: files beyond 1 GB have several. */
  private static long riffEnd(RandomAccessFile in) throws IOException {
    long at = 0;
    while (at + 12 <= in.length()) {
      in.seek(at);
      int name = in.readInt();
      long size = Integer.reverseBytes(in.readInt()) & 0xffffffffL;
      // A writer that was never finished leaves 0 or all ones.
      if (name != RIFF || size == 0 || size >= 0xfffffff0L) {
        return at;
      }
      at += 8 + size;
    }
    return at;
  }

  private static long matroskaEnd(RandomAccessFile in) throws IOException {
    in.seek(4);
    long header = number(in);
    if (header < 0 || in.getFilePointer() + header + 12 > in.length()) {
      return 0;
    }
    in.seek(in.getFilePointer() + header);
    if (in.readInt() != SEGMENT) {
      return 0;
    }
    long size = number(in);
    return size < 0 ? 0 : in.getFilePointer() + size;
  }

  /** EBML's variable-size integer; negative if it says "unknown" or is longer than 8 bytes. */
  private static long number(RandomAccessFile in) throws IOException {
    int first = in.readUnsignedByte();
    int more = Integer.numberOfLeadingZeros(first) - 24;
    if (more > 7) {
      return -1;
    }
    long value = first & ((1 << (7 - more)) - 1);
    long unknown = (1L << (7 * (more + 1))) - 1;
    for (int i = 0; i < more; i++) {
      value = value << 8 | in.readUnsignedByte();
    }
    return value == unknown ? -1 : value;
  }

  private static long boxesEnd(RandomAccessFile in) throws IOException {
    long at = 0;
    for (int i = 0; i < MOST_BOXES && at + 8 <= in.length(); i++) {
      in.seek(at);
      long size = in.readInt() & 0xffffffffL;
      in.readInt();
      if (size == 1 && at + 16 <= in.length()) {
        size = in.readLong();
      }
      // 0 reaches to the end of the file; less than a header is damage, which reading will find.
      if (size < 8 || at + size < at) {
        return at;
      }
      at += size;
    }
    return at;
  }
}
