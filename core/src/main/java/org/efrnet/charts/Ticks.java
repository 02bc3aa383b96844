package org.efrnet.charts;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;

/**
 * The part of an axis that is shown and the round values on it: multiples of 1, 2 or 5 times a
 * power of ten, computed in decimals, so that no 0.30000000000000004 is among them.
 *
 * @param low the axis's lower end
 * @param high its upper end, above {@code low}
 * @param marks ascending, within low..high but for a millionth of a step
 */
record Ticks(Axis.Scale scale, double low, double high, List<Mark> marks) {
  private static final int[] ROUND = {1, 2, 5, 10};
  private static final double PADDING = 0.04;

  /** A value on an axis and how it is written. */
  record Mark(double value, String text) {}

  Ticks {
    marks = List.copyOf(marks);
  }

  /**
   * Ticks for values from low to high.
   *
   * @param low a number within -1e300..1e300, at least 1e-300 on a logarithmic scale
   * @param high not less
   * @param most how many marks there is room for, at least 2
   * @param outward whether the axis is lengthened to a mark (linear) or a little (logarithmic) at
   *     both ends, so that no point lies on the frame's edge without a name
   */
  static Ticks of(Axis.Scale scale, double low, double high, int most, boolean outward) {
    return scale == Axis.Scale.LINEAR
        ? linear(low, high, most, outward)
        : logarithmic(low, high, most, outward);
  }

  private static Ticks linear(double least, double largest, int most, boolean outward) {
    double low = least;
    double high = largest;
    double size = Math.max(Math.abs(low), Math.abs(high));
    // So little apart, or so near 0, they are one value, and the steps could not be told apart.
    if (high - low <= Math.max(size * 1e-9, 1e-290)) {
      double around = size <= 1e-290 ? 1 : size * 0.1;
      low -= around;
      high += around;
    }
    Step step = Step.of((high - low) / Math.max(1, most - 1));
    long first = outward ? step.below(low) : step.above(low);
    long last = outward ? step.above(high) : step.below(high);
    if (outward && last - first + 1 > most) {
      step = step.next();
      first = step.below(low);
      last = step.above(high);
    }
    List<Mark> marks = new ArrayList<>();
    for (long k = first; k <= last; k++) {
      marks.add(new Mark(step.times(k).doubleValue(), step.text(k, Math.max(-low, high))));
    }
    return outward
        ? new Ticks(
            Axis.Scale.LINEAR,
            Math.min(low, marks.get(0).value),
            Math.max(high, marks.get(marks.size() - 1).value),
            marks)
        : new Ticks(Axis.Scale.LINEAR, low, high, marks);
  }

  private static Ticks logarithmic(double least, double largest, int most, boolean outward) {
    double low = least;
    double high = largest;
    if (high <= low * (1 + 1e-9)) {
      low *= 0.5;
      high *= 2;
    } else if (outward) {
      double padding = PADDING * (Math.log(high) - Math.log(low));
      low = Math.exp(Math.log(low) - padding);
      high = Math.exp(Math.log(high) + padding);
    }
    low = Math.max(low, Double.MIN_NORMAL);
    high = Math.min(high, Double.MAX_VALUE);
    int lowest = (int) Math.floor(Math.log10(low));
    int highest = (int) Math.ceil(Math.log10(high));
    List<Mark> marks = List.of();
    for (int[] digits : new int[][] {{1, 2, 3, 5, 7}, {1, 2, 5}, {1, 3}, {1}}) {
      marks = decades(low, high, lowest, highest, 1, digits);
      if (marks.size() <= most) {
        break;
      }
    }
    for (int stride = 2; marks.size() > most; stride++) {
      marks = decades(low, high, lowest, highest, stride, new int[] {1});
    }
    if (marks.size() < 3) {
      // Within a decade even differences are the better guide.
      double from = low;
      double to = high;
      List<Mark> even =
          linear(low, high, most, false).marks.stream()
              .filter(mark -> mark.value >= from && mark.value <= to)
              .toList();
      marks = even.size() > marks.size() ? even : marks;
    }
    return new Ticks(Axis.Scale.LOGARITHMIC, low, high, marks);
  }

