package org.efrnet.learning;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The processes that train one network together, seen from one of them. Each takes its part of
 * every step's batch; what they sum up is the same, bit for bit, in all of them. All must make the
 * same calls in the same order.
 *
 * <p>Every call throws {@link LostProcessException} if another process went away.
 */
public interface Processes extends AutoCloseable {
  /** One process, which has nobody to wait for. */
  static Processes alone() {
    return new Alone();
  }

  /** Which one this is, 0 to {@link #size()} - 1. */
  int rank();

  /** How many there are, at least 1. */
  int size();

  /** Replaces values by their sums over all processes. */
  void sum(double[] values);

  /**
   * Says that the work together is done. When all have said so this returns, and nobody is watched
   * over any more.
   */
  void part();

  /** Lets go of the others, whatever they do. */
  @Override
  void close();

  /** Whether this is the one that speaks, logs and saves. */
  default boolean leads() {
    return rank() == 0;
  }

  /** Whether any process says yes. */
  default boolean any(boolean mine) {
    double[] said = {mine ? 1 : 0};
    sum(said);
    return said[0] > 0;
  }

  /** Replaces values by those of rank 0, bit by bit. */
  default void broadcast(float[] values) {
    double[] bits = new double[values.length];
    if (leads()) {
      Arrays.setAll(bits, i -> Float.floatToRawIntBits(values[i]));
    }
    sum(bits);
    for (int i = 0; i < values.length; i++) {
      values[i] = Float.intBitsToFloat((int) bits[i]);
    }
  }

  /** What each process says, by rank. */
  default List<String> gather(String word) {
    byte[] mine = word.getBytes(StandardCharsets.UTF_8);
    double[] lengths = new double[size()];
    lengths[rank()] = mine.length;
    sum(lengths);
    // A byte a number: words are few and short, and a sum is all that it takes.
    double[] all = new double[(int) Arrays.stream(lengths).sum()];
    int at = (int) Arrays.stream(lengths, 0, rank()).sum();
    for (byte b : mine) {
      all[at++] = b;
    }
    sum(all);
    List<String> words = new ArrayList<>();
    int from = 0;
    for (double length : lengths) {
      byte[] bytes = new byte[(int) length];
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] = (byte) all[from++];
      }
      words.add(new String(bytes, StandardCharsets.UTF_8));
    }
    return words;
  }
}
