package org.efrnet.checkpoint;

import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import org.efrnet.checkpoint.Pickled.Storage;
import org.efrnet.text.OneLine;

/**
 * {@code torch.save} since PyTorch 1.6: a zip file without compression, in one folder {@code
 * data.pkl}, a file {@code data/KEY} for each storage, and {@code byteorder}.
 */
final class ArchiveFormat implements Unpickler.Storages {
  private static final int MOST_ENTRIES = 1 << 17;
  private static final long MOST_PICKLE_BYTES = 64L << 20;
  private static final String PICKLE = "data.pkl";

  private final ZipFile zip;
  private final long fileSize;
  private final Map<String, ZipEntry> entries = new HashMap<>();

  /** The folder of all entries, a slash behind. */
  private String folder = "";

  private ArchiveFormat(ZipFile zip, long fileSize) {
    this.zip = zip;
    this.fileSize = fileSize;
  }

  static Checkpoint.Opened open(Path path) throws IOException {
    ZipFile zip;
    try {
      zip = new ZipFile(path.toFile(), StandardCharsets.UTF_8);
    } catch (ZipException | IllegalArgumentException e) {
      throw new CheckpointException(
          "is a damaged or cut zip file ("
              + OneLine.of(String.valueOf(e.getMessage()))
              + "); copy it anew",
          e);
    }
    try {
      return new Checkpoint.Opened(new ArchiveFormat(zip, Files.size(path)).read(), zip);
    } catch (ZipException | IllegalArgumentException e) {
      zip.close();
      throw new CheckpointException(
          "is a damaged zip file (" + OneLine.of(String.valueOf(e.getMessage())) + ")", e);
    } catch (IOException | RuntimeException | Error e) {
      zip.close();
      throw e;
    }
  }

  private Object read() throws IOException {
    list();
    ZipEntry pickle = entries.get(PICKLE);
    if (entries.containsKey("constants.pkl")) {
      throw new CheckpointException(
          "is a TorchScript program, not weights; save those by torch.save(model.state_dict(),"
              + " FILE)");
    }
    if (pickle == null) {
      throw new CheckpointException(
          "is a zip file without " + PICKLE + ", so no checkpoint of torch.save");
    }
    ZipEntry order = entries.get("byteorder");
    if (order != null) {
      String said = new String(bytes(order, 0, length(order, 16)), StandardCharsets.US_ASCII);
      if (!said.equals("little")) {
        throw new CheckpointException(
            "has the byte order '"
                + OneLine.of(said)
                + "', read is 'little'; load it with PyTorch and save it on another machine");
      }
    }
    byte[] bytes = bytes(pickle, 0, length(pickle, MOST_PICKLE_BYTES));
    Map<String, Storage> named = new LinkedHashMap<>();
    PickleBytes in = new PickleBytes(new ByteArrayInputStream(bytes), bytes.length);
    Object root = Unpickler.read(in, this, named);
    if (in.position() != bytes.length) {
      throw new CheckpointException(
          "has " + (bytes.length - in.position()) + " bytes behind its pickle; it is damaged");
    }
    for (Storage storage : named.values()) {
      ZipEntry entry = entries.get("data/" + storage.key());
      long wanted = storage.root() * storage.type().bytes();
      if (entry == null || storage.root() > fileSize || entry.getSize() != wanted) {
        throw new CheckpointException(
            "has storage '"
                + OneLine.of(storage.key())
                + "' of "
                + storage.root()
                + " values of "
                + storage.type()
                + (entry == null ? " nowhere" : " in " + entry.getSize() + " bytes")
                + "; it is damaged");
      }
    }
    return root;
  }

  private void list() throws CheckpointException {
    if (zip.size() > MOST_ENTRIES) {
      throw new CheckpointException("has " + zip.size() + " entries; it is no checkpoint");
    }
    for (Iterator<? extends ZipEntry> all = zip.entries().asIterator(); all.hasNext(); ) {
      ZipEntry entry = all.next();
      String name = entry.getName();
      int slash = name.indexOf('/');
      String inFolder = name.substring(0, slash + 1);
      if (entries.isEmpty()) {
        folder = inFolder;
      }
      if (slash < 0 || !inFolder.equals(folder)) {
        throw new CheckpointException(
            "has the entry '"
                + OneLine.of(name)
                + "' outside its one folder, so it is no checkpoint of torch.save");
      }
      if (entries.put(name.substring(slash + 1), entry) != null) {
        throw new CheckpointException("has '" + OneLine.of(name) + "' twice; it is damaged");
      }
    }
  }

  private int length(ZipEntry entry, long most) throws CheckpointException {
    if (entry.getSize() < 0 || entry.getSize() > most) {
      throw new CheckpointException(
          "has '"
              + OneLine.of(entry.getName())
              + "' of "
              + entry.getSize()
              + " bytes; "
              + most
              + " are read at most");
    }
    return (int) entry.getSize();
  }

  /** A part of an entry; all of it is read, to hold it against its checksum. */
  private byte[] bytes(ZipEntry entry, long from, int length) throws IOException {
    // Uncompressed, an entry has no more bytes than the file: nothing that is read can grow.
    if (entry.getMethod() != ZipEntry.STORED
        || entry.getSize() != entry.getCompressedSize()
        || entry.getSize() < 0
        || entry.getSize() > fileSize) {
      throw new CheckpointException(
          "has '"
              + OneLine.of(entry.getName())
              + "' compressed, which torch.save never does; save it anew with PyTorch");
    }
    CRC32 sum = new CRC32();
    byte[] part = new byte[length];
    byte[] chunk = new byte[1 << 16];
    long at = 0;
    try (InputStream in = new BufferedInputStream(zip.getInputStream(entry))) {
      for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
        sum.update(chunk, 0, n);
        long begin = Math.max(at, from);
        long end = Math.min(at + n, from + length);
        if (begin < end) {
          System.arraycopy(
              chunk, (int) (begin - at), part, (int) (begin - from), (int) (end - begin));
        }
        at += n;
      }
    }
    if (at != entry.getSize() || sum.getValue() != entry.getCrc()) {
      throw new CheckpointException(
          "has a checksum that does not fit '"
              + OneLine.of(entry.getName())
              + "'; it is damaged, copy it anew");
    }
    return part;
  }

  @Override
  public float[] values(Storage storage, Unpickler.View view) throws CheckpointException {
    ZipEntry entry = entries.get("data/" + storage.key());
    long from = (storage.offset() + view.offset()) * storage.type().bytes();
    try {
      byte[] bytes = bytes(entry, from, StorageBytes.length(storage.type(), view));
      return StorageBytes.values(storage.type(), view, ByteBuffer.wrap(bytes));
    } catch (CheckpointException e) {
      throw e;
    } catch (IllegalStateException e) {
      throw new CheckpointException("is read after the checkpoint was closed", e);
    } catch (IOException | IllegalArgumentException e) {
      throw new CheckpointException(
          "cannot be read: "
              + e.getClass().getSimpleName()
              + " "
              + OneLine.of(String.valueOf(e.getMessage())),
          e);
    }
  }
}
