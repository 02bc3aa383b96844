package org.efrnet.checkpoint;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** A pickle's bytes in order. Nothing is allocated that is not there. */
final class PickleBytes {
  /** Longer than any name or text that belongs to weights. */
  private static final int LONGEST_TEXT = 1 << 20;

  private static final int LONGEST_LINE = 1 << 10;

  private final InputStream in;
  private final long size;
  private long position;

  /**
   * @param size bytes that {@code in} has
   */
  PickleBytes(InputStream in, long size) {
    this.in = in;
    this.size = size;
  }

  /** Where the next byte lies, from 0. */
  long position() {
    return position;
  }

  int next() throws IOException {
    int value = position < size ? in.read() : -1;
    if (value < 0) {
      throw new CheckpointException("ends at byte " + position + " in the midst of its pickle");
    }
    position++;
    return value;
  }

  private byte[] take(long length) throws IOException {
    if (length < 0 || length > size - position) {
      throw new CheckpointException(
          "has a value of "
              + Long.toUnsignedString(length)
              + " bytes at byte "
              + position
              + ", and only "
              + (size - position)
              + " follow");
    }
    if (length > LONGEST_TEXT) {
      throw new CheckpointException(
          "has a text of "
              + length
              + " bytes at byte "
              + position
              + "; names of weights have 1 MB at most");
    }
    byte[] bytes = in.readNBytes((int) length);
    position += bytes.length;
    if (bytes.length < length) {
      throw new CheckpointException("ends at byte " + position + " in the midst of its pickle");
    }
    return bytes;
  }

  /** A number in so many bytes, least first; of 8 possibly negative. */
  long number(int bytes) throws IOException {
    long value = 0;
    for (int i = 0; i < bytes; i++) {
      value |= (long) next() << (8 * i);
    }
    return value;
  }

  double bigEndianDouble() throws IOException {
    return ByteBuffer.wrap(take(Double.BYTES)).order(ByteOrder.BIG_ENDIAN).getDouble();
  }

  /** An integer of any length, two's complement, least byte first. */
  byte[] integer(long length) throws IOException {
    if (length > 255) {
      throw new CheckpointException(
          "has an integer of "
              + length
              + " bytes at byte "
              + position
              + "; no number of a checkpoint has more than 255");
    }
    return take(length);
  }

  String text(long length) throws IOException {
    long at = position;
    byte[] bytes = take(length);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new CheckpointException("has a text at byte " + at + " that is not UTF-8", e);
    }
  }

  void skip(long length) throws IOException {
    take(length);
  }

  /** Up to a line break, without it. */
  String line() throws IOException {
    long at = position;
    StringBuilder line = new StringBuilder();
    for (int c = next(); c != '\n'; c = next()) {
      if (line.length() == LONGEST_LINE) {
        throw new CheckpointException(
            "has a name of more than " + LONGEST_LINE + " characters at byte " + at);
      }
      line.append((char) c);
    }
    return line.toString();
  }
}