  private static List<Mark> decades(
      double low, double high, int lowest, int highest, int stride, int[] digits) {
    List<Mark> marks = new ArrayList<>();
    for (int power = lowest; power <= highest; power++) {
      for (int digit : digits) {
        BigDecimal value = BigDecimal.valueOf(digit).scaleByPowerOfTen(power);
        double at = value.doubleValue();
        if (Math.floorMod(power, stride) == 0 && at >= low && at <= high) {
          marks.add(new Mark(at, text(value.stripTrailingZeros(), at)));
        }
      }
    }
    return marks;
  }

  /** Where a value lies: 0 at the lower end, 1 at the upper one. */
  double place(double value) {
    if (scale == Axis.Scale.LINEAR) {
      return (value - low) / (high - low);
    }
    return (Math.log(value) - Math.log(low)) / (Math.log(high) - Math.log(low));
  }

  /** A number as an axis says it, {@code largest} being the largest beside it. */
  private static String text(BigDecimal value, double largest) {
    if (value.signum() == 0) {
      return "0";
    }
    double size = Math.max(Math.abs(largest), Math.abs(value.doubleValue()));
    if (size >= 1e9 || size < 1e-4) {
      BigDecimal bare = value.stripTrailingZeros();
      int exponent = bare.precision() - bare.scale() - 1;
      return bare.scaleByPowerOfTen(-exponent).toPlainString() + "e" + exponent;
    }
    return grouped(value.toPlainString());
  }

  /** A space before every three digits. */
  private static String grouped(String number) {
    int point = number.indexOf('.');
    int end = point < 0 ? number.length() : point;
    int begin = number.startsWith("-") ? 1 : 0;
    StringBuilder text = new StringBuilder(number);
    for (int i = end - 3; i > begin; i -= 3) {
      text.insert(i, ' ');
    }
    return text.toString();
  }

  /** A value for a tooltip: five significant digits, as short as possible. */
  static String text(double value) {
    if (Double.isNaN(value) || Double.isInfinite(value)) {
      return "-";
    }
    BigDecimal rounded =
        value == Math.rint(value) && Math.abs(value) < 1e9
            ? BigDecimal.valueOf((long) value)
            : new BigDecimal(value).round(new MathContext(5)).stripTrailingZeros();
    return text(
        rounded.scale() < 0 ? rounded.setScale(0, RoundingMode.UNNECESSARY) : rounded, value);
  }

  /** digit x 10^power. */
  private record Step(int digit, int power) {
    /** The smallest round step that is not less. */
    static Step of(double atLeast) {
      int power = (int) Math.floor(Math.log10(atLeast));
      for (int digit : ROUND) {
        // A hundred-millionth less, for 0.1 is not a tenth.
        if (BigDecimal.valueOf(digit).scaleByPowerOfTen(power).doubleValue()
            >= atLeast * (1 - 1e-8)) {
          return new Step(digit, power);
        }
      }
      return new Step(ROUND[1], power + 1);
    }

    Step next() {
      return digit == 1 ? new Step(2, power) : digit == 2 ? new Step(5, power) : tens();
    }

    private Step tens() {
      return digit == 5 ? new Step(1, power + 1) : new Step(2, power + 1);
    }

    BigDecimal times(long k) {
      return BigDecimal.valueOf(digit * k).scaleByPowerOfTen(power);
    }

    private double ratio(double value) {
      return value / BigDecimal.valueOf(digit).scaleByPowerOfTen(power).doubleValue();
    }

    /** The multiple at or below a value; a hair above the multiple counts as on it. */
    long below(double value) {
      double ratio = ratio(value);
      return Math.abs(ratio - Math.rint(ratio)) < 1e-6
          ? Math.round(ratio)
          : (long) Math.floor(ratio);
    }

    long above(double value) {
      double ratio = ratio(value);
      return Math.abs(ratio - Math.rint(ratio)) < 1e-6
          ? Math.round(ratio)
          : (long) Math.ceil(ratio);
    }

    String text(long k, double largest) {
      BigDecimal value = times(k);
      return Ticks.text(
          power < 0 ? value.setScale(-power, RoundingMode.UNNECESSARY) : value.setScale(0),
          largest);
    }
  }
}
