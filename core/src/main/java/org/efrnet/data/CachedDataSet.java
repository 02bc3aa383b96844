package org.efrnet.data;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.efrnet.labels.ClassTable;

/** Keeps the decoded examples that were loaded first. */
final class CachedDataSet implements DataSet {
  private final DataSet source;
  private final AtomicReferenceArray<Example> kept;
  private final AtomicLong bytesLeft;

  CachedDataSet(DataSet source, long byteBudget) {
    if (byteBudget < 0) {
      throw new IllegalArgumentException(
          "cache of " + source.name() + ": byte budget " + byteBudget + " must not be negative");
    }
    this.source = source;
    this.kept = new AtomicReferenceArray<>(source.size());
    this.bytesLeft = new AtomicLong(byteBudget);
  }

  @Override
  public Example load(int index) throws IOException {
    Example before = kept.get(index);
    if (before != null) {
      return before;
    }
    // Two threads may decode the same example at once: rare, harmless, and no thread ever waits.
    Example loaded = source.load(index);
    long bytes = loaded.bytes();
    if (bytesLeft.addAndGet(-bytes) < 0 || !kept.compareAndSet(index, null, loaded)) {
      bytesLeft.addAndGet(bytes);
    }
    return loaded;
  }

  @Override
  public String name() {
    return source.name();
  }

  @Override
  public ClassTable classes() {
    return source.classes();
  }

  @Override
  public int size() {
    return source.size();
  }

  @Override
  public String nameOf(int index) {
    return source.nameOf(index);
  }

  @Override
  public String sequenceOf(int index) {
    return source.sequenceOf(index);
  }

  @Override
  public boolean hasTruth() {
    return source.hasTruth();
  }

  @Override
  public List<String> names() {
    return source.names();
  }
}
