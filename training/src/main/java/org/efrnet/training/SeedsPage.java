package org.efrnet.training;

import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import org.efrnet.charts.LineChart;
import org.efrnet.metrics.Spread;
import org.efrnet.pages.Html;
import org.efrnet.text.OneLine;
import org.efrnet.text.WholeFile;

/**
 * Trainings that differ in their seed alone, side by side: {@code summary.json}, {@code summary.md}
 * and {@code index.html} above the runs' folders.
 *
 * <p>Mean, sample standard deviation and range are those of finished runs, at their last step. Runs
 * that are unfinished (without a bundle) or missing (without a log) are named and count for
 * nothing.
 */
public final class SeedsPage {
  private static final String LESSON =
      "Differences within this spread are no differences: a seed alone makes them.";
  private static final int CHART_WIDTH = 440;
  private static final int CHART_HEIGHT = 260;

  private static final JsonMapper JSON =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  private enum State {
    FINISHED,
    UNFINISHED,
    MISSING;

    String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** A figure that every run has, and how it is written. */
  private record Figure(String key, String name, int decimals, ToDoubleFunction<RunLog> value) {}

  private static final List<Figure> FIGURES =
      List.of(
          new Figure("loss", "Loss", 4, RunLog::lastLoss),
          new Figure("miou", "mIoU, %", 2, log -> last(log, RunLog.Watch::miou)),
          new Figure(
              "pixelAccuracy",
              "Pixel accuracy, %",
              2,
              log -> last(log, RunLog.Watch::pixelAccuracy)));

  /**
   * @param begun whether there is a log, or a stage that came before it
   */
  private record Run(String name, String link, RunLog log, boolean begun) {
    State state() {
      return !begun ? State.MISSING : log.isFinished() ? State.FINISHED : State.UNFINISHED;
    }
  }

  private final List<Run> runs;
  private final List<RunLog> finished;

  private SeedsPage(List<Run> runs) {
    this.runs = List.copyOf(runs);
    this.finished =
        runs.stream().filter(run -> run.state() == State.FINISHED).map(Run::log).toList();
  }

  /**
   * Compares runs.
   *
   * @param out where the three files are written, each in one step; made if missing
   * @param runs the runs' folders, such as {@code out/seed-1}; one that is missing is named so
   * @throws IOException if a log cannot be read or a file not be written
   */
  public static void write(Path out, List<Path> runs) throws IOException {
    List<Run> read = new ArrayList<>();
    for (Path run : runs) {
      read.add(run(out, run));
    }
    SeedsPage page = new SeedsPage(read);
    Files.createDirectories(out);
    WholeFile.write(out.resolve("summary.json"), page.json());
    WholeFile.write(out.resolve("summary.md"), page.markdown());
    WholeFile.write(out.resolve("index.html"), page.html());
  }

  private static Run run(Path out, Path folder) throws IOException {
    RunLog log = RunLog.read(folder);
    boolean begun = log.exists() || !RunFolder.stagesIn(folder).isEmpty();
    Path above = out.toAbsolutePath().normalize();
    Path below = folder.toAbsolutePath().normalize();
    if (!below.startsWith(above) || below.equals(above)) {
      return new Run(log.folder(), "", log, begun);
    }
    String name = above.relativize(below).toString().replace('\\', '/');
    try {
      // Through a full path, or a colon in the name would be taken for a scheme.
      String path = new URI("file", "", "/" + name, null).getRawPath().substring(1);
      return new Run(name, "./" + path + "/" + RunPage.PAGE, log, begun);
    } catch (URISyntaxException e) {
      return new Run(name, "", log, begun);
    }
  }

  private static double last(RunLog log, ToDoubleFunction<RunLog.Watch> value) {
    return log.lastWatch().map(value::applyAsDouble).orElse(Double.NaN);
  }

  private Spread spread(ToDoubleFunction<RunLog> value) {
    return Spread.of(finished.stream().mapToDouble(value).toArray());
  }

  /** The classes of the last judgements of finished runs. */
  private List<String> classes() {
    return List.copyOf(
        Curves.classNames(finished.stream().flatMap(log -> log.lastWatch().stream()).toList()));
  }

  private Spread spreadOf(String className) {
    return spread(log -> last(log, watch -> watch.iouOf(className)));
  }

  /** What the runs were judged on; several if they were not all judged on the same. */
  private String watched() {
    return runs.stream()
        .flatMap(run -> run.log.lastWatch().stream())
        .map(
            watch ->
                watch.data()
                    + (watch.pictures() == 0 ? "" : " (" + watch.pictures() + " pictures)"))
        .filter(text -> !text.isBlank())
        .distinct()
        .collect(Collectors.joining("; "));
  }

  /** Who is missing, in one sentence; empty if all runs are finished. */
  private String incomplete() {
    List<String> parts = new ArrayList<>();
    for (State state : List.of(State.UNFINISHED, State.MISSING)) {
      String names =
          runs.stream()
              .filter(run -> run.state() == state)
              .map(run -> OneLine.of(run.name))
              .collect(Collectors.joining(", "));
      if (!names.isEmpty()) {
        parts.add(state.text() + ": " + names);
      }
    }
    return parts.isEmpty()
        ? ""
        : "Not counted in mean, deviation and range, " + String.join("; ", parts) + ".";
  }

  private String counted() {
    return finished.size() + " of " + runs.size() + (runs.size() == 1 ? " run" : " runs");
  }

  private String json() throws IOException {
    ObjectNode root = JSON.createObjectNode();
    root.put("watched", watched());
    root.put("finished", finished.size());
    for (Run run : runs) {
      ObjectNode entry = root.withArray("runs").addObject();
      entry.put("run", run.name);
      entry.put("state", run.state().text());
      entry.put("step", run.log.lastStep());
      for (Figure figure : FIGURES) {
        put(entry, figure.key, figure.value.applyAsDouble(run.log));
      }
    }
    for (Figure figure : FIGURES) {
      put(root.putObject(figure.key), spread(figure.value));
    }
    for (String name : classes()) {
      ObjectNode entry = root.withArray("classes").addObject();
      entry.put("name", name);
      put(entry.putObject("iou"), spreadOf(name));
    }
    root.put("note", LESSON);
    return JSON.writeValueAsString(root) + "\n";
  }

  private static void put(ObjectNode node, Spread spread) {
    node.put("runs", spread.count());
    put(node, "mean", spread.mean());
    put(node, "standardDeviation", spread.deviation());
    put(node, "least", spread.least());
    put(node, "most", spread.most());
  }

  private static void put(ObjectNode node, String key, double value) {
    if (Double.isFinite(value)) {
      node.put(key, Math.round(value * 1e5) / 1e5);
    } else {
      node.putNull(key);
    }
  }

  /** A name within a table's cell. */
  private static String cell(String text) {
    return OneLine.of(text).replace("\\", "\\\\").replace("|", "\\|");
  }

  private String markdown() {
    StringBuilder text = new StringBuilder("# Seeds compared\n\n");
    text.append("| run | state | step |");
    FIGURES.forEach(figure -> text.append(' ').append(figure.name).append(" |"));
    text.append("\n|---|---|---|").append("---|".repeat(FIGURES.size())).append('\n');
    for (Run run : runs) {
      text.append("| ").append(cell(run.name)).append(" | ").append(run.state().text());
      text.append(" | ").append(run.log.lastStep()).append(" |");
      for (Figure figure : FIGURES) {
        text.append(' ').append(written(figure.value.applyAsDouble(run.log), figure.decimals));
        text.append(" |");
      }
      text.append('\n');
    }
    text.append("\nOver the ").append(counted()).append(" that are finished, at the last step");
    text.append(watched().isEmpty() ? "" : ", judged on " + OneLine.of(watched()));
    text.append(":\n\n| | mean | standard deviation | range |\n|---|---|---|---|\n");
    for (Figure figure : FIGURES) {
      spreadLine(text, figure.name, spread(figure.value), figure.decimals);
    }
    for (String name : classes()) {
      spreadLine(text, "IoU of " + name + ", %", spreadOf(name), 2);
    }
    text.append('\n').append(LESSON).append('\n');
    text.append(incomplete().isEmpty() ? "" : "\n" + incomplete() + "\n");
    return text.toString();
  }

  private static void spreadLine(StringBuilder text, String name, Spread spread, int decimals) {
    text.append("| ").append(cell(name)).append(" | ");
    text.append(written(spread.mean(), decimals)).append(" | ");
    text.append(written(spread.deviation(), decimals)).append(" | ");
    text.append(range(spread, decimals)).append(" |\n");
  }

  private static String written(double value, int decimals) {
    return Html.number(value, decimals).replace(Html.NONE, "-");
  }

  private static String range(Spread spread, int decimals) {
    return spread.count() == 0
        ? "-"
        : written(spread.least(), decimals) + " to " + written(spread.most(), decimals);
  }

  private String html() {
    StringBuilder body = new StringBuilder("<h1>Seeds compared</h1>\n<p class=\"soft\">");
    body.append(counted()).append(" finished. ").append(Html.escaped(incomplete()));
    body.append("</p>\n<dl class=\"figures\">\n");
    for (Figure figure : FIGURES) {
      Spread spread = spread(figure.value);
      body.append(
          Html.figure(
              figure.name,
              Html.number(spread.mean(), figure.decimals)
                  + (spread.count() < 2
                      ? ""
                      : " \u00b1 " + Html.number(spread.deviation(), figure.decimals)),
              "mean \u00b1 standard deviation"));
    }
    body.append("</dl>\n<p>").append(LESSON).append("</p>\n");
    body.append("<h2>Curves</h2>\n<div class=\"charts\">\n");
    for (LineChart chart : charts()) {
      body.append("<div>").append(chart.svg(CHART_WIDTH, CHART_HEIGHT)).append("</div>\n");
    }
    body.append("</div>\n<h2>Runs</h2>\n").append(runTable());
    body.append("<h2>Spread over finished runs</h2>\n<p class=\"soft\">At the last step");
    body.append(watched().isEmpty() ? "" : ", judged on " + Html.escaped(watched()));
    body.append("; the deviation is the sample's.</p>\n").append(spreadTable());
    boolean reload = runs.stream().anyMatch(run -> run.state() != State.FINISHED);
    return Html.page("Seeds compared", reload, body.toString());
  }

  private List<LineChart> charts() {
    List<Curves.Named> named = new ArrayList<>();
    for (Run run : runs) {
      if (run.state() != State.MISSING) {
        String name = run.name + (run.state() == State.UNFINISHED ? " (unfinished)" : "");
        named.add(new Curves.Named(name, run.log));
      }
    }
    return List.of(Curves.losses(named), Curves.mious(named));
  }

  private String runTable() {
    StringBuilder table = new StringBuilder("<div class=\"scroll\"><table>\n<thead><tr>");
    table.append("<th scope=\"col\">Run</th><th scope=\"col\">State</th>");
    table.append("<th scope=\"col\">Step</th>");
    for (Figure figure : FIGURES) {
      table.append("<th scope=\"col\">").append(Html.escaped(figure.name)).append("</th>");
    }
    table.append("</tr></thead>\n<tbody>\n");
    for (Run run : runs) {
      String name = Html.escaped(OneLine.of(run.name));
      table.append("<tr><th scope=\"row\">");
      table.append(
          run.link.isEmpty() || run.state() == State.MISSING
              ? name
              : "<a href=\"" + Html.escaped(run.link) + "\">" + name + "</a>");
      table.append("</th><td>").append(run.state().text()).append("</td><td>");
      table.append(Html.count(run.log.lastStep())).append("</td>");
      for (Figure figure : FIGURES) {
        table.append("<td>");
        table.append(Html.number(figure.value.applyAsDouble(run.log), figure.decimals));
        table.append("</td>");
      }
      table.append("</tr>\n");
    }
    return table.append("</tbody>\n</table></div>\n").toString();
  }

  private String spreadTable() {
    StringBuilder table = new StringBuilder("<div class=\"scroll\"><table>\n<thead><tr>");
    table.append("<th scope=\"col\">Figure</th><th scope=\"col\">Mean</th>");
    table.append("<th scope=\"col\">Standard deviation</th><th scope=\"col\">Range</th>");
    table.append("</tr></thead>\n<tbody>\n");
    for (Figure figure : FIGURES) {
      spreadRow(table, "all", figure.name, spread(figure.value), figure.decimals);
    }
    for (String name : classes()) {
      spreadRow(table, "", "IoU of " + name + ", %", spreadOf(name), 2);
    }
    return table.append("</tbody>\n</table></div>\n").toString();
  }

  private static void spreadRow(
      StringBuilder table, String kind, String name, Spread spread, int decimals) {
    table.append(kind.isEmpty() ? "<tr>" : "<tr class=\"" + kind + "\">");
    table.append("<th scope=\"row\">").append(Html.escaped(name)).append("</th><td>");
    table.append(Html.number(spread.mean(), decimals)).append("</td><td>");
    table.append(Html.number(spread.deviation(), decimals)).append("</td><td>");
    table.append(range(spread, decimals).replace("-", Html.NONE)).append("</td></tr>\n");
  }
}
