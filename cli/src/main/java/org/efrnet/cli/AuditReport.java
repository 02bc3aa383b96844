package org.efrnet.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.util.Locale;
import org.efrnet.metrics.Audit;

/** One result under every convention. */
final class AuditReport {
  private AuditReport() {}

  static void print(PrintWriter out, Audit audit) {
    out.println();
    out.println("The same predictions under every convention, %; > is the headline:");
    for (Audit.Line line : audit.lines()) {
      out.printf(
          Locale.ROOT,
          "%s %7s  %s%n           %s%n",
          line.isHeadline() ? ">" : " ",
          Double.isNaN(line.percent())
              ? "absent"
              : String.format(Locale.ROOT, "%.2f", line.percent()),
          line.name(),
          "used by: " + line.usedBy());
    }
  }

  static ArrayNode json(Audit audit) {
    ArrayNode array = JsonNodeFactory.instance.arrayNode();
    for (Audit.Line line : audit.lines()) {
      ObjectNode one = array.addObject().put("convention", line.key()).put("name", line.name());
      if (Double.isNaN(line.percent())) {
        one.putNull("percent");
      } else {
        one.put("percent", Math.round(line.percent() * 1000) / 1000.0);
      }
      one.put("usedBy", line.usedBy()).put("headline", line.isHeadline());
    }
    return array;
  }
}
