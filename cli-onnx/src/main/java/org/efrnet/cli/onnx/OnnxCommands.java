package org.efrnet.cli.onnx;

import java.util.List;
import org.efrnet.cli.Commands;

/** The commands of this module. */
public final class OnnxCommands implements Commands {
  @Override
  public List<Object> commands() {
    return List.of(new ExportCommand());
  }
}
