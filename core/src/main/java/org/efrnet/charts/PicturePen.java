package org.efrnet.charts;

import java.util.Arrays;
import java.util.List;
import org.efrnet.images.Canvas;
import org.efrnet.images.Picture;
import org.efrnet.images.PixelFont;

/** Colours pixels: anti-aliased lines, and texts in the project's own font, on white. */
final class PicturePen implements Pen {
  private static final int GROUND = 0xffffff;
  private static final double STROKE = 1.5;

  private final int scale;
  private final Canvas canvas;

  /** How much of each pixel the line that is being drawn covers, 0..1. */
  private final float[] covered;

  /**
   * A pen over a fresh ground.
   *
   * @param width units
   * @param height units
   * @param scale pixels a unit
   */
  PicturePen(int width, int height, int scale) {
    this.scale = scale;
    this.canvas =
        new Canvas(Math.multiplyExact(width, scale), Math.multiplyExact(height, scale), GROUND);
    this.covered = new float[canvas.width() * canvas.height()];
  }

  Picture picture() {
    return canvas.picture();
  }

  @Override
  public double width(String text, Tone tone) {
    return PixelFont.width(text);
  }

  @Override
  public String shortened(String text, Tone tone, double most) {
    return PixelFont.shortened(text, (int) most);
  }

  @Override
  public void text(String text, double x, double baseline, Anchor anchor, Tone tone) {
    double width = PixelFont.width(text);
    double from =
        switch (anchor) {
          case START -> x;
          case MIDDLE -> x - width / 2;
          case END -> x - width;
        };
    int room = canvas.width() / scale;
    int left = (int) Math.max(0, Math.min(Math.rint(from), room - Math.ceil(width)));
    int top = (int) Math.round(baseline) - PixelFont.CAPITAL_HEIGHT;
    PixelFont.draw(
        canvas,
        PixelFont.shortened(text, room - left),
        left * scale,
        top * scale,
        scale,
        grey(tone));
  }

  private static int grey(Tone tone) {
    return switch (tone) {
      case TITLE -> 0x1f2430;
      case LABEL -> 0x525b68;
      case AXIS -> 0x9aa3af;
      case GRID -> 0xe6e8ec;
    };
  }

  @Override
  public void rule(double fromX, double fromY, double toX, double toY, Tone tone) {
    int x = (int) Math.floor(Math.min(fromX, toX)) * scale;
    int y = (int) Math.floor(Math.min(fromY, toY)) * scale;
    int columns = (int) Math.round(Math.abs(toX - fromX) * scale) + 1;
    int rows = (int) Math.round(Math.abs(toY - fromY) * scale) + 1;
    canvas.fill(
        x,
        y,
        Math.min(columns, canvas.width() - x),
        Math.min(rows, canvas.height() - y),
        grey(tone));
  }

  @Override
  public void begin(String tooltip) {
    // A picture cannot be pointed at.
  }

  @Override
  public void end() {
    // Nothing was begun.
  }

  @Override
  public void line(List<double[]> runs, Ink ink, Dash dash) {
    // Covered is the most that any piece covers: pieces that meet do not darken their corner.
    Bounds bounds = new Bounds();
    for (double[] run : runs) {
      double[] pattern = dash.pattern();
      double into = 0;
      for (int i = 2; i < run.length; i += 2) {
        double x = run[i - 2];
        double y = run[i - 1];
        if (pattern.length == 0) {
          cover(x, y, run[i], run[i + 1], STROKE / 2, bounds);
        } else {
          into = dashes(x, y, run[i], run[i + 1], pattern, into, bounds);
        }
      }
    }
    pour(bounds, ink);
  }

  /** Draws the dashes of one piece and returns how far into the pattern its end lies. */
  private double dashes(
      double x, double y, double toX, double toY, double[] pattern, double into, Bounds bounds) {
    double length = Math.hypot(toX - x, toY - y);
    double period = pattern[0] + pattern[1];
    double at = 0;
    double phase = into;
    while (at < length) {
      double end = Math.min(length, at + (phase < pattern[0] ? pattern[0] : period) - phase);
      if (phase < pattern[0]) {
        cover(
            x + (toX - x) * at / length,
            y + (toY - y) * at / length,
            x + (toX - x) * end / length,
            y + (toY - y) * end / length,
            STROKE / 2,
            bounds);
      }
      double moved = end - at;
      // A step that rounding makes nothing of would never end.
      at = moved > 1e-9 ? end : at + 1e-9;
      phase = (phase + Math.max(moved, 1e-9)) % period;
    }
    return phase;
  }

  @Override
  public void dot(double x, double y, double radius, Ink ink, String tooltip) {
    Bounds bounds = new Bounds();
    cover(x, y, x, y, radius, bounds);
    pour(bounds, ink);
  }

  /** The part of the picture that a line touches. */
  private static final class Bounds {
    private int left = Integer.MAX_VALUE;
    private int top = Integer.MAX_VALUE;
    private int right = -1;
    private int bottom = -1;
  }

  /** Covers all that is at most {@code radius} from a piece of line, in units; edges are soft. */
  private void cover(double x, double y, double toX, double toY, double radius, Bounds bounds) {
    double r = radius * scale;
    double ax = x * scale;
    double ay = y * scale;
    double dx = toX * scale - ax;
    double dy = toY * scale - ay;
    double square = dx * dx + dy * dy;
    int left = Math.max(0, (int) Math.floor(Math.min(ax, ax + dx) - r - 1));
    int right = Math.min(canvas.width() - 1, (int) Math.ceil(Math.max(ax, ax + dx) + r + 1));
    int top = Math.max(0, (int) Math.floor(Math.min(ay, ay + dy) - r - 1));
    int bottom = Math.min(canvas.height() - 1, (int) Math.ceil(Math.max(ay, ay + dy) + r + 1));
    for (int row = top; row <= bottom; row++) {
      for (int column = left; column <= right; column++) {
        double px = column + 0.5 - ax;
        double py = row + 0.5 - ay;
        double along = square == 0 ? 0 : Math.min(1, Math.max(0, (px * dx + py * dy) / square));
        double away = Math.hypot(px - along * dx, py - along * dy);
        float part = (float) Math.min(1, Math.max(0, r + 0.5 - away));
        int at = row * canvas.width() + column;
        covered[at] = Math.max(covered[at], part);
      }
    }
    bounds.left = Math.min(bounds.left, left);
    bounds.right = Math.max(bounds.right, right);
    bounds.top = Math.min(bounds.top, top);
    bounds.bottom = Math.max(bounds.bottom, bottom);
  }

  /** Colours what is covered, and uncovers it. */
  private void pour(Bounds bounds, Ink ink) {
    for (int row = bounds.top; row <= bounds.bottom; row++) {
      int line = row * canvas.width();
      for (int column = bounds.left; column <= bounds.right; column++) {
        if (covered[line + column] > 0) {
          canvas.blend(column, row, ink.onLight(), covered[line + column]);
        }
      }
      Arrays.fill(covered, line + bounds.left, line + bounds.right + 1, 0f);
    }
  }
}
