package org.efrnet.metrics;

import java.util.Arrays;

/**
 * What equal trainings came to that differ in their seed alone.
 *
 * @param count of the values that are numbers
 * @param mean not a number if there is no value
 * @param deviation the sample's standard deviation (n - 1 in the denominator); not a number below
 *     two values
 * @param least not a number if there is no value
 * @param most not a number if there is no value
 */
public record Spread(int count, double mean, double deviation, double least, double most) {
  /** Values that are not finite do not count. */
  public static Spread of(double... values) {
    double[] there = Arrays.stream(values).filter(Double::isFinite).toArray();
    if (there.length == 0) {
      return new Spread(0, Double.NaN, Double.NaN, Double.NaN, Double.NaN);
    }
    double mean = Arrays.stream(there).average().orElseThrow();
    double squares = Arrays.stream(there).map(v -> (v - mean) * (v - mean)).sum();
    return new Spread(
        there.length,
        mean,
        there.length < 2 ? Double.NaN : Math.sqrt(squares / (there.length - 1)),
        Arrays.stream(there).min().orElseThrow(),
        Arrays.stream(there).max().orElseThrow());
  }
}
