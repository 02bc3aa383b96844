package org.efrnet.charts;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TicksTest {
  private static List<String> texts(
      Axis.Scale scale, double low, double high, int most, boolean outward) {
    return Ticks.of(scale, low, high, most, outward).marks().stream()
        .map(Ticks.Mark::text)
        .toList();
  }

  private static List<String> linear(double low, double high, int most) {
    return texts(Axis.Scale.LINEAR, low, high, most, true);
  }

  private static List<String> logarithmic(double low, double high, int most) {
    return texts(Axis.Scale.LOGARITHMIC, low, high, most, true);
  }

  @Test
  void areMultiplesOfOneTwoAndFive() {
    assertThat(linear(0, 97.3, 6)).containsExactly("0", "20", "40", "60", "80", "100");
    assertThat(linear(0, 0.3, 4)).containsExactly("0", "0.1", "0.2", "0.3");
    assertThat(linear(0, 0.0997, 6)).containsExactly("0", "0.02", "0.04", "0.06", "0.08", "0.10");
    assertThat(linear(-3, 7, 4)).containsExactly("-5", "0", "5", "10");
    assertThat(linear(0, 2_000_000, 5))
        .containsExactly("0", "500 000", "1 000 000", "1 500 000", "2 000 000");
    assertThat(linear(0, 2e-5, 3)).containsExactly("0", "1e-5", "2e-5");
    assertThat(linear(0, 3e12, 4)).containsExactly("0", "1e12", "2e12", "3e12");
    assertThat(texts(Axis.Scale.LINEAR, 20, 6310, 8, false))
        .containsExactly("1 000", "2 000", "3 000", "4 000", "5 000", "6 000");
  }

  @Test
  void ofLogarithmsAreDigitsOfEveryDecadeWhileThereIsRoom() {
    assertThat(logarithmic(0.23, 2.4, 6)).containsExactly("0.3", "0.5", "0.7", "1", "2");
    assertThat(logarithmic(0.9, 110, 7)).containsExactly("1", "2", "5", "10", "20", "50", "100");
    assertThat(logarithmic(1e-3, 1e3, 7))
        .containsExactly("0.001", "0.01", "0.1", "1", "10", "100", "1 000");
    assertThat(logarithmic(1e-12, 1, 5)).hasSizeBetween(3, 5).contains("1e-9");
    assertThat(logarithmic(0.61, 0.69, 6)).contains("0.62", "0.68");
  }

  @Test
  void ofOneValueStandAroundIt() {
    for (double value : new double[] {0, 1, -7.25, 3e-299, 1e300, 6310}) {
      Ticks ticks = Ticks.of(Axis.Scale.LINEAR, value, value, 5, true);
      assertThat(ticks.low()).isLessThan(value);
      assertThat(ticks.high()).isGreaterThan(value);
      assertThat(ticks.marks()).isNotEmpty();
    }
    Ticks ticks = Ticks.of(Axis.Scale.LOGARITHMIC, 0.3, 0.3, 5, true);
    assertThat(ticks.place(0.3)).isBetween(0.4, 0.6);
  }

  @Test
  void areFewAscendingAndInsideForAnyValues() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    for (int i = 0; i < 20_000; i++) {
      double size = Math.pow(10, random.nextInt(600) - 300);
      double a = (random.nextDouble() - 0.5) * size;
      double b = random.nextInt(4) == 0 ? a * (1 + 1e-10 * random.nextInt(50)) : a + size;
      boolean logarithmic = random.nextBoolean();
      boolean outward = random.nextBoolean();
      int most = 3 + random.nextInt(10);
      double low = logarithmic ? Math.max(1e-300, Math.min(Math.abs(a), b)) : a;
      double high = Math.max(low, b);
      Axis.Scale scale = logarithmic ? Axis.Scale.LOGARITHMIC : Axis.Scale.LINEAR;
      String what = "seed " + seed + ": " + scale + " " + low + ".." + high + " by " + most;
      Ticks ticks = Ticks.of(scale, low, high, most, outward);
      assertThat(ticks.low()).as(what).isLessThanOrEqualTo(low).isLessThan(ticks.high());
      assertThat(ticks.high()).as(what).isGreaterThanOrEqualTo(high);
      assertThat(ticks.marks().size()).as(what).isLessThanOrEqualTo(most + 1);
      double before = Double.NEGATIVE_INFINITY;
      for (Ticks.Mark mark : ticks.marks()) {
        assertThat(mark.value()).as(what).isGreaterThan(before);
        assertThat(ticks.place(mark.value())).as(what).isBetween(-1e-5, 1 + 1e-5);
        before = mark.value();
      }
    }
  }

  @Test
  void valuesHaveFiveDigits() {
    assertThat(Ticks.text(0.293061)).isEqualTo("0.29306");
    assertThat(Ticks.text(6310)).isEqualTo("6 310");
    assertThat(Ticks.text(41.2)).isEqualTo("41.2");
    assertThat(Ticks.text(3.4464e-7)).isEqualTo("3.4464e-7");
    assertThat(Ticks.text(0)).isEqualTo("0");
    assertThat(Ticks.text(Double.NaN)).isEqualTo("-");
  }
}
