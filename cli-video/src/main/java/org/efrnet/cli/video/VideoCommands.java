package org.efrnet.cli.video;

import java.util.List;
import org.efrnet.cli.Commands;

/** The commands of this module. */
public final class VideoCommands implements Commands {
  @Override
  public List<Object> commands() {
    return List.of(new VideoCommand());
  }
}
