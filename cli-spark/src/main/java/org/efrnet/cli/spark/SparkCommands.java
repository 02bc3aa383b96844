package org.efrnet.cli.spark;

import java.util.List;
import org.efrnet.cli.Commands;

/** The commands of this module. */
public final class SparkCommands implements Commands {
  @Override
  public List<Object> commands() {
    return List.of(new LabelCommand());
  }
}
