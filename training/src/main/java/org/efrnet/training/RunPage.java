package org.efrnet.training;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.NavigableMap;
import java.util.Optional;
import org.efrnet.charts.LineChart;
import org.efrnet.images.Pictures;
import org.efrnet.pages.Html;
import org.efrnet.text.StrictYaml;
import org.efrnet.text.WholeFile;

/**
 * A run as pictures, for people: {@code curves.png} and {@code run.html} in its folder, made of
 * what lies there: {@code train.jsonl}, {@code recipe.yaml} and {@link Samples}.
 *
 * <p>The page is one file without scripts that asks no host for anything. As long as the run has no
 * bundle it loads itself again every minute.
 */
public final class RunPage {
  /** The charts in one picture. */
  public static final String CURVES = "curves.png";

  /** The page. */
  public static final String PAGE = "run.html";

  /** What a page may weigh; pictures beyond it are left out and counted. */
  static final int MOST_BYTES = 5_000_000;

  private static final int MOST_RECIPE_BYTES = 100_000;
  private static final int CHART_WIDTH = 440;
  private static final int CHART_HEIGHT = 260;
  private static final int CURVES_SCALE = 2;
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm 'UTC'", Locale.ROOT).withZone(ZoneOffset.UTC);

  private RunPage() {}

  /**
   * Writes both files, each in one step. Called again and again during a run: a log of 100 000
   * lines costs a fraction of a second.
   *
   * @param run the run's folder; a log, recipe or samples that are not there yet are left out
   * @throws NoSuchFileException if there is no such folder
   * @throws IOException if something in it cannot be read or written
   */
  public static void write(Path run) throws IOException {
    if (!Files.isDirectory(run)) {
      throw new NoSuchFileException(
          run.toString(), null, "there is no such run's folder; check the path");
    }
    RunLog log = RunLog.read(run);
    List<LineChart> charts = Curves.of(log);
    Pictures.writePng(
        run.resolve(CURVES), Curves.column(charts, CHART_WIDTH, CHART_HEIGHT, CURVES_SCALE));
    WholeFile.write(run.resolve(PAGE), page(run, log, charts));
  }

  private static String page(Path run, RunLog log, List<LineChart> charts) throws IOException {
    Optional<String> recipe = recipe(run);
    String name = recipe.flatMap(RunPage::nameOf).orElse(log.folder());
    StringBuilder before = new StringBuilder();
    before.append("<h1>").append(Html.escaped(name)).append("</h1>\n");
    List<Path> stages = RunFolder.stagesIn(run);
    before.append("<p class=\"soft\">");
    before.append(Html.escaped(state(log, !stages.isEmpty()))).append("</p>\n");
    before.append(links(stages));
    if (log.unreadable() > 0) {
      before
          .append("<p>")
          .append(log.unreadable() == 1 ? "1 line" : Html.count(log.unreadable()) + " lines")
          .append(" of ")
          .append(RunLog.NAME)
          .append(" could not be read and are not shown.</p>\n");
    }
    for (RunLog.Note note : log.notes()) {
      before
          .append("<p>Step ")
          .append(Html.count(note.step()))
          .append(": ")
          .append(Html.escaped(note.text()))
          .append(".</p>\n");
    }
    before.append(figures(log));
    before.append("<h2>Curves</h2>\n<div class=\"charts\">\n");
    for (LineChart chart : charts) {
      before.append("<div>").append(chart.svg(CHART_WIDTH, CHART_HEIGHT)).append("</div>\n");
    }
    before.append("</div>\n").append(classes(log));
    StringBuilder after = new StringBuilder();
    recipe.ifPresent(
        text ->
            after.append("<h2>Recipe</h2>\n<pre>").append(Html.escaped(text)).append("</pre>\n"));
    int room =
        MOST_BYTES
            - Html.page(name, true, "").getBytes(StandardCharsets.UTF_8).length
            - before.toString().getBytes(StandardCharsets.UTF_8).length
            - after.toString().getBytes(StandardCharsets.UTF_8).length;
    return Html.page(name, !log.isFinished(), before + samples(Samples.byEpoch(run), room) + after);
  }

