package org.efrnet.cli.pack;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.efrnet.text.Sha256;

/**
 * A folder as pieces of one tar archive. Its bytes depend on the files' names and contents alone:
 * names are sorted, times, owners and rights are fixed. It is not compressed: nearly all of a pack
 * is jars and pictures, which are already.
 */
final class Pieces {
  static final String JOIN = "join.sh";

  /** Numbers have three digits. */
  private static final int MOST = 1000;

  /** The time that the build gives to a jar's entries. */
  private static final FileTime TIME = FileTime.from(Instant.parse("2026-01-01T00:00:00Z"));

  private static final int FILE = 0644;
  private static final int PROGRAM = 0755;

  private Pieces() {}

  /**
   * Writes {@code NAME.tar.000} and so on, their checksums and that of the whole, and the script
   * that joins them.
   *
   * @param name of the folder in the archive
   * @param pieceBytes the most that a piece has, at least 1
   * @param into an empty folder
   */
  static void write(Path folder, String name, long pieceBytes, Path into, Watcher watcher)
      throws IOException {
    Map<String, Path> entries = Folders.entries(folder);
    long total =
        Folders.bytes(entries.values().stream().filter(p -> !Files.isDirectory(p)).toList());
    long[] done = {0};
    Splitting pieces = new Splitting(into, name + ".tar", pieceBytes);
    try (TarArchiveOutputStream tar =
        new TarArchiveOutputStream(pieces, StandardCharsets.UTF_8.name())) {
      tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
      tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
      tar.setAddPaxHeadersForNonAsciiNames(true);
      put(tar, name + "/", 0, PROGRAM);
      for (Map.Entry<String, Path> entry : entries.entrySet()) {
        String path = name + "/" + entry.getKey();
        if (Files.isDirectory(entry.getValue())) {
          put(tar, path + "/", 0, PROGRAM);
          continue;
        }
        int mode = Folders.executable(entry.getKey()) ? PROGRAM : FILE;
        put(tar, path, Files.size(entry.getValue()), mode);
        Folders.read(
            entry.getValue(),
            (buffer, length) -> {
              tar.write(buffer, 0, length);
              done[0] += length;
              watcher.at(Watcher.Stage.PIECES, Math.min(total, done[0]), total);
            });
        tar.closeArchiveEntry();
      }
    }
    Files.writeString(into.resolve(Folders.SUMS), pieces.sums());
    Scripts.write(JOIN, into);
  }

  private static void put(TarArchiveOutputStream tar, String path, long size, int mode)
      throws IOException {
    TarArchiveEntry entry = new TarArchiveEntry(path);
    entry.setSize(size);
    entry.setMode(mode);
    entry.setLastModifiedTime(TIME);
    entry.setIds(0, 0);
    entry.setNames("", "");
    tar.putArchiveEntry(entry);
    if (path.endsWith("/")) {
      tar.closeArchiveEntry();
    }
  }

  /** Begins a new file whenever the last one is full. */
  private static final class Splitting extends OutputStream {
    private final Path folder;
    private final String name;
    private final long most;
    private final MessageDigest whole = Sha256.start();
    private final MessageDigest piece = Sha256.start();
    private final StringBuilder sums = new StringBuilder();
    private OutputStream out = OutputStream.nullOutputStream();
    private int count;
    private long left;

    Splitting(Path folder, String name, long most) {
      this.folder = folder;
      this.name = name;
      this.most = most;
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      int from = offset;
      int end = offset + length;
      while (from < end) {
        if (left == 0) {
          next();
        }
        int n = (int) Math.min(left, end - from);
        out.write(bytes, from, n);
        piece.update(bytes, from, n);
        whole.update(bytes, from, n);
        left -= n;
        from += n;
      }
    }

    private void next() throws IOException {
      finish();
      if (count == MOST) {
        throw new PackException(
            "--split of "
                + most
                + " bytes makes more than "
                + MOST
                + " pieces: choose a larger size");
      }
      out = Files.newOutputStream(folder.resolve(piece(count)));
      count++;
      left = most;
    }

    private String piece(int number) {
      return String.format(Locale.ROOT, "%s.%03d", name, number);
    }

    private void finish() throws IOException {
      out.close();
      if (count > 0) {
        sums.append(Sha256.hex(piece)).append("  ").append(piece(count - 1)).append('\n');
      }
    }

    @Override
    public void close() throws IOException {
      finish();
      out = OutputStream.nullOutputStream();
      sums.append(Sha256.hex(whole)).append("  ").append(name).append('\n');
    }

    String sums() {
      return sums.toString();
    }
  }
}
