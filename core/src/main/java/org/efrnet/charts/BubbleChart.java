package org.efrnet.charts;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Things by two figures, and by a third as their size: circles with names beside them. A name
 * stands where it covers neither another name nor a circle, as far as there is such a place, and a
 * thin line leads to it where that is not close by.
 *
 * @param title what is to be seen
 * @param x the horizontal axis, a little wider than the points
 * @param y the vertical axis, lengthened to round values
 * @param bubbles those without a place on an axis (not a number, or not above 0 on a logarithmic
 *     one) are left out
 */
public record BubbleChart(String title, Axis x, Axis y, List<Bubble> bubbles) {
  private static final double MOST_RADIUS = 24;
  private static final double LEAST_RADIUS = 3.5;
  private static final double LINE = 13;
  private static final double RIM = 3;
  private static final double ASCENT = 10;
  private static final double LINEAR_PADDING = 0.08;
  private static final double LOGARITHMIC_PADDING = 0.10;
  private static final double[] DISTANCES = {0, 10, 22, 36, 52, 70};

  /** To the right first, where readers look; then above and below, then to the left. */
  private static final double[][] DIRECTIONS = {
    {1, 0}, {0, -1}, {0, 1}, {0.8, -0.6}, {0.8, 0.6}, {-1, 0}, {-0.8, -0.6}, {-0.8, 0.6}
  };

  /**
   * A thing.
   *
   * @param name beside the circle
   * @param size the circle's area is proportional to it; 0 or more, where the least circles are all
   *     as large
   * @param says what a tooltip adds to name and figures; may be empty
   */
  public record Bubble(String name, double x, double y, double size, Ink ink, String says) {
    public Bubble {
      if (!(size >= 0 && size <= Series.LARGEST)) {
        throw new IllegalArgumentException(
            "bubble '" + name + "' has the size " + size + ", must be 0 or more");
      }
    }
  }

  /** A rectangle. */
  private record Box(double left, double top, double right, double bottom) {
    double shared(Box other) {
      double width = Math.min(right, other.right) - Math.max(left, other.left);
      double height = Math.min(bottom, other.bottom) - Math.max(top, other.top);
      return width <= 0 || height <= 0 ? 0 : width * height;
    }

    double area() {
      return (right - left) * (bottom - top);
    }
  }

  /** A circle in its place, and what is near it. */
  private record Placed(Bubble bubble, double x, double y, double radius) {
    Box box() {
      return new Box(x - radius, y - radius, x + radius, y + radius);
    }
  }

  public BubbleChart {
    bubbles = List.copyOf(bubbles);
  }

  /**
   * The chart as one {@code svg} element, complete in itself: readable on light and on dark pages,
   * with tooltips, and with a description for those who cannot see it.
   *
   * @param width units, 160..10000
   * @param height units, 120..10000
   * @throws IllegalArgumentException outside these ranges
   */
  public String svg(int width, int height) {
    LineChart.requireSize(title, width, height);
    SvgPen pen = new SvgPen();
    List<Bubble> shown = shown();
    Layout layout =
        new Layout(
            pen,
            title,
            x,
            y,
            span(x, shown.stream().mapToDouble(Bubble::x).toArray()),
            span(y, shown.stream().mapToDouble(Bubble::y).toArray()),
            List.of(),
            width,
            height);
    layout.drawFrame(pen);
    if (shown.isEmpty()) {
      layout.drawNothing(pen, "nothing to show");
    }
    List<Placed> placed = placed(layout, shown);
    for (Placed p : placed) {
      pen.bubble(p.x, p.y, p.radius, p.bubble.ink(), describe(p.bubble));
    }
    drawNames(pen, layout, placed);
    return pen.document(width, layout.height(), title, description());
  }

  /** What the chart shows, in words. */
  public String description() {
    return shown().isEmpty()
        ? "nothing to show"
        : shown().stream().map(this::describe).collect(Collectors.joining("; "));
  }

  private List<Bubble> shown() {
    return bubbles.stream().filter(b -> x.shows(b.x()) && y.shows(b.y())).toList();
  }

  private String describe(Bubble bubble) {
    return bubble.name()
        + ": "
        + x.name()
        + " "
        + Ticks.text(bubble.x())
        + ", "
        + y.name()
        + " "
        + Ticks.text(bubble.y())
        + (bubble.says().isEmpty() ? "" : ", " + bubble.says());
  }