  private static Optional<String> recipe(Path run) throws IOException {
    try (InputStream in = Files.newInputStream(run.resolve("recipe.yaml"))) {
      byte[] bytes = in.readNBytes(MOST_RECIPE_BYTES + 1);
      String text =
          new String(bytes, 0, Math.min(bytes.length, MOST_RECIPE_BYTES), StandardCharsets.UTF_8);
      return Optional.of(
          bytes.length > MOST_RECIPE_BYTES ? text + "\n[the rest is left out]" : text);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  /** Not by the reader of recipes: a page is made of old ones too, and of damaged ones. */
  private static Optional<String> nameOf(String recipe) {
    try {
      return Optional.of(StrictYaml.parse(recipe).path("name").asText(""))
          .filter(name -> !name.isBlank());
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** The pages of what was trained before. */
  private static String links(List<Path> stages) {
    if (stages.isEmpty()) {
      return "";
    }
    StringBuilder links = new StringBuilder("<p>Trained before:");
    for (Path stage : stages) {
      String name = stage.getFileName().toString();
      links.append(" <a href=\"").append(name).append('/').append(PAGE).append("\">");
      links.append(name).append("</a>");
    }
    return links.append("</p>\n").toString();
  }

  private static String state(RunLog log, boolean inStages) {
    String none = inStages ? "A stage before is in training." : "Nothing is logged yet.";
    String state =
        log.isFinished()
            ? "Finished."
            : log.exists() ? "In training, or stopped before its end." : none;
    return log.written()
        .map(time -> state + " Last line of the log: " + TIME.format(time.toInstant()) + ".")
        .orElse(state);
  }

  private static String figures(RunLog log) {
    StringBuilder figures = new StringBuilder("<dl class=\"figures\">\n");
    figures.append(Html.figure("Step", Html.count(log.lastStep()), ""));
    figures.append(Html.figure("Epoch", Html.count(log.lastEpoch()), ""));
    figures.append(Html.figure("Loss", Html.number(log.lastLoss(), 4), ""));
    figures.append(Html.figure("Images/s", Html.number(log.lastPicturesPerSecond(), 1), ""));
    log.lastWatch()
        .ifPresent(
            watch ->
                figures.append(
                    Html.figure("Last mIoU", percent(watch.miou()), "epoch " + watch.epoch())));
    log.bestWatch()
        .ifPresent(
            watch ->
                figures.append(
                    Html.figure("Best mIoU", percent(watch.miou()), "epoch " + watch.epoch())));
    return figures.append("</dl>\n").toString();
  }

  private static String percent(double value) {
    return Double.isFinite(value) ? Html.number(value, 2) + "\u00a0%" : Html.NONE;
  }

  private static String classes(RunLog log) {
    if (log.lastWatch().isEmpty()) {
      return "";
    }
    RunLog.Watch last = log.lastWatch().get();
    RunLog.Watch best = log.bestWatch().orElse(last);
    StringBuilder table = new StringBuilder("<h2>IoU by class</h2>\n<p class=\"soft\">Percent");
    table.append(last.data().isEmpty() ? "" : ", on " + Html.escaped(last.data()));
    table.append(last.pictures() == 0 ? "" : ", " + Html.count(last.pictures()) + " pictures");
    table.append(". The best is the one with the highest mIoU; a dash: the class was neither");
    table.append(" there nor predicted.</p>\n");
    table.append("<div class=\"scroll\"><table>\n<thead><tr><th scope=\"col\">Class</th>");
    table.append("<th scope=\"col\">Last<br>epoch ").append(last.epoch()).append("</th>");
    table.append("<th scope=\"col\">Best<br>epoch ").append(best.epoch()).append("</th>");
    table.append("</tr></thead>\n<tbody>\n");
    row(table, "all", "mIoU", last.miou(), best.miou());
    row(table, "all", "Pixel accuracy", last.pixelAccuracy(), best.pixelAccuracy());
    for (String name : Curves.classNames(List.of(last, best))) {
      row(table, "", name, last.iouOf(name), best.iouOf(name));
    }
    return table.append("</tbody>\n</table></div>\n").toString();
  }

  private static void row(StringBuilder table, String kind, String name, double last, double best) {
    table.append(kind.isEmpty() ? "<tr>" : "<tr class=\"" + kind + "\">");
    table.append("<th scope=\"row\">").append(Html.escaped(name)).append("</th>");
    table.append(Html.percentCell(last)).append(Html.percentCell(best)).append("</tr>\n");
  }

  /** The newest epoch first; an epoch that has no room for all its pictures is the last shown. */
  private static String samples(NavigableMap<Integer, List<Path>> byEpoch, int room)
      throws IOException {
    if (byEpoch.isEmpty()) {
      return "";
    }
    StringBuilder section = new StringBuilder("<h2>Samples</h2>\n");
    int left = room - 500;
    int leftOut = 0;
    for (var epoch : byEpoch.descendingMap().entrySet()) {
      boolean begun = false;
      for (Path file : epoch.getValue()) {
        String figure = leftOut == 0 ? figure(file, epoch.getKey(), left) : "";
        if (figure.isEmpty()) {
          leftOut++;
          continue;
        }
        if (!begun) {
          section.append("<h3>Epoch ").append(epoch.getKey()).append("</h3>\n");
          left -= 40;
        }
        begun = true;
        section.append(figure);
        left -= figure.length();
      }
    }
    if (leftOut > 0) {
      section
          .append("<p class=\"soft\">Left out to keep the page small: ")
          .append(leftOut == 1 ? "1 picture" : Html.count(leftOut) + " pictures")
          .append(" of these and earlier epochs, all in ")
          .append(Samples.FOLDER)
          .append("/.</p>\n");
    }
    return section.toString();
  }

  /** Empty if there is no room for it. */
  private static String figure(Path file, int epoch, int room) throws IOException {
    if (4 * ((Files.size(file) + 2) / 3) > room - 1000) {
      return "";
    }
    byte[] png = Files.readAllBytes(file);
    String name = String.valueOf(file.getFileName()).replaceFirst("\\.png$", "");
    String figure =
        "<figure><img alt=\"Picture, truth and prediction of "
            + Html.escaped(name)
            + " side by side, epoch "
            + epoch
            + "\" src=\"data:image/png;base64,"
            + Base64.getEncoder().encodeToString(png)
            + "\"><figcaption>"
            + Html.escaped(name)
            + "</figcaption></figure>\n";
    return figure.getBytes(StandardCharsets.UTF_8).length > room ? "" : figure;
  }
}
