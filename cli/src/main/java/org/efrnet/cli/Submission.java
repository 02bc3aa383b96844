package org.efrnet.cli;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.LocalDateTime;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.efrnet.images.Mask;
import org.efrnet.images.Masks;
import org.efrnet.text.WholeFile;

/**
 * The archive that Cityscapes' test server takes: a PNG of label ids for each picture, {@code
 * NAME_labelIds.png}. Pictures are written as they come; the archive has its name once it is whole.
 */
final class Submission implements AutoCloseable {
  /** So that the same predictions give the same archive: the first day that a zip can say. */
  private static final LocalDateTime TIME = LocalDateTime.of(1980, 1, 1, 0, 0);

  private final Path file;
  private final Path part;
  private final ZipOutputStream zip;

  /** Begins an archive, which replaces a file of that name once it is {@link #finish}ed. */
  Submission(Path file) throws IOException {
    this.file = file.toAbsolutePath();
    Path folder = this.file.getParent();
    if (folder == null || !Files.isDirectory(folder) || Files.isDirectory(file)) {
      throw new Failure("submission " + file + ": name a file in a folder that exists");
    }
    this.part = WholeFile.part(this.file);
    this.zip =
        new ZipOutputStream(
            new BufferedOutputStream(
                Files.newOutputStream(
                    part, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)));
    // PNG is packed already.
    zip.setLevel(0);
  }

  /**
   * Adds a picture's prediction.
   *
   * @param labels label ids
   */
  void add(String picture, Mask labels) throws IOException {
    ZipEntry entry = new ZipEntry(picture + "_labelIds.png");
    entry.setTimeLocal(TIME);
    zip.putNextEntry(entry);
    zip.write(Masks.encodeGrey(labels));
    zip.closeEntry();
  }

  /** Ends the archive and gives it its name. */
  void finish() throws IOException {
    zip.close();
    Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /** Leaves nothing of an archive that was not finished. */
  @Override
  public void close() throws IOException {
    try {
      zip.close();
    } finally {
      Files.deleteIfExists(part);
    }
  }
}
