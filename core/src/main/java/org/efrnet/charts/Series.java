package org.efrnet.charts;

import java.util.Optional;

/**
 * Points that belong together, in the order of x. Immutable.
 *
 * <p>A y that is not a number, infinite, beyond 1e300 on either side, or below 1e-300 on a
 * logarithmic axis, is a gap: the line ends before it and begins behind it.
 */
public final class Series {
  /** Differences of larger values would be infinite. */
  static final double LARGEST = 1e300;

  private final String name;
  private final double[] x;
  private final double[] y;
  private final Optional<Ink> ink;
  private final boolean marked;

  private Series(String name, double[] x, double[] y, Optional<Ink> ink, boolean marked) {
    this.name = name;
    this.x = x;
    this.y = y;
    this.ink = ink;
    this.marked = marked;
  }

  /**
   * A series in the colour of its place in the chart, without markers.
   *
   * @param name as the legend and tooltips say it
   * @param x ascending (equal neighbours allowed), within -1e300..1e300; copied
   * @param y as many; copied
   * @throws IllegalArgumentException if the lengths differ or x is not so
   */
  public static Series of(String name, double[] x, double[] y) {
    if (x.length != y.length) {
      throw new IllegalArgumentException(
          "series '" + name + "' has " + x.length + " x but " + y.length + " y");
    }
    for (int i = 0; i < x.length; i++) {
      if (!(Math.abs(x[i]) <= LARGEST) || (i > 0 && x[i] < x[i - 1])) {
        throw new IllegalArgumentException(
            "series '"
                + name
                + "': x of point "
                + i
                + " is "
                + x[i]
                + ", must be a number within -1e300..1e300 and not less than the x before it");
      }
    }
    return new Series(name, x.clone(), y.clone(), Optional.empty(), false);
  }

  /** The same points in a colour of their own. */
  public Series in(Ink colour) {
    return new Series(name, x, y, Optional.of(colour), marked);
  }

  /** The same points, each with a dot on it as long as the dots leave room between them. */
  public Series marked() {
    return new Series(name, x, y, ink, true);
  }

  /** As the legend says it. */
  public String name() {
    return name;
  }

  /** How many points there are, gaps included. */
  public int size() {
    return x.length;
  }

  /** The x of a point, 0 to {@link #size()} - 1. */
  public double x(int point) {
    return x[point];
  }

  /** The y of a point; not a number where there is a gap. */
  public double y(int point) {
    return y[point];
  }

  /** Its own colour; empty if its place in the chart gives it one. */
  public Optional<Ink> ink() {
    return ink;
  }

  /** Whether points have dots. */
  public boolean hasMarkers() {
    return marked;
  }
}
