package org.efrnet.data;

import java.io.IOException;
import org.efrnet.labels.ClassTable;

/** Some examples of another data set. */
final class SelectedDataSet implements DataSet {
  private final String name;
  private final DataSet source;
  private final int[] indices;

  SelectedDataSet(String name, DataSet source, int[] indices) {
    if (indices.length == 0) {
      throw new IllegalArgumentException(
          "data set "
              + name
              + ": none of the "
              + source.size()
              + " examples of "
              + source.name()
              + " is selected; choose at least one");
    }
    this.name = name;
    this.source = source;
    this.indices = indices.clone();
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public ClassTable classes() {
    return source.classes();
  }

  @Override
  public int size() {
    return indices.length;
  }

  @Override
  public String nameOf(int index) {
    return source.nameOf(indices[index]);
  }

  @Override
  public String sequenceOf(int index) {
    return source.sequenceOf(indices[index]);
  }

  @Override
  public Example load(int index) throws IOException {
    return source.load(indices[index]);
  }

  @Override
  public boolean hasTruth() {
    return source.hasTruth();
  }
}
