package org.efrnet.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Arrays;
import picocli.CommandLine;

/**
 * What a command line did, as a shell would see it.
 *
 * @param code of the exit
 * @param out standard output
 * @param err standard error
 */
record Run(int code, String out, String err) {
  /** Runs {@code efrnet} with these words. */
  static Run of(Object... words) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine line = Main.commandLine();
    line.setOut(new PrintWriter(out, true));
    line.setErr(new PrintWriter(err, true));
    int code = line.execute(Arrays.stream(words).map(Object::toString).toArray(String[]::new));
    return new Run(code, out.toString(), err.toString());
  }
}
