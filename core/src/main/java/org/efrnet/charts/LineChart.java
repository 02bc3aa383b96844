package org.efrnet.charts;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.efrnet.images.Picture;

/**
 * Lines over one axis. A chart without any point says so; a point with gaps on both sides is a dot;
 * of more points than there are columns, each column's first, lowest, highest and last are drawn.
 * With more than one series there is a legend below the axes.
 *
 * <p>Sizes are in units. In SVG a unit is a pixel of an unscaled page, and text is 12 units high;
 * in a picture it is {@code scale} pixels, and capitals are 7 units high.
 *
 * @param title what is to be seen
 * @param x the horizontal axis, as wide as the points
 * @param y the vertical axis, lengthened to round values
 * @param series drawn in order, the last on top
 */
public record LineChart(String title, Axis x, Axis y, List<Series> series) {
  /** The radius of a marker. */
  static final double MARKER = 2.6;

  private static final List<Pen.Dash> DASHES =
      List.of(Pen.Dash.SOLID, Pen.Dash.LONG, Pen.Dash.SHORT);
  private static final double ALONE = 2;
  private static final double MARKERS_APART = 9;
  private static final int LEAST_WIDTH = 160;
  private static final int LEAST_HEIGHT = 120;
  private static final int MOST_SIDE = 10_000;
  private static final int MOST_SCALE = 8;

  public LineChart {
    series = List.copyOf(series);
  }

  /**
   * The chart as one {@code svg} element, complete in itself: readable on light and on dark pages,
   * with tooltips, and with a description for those who cannot see it.
   *
   * @param width units, 160..10000
   * @param height units without the legend, 120..10000; the element tells its whole height
   * @throws IllegalArgumentException outside these ranges
   */
  public String svg(int width, int height) {
    requireSize(title, width, height);
    SvgPen pen = new SvgPen();
    Layout layout = layout(pen, width, height);
    draw(pen, layout, 1);
    return pen.document(width, layout.height(), title, description());
  }

  /**
   * The chart as a picture on white.
   *
   * @param width units, 160..10000
   * @param height units without the legend, 120..10000; the picture is higher by the legend
   * @param scale pixels a unit, 1..8
   * @throws IllegalArgumentException outside these ranges
   */
  public Picture picture(int width, int height, int scale) {
    requireSize(title, width, height);
    if (scale < 1 || scale > MOST_SCALE) {
      throw new IllegalArgumentException(
          "chart '" + title + "': scale " + scale + " must be 1.." + MOST_SCALE);
    }
    Layout layout = layout(new PicturePen(1, 1, 1), width, height);
    PicturePen pen = new PicturePen(width, layout.height(), scale);
    draw(pen, layout, 1.0 / scale);
    return pen.picture();
  }

  /** What the chart shows, in words: of each series how many points, and the last. */
  public String description() {
    return series.stream().map(this::describe).collect(Collectors.joining("; "));
  }

  private String describe(Series line) {
    int shown = 0;
    int last = -1;
    for (int i = 0; i < line.size(); i++) {
      if (isShown(line, i)) {
        shown++;
        last = i;
      }
    }
    if (shown == 0) {
      return line.name() + ": no points";
    }
    return line.name()
        + ": "
        + (shown == 1 ? "1 point" : shown + " points")
        + ", last "
        + Ticks.text(line.y(last))
        + " at "
        + x.name()
        + " "
        + Ticks.text(line.x(last));
  }

  private boolean isShown(Series line, int point) {
    return x.shows(line.x(point)) && y.shows(line.y(point));
  }

  static void requireSize(String title, int width, int height) {
    if (width < LEAST_WIDTH || height < LEAST_HEIGHT || Math.max(width, height) > MOST_SIDE) {
      throw new IllegalArgumentException(
          "chart '"
              + title
              + "' of "
              + width
              + "x"
              + height
              + ": must be at least "
              + LEAST_WIDTH
              + "x"
              + LEAST_HEIGHT
              + ", and at most "
              + MOST_SIDE
              + " a side");
    }
  }

  private Layout layout(Pen pen, int width, int height) {
    Layout.Span xs = Layout.Span.NOTHING;
    Layout.Span ys = Layout.Span.NOTHING;
    List<Layout.Key> keys = new ArrayList<>();
    for (int s = 0; s < series.size(); s++) {
      Series line = series.get(s);
      double lowX = Double.POSITIVE_INFINITY;
      double highX = Double.NEGATIVE_INFINITY;
      double lowY = Double.POSITIVE_INFINITY;
      double highY = Double.NEGATIVE_INFINITY;
      for (int i = 0; i < line.size(); i++) {
        if (isShown(line, i)) {
          lowX = Math.min(lowX, line.x(i));
          highX = Math.max(highX, line.x(i));
          lowY = Math.min(lowY, line.y(i));
          highY = Math.max(highY, line.y(i));
        }
      }
      if (lowX <= highX) {
        xs = xs.with(lowX).with(highX);
        ys = ys.with(lowY).with(highY);
      }
      keys.add(new Layout.Key(line.name(), inkOf(s), dashOf(s), line.hasMarkers()));
    }
    return new Layout(pen, title, x, y, xs, ys, keys.size() > 1 ? keys : List.of(), width, height);
  }

  private Ink inkOf(int place) {
    return series.get(place).ink().orElse(Ink.standard(place));
  }

  /** When the standard colours begin anew, the dashes tell the lines apart. */
  private Pen.Dash dashOf(int place) {
    return series.get(place).ink().isPresent()
        ? Pen.Dash.SOLID
        : DASHES.get(place / Ink.standards() % DASHES.size());
  }

  private void draw(Pen pen, Layout layout, double column) {
    layout.drawFrame(pen);
    boolean nothing = true;
    for (int s = 0; s < series.size(); s++) {
      nothing &= !drawSeries(pen, layout, s, column);
    }
    if (nothing) {
      layout.drawNothing(pen, "no points yet");
    }
    layout.drawLegend(pen);
  }

  /** Returns whether there was anything to draw. */
  private boolean drawSeries(Pen pen, Layout layout, int place, double column) {
    Series line = series.get(place);
    Thinning thin = Thinning.of(line, i -> isShown(line, i), layout::toX, layout::toY, column);
    if (thin.runs().isEmpty() && thin.alone().isEmpty()) {
      return false;
    }
    Ink ink = inkOf(place);
    pen.begin(describe(line));
    pen.line(thin.runs(), ink, dashOf(place));
    boolean marked = line.hasMarkers() && line.size() * MARKERS_APART <= layout.plotWidth();
    if (!marked) {
      for (double[] point : thin.alone()) {
        pen.dot(point[0], point[1], ALONE, ink, "");
      }
    }
    for (int i = 0; marked && i < line.size(); i++) {
      if (isShown(line, i)) {
        String says =
            line.name()
                + ", "
                + x.name()
                + " "
                + Ticks.text(line.x(i))
                + ": "
                + Ticks.text(line.y(i));
        pen.dot(layout.toX(line.x(i)), layout.toY(line.y(i)), MARKER, ink, says);
      }
    }
    pen.end();
    return true;
  }
}
