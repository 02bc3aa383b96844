package org.efrnet.charts;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.function.IntPredicate;

/**
 * A series' points in units of the drawing, no more than the drawing can show: of all that fall
 * into one column the first, the lowest, the highest and the last, so that no spike is lost.
 *
 * @param runs the parts between gaps, x, y, x, y, ...; at least two points each
 * @param alone points with a gap on either side, x, y each
 */
record Thinning(List<double[]> runs, List<double[]> alone) {
  /**
   * Thins a series.
   *
   * @param shown which points are there; the others are gaps
   * @param column the width of a column; a gap within one cannot be seen and is none
   */
  static Thinning of(
      Series series,
      IntPredicate shown,
      DoubleUnaryOperator toX,
      DoubleUnaryOperator toY,
      double column) {
    Gathering gathering = new Gathering();
    boolean gap = false;
    for (int i = 0; i < series.size(); i++) {
      if (!shown.test(i)) {
        gap = true;
        continue;
      }
      double x = toX.applyAsDouble(series.x(i));
      gathering.add(x, toY.applyAsDouble(series.y(i)), (long) Math.floor(x / column), gap);
      gap = false;
    }
    gathering.endRun();
    return new Thinning(List.copyOf(gathering.runs), List.copyOf(gathering.alone));
  }

  /** What is gathered of the current column, in the order of the points, and of the run before. */
  private static final class Gathering {
    private final List<double[]> runs = new ArrayList<>();
    private final List<double[]> alone = new ArrayList<>();
    private double[] run = new double[64];
    private int length;
    private long column;
    private int inColumn;
    private final double[] first = new double[2];
    private final double[] last = new double[2];
    private final double[] low = new double[2];
    private final double[] high = new double[2];
    private boolean lowFirst;

    void add(double x, double y, long at, boolean afterGap) {
      if (inColumn > 0 && at != column) {
        if (afterGap) {
          endRun();
        } else {
          endColumn();
        }
      }
      if (inColumn == 0) {
        column = at;
        set(first, x, y);
        set(low, x, y);
        set(high, x, y);
      } else if (y > low[1]) {
        // Downwards on the page is the greater y.
        set(low, x, y);
        lowFirst = false;
      } else if (y < high[1]) {
        set(high, x, y);
        lowFirst = true;
      }
      set(last, x, y);
      inColumn++;
    }

    private static void set(double[] point, double x, double y) {
      point[0] = x;
      point[1] = y;
    }

    private void endColumn() {
      if (inColumn > 0) {
        append(first);
      }
      if (inColumn > 2) {
        append(lowFirst ? low : high);
        append(lowFirst ? high : low);
      }
      if (inColumn > 1) {
        append(last);
      }
      inColumn = 0;
    }

    private void append(double[] point) {
      if (length >= 2 && run[length - 2] == point[0] && run[length - 1] == point[1]) {
        return;
      }
      if (length == run.length) {
        run = Arrays.copyOf(run, 2 * length);
      }
      run[length++] = point[0];
      run[length++] = point[1];
    }

    void endRun() {
      endColumn();
      if (length == 2) {
        alone.add(Arrays.copyOf(run, length));
      } else if (length > 2) {
        runs.add(Arrays.copyOf(run, length));
      }
      length = 0;
    }
  }
}
