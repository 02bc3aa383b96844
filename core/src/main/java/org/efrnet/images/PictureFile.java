package org.efrnet.images;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.efrnet.text.WholeFile;

/** Whole files in, whole files out, and file system errors in one line each. */
final class PictureFile {
  /** Larger files are refused unread; 100 million 16-bit RGBA pixels stored unpacked fit. */
  static final int MOST_BYTES = 1 << 30;

  private PictureFile() {}

  static byte[] read(Path file) throws PictureException {
    String name = file.toString();
    try {
      if (Files.isDirectory(file)) {
        throw new PictureException(name, "a folder, not a picture", "name a file in it");
      }
      requireSize(name, Files.size(file));
      return Files.readAllBytes(file);
    } catch (PictureException e) {
      throw e;
    } catch (NoSuchFileException e) {
      throw new PictureException(name, "no such file", "check the path", e);
    } catch (AccessDeniedException e) {
      throw new PictureException(name, "may not be read", "check its permissions", e);
    } catch (OutOfMemoryError e) {
      throw new PictureException(
          name,
          "the file does not fit into this Java's memory",
          "shrink it or give Java more memory with -Xmx",
          e);
    } catch (IOException e) {
      throw new PictureException(
          name, "cannot be read: " + e.getMessage(), "check the disk and the path", e);
    }
  }

  static void requireSize(String name, long bytes) throws PictureException {
    if (bytes > MOST_BYTES) {
      throw new PictureException(
          name, "the file is larger than " + MOST_BYTES + " bytes", "shrink the picture");
    }
  }

  /**
   * Replaces the file as one step: whoever reads it meanwhile, and whoever finds it after a crash,
   * sees the old file or the new one, never a part.
   */
  static void write(Path file, byte[] bytes) throws PictureException {
    String name = file.toString();
    Path target = file.toAbsolutePath();
    Path folder = target.getParent();
    if (folder == null || Files.isDirectory(target)) {
      throw new PictureException(name, "a folder, not a file to write", "name a file in it");
    }
    if (!Files.isDirectory(folder)) {
      throw new PictureException(name, "its folder does not exist", "make " + folder + " first");
    }
    try {
      WholeFile.write(target, bytes);
    } catch (AccessDeniedException | FileAlreadyExistsException e) {
      throw new PictureException(
          name, "may not be written", "check the permissions of " + folder, e);
    } catch (IOException e) {
      throw new PictureException(
          name, "cannot be written: " + e.getMessage(), "check the free space of its disk", e);
    }
  }
}
