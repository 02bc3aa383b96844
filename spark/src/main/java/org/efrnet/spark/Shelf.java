package org.efrnet.spark;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.efrnet.images.Picture;
import org.efrnet.images.Pictures;
import org.efrnet.images.ReadOptions;
import org.efrnet.text.WholeFile;

/** Files of one kind of place, by their whole addresses. */
sealed interface Shelf {
  /** The ending of a file that is being written, behind its name and a random UUID. */
  String PART = ".part";

  boolean isFolder(String address) throws IOException;

  boolean exists(String address) throws IOException;

  /** Whether there is nothing in a file that {@link #write} wrote: what a power cut leaves. */
  boolean isLost(String address) throws IOException;

  /** All files in a folder and in those below it. */
  List<String> filesBelow(String folder) throws IOException;

  InputStream open(String address) throws IOException;

  /**
   * @param name by which the picture is told of
   */
  default Picture picture(String address, String name, ReadOptions options) throws IOException {
    try (InputStream stream = open(address)) {
      return Pictures.read(stream, name, options);
    }
  }

  /** Replaces a file, so that whoever finds it finds it whole. Folders are made. */
  void write(String address, byte[] bytes) throws IOException;

  void delete(String address) throws IOException;

  /**
   * This machine's files, read and written by Java. Hadoop starts a process for the permissions of
   * every single one where its own natives are not installed: 20 ms each.
   */
  record OfMachine() implements Shelf {
    private static java.nio.file.Path path(String address) {
      return java.nio.file.Path.of(Storage.shown(address));
    }

    @Override
    public boolean isFolder(String address) {
      return Files.isDirectory(path(address));
    }

    @Override
    public boolean exists(String address) {
      return Files.exists(path(address));
    }

    @Override
    public boolean isLost(String address) throws IOException {
      return Files.size(path(address)) == 0;
    }

    @Override
    public List<String> filesBelow(String folder) throws IOException {
      List<String> addresses = new ArrayList<>();
      java.nio.file.Path top = path(folder);
      try (Stream<java.nio.file.Path> all = Files.walk(top, FileVisitOption.FOLLOW_LINKS)) {
        for (java.nio.file.Path file : (Iterable<java.nio.file.Path>) all::iterator) {
          if (!Files.isDirectory(file)) {
            StringBuilder address = new StringBuilder(folder);
            top.relativize(file).forEach(name -> address.append('/').append(name));
            addresses.add(address.toString());
          }
        }
      } catch (UncheckedIOException e) {
        throw e.getCause();
      }
      return addresses;
    }

    @Override
    public InputStream open(String address) throws IOException {
      return Files.newInputStream(path(address));
    }

    @Override
    public Picture picture(String address, String name, ReadOptions options) throws IOException {
      return Pictures.read(path(address), options);
    }

    @Override
    public void write(String address, byte[] bytes) throws IOException {
      java.nio.file.Path file = path(address);
      try {
        Files.createDirectories(file.getParent());
        WholeFile.write(file, bytes);
      } catch (AccessDeniedException | FileAlreadyExistsException e) {
        throw new IOException(
            file + ": may not be written; check the permissions of " + file.getParent(), e);
      } catch (IOException e) {
        String why = e instanceof FileSystemException f ? f.getReason() : e.getMessage();
        throw new IOException(
            file + ": cannot be written: " + why + "; check the free space of its disk", e);
      }
    }

    @Override
    public void delete(String address) throws IOException {
      Files.deleteIfExists(path(address));
    }
  }

  /** Files of HDFS, an object store, or whatever else Hadoop knows. */
  record OfHadoop(FileSystem system) implements Shelf {
    @Override
    public boolean isFolder(String address) throws IOException {
      try {
        return system.getFileStatus(new Path(address)).isDirectory();
      } catch (FileNotFoundException e) {
        return false;
      }
    }

    @Override
    public boolean exists(String address) throws IOException {
      return system.exists(new Path(address));
    }

    @Override
    public boolean isLost(String address) {
      return false;
    }

    @Override
    public List<String> filesBelow(String folder) throws IOException {
      List<String> addresses = new ArrayList<>();
      RemoteIterator<LocatedFileStatus> files = system.listFiles(new Path(folder), true);
      while (files.hasNext()) {
        addresses.add(files.next().getPath().toString());
      }
      return addresses;
    }

    @Override
    public InputStream open(String address) throws IOException {
      return system.open(new Path(address));
    }

    @Override
    public void write(String address, byte[] bytes) throws IOException {
      Path target = new Path(address);
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
        // Some file systems put nothing in another's place; then a file of the same mask goes
        // first.
        if (!system.rename(part, target)
            && !(system.delete(target, false) && system.rename(part, target))) {
          throw new IOException(
              Storage.shown(address) + ": cannot be written; check the permissions of its folder");
        }
      } finally {
        system.delete(part, false);
      }
    }

    @Override
    public void delete(String address) throws IOException {
      system.delete(new Path(address), false);
    }
  }
}
