package org.efrnet.training;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import org.efrnet.charts.Axis;
import org.efrnet.charts.Ink;
import org.efrnet.charts.LineChart;
import org.efrnet.charts.Series;
import org.efrnet.images.Canvas;
import org.efrnet.images.Picture;

/** The charts of a run, and of several runs over each other. */
final class Curves {
  private static final Axis STEP = Axis.linear("step").including(0);
  private static final Ink FAINT = new Ink(0xb4cde0, 0x3a5468);
  private static final int NOISY = 40;
  private static final int WHITE = 0xffffff;

  /** A run and what charts call it. */
  record Named(String name, RunLog log) {}

  private Curves() {}

  /** Loss, quality where it was watched, learning rate, and IoU by class where it was watched. */
  static List<LineChart> of(RunLog log) {
    List<LineChart> charts = new ArrayList<>();
    charts.add(loss(log));
    List<RunLog.Watch> watches = log.watches();
    if (!watches.isEmpty()) {
      charts.add(
          new LineChart(
              "mIoU and pixel accuracy",
              STEP,
              Axis.linear("%").including(0),
              List.of(
                  watched("mIoU", watches, RunLog.Watch::miou),
                  watched("pixel accuracy", watches, RunLog.Watch::pixelAccuracy))));
    }
    charts.add(
        new LineChart(
            "Learning rate",
            STEP,
            Axis.linear("rate").including(0),
            List.of(Series.of("learning rate", log.steps(), log.rates()))));
    List<Series> classes = new ArrayList<>();
    for (String name : classNames(watches)) {
      classes.add(watched(name, watches, watch -> watch.iouOf(name)));
    }
    if (!classes.isEmpty()) {
      charts.add(new LineChart("IoU by class", STEP, Axis.linear("IoU, %").including(0), classes));
    }
    return charts;
  }

  private static LineChart loss(RunLog log) {
    double[] steps = log.steps();
    double[] losses = log.losses();
    List<Series> series = new ArrayList<>();
    if (losses.length < NOISY) {
      series.add(Series.of("loss", steps, losses));
    } else {
      int lines = window(losses.length);
      series.add(Series.of("as logged", steps, losses).in(FAINT));
      series.add(
          Series.of("mean of " + lines + " lines", steps, smoothed(losses, lines))
              .in(Ink.standard(0)));
    }
    return new LineChart("Loss", STEP, Axis.logarithmic("loss"), series);
  }

  /** The losses of several runs, each smoothed if it is long. */
  static LineChart losses(List<Named> runs) {
    List<Series> series = new ArrayList<>();
    for (Named run : runs) {
      double[] losses = run.log.losses();
      series.add(
          Series.of(
              run.name,
              run.log.steps(),
              losses.length < NOISY ? losses : smoothed(losses, window(losses.length))));
    }
    return new LineChart("Loss", STEP, Axis.logarithmic("loss, running mean"), series);
  }

  /** The mIoU of several runs. */
  static LineChart mious(List<Named> runs) {
    List<Series> series = new ArrayList<>();
    for (Named run : runs) {
      series.add(watched(run.name, run.log.watches(), RunLog.Watch::miou));
    }
    return new LineChart("mIoU", STEP, Axis.linear("mIoU, %").including(0), series);
  }

  /** All names in the order in which the judgements first say them. */
  static Set<String> classNames(List<RunLog.Watch> watches) {
    Set<String> names = new LinkedHashSet<>();
    for (RunLog.Watch watch : watches) {
      watch.classes().forEach(entry -> names.add(entry.name()));
    }
    return names;
  }

  private static Series watched(
      String name, List<RunLog.Watch> watches, ToDoubleFunction<RunLog.Watch> value) {
    return Series.of(
            name,
            watches.stream().mapToDouble(RunLog.Watch::step).toArray(),
            watches.stream().mapToDouble(value).toArray())
        .marked();
  }

  /** An odd number of lines to take the mean over, a fortieth of all. */
  private static int window(int lines) {
    return 2 * Math.max(2, lines / 80) + 1;
  }

  /**
   * Means over so many lines around each one, at both ends over those that are there. A mean of the
   * lines before would lag behind, and show a falling loss as higher than it was.
   */
  static double[] smoothed(double[] values, int lines) {
    double[] sums = new double[values.length + 1];
    int[] counts = new int[values.length + 1];
    for (int i = 0; i < values.length; i++) {
      boolean there = Double.isFinite(values[i]);
      sums[i + 1] = sums[i] + (there ? values[i] : 0);
      counts[i + 1] = counts[i] + (there ? 1 : 0);
    }
    double[] means = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      int from = Math.max(0, i - lines / 2);
      int to = Math.min(values.length, i + lines / 2 + 1);
      int count = counts[to] - counts[from];
      means[i] = count == 0 ? Double.NaN : (sums[to] - sums[from]) / count;
    }
    return means;
  }

  /** The charts one below the other. */
  static Picture column(List<LineChart> charts, int width, int height, int scale) {
    List<Picture> pictures =
        charts.stream().map(chart -> chart.picture(width, height, scale)).toList();
    Canvas canvas =
        new Canvas(width * scale, pictures.stream().mapToInt(Picture::height).sum(), WHITE);
    int top = 0;
    for (Picture picture : pictures) {
      canvas.paste(picture, 0, top);
      top += picture.height();
    }
    return canvas.picture();
  }
}
