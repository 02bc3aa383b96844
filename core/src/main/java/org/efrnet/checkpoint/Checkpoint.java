package org.efrnet.checkpoint;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.efrnet.text.OneLine;
import org.efrnet.text.Sha256;
import org.efrnet.weights.ElementType;
import org.efrnet.weights.FloatTensor;
import org.efrnet.weights.Safetensors;
import org.efrnet.weights.WeightsException;

/**
 * A file of weights that another program wrote: {@code torch.save}'s two formats (the stream of
 * before 1.6 and the archive of since then) and safetensors. Files come from anywhere, and a
 * PyTorch checkpoint is a program; this reads it as data, knows tensors, dictionaries, lists, texts
 * and numbers, and refuses what asks for anything else. Memory is taken only for what the file
 * holds. What is wrong is a {@link CheckpointException} of one line.
 *
 * <p>Values are read when {@link StoredTensor#read} asks for them, so those that nobody wants, such
 * as an optimiser's, are never in memory. Until then the file is open: close the checkpoint. For
 * use by one thread.
 */
public final class Checkpoint implements Closeable {
  private static final byte[] ZIP = {'P', 'K', 3, 4};
  private static final byte[] EMPTY_ZIP = {'P', 'K', 5, 6};
  private static final int TAR_MAGIC_AT = 257;
  private static final byte[] TAR = "ustar".getBytes(StandardCharsets.US_ASCII);
  private static final int HEAD = 512;

  /** What a format gives: the outermost value, and what must be closed. */
  record Opened(Object root, Closeable resource) {}

  private final String file;
  private final String sha256;
  private final Format format;
  private final Opened opened;

  /** How a file is made. */
  public enum Format {
    /** {@code torch.save} before PyTorch 1.6. */
    STREAM("PyTorch stream"),
    /** {@code torch.save} since PyTorch 1.6. */
    ARCHIVE("PyTorch archive"),
    /** Without a pickle. */
    SAFETENSORS("safetensors");

    private final String words;

    Format(String words) {
      this.words = words;
    }

    @Override
    public String toString() {
      return words;
    }
  }

  private Checkpoint(String file, String sha256, Format format, Opened opened) {
    this.file = file;
    this.sha256 = sha256;
    this.format = format;
    this.opened = opened;
  }

  /**
   * Opens a file and reads all but its values.
   *
   * @throws CheckpointException if it is missing, unreadable, damaged, none of the three formats,
   *     big-endian, or asks for code to be run
   */
  public static Checkpoint open(Path path) throws CheckpointException {
    try {
      if (!Files.exists(path)) {
        throw new CheckpointException("does not exist; check the path");
      }
      // A pipe or device has no size to check against and could block for ever.
      if (!Files.isRegularFile(path)) {
        throw new CheckpointException("is not a regular file");
      }
      return read(path);
    } catch (CheckpointException e) {
      throw named(path.toString(), e);
    } catch (IOException e) {
      throw new CheckpointException(
          "checkpoint "
              + path
              + ": cannot be read: "
              + e.getClass().getSimpleName()
              + " "
              + OneLine.of(String.valueOf(e.getMessage())),
          e);
    } catch (OutOfMemoryError e) {
      throw tooLarge(path.toString(), e);
    }
  }

  private static CheckpointException named(String file, CheckpointException e) {
    return new CheckpointException("checkpoint " + file + ": " + e.getMessage(), e);
  }

  /** All sizes are bounded by the file's, but how much of the heap others hold is not known. */
  private static CheckpointException tooLarge(String file, OutOfMemoryError e) {
    return new CheckpointException(
        "checkpoint "
            + file
            + ": does not fit into what is free of the heap of "
            + (Runtime.getRuntime().maxMemory() >> 20)
            + " MB; start Java with a larger -Xmx",
        e);
  }

