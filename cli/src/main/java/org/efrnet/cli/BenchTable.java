package org.efrnet.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.StreamSupport;

/** The result of {@code bench} for people: the same figures as in its JSON. */
final class BenchTable {
  private static final List<String> TIMES = List.of("min", "p50", "p95", "p99");

  private final StringBuilder text = new StringBuilder();

  private BenchTable() {}

  static String of(JsonNode bench) {
    BenchTable table = new BenchTable();
    table.head(bench);
    table.engines(bench);
    bench.get("frames").forEach(table::frames);
    if (bench.has("nodes")) {
      bench.get("nodes").forEach(table::nodes);
    }
    return table.text.toString();
  }

  private void line(String form, Object... values) {
    text.append(String.format(Locale.ROOT, form, values).stripTrailing())
        .append(System.lineSeparator());
  }

  private void head(JsonNode bench) {
    line(
        "%s (%s) at %dx%d, %d classes, %.3f GFLOP in convolutions; %d threads, %d rounds",
        bench.get("network").textValue(),
        bench.get("model").textValue(),
        bench.get("width").intValue(),
        bench.get("height").intValue(),
        bench.get("classes").intValue(),
        bench.get("convGflop").doubleValue(),
        bench.get("threads").intValue(),
        bench.get("rounds").intValue());
    JsonNode machine = bench.get("machine");
    line(
        "%s, %d cores, %s; %s %s, %s, Java %s, %.1f GB, load %.2f",
        machine.get("cpu").textValue(),
        machine.get("cores").intValue(),
        String.join(" ", words(machine.get("flags"))),
        machine.get("os").textValue(),
        machine.get("kernel").textValue(),
        machine.get("libc").textValue(),
        machine.get("java").textValue(),
        machine.get("memoryBytes").longValue() / 1e9,
        machine.get("load").doubleValue());
    List<String> peaks = new ArrayList<>();
    bench
        .get("peakGflops")
        .properties()
        .forEach(
            peak ->
                peaks.add(
                    peak.getKey()
                        + " "
                        + (peak.getValue().isNull()
                            ? "-"
                            : String.format(Locale.ROOT, "%.1f", peak.getValue().doubleValue()))));
    line("peak of a 3x3 convolution, GFLOP/s: %s", String.join(", ", peaks));
  }

  private static List<String> words(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false).map(JsonNode::textValue).toList();
  }

  private void engines(JsonNode bench) {
    line("");
    line(
        "%-12s %-9s %9s %9s %9s %9s %9s %8s",
        "engine, ms", "precision", "min", "p50", "p95", "p99", "GFLOP/s", "of peak");
    for (JsonNode entry : bench.get("engines")) {
      JsonNode share = entry.get("shareOfPeak");
      line(
          "%-12s %-9s%s %9.1f %8s",
          entry.get("name").textValue(),
          entry.get("precision").textValue(),
          times(entry),
          entry.get("gflops").doubleValue(),
          share.isNull() ? "-" : String.format(Locale.ROOT, "%.1f %%", 100 * share.doubleValue()));
    }
  }

  private static String times(JsonNode node) {
    StringBuilder cells = new StringBuilder();
    TIMES.forEach(
        t -> cells.append(String.format(Locale.ROOT, " %9.3f", node.get(t).doubleValue())));
    return cells.toString();
  }

  private void frames(JsonNode frames) {
    line("");
    line(
        "a JPEG of %dx%d by %s in %s, ms",
        frames.get("pictureWidth").intValue(),
        frames.get("pictureHeight").intValue(),
        frames.get("name").textValue(),
        frames.get("precision").textValue());
    line("%-22s %9s %9s %9s %9s", "stage", "min", "p50", "p95", "p99");
    frames
        .get("stages")
        .properties()
        .forEach(stage -> line("%-22s%s", stage.getKey(), times(stage.getValue())));
  }

  private void nodes(JsonNode profile) {
    line("");
    line(
        "nodes of %s in %s", profile.get("name").textValue(), profile.get("precision").textValue());
    line("%9s %7s %9s %9s  %s", "ms", "share", "cumulated", "GFLOP/s", "node");
    for (JsonNode node : profile.get("nodes")) {
      line(
          "%9.3f %5.1f %% %7.1f %% %9.1f  %s: %s",
          node.get("millis").doubleValue(),
          100 * node.get("share").doubleValue(),
          100 * node.get("cumulated").doubleValue(),
          node.get("gflops").doubleValue(),
          node.get("node").textValue(),
          node.get("what").textValue());
    }
  }
}
