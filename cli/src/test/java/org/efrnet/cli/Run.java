package org.efrnet.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Arrays;
import picocli.CommandLine;

/**
 * What a command line did, as a shell would see it; for the tests of all modules with commands.
 *
 * @param code of the exit
 * @param out standard output
 * @param err standard error
 */
public record Run(int code, String out, String err) {
  /** Runs {@code efrnet} with these words. */
  public static Run of(Object... words) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine line = Main.commandLine();
    line.setOut(new PrintWriter(out, true));
    line.setErr(new PrintWriter(err, true));
    int code = line.execute(Arrays.stream(words).map(Object::toString).toArray(String[]::new));
    return new Run(code, out.toString(), err.toString());
  }

  /** What stands on stderr, once it is made sure that it is one line. */
  public String complaint() {
    assertThat(err.strip()).isNotEmpty().doesNotContain("\n").startsWith("efrnet: ");
    return err.strip();
  }
}
