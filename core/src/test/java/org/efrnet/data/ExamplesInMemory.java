package org.efrnet.data;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.efrnet.images.Mask;
import org.efrnet.images.Picture;
import org.efrnet.labels.ClassTable;

/** A tiny data set of 4x4 pictures that counts how often it decodes. */
final class ExamplesInMemory implements DataSet {
  final AtomicInteger loads = new AtomicInteger();
  private final String table;
  private final List<String> names;

  ExamplesInMemory(String table, String... names) {
    this.table = table;
    this.names = List.of(names);
  }

  @Override
  public String name() {
    return "memory";
  }

  @Override
  public ClassTable classes() {
    return ClassTable.named(table);
  }

  @Override
  public int size() {
    return names.size();
  }

  @Override
  public String nameOf(int index) {
    return names.get(index);
  }

  @Override
  public String sequenceOf(int index) {
    return nameOf(index).substring(0, 1);
  }

  @Override
  public Example load(int index) throws IOException {
    loads.incrementAndGet();
    return new Example(
        nameOf(index), new Picture(4, 4, new byte[48]), new Mask(4, 4, new byte[16]));
  }
}
