package org.efrnet.checkpoint;

import java.io.EOFException;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.efrnet.checkpoint.Pickled.Storage;
import org.efrnet.text.OneLine;

/**
 * {@code torch.save} before PyTorch 1.6: one pickle after the other (a magic number, a version, a
 * word on the machine, the object, the keys of its storages), then for each key the number of its
 * values and the values.
 */
final class StreamFormat implements Unpickler.Storages {
  /** As {@code torch.serialization} has it. */
  private static final BigInteger MAGIC = new BigInteger("1950a86a20f9469cfc6c", 16);

  private static final long VERSION = 1001;
  private static final Unpickler.Storages NO_STORAGES =
      (storage, view) -> {
        throw new CheckpointException("has values where there are none");
      };

  private final FileChannel channel;

  /** Where values begin, by key; known when the pickle has been read. */
  private final Map<String, Long> places = new HashMap<>();

  private StreamFormat(FileChannel channel) {
    this.channel = channel;
  }

  /** The outermost value; its tensors read from the channel. */
  static Object read(FileChannel channel) throws IOException {
    StreamFormat format = new StreamFormat(channel);
    long size = channel.size();
    PickleBytes in = new PickleBytes(Checkpoint.stream(channel, 0), size);
    if (!MAGIC.equals(plain(in))) {
      throw new CheckpointException(
          "is a pickle, but none of torch.save: the magic number is missing; save the weights by"
              + " torch.save(model.state_dict(), FILE)");
    }
    Object version = plain(in);
    if (!version.equals(VERSION)) {
      throw new CheckpointException(
          "is of torch.save's version "
              + (version instanceof Long ? version : Pickled.kind(version))
              + "; read is "
              + VERSION);
    }
    if (!(plain(in) instanceof Map<?, ?> machine)
        || !(machine.get("little_endian") instanceof Boolean little)) {
      throw new CheckpointException("does not say in which order its bytes are; it is damaged");
    }
    if (!little) {
      throw new CheckpointException(
          "was written by a big-endian machine; load it with PyTorch and save it on another one");
    }
    Map<String, Storage> named = new LinkedHashMap<>();
    Object root = Unpickler.read(in, format, named);
    format.findStorages(plain(in), named, in.position(), size);
    return root;
  }

  private static Object plain(PickleBytes in) throws IOException {
    return Unpickler.read(in, NO_STORAGES, new HashMap<>());
  }

  private void findStorages(Object keys, Map<String, Storage> named, long from, long size)
      throws IOException {
    if (!(keys instanceof List<?> list)) {
      throw new CheckpointException("lacks the list of its storages; it is damaged");
    }
    long at = from;
    for (Object key : list) {
      Storage storage = key instanceof String name ? named.get(name) : null;
      if (storage == null || places.containsKey(storage.key())) {
        throw new CheckpointException(
            "lists "
                + (key instanceof String name
                    ? "storage '" + OneLine.of(name) + "', which no tensor has, or twice"
                    : Pickled.kind(key) + " for a storage")
                + "; it is damaged");
      }
      if (size - at < Long.BYTES) {
        throw cut(storage, size);
      }
      long count = bytes(at, Long.BYTES).getLong();
      if (count != storage.root()) {
        throw new CheckpointException(
            "has "
                + count
                + " values in storage '"
                + OneLine.of(storage.key())
                + "' of "
                + storage.root()
                + "; it is damaged");
      }
      at += Long.BYTES;
      if (count > (size - at) / storage.type().bytes()) {
        throw cut(storage, size);
      }
      places.put(storage.key(), at);
      at += count * storage.type().bytes();
    }
    for (String key : named.keySet()) {
      if (!places.containsKey(key)) {
        throw new CheckpointException(
            "lacks storage '" + OneLine.of(key) + "', which a tensor has; it is damaged");
      }
    }
    if (at != size) {
      throw new CheckpointException(
          "has " + (size - at) + " bytes behind its last storage; it is damaged");
    }
  }

  private static CheckpointException cut(Storage storage, long size) {
    return new CheckpointException(
        "ends at byte "
            + size
            + ", within storage '"
            + OneLine.of(storage.key())
            + "'; it is cut short, copy it anew");
  }

  private ByteBuffer bytes(long at, int length) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    while (buffer.hasRemaining()) {
      int read = channel.read(buffer, at + buffer.position());
      if (read < 0) {
        throw new EOFException("the file became shorter while it was read");
      }
    }
    return buffer.flip();
  }

  @Override
  public float[] values(Storage storage, Unpickler.View view) throws CheckpointException {
    long begin = places.get(storage.key());
    long at = begin + (storage.offset() + view.offset()) * storage.type().bytes();
    try {
      ByteBuffer bytes = bytes(at, StorageBytes.length(storage.type(), view));
      return StorageBytes.values(storage.type(), view, bytes);
    } catch (CheckpointException e) {
      throw e;
    } catch (ClosedChannelException e) {
      throw new CheckpointException("is read after the checkpoint was closed", e);
    } catch (IOException e) {
      throw new CheckpointException(
          "cannot be read: "
              + e.getClass().getSimpleName()
              + " "
              + OneLine.of(String.valueOf(e.getMessage())),
          e);
    }
  }
}