  private static Checkpoint read(Path path) throws IOException {
    byte[] head;
    try (InputStream in = Files.newInputStream(path)) {
      head = in.readNBytes(HEAD);
    }
    if (head.length == 0) {
      throw new CheckpointException("is empty");
    }
    String sha = digest(path);
    String file = path.toString();
    if (startsWith(head, 0, ZIP) || startsWith(head, 0, EMPTY_ZIP)) {
      return new Checkpoint(file, sha, Format.ARCHIVE, ArchiveFormat.open(path));
    }
    if (startsWith(head, TAR_MAGIC_AT, TAR)) {
      throw new CheckpointException(
          "is a tar archive, as PyTorch wrote it before 0.1.10; load it with PyTorch and save its"
              + " state_dict anew");
    }
    if (head.length > Long.BYTES && head[Long.BYTES] == '{' && head[Long.BYTES - 1] == 0) {
      return new Checkpoint(file, sha, Format.SAFETENSORS, safetensors(path));
    }
    if (head[0] != (byte) 0x80) {
      throw new CheckpointException(
          "is no checkpoint: it begins neither as torch.save's files do nor as safetensors; check"
              + " that the download is the file itself");
    }
    FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
    try {
      return new Checkpoint(
          file, sha, Format.STREAM, new Opened(StreamFormat.read(channel), channel));
    } catch (IOException | RuntimeException | Error e) {
      channel.close();
      throw e;
    }
  }

  private static boolean startsWith(byte[] head, int at, byte[] wanted) {
    return head.length >= at + wanted.length
        && Arrays.equals(head, at, at + wanted.length, wanted, 0, wanted.length);
  }

  private static String digest(Path path) throws IOException {
    MessageDigest sha = Sha256.start();
    ByteBuffer chunk = ByteBuffer.allocate(1 << 20);
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      while (channel.read(chunk) >= 0) {
        sha.update(chunk.flip());
        chunk.clear();
      }
    }
    return Sha256.hex(sha);
  }

  private static Opened safetensors(Path path) throws CheckpointException {
    try {
      Map<Object, Object> tensors = new LinkedHashMap<>();
      Safetensors.read(path).tensors().forEach((name, t) -> tensors.put(name, inMemory(t)));
      return new Opened(tensors, () -> {});
    } catch (WeightsException e) {
      throw new CheckpointException("is refused: " + e.getMessage(), e);
    }
  }

  private static StoredTensor inMemory(FloatTensor tensor) {
    return new StoredTensor(tensor.shape(), ElementType.F32, () -> tensor.values().clone());
  }

  /** Bytes of a channel from a place on, buffered; the channel stays open. */
  static InputStream stream(FileChannel channel, long from) throws IOException {
    channel.position(from);
    return new BufferedInputStream(Channels.newInputStream(channel), 1 << 16);
  }

  /** The file, as its errors name it. */
  public String file() {
    return file;
  }

  /** SHA-256 of the file's bytes, 64 hexadecimal digits. */
  public String sha256() {
    return sha256;
  }

  /** How the file is made. */
  public Format format() {
    return format;
  }

  /**
   * The named tensors of a network, found wherever training code puts them.
   *
   * @throws CheckpointException if there are none
   */
  public StateDict stateDict() throws CheckpointException {
    try {
      return StateDict.in(opened.root, this);
    } catch (CheckpointException e) {
      throw named(file, e);
    }
  }

  /** Reads a tensor's values; the error names file and tensor. */
  FloatTensor values(String name, StoredTensor tensor) throws CheckpointException {
    try {
      return tensor.read();
    } catch (CheckpointException e) {
      throw new CheckpointException(
          "checkpoint " + file + ": tensor '" + OneLine.of(name) + "' " + e.getMessage(), e);
    } catch (OutOfMemoryError e) {
      throw tooLarge(file, e);
    }
  }

  @Override
  public void close() throws CheckpointException {
    try {
      opened.resource.close();
    } catch (IOException e) {
      throw new CheckpointException("checkpoint " + file + ": cannot be closed", e);
    }
  }

  @Override
  public String toString() {
    return "Checkpoint[" + file + ", " + format + "]";
  }
}
