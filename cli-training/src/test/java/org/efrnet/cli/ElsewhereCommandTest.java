package org.efrnet.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** Commands of other modules are known where their module is not. */
class ElsewhereCommandTest {
  @Test
  void helpSaysOfThemWhatTheySayThemselves() {
    Map<String, String> own = new TreeMap<>();
    for (Commands commands : ServiceLoader.load(Commands.class)) {
      for (Object command : commands.commands()) {
        CommandLine line = new CommandLine(command);
        own.put(line.getCommandName(), line.getCommandSpec().usageMessage().description()[0]);
      }
    }
    assertThat(own).isNotEmpty();
    own.forEach(
        (name, description) ->
            assertThat(ElsewhereCommand.KNOWN.get(name).description())
                .as(name)
                .isEqualTo(description));
  }

  @Test
  void theySayWhereTheyAre() {
    CommandLine line = ElsewhereCommand.of("train", ElsewhereCommand.KNOWN.get("train"));
    StringWriter err = new StringWriter();
    line.setErr(new PrintWriter(err, true));
    line.setExecutionExceptionHandler(
        (e, command, parsed) -> {
          command.getErr().print(e.getMessage());
          return 1;
        });
    assertThat(line.execute("recipe.yaml", "--out", "runs/a")).isEqualTo(1);
    assertThat(err.toString()).contains("'train' is in org.efrnet:efrnet-cli-training", "./efrnet");
  }
}
