package org.efrnet.data;

import java.io.IOException;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.efrnet.labels.ClassTable;

/**
 * A list of labelled pictures in a fixed order. Implementations are immutable, and {@link #load}
 * may be called by many threads at once. An index outside 0..size-1 is an {@link
 * IndexOutOfBoundsException} everywhere.
 */
public interface DataSet {
  /** What a result says it was measured on, for example {@code camvid test}. */
  String name();

  /** The classes whose train ids {@link Example#truth()} carries. */
  ClassTable classes();

  /** How many examples there are, at least 1. */
  int size();

  /** The name of an example, found without decoding it. */
  String nameOf(int index);

  /**
   * The recording that an example was cut from. Neighbouring frames of one recording are nearly the
   * same picture, so results are also given by sequence.
   */
  String sequenceOf(int index);

  /**
   * Decodes one example.
   *
   * @throws IOException naming the file and what is wrong with it, in one line
   */
  Example load(int index) throws IOException;

  /** Whether labels exist; a test split whose labels are kept secret can be predicted only. */
  default boolean hasTruth() {
    return true;
  }

  /** The names of all examples in order. */
  default List<String> names() {
    return IntStream.range(0, size()).mapToObj(this::nameOf).toList();
  }

  /**
   * The examples whose index passes, in the same order: a hold-out, a sequence, the first few.
   *
   * @throws IllegalArgumentException when none passes
   */
  static DataSet filter(String name, DataSet source, IntPredicate keep) {
    return new SelectedDataSet(
        name, source, IntStream.range(0, source.size()).filter(keep).toArray());
  }

  /**
   * Several data sets one after the other.
   *
   * @throws IllegalArgumentException when there is none, or when their classes differ
   */
  static DataSet concat(String name, List<DataSet> parts) {
    return new JoinedDataSet(name, parts);
  }

  /**
   * The same data set with decoded examples kept in memory, up to {@code byteBudget} bytes. The
   * first ones loaded stay and the rest is decoded again each time: epochs visit every example
   * once, in ever new order, so throwing out the least recently used would nearly always throw out
   * what comes next.
   *
   * @param byteBudget 4 bytes are needed per pixel of a picture and its truth
   */
  static DataSet cached(DataSet source, long byteBudget) {
    return new CachedDataSet(source, byteBudget);
  }
}
