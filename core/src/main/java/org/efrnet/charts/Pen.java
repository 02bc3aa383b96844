package org.efrnet.charts;

import java.util.List;

/**
 * What a chart is drawn with. Lengths are in units, x from the left, y from the top; texts are one
 * line each, their capitals about 8 units high.
 */
interface Pen {
  /** The greys of a chart, each with a job. */
  enum Tone {
    TITLE,
    LABEL,
    AXIS,
    GRID
  }

  /** Which part of a text stands at the place given. */
  enum Anchor {
    START,
    MIDDLE,
    END
  }

  /** How a line is drawn: whole, or in dashes so that more lines than colours can be told apart. */
  enum Dash {
    SOLID,
    LONG,
    SHORT;

    /** Lengths of a dash and the gap behind it; empty for a whole line. */
    double[] pattern() {
      return switch (this) {
        case SOLID -> new double[0];
        case LONG -> new double[] {7, 3};
        case SHORT -> new double[] {2, 2.5};
      };
    }
  }

  /** How wide a text comes out, at least about. */
  double width(String text, Tone tone);

  /** The text, or as much of it as is at most so wide, with three dots behind it. */
  String shortened(String text, Tone tone, double most);

  void text(String text, double x, double baseline, Anchor anchor, Tone tone);

  /** A thin line along an axis. */
  void rule(double fromX, double fromY, double toX, double toY, Tone tone);

  /** Begins what belongs to one thing, which says so when it is pointed at. */
  void begin(String tooltip);

  /** Ends what {@link #begin} began. */
  void end();

  /**
   * A series' line.
   *
   * @param runs the parts between gaps: x, y, x, y, ...; at least two points each
   */
  void line(List<double[]> runs, Ink ink, Dash dash);

  /** A filled circle that says something when it is pointed at, if the tooltip is not empty. */
  void dot(double x, double y, double radius, Ink ink, String tooltip);
}
