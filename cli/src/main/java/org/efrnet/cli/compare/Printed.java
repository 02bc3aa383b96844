package org.efrnet.cli.compare;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import org.efrnet.text.StrictYaml;

/** What the paper's tables print, and how it is read here: {@code printed.yaml} beside this. */
public final class Printed {
  private static final String RESOURCE = "printed.yaml";

  private Printed() {}

  /** The tables {@code table1} to {@code table4}, and a few figures of the text. */
  public static ObjectNode tables() {
    try (InputStream in = Printed.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new IllegalStateException(RESOURCE + " is not on the class path; build anew");
      }
      return StrictYaml.parse(new String(in.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(RESOURCE + ": " + e.getMessage(), e);
    }
  }
}
