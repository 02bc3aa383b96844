package org.efrnet.data;

import java.io.IOException;
import java.util.List;
import java.util.Objects;
import org.efrnet.labels.ClassTable;

/** Data sets of the same classes, one after the other. */
final class JoinedDataSet implements DataSet {
  private final String name;
  private final List<DataSet> parts;
  private final int size;

  JoinedDataSet(String name, List<DataSet> parts) {
    if (parts.isEmpty()) {
      throw new IllegalArgumentException("data set " + name + ": no parts; give at least one");
    }
    DataSet first = parts.get(0);
    for (DataSet part : parts) {
      if (!part.classes().equals(first.classes())) {
        throw new IllegalArgumentException(
            "data set "
                + name
                + ": "
                + first.name()
                + " and "
                + part.name()
                + " have different classes; join data sets of one class table only");
      }
    }
    this.name = name;
    this.parts = List.copyOf(parts);
    this.size = parts.stream().mapToInt(DataSet::size).sum();
  }

  /** An example's data set and its index there. */
  private record Place(DataSet part, int index) {}

  private Place place(int index) {
    int rest = Objects.checkIndex(index, size);
    for (DataSet part : parts) {
      if (rest < part.size()) {
        return new Place(part, rest);
      }
      rest -= part.size();
    }
    throw new AssertionError("index " + index + " lies in no part");
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public ClassTable classes() {
    return parts.get(0).classes();
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public String nameOf(int index) {
    Place place = place(index);
    return place.part.nameOf(place.index);
  }

  @Override
  public String sequenceOf(int index) {
    Place place = place(index);
    return place.part.sequenceOf(place.index);
  }

  @Override
  public Example load(int index) throws IOException {
    Place place = place(index);
    return place.part.load(place.index);
  }

  /** True only when every part has labels: a loss over half of the pictures is no loss. */
  @Override
  public boolean hasTruth() {
    return parts.stream().allMatch(DataSet::hasTruth);
  }
}
