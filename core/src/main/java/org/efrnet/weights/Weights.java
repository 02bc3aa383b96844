package org.efrnet.weights;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Collections;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import org.efrnet.text.Nearest;
import org.efrnet.text.OneLine;
import org.efrnet.text.Sha256;

/** A network's named tensors, sorted by name; immutable, as far as its tensors' owners are true. */
public final class Weights {
  private static final Weights EMPTY = new Weights(new TreeMap<>());

  private final NavigableMap<String, FloatTensor> tensors;

  private Weights(NavigableMap<String, FloatTensor> tensors) {
    this.tensors = tensors;
  }

  /** Weights without a tensor. */
  public static Weights empty() {
    return EMPTY;
  }

  /** The map is copied, the tensors are not. */
  public static Weights of(Map<String, FloatTensor> tensors) {
    TreeMap<String, FloatTensor> sorted = new TreeMap<>();
    sorted.putAll(tensors);
    return new Weights(sorted);
  }

  /** These weights with the given tensors added, or put in the place of those of the same name. */
  public Weights with(Map<String, FloatTensor> others) {
    TreeMap<String, FloatTensor> sorted = new TreeMap<>(tensors);
    sorted.putAll(others);
    return new Weights(sorted);
  }

  /**
   * The tensor of that name.
   *
   * @throws NoSuchElementException naming the missing tensor and the nearest existing name
   */
  public FloatTensor get(String name) {
    FloatTensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new NoSuchElementException(
          "no tensor '"
              + OneLine.of(name)
              + "' among the "
              + tensors.size()
              + " of these weights"
              + Nearest.hint(name, tensors.keySet()));
    }
    return tensor;
  }

  /** The tensor of that name, if there is one. */
  public Optional<FloatTensor> find(String name) {
    return Optional.ofNullable(tensors.get(name));
  }

  /** All names in their natural order, unmodifiable. */
  public SortedSet<String> names() {
    return Collections.unmodifiableSortedSet(tensors.navigableKeySet());
  }

  /** All tensors by name, unmodifiable. */
  public SortedMap<String, FloatTensor> tensors() {
    return Collections.unmodifiableSortedMap(tensors);
  }

  /** How many tensors there are. */
  public int size() {
    return tensors.size();
  }

  /** How many values all tensors hold together, running statistics included. */
  public long valueCount() {
    return tensors.values().stream().mapToLong(tensor -> tensor.values().length).sum();
  }

  /**
   * SHA-256, 64 hexadecimal digits, over every tensor in the order of the names: the name's length
   * in UTF-8 and its bytes, the rank, the sides, the values; all numbers little-endian, 32 bits.
   * Equal weights have equal digests wherever and however they are stored.
   */
  public String digest() {
    MessageDigest sha = Sha256.start();
    ByteBuffer buffer = ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN);
    tensors.forEach(
        (name, tensor) -> {
          byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
          put(sha, buffer, bytes.length);
          flush(sha, buffer);
          sha.update(bytes);
          put(sha, buffer, tensor.shape().length);
          for (int side : tensor.shape()) {
            put(sha, buffer, side);
          }
          for (float value : tensor.values()) {
            put(sha, buffer, Float.floatToIntBits(value));
          }
        });
    flush(sha, buffer);
    return Sha256.hex(sha);
  }

  private static void put(MessageDigest sha, ByteBuffer buffer, int number) {
    if (buffer.remaining() < Integer.BYTES) {
      flush(sha, buffer);
    }
    buffer.putInt(number);
  }

  private static void flush(MessageDigest sha, ByteBuffer buffer) {
    sha.update(buffer.flip());
    buffer.clear();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Weights w && tensors.equals(w.tensors);
  }

  @Override
  public int hashCode() {
    return tensors.hashCode();
  }

  @Override
  public String toString() {
    return "Weights[" + tensors.size() + " tensors, " + valueCount() + " values]";
  }
}
