package org.efrnet.spark;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.SerializableConfiguration;
import org.efrnet.images.Picture;
import org.efrnet.images.Pictures;
import org.efrnet.images.ReadOptions;

/**
 * Files wherever Spark finds them: on this machine, HDFS, object stores. They are named by their
 * whole address, such as {@code file:/frames/a.jpg}.
 */
record Storage(Broadcast<SerializableConfiguration> settings) implements Serializable {
  private static final long serialVersionUID = 1;
  private static final String PART = ".part";

  static Storage of(JavaSparkContext context) {
    return new Storage(
        context.broadcast(new SerializableConfiguration(context.hadoopConfiguration())));
  }

  private FileSystem system(Path path) throws IOException {
    FileSystem system = path.getFileSystem(settings.value().value());
    // The plain one: the other puts a file of checksums beside every file, and cannot name one
    // whose name holds a colon.
    return system instanceof LocalFileSystem local ? local.getRawFileSystem() : system;
  }

  /** The whole address of what a user named, a wildcard pattern too. */
  String address(String named) throws IOException {
    Path path = new Path(named);
    String address = system(path).makeQualified(path).toString();
    return address.endsWith("/") ? address.substring(0, address.length() - 1) : address;
  }

  /** The address without {@code file:}, as people name files of their machine. */
  static String shown(String address) {
    return address.startsWith("file:/")
        ? "/" + address.substring("file:".length()).replaceFirst("^/+", "")
        : address;
  }

  boolean isFolder(String address) throws IOException {
    Path path = new Path(address);
    try {
      return system(path).getFileStatus(path).isDirectory();
    } catch (FileNotFoundException e) {
      return false;
    }
  }

  boolean exists(String address) throws IOException {
    Path path = new Path(address);
    return system(path).exists(path);
  }

  /** What a wildcard pattern stands for; nothing, if nothing matches. */
  List<String> matching(String pattern) throws IOException {
    Path path = new Path(pattern);
    FileStatus[] found;
    try {
      found = system(path).globStatus(path);
    } catch (IllegalArgumentException e) {
      throw new IOException(
          shown(pattern)
              + ": a pattern cannot be matched where names hold ':' ("
              + e.getMessage()
              + "); give the folder instead",
          e);
    }
    List<String> addresses = new ArrayList<>();
    for (FileStatus one : found == null ? new FileStatus[0] : found) {
      addresses.add(one.getPath().toString());
    }
    return addresses;
  }

  /** All files in a folder and in those below it. */
  List<String> filesBelow(String folder) throws IOException {
    Path path = new Path(folder);
    List<String> addresses = new ArrayList<>();
    RemoteIterator<LocatedFileStatus> files = system(path).listFiles(path, true);
    while (files.hasNext()) {
      addresses.add(files.next().getPath().toString());
    }
    return addresses;
  }

  Picture picture(String address, String name, ReadOptions options) throws IOException {
    Path path = new Path(address);
    try (InputStream stream = system(path).open(path)) {
      return Pictures.read(stream, name, options);
    }
  }

  String text(String address) throws IOException {
    Path path = new Path(address);
    try (InputStream stream = system(path).open(path)) {
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /**
   * Replaces a file, so that whoever finds it, after a crash too, finds it whole. Folders are made.
   *
   * @throws IOException if it cannot be written
   */
  void write(String address, byte[] bytes) throws IOException {
    Path target = new Path(address);
    FileSystem system = system(target);
    int slash = address.lastIndexOf('/') + 1;
    Path part =
        new Path(
            address.substring(0, slash)
                + "."
                + address.substring(slash)
                + "."
                + UUID.randomUUID()
                + PART);
    try {
      try (OutputStream out = system.create(part, false)) {
        out.write(bytes);
      }
      // Some file systems put nothing in another's place; then a file of the same mask goes first.
      if (!system.rename(part, target)
          && !(system.delete(target, false) && system.rename(part, target))) {
        throw new IOException(
            shown(address) + ": cannot be written; check the permissions of its folder");
      }
    } finally {
      system.delete(part, false);
    }
  }

  void delete(String address) throws IOException {
    Path path = new Path(address);
    system(path).delete(path, false);
  }

  /** Whether it is what a killed {@link #write} of such a file left. */
  static boolean isLeftOver(String address, String ending) {
    return address.matches(
        ".*/\\.[^/]*" + ending.replace(".", "\\.") + "\\.[0-9a-f-]{36}\\" + PART);
  }
}
