package org.efrnet.charts;

import java.util.List;

/**
 * What stands around a chart's points: title, names, ticks, grid, legend, and where a value lies.
 * Measured with one pen, drawn with the same kind of pen; it does not know what is drawn inside.
 */
final class Layout {
  private static final double MARGIN = 8;
  private static final double TITLE_BASELINE = 17;
  private static final double NAME_BASELINE = 36;
  private static final double TOP = 46;
  private static final double BELOW_PLOT = 38;
  private static final double RIGHT = 16;
  private static final double TICK_BASELINE = 16;
  private static final double X_NAME_BASELINE = 31;
  private static final double GAP = 6;
  private static final double CAPITAL = 8;
  private static final double ROWS_APART = 34;
  private static final double LEGEND_ROW = 17;
  private static final double SAMPLE = 18;
  private static final double LEGEND_GAP = 14;

  private final String title;
  private final Axis xAxis;
  private final Axis yAxis;
  private final List<Key> keys;
  private final Ticks x;
  private final Ticks y;
  private final double width;
  private final double left;
  private final double right;
  private final double bottom;
  private final int legendColumns;
  private final double legendColumn;

  /** A line of the legend. */
  record Key(String name, Ink ink, Pen.Dash dash, boolean marked) {}

  /** The least and the largest of some values; {@code low > high} if there are none. */
  record Span(double low, double high) {
    static final Span NOTHING = new Span(Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY);

    Span with(double value) {
      return new Span(Math.min(low, value), Math.max(high, value));
    }

    boolean isEmpty() {
      return low > high;
    }

    /** What the axis shows: these values and the one it includes, something if there are none. */
    private Span on(Axis axis) {
      Span all = axis.included().isPresent() ? with(axis.included().getAsDouble()) : this;
      return all.isEmpty() ? new Span(axis.scale() == Axis.Scale.LINEAR ? 0 : 0.1, 1) : all;
    }
  }

  /**
   * Measures a chart.
   *
   * @param keys the legend's lines; none for no legend
   * @param width units, of all
   * @param height units, without the legend
   */
  Layout(
      Pen pen,
      String title,
      Axis xAxis,
      Axis yAxis,
      Span xs,
      Span ys,
      List<Key> keys,
      int width,
      int height) {
    this.title = title;
    this.xAxis = xAxis;
    this.yAxis = yAxis;
    this.keys = keys;
    this.width = width;
    this.bottom = height - BELOW_PLOT;
    this.right = width - RIGHT;
    Span vertical = ys.on(yAxis);
    int rows = Math.max(2, 1 + (int) ((bottom - TOP) / ROWS_APART));
    this.y = Ticks.of(yAxis.scale(), vertical.low(), vertical.high(), rows, true);
    this.left = Math.min(width / 2.0, MARGIN + widest(pen, y) + GAP);
    Span horizontal = xs.on(xAxis);
    this.x = horizontally(pen, xAxis.scale(), horizontal);
    double most = 0;
    for (Key key : keys) {
      most = Math.max(most, pen.width(key.name(), Pen.Tone.LABEL));
    }
    this.legendColumn = Math.min(width - 2 * MARGIN, Math.ceil(SAMPLE + GAP + most) + 1);
    this.legendColumns =
        Math.max(
            1,
            Math.min(
                keys.size(),
                (int) ((width - 2 * MARGIN + LEGEND_GAP) / (legendColumn + LEGEND_GAP))));
  }

  /** As many marks as have room beside each other. */
  private Ticks horizontally(Pen pen, Axis.Scale scale, Span span) {
    Ticks ticks = Ticks.of(scale, span.low(), span.high(), 2, false);
    for (int most = 3; most <= 12; most++) {
      Ticks more = Ticks.of(scale, span.low(), span.high(), most, false);
      if (more.marks().size() * (widest(pen, more) + 3 * GAP) > right - left) {
        return ticks;
      }
      ticks = more;
    }
    return ticks;
  }

