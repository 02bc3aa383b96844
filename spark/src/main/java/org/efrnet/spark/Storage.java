package org.efrnet.spark;

import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.SerializableConfiguration;
import org.efrnet.images.Picture;
import org.efrnet.images.ReadOptions;

/**
 * Files wherever Spark finds them: on this machine, HDFS, object stores. They are named by their
 * whole address, such as {@code file:/frames/a.jpg}.
 */
record Storage(Broadcast<SerializableConfiguration> settings) implements Serializable {
  private static final long serialVersionUID = 1;
  private static final String THIS_MACHINE = "file:/";

  static Storage of(JavaSparkContext context) {
    return new Storage(
        context.broadcast(new SerializableConfiguration(context.hadoopConfiguration())));
  }

  private FileSystem system(Path path) throws IOException {
    FileSystem system = path.getFileSystem(settings.value().value());
    // The plain one: the other leaves out what it takes for checksums of others.
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
    return address.startsWith(THIS_MACHINE)
        ? "/" + address.substring("file:".length()).replaceFirst("^/+", "")
        : address;
  }

  private Shelf shelf(String address) throws IOException {
    return address.startsWith(THIS_MACHINE)
        ? new Shelf.OfMachine()
        : new Shelf.OfHadoop(system(new Path(address)));
  }

  boolean isFolder(String address) throws IOException {
    return shelf(address).isFolder(address);
  }

  boolean exists(String address) throws IOException {
    return shelf(address).exists(address);
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
    return shelf(folder).filesBelow(folder);
  }

  Picture picture(String address, String name, ReadOptions options) throws IOException {
    return shelf(address).picture(address, name, options);
  }

  String text(String address) throws IOException {
    try (InputStream stream = shelf(address).open(address)) {
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /**
   * Replaces a file, so that whoever finds it, after a crash too, finds it whole. Folders are made.
   *
   * @throws IOException if it cannot be written
   */
  void write(String address, byte[] bytes) throws IOException {
    shelf(address).write(address, bytes);
  }

  /** Whether a power cut took what {@link #write} had written. */
  boolean isLost(String address) throws IOException {
    return shelf(address).isLost(address);
  }

  void delete(String address) throws IOException {
    shelf(address).delete(address);
  }

  /** Whether it is what a killed {@link #write} of such a file left. */
  static boolean isLeftOver(String address, String ending) {
    return address.matches(
        ".*/\\.[^/]*" + ending.replace(".", "\\.") + "\\.[0-9a-f-]{36}\\" + Shelf.PART);
  }
}
