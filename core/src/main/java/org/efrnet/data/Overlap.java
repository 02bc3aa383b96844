package org.efrnet.data;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Finds pictures that are trained on and evaluated on: a result over them measures memory. */
public final class Overlap {
  private Overlap() {}

  /** The names in both data sets, in the order of {@code evaluation}; empty when they are apart. */
  public static List<String> between(DataSet training, DataSet evaluation) {
    Set<String> trained = new HashSet<>(training.names());
    return evaluation.names().stream().filter(trained::contains).distinct().toList();
  }
}
