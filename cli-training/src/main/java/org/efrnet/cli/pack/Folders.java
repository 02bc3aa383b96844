package org.efrnet.cli.pack;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;
import org.efrnet.text.Sha256;

/** What is done with whole folders: list, copy, sum up, remove, and make a new one whole. */
final class Folders {
  /** The checksums of a folder's files, as {@code sha256sum} writes and reads them. */
  static final String SUMS = "SHA256SUMS";

  /** The files of a pack that are programs, apart from those below {@link #PROGRAMS}. */
  private static final Set<String> EXECUTABLE =
      Set.of("efrnet", "train-all", "runtime/lib/jexec", "runtime/lib/jspawnhelper");

  private static final String PROGRAMS = "runtime/bin/";
  private static final int BUFFER = 1 << 16;

  private Folders() {}

  /** Fills a new folder. */
  @FunctionalInterface
  interface Filling {
    void fill(Path folder) throws IOException;
  }

  /**
   * Makes a folder whole or not at all: it is filled beside its place and then moved there.
   * Whatever stops the filling, what was written is removed.
   *
   * @param target not there yet, or an empty folder
   * @throws PackException if something stands there
   */
  static void make(Path target, Filling filling) throws IOException {
    requireFree(target);
    Path place = target.toAbsolutePath().normalize();
    Path parent = place.getParent();
    if (parent == null) {
      throw new PackException(target + " is the root of a file system: choose a folder below it");
    }
    Files.createDirectories(parent);
    Path unfinished = parent.resolve("." + place.getFileName() + "." + UUID.randomUUID());
    try {
      Files.createDirectory(unfinished);
      filling.fill(unfinished);
      Files.deleteIfExists(place);
      Files.move(unfinished, place);
    } finally {
      remove(unfinished);
    }
  }

  static void requireFree(Path target) throws IOException {
    if (!Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    if (!Files.isDirectory(target, LinkOption.NOFOLLOW_LINKS)) {
      throw new PackException(target + " is there already and is no folder: choose another -o");
    }
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(target)) {
      if (entries.iterator().hasNext()) {
        throw new PackException(
            target + " is there already and is not empty: choose another -o, or empty it");
      }
    }
  }

  /** Removes a folder with all that is in it, if it is there; what a link leads to stays. */
  static void remove(Path folder) throws IOException {
    if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    }
  }

  /**
   * Files and folders below a folder, by their names with / between the parts, in the order of
   * these names, which is the same on every machine.
   */
  static Map<String, Path> entries(Path folder) throws IOException {
    Map<String, Path> entries = new TreeMap<>();
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path path : all.toList()) {
        if (!path.equals(folder)) {
          entries.put(name(folder, path), path);
        }
      }
    }
    return entries;
  }

  static String name(Path folder, Path path) {
    return folder.relativize(path).toString().replace('\\', '/');
  }

  static long bytes(List<Path> files) throws IOException {
    long sum = 0;
    for (Path file : files) {
      sum += Files.size(file);
    }
    return Math.max(1, sum);
  }

  /** Takes every buffer on its way. */
  @FunctionalInterface
  interface Passing {
    void pass(byte[] buffer, int length) throws IOException;
  }

  static void read(Path file, Passing passing) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] buffer = new byte[BUFFER];
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        passing.pass(buffer, n);
      }
    }
  }

  /** Copies files into the place that each is mapped to; folders in between are made. */
  static void copy(Map<Path, Path> copies, Watcher.Stage stage, Watcher watcher)
      throws IOException {
    long total = bytes(List.copyOf(copies.keySet()));
    long[] done = {0};
    for (Map.Entry<Path, Path> copy : copies.entrySet()) {
      Files.createDirectories(copy.getValue().getParent());
      try (OutputStream out = Files.newOutputStream(copy.getValue())) {
        read(
            copy.getKey(),
            (buffer, length) -> {
              out.write(buffer, 0, length);
              done[0] = Math.min(total, done[0] + length);
              watcher.at(stage, done[0], total);
            });
      }
    }
  }

  /** Writes the checksums of all files of a folder into it. */
  static void writeSums(Path folder, Watcher watcher) throws IOException {
    Map<String, Path> files = entries(folder);
    files.values().removeIf(Files::isDirectory);
    long total = bytes(List.copyOf(files.values()));
    long[] done = {0};
    StringBuilder sums = new StringBuilder();
    for (Map.Entry<String, Path> file : files.entrySet()) {
      var sha = Sha256.start();
      read(
          file.getValue(),
          (buffer, length) -> {
            sha.update(buffer, 0, length);
            done[0] = Math.min(total, done[0] + length);
            watcher.at(Watcher.Stage.CHECKSUMS, done[0], total);
          });
      sums.append(Sha256.hex(sha)).append("  ").append(file.getKey()).append('\n');
    }
    Files.writeString(folder.resolve(SUMS), sums);
  }

  /** Is a file of a pack a program? By its name: some file systems cannot tell, or tell of all. */
  static boolean executable(String name) {
    return EXECUTABLE.contains(name) || name.startsWith(PROGRAMS);
  }
}
