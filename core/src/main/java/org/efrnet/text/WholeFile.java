package org.efrnet.text;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/** Files that readers see whole: the old one or the new one, never a part. */
public final class WholeFile {
  /** File systems take names of 255 bytes; {@link #part} adds 43. */
  private static final int LONGEST_NAME = 212;

  /** Characters, of three bytes at most; enough for an ending. */
  private static final int KEPT_OF_LONG_NAME = 40;

  private WholeFile() {}

  /**
   * Replaces a file in one step, and so that it outlives a power cut.
   *
   * @throws IOException if it cannot be written; the old one stands
   */
  public static void write(Path file, String text) throws IOException {
    write(file, text.getBytes(StandardCharsets.UTF_8), true);
  }

  /**
   * Replaces a file in one step, without waiting for the disk: 3 ms less, and after a power cut it
   * may be empty.
   *
   * @throws IOException if it cannot be written; the old one stands
   */
  public static void write(Path file, byte[] content) throws IOException {
    write(file, content, false);
  }

  /**
   * A hidden name that nobody has, for what takes the file's place once it is whole: beside it, for
   * a move between file systems is not one step. Of a very long name it has the end alone.
   */
  public static Path part(Path file) {
    return file.resolveSibling(part(String.valueOf(file.getFileName())));
  }

  static String part(String name) {
    String kept = name;
    if (name.getBytes(StandardCharsets.UTF_8).length > LONGEST_NAME) {
      int from = name.length() - KEPT_OF_LONG_NAME;
      kept = name.substring(Character.isLowSurrogate(name.charAt(from)) ? from + 1 : from);
    }
    return "." + kept + "." + UUID.randomUUID() + ".part";
  }

  private static void write(Path file, byte[] content, boolean force) throws IOException {
    // By hand, for createTempFile makes files that other users cannot read.
    Path part = part(file);
    try {
      try (FileChannel channel =
          FileChannel.open(part, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        ByteBuffer bytes = ByteBuffer.wrap(content);
        while (bytes.hasRemaining()) {
          channel.write(bytes);
        }
        if (force) {
          // Before it gets its name: after a power cut there might be the name and nothing in it.
          channel.force(true);
        }
      }
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(part);
    }
  }
}