  private static double widest(Pen pen, Ticks ticks) {
    double widest = 0;
    for (Ticks.Mark mark : ticks.marks()) {
      widest = Math.max(widest, pen.width(mark.text(), Pen.Tone.LABEL));
    }
    return widest;
  }

  /** Units of the whole, the legend included. */
  int height() {
    int rows = (keys.size() + legendColumns - 1) / legendColumns;
    return (int) Math.ceil(bottom + BELOW_PLOT + (rows == 0 ? 0 : rows * LEGEND_ROW + GAP));
  }

  double toX(double value) {
    return left + (right - left) * x.place(value);
  }

  double toY(double value) {
    return bottom - (bottom - TOP) * y.place(value);
  }

  double plotWidth() {
    return right - left;
  }

  double plotLeft() {
    return left;
  }

  double plotTop() {
    return TOP;
  }

  double plotBottom() {
    return bottom;
  }

  /** What stands behind the points. */
  void drawFrame(Pen pen) {
    pen.text(
        pen.shortened(title, Pen.Tone.TITLE, width - 2 * MARGIN),
        MARGIN,
        TITLE_BASELINE,
        Pen.Anchor.START,
        Pen.Tone.TITLE);
    pen.text(
        pen.shortened(yAxis.name(), Pen.Tone.LABEL, width - 2 * MARGIN),
        MARGIN,
        NAME_BASELINE,
        Pen.Anchor.START,
        Pen.Tone.LABEL);
    for (Ticks.Mark mark : y.marks()) {
      double at = toY(mark.value());
      pen.rule(left, at, right, at, Pen.Tone.GRID);
      pen.text(mark.text(), left - GAP, at + CAPITAL / 2, Pen.Anchor.END, Pen.Tone.LABEL);
    }
    pen.rule(left, bottom, right, bottom, Pen.Tone.AXIS);
    for (Ticks.Mark mark : x.marks()) {
      double at = toX(mark.value());
      pen.rule(at, bottom, at, bottom + 4, Pen.Tone.AXIS);
      double half = pen.width(mark.text(), Pen.Tone.LABEL) / 2;
      double middle = Math.min(at, width - 2 - half);
      pen.text(mark.text(), middle, bottom + TICK_BASELINE, Pen.Anchor.MIDDLE, Pen.Tone.LABEL);
    }
    pen.text(
        pen.shortened(xAxis.name(), Pen.Tone.LABEL, right - left),
        right,
        bottom + X_NAME_BASELINE,
        Pen.Anchor.END,
        Pen.Tone.LABEL);
  }

  /** Says in the middle that there is nothing to see. */
  void drawNothing(Pen pen, String text) {
    pen.text(
        pen.shortened(text, Pen.Tone.LABEL, right - left),
        (left + right) / 2,
        (TOP + bottom) / 2,
        Pen.Anchor.MIDDLE,
        Pen.Tone.LABEL);
  }

  void drawLegend(Pen pen) {
    int rows = (keys.size() + legendColumns - 1) / legendColumns;
    for (int i = 0; i < keys.size(); i++) {
      Key key = keys.get(i);
      int column = i / rows;
      double from = MARGIN + column * (legendColumn + LEGEND_GAP);
      double middle = bottom + BELOW_PLOT + (i % rows + 0.5) * LEGEND_ROW;
      pen.line(List.of(new double[] {from, middle, from + SAMPLE, middle}), key.ink(), key.dash());
      if (key.marked()) {
        pen.dot(from + SAMPLE / 2, middle, LineChart.MARKER, key.ink(), "");
      }
      pen.text(
          pen.shortened(key.name(), Pen.Tone.LABEL, legendColumn - SAMPLE - GAP),
          from + SAMPLE + GAP,
          middle + CAPITAL / 2,
          Pen.Anchor.START,
          Pen.Tone.LABEL);
    }
  }
}
