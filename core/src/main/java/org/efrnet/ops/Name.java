package org.efrnet.ops;

/**
 * Where in a network something stands, as a dotted name: {@code b2.1.reduce.conv}. Parameters are
 * stored under it ({@code b2.1.reduce.conv.weight}), calibration and costs are keyed by it.
 *
 * <p>Two operations with the same name and an equal description share their parameters; with
 * different descriptions they are an error.
 *
 * @param value the dotted name; not empty
 */
public record Name(String value) implements Comparable<Name> {
  public Name {
    if (value.isEmpty() || value.startsWith(".") || value.endsWith(".")) {
      throw new IllegalArgumentException(
          "name '" + value + "': a name is not empty and neither starts nor ends with a dot");
    }
  }

  /** A name below this one. */
  public Name in(String child) {
    return new Name(value + "." + child);
  }

  @Override
  public int compareTo(Name other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
