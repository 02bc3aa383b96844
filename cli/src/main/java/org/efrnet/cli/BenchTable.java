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
    table.whatNoiseCosts(bench);
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
        .forEach(peak -> peaks.add(peak.getKey() + " " + known("%.1f", peak.getValue(), 1)));
    line("peak of a 3x3 convolution, GFLOP/s: %s", String.join(", ", peaks));
  }

  private static List<String> words(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false).map(JsonNode::textValue).toList();
  }

  private void engines(JsonNode bench) {
    line("");
    line(
        "%-12s %-9s %9s %9s %9s %9s %7s %7s %9s %8s",
        "engine, ms",
        "precision",
        "min",
        "p50",
        "p95",
        "p99",
        "x fp32",
        "x best",
        "GFLOP/s",
        "of peak");
    for (JsonNode entry : bench.get("engines")) {
      line(
          "%-12s %-9s%s %7s %7s %9.1f %8s",
          entry.get("name").textValue(),
          entry.get("precision").textValue(),
          times(entry),
          known("%.2f", entry.get("timesFp32"), 1),
          known("%.2f", entry.get("timesBest"), 1),
          entry.get("gflops").doubleValue(),
          known("%.1f %%", entry.get("shareOfPeak"), 100));
    }
    line(
        "x fp32, x best: p50 as a multiple of that of %s in fp32, and in its fastest precision",
        bench.get("engines").get(0).get("name").textValue());
  }

  /** A number, or a dash where there is none. */
  private static String known(String form, JsonNode value, double factor) {
    return value.isNull() ? "-" : String.format(Locale.ROOT, form, factor * value.doubleValue());
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

  /** A map of noise has borders everywhere, and borders are what takes time to enlarge. */
  private void whatNoiseCosts(JsonNode bench) {
    if (!bench.get("trained").booleanValue()) {
      line("");
      line(
          "class maps of random weights are noise, for which finish takes longer than for a"
              + " street's; --model efrnet.camvid measures real maps");
    }
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
