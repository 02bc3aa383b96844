package org.efrnet.cli.training;

import java.util.List;
import org.efrnet.cli.Commands;

/** The commands of this module. */
public final class TrainingCommands implements Commands {
  @Override
  public List<Object> commands() {
    return List.of(new TrainCommand(), new PackCommand());
  }
}
