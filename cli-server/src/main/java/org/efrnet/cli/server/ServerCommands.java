package org.efrnet.cli.server;

import java.util.List;
import org.efrnet.cli.Commands;

/** The commands of this module. */
public final class ServerCommands implements Commands {
  @Override
  public List<Object> commands() {
    return List.of(new ServeCommand());
  }
}