  /** The values and some room on both sides, where circles and names are. */
  private static Layout.Span span(Axis axis, double[] values) {
    Layout.Span span = Layout.Span.NOTHING;
    for (double value : values) {
      span = span.with(value);
    }
    if (span.isEmpty()) {
      return span;
    }
    if (axis.scale() == Axis.Scale.LINEAR) {
      double room = LINEAR_PADDING * (span.high() - span.low());
      return span.with(span.low() - room).with(span.high() + room);
    }
    // At least a fifth, or a single point would have no width at all.
    double ratio = Math.max(1.2, Math.pow(span.high() / span.low(), LOGARITHMIC_PADDING));
    return span.with(span.low() / ratio).with(span.high() * ratio);
  }

  /** The largest first, so that no circle hides a smaller one. */
  private static List<Placed> placed(Layout layout, List<Bubble> shown) {
    double largest = shown.stream().mapToDouble(Bubble::size).max().orElse(0);
    List<Placed> placed = new ArrayList<>();
    for (Bubble bubble : shown) {
      double radius = largest == 0 ? 0 : MOST_RADIUS * Math.sqrt(bubble.size() / largest);
      placed.add(
          new Placed(
              bubble,
              layout.toX(bubble.x()),
              layout.toY(bubble.y()),
              Math.max(LEAST_RADIUS, radius)));
    }
    placed.sort(Comparator.comparingDouble(Placed::radius).reversed());
    return placed;
  }

  private static void drawNames(SvgPen pen, Layout layout, List<Placed> placed) {
    List<Box> names = new ArrayList<>();
    for (Placed p : placed) {
      double most = Math.max(0, layout.plotWidth() - 2 * RIM);
      String text = pen.shortened(p.bubble.name(), Pen.Tone.LABEL, most);
      // Names beside one another need a blank between them.
      double width = pen.width(text, Pen.Tone.LABEL) + 2 * RIM;
      Box best = null;
      double leastCost = Double.POSITIVE_INFINITY;
      double distanceOfBest = 0;
      for (double distance : DISTANCES) {
        for (int d = 0; d < DIRECTIONS.length; d++) {
          Box box = beside(p, width, distance, DIRECTIONS[d]);
          double cost = cost(box, layout, placed, names) + distance + d;
          if (cost < leastCost) {
            leastCost = cost;
            best = box;
            distanceOfBest = distance;
          }
        }
      }
      names.add(best);
      if (distanceOfBest > DISTANCES[1]) {
        lead(pen, p, best);
      }
      pen.text(text, best.left + RIM, best.top + ASCENT, Pen.Anchor.START, Pen.Tone.LABEL);
    }
  }

  private static Box beside(Placed p, double width, double distance, double[] direction) {
    double away = p.radius + 1 + distance;
    double middleX = p.x + direction[0] * (away + width / 2);
    double middleY = p.y + direction[1] * (away + RIM + LINE / 2);
    return new Box(
        middleX - width / 2, middleY - LINE / 2, middleX + width / 2, middleY + LINE / 2);
  }

  /** What a name would cover, in square units, and much more for what stands outside. */
  private static double cost(Box box, Layout layout, List<Placed> placed, List<Box> names) {
    Box inside =
        new Box(
            layout.plotLeft() + RIM,
            layout.plotTop() + RIM,
            layout.plotLeft() + layout.plotWidth(),
            layout.plotBottom() - RIM);
    double cost = 10 * (box.area() - box.shared(inside));
    for (Box name : names) {
      cost += 3 * box.shared(name);
    }
    for (Placed other : placed) {
      cost += box.shared(other.box());
    }
    return cost;
  }

  private static void lead(SvgPen pen, Placed p, Box name) {
    double toX = Math.max(name.left, Math.min(name.right, p.x));
    double toY = Math.max(name.top, Math.min(name.bottom, p.y));
    double length = Math.hypot(toX - p.x, toY - p.y);
    if (length > p.radius) {
      double share = p.radius / length;
      pen.leader(p.x + (toX - p.x) * share, p.y + (toY - p.y) * share, toX, toY);
    }
  }
}
