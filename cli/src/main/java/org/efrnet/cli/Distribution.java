package org.efrnet.cli;

import java.util.Arrays;

/**
 * How times are spread, in milliseconds. A percentile is the smallest time that so many of a
 * hundred do not exceed ("nearest rank"): one that was measured, none in between.
 */
record Distribution(double min, double p50, double p95, double p99) {
  /** Of at least one time; the array stays as it is. */
  static Distribution of(double[] millis) {
    double[] sorted = millis.clone();
    Arrays.sort(sorted);
    return new Distribution(
        sorted[0], percentile(sorted, 50), percentile(sorted, 95), percentile(sorted, 99));
  }

  private static double percentile(double[] sorted, int percent) {
    int rank = (sorted.length * percent + 99) / 100;
    return sorted[Math.max(1, rank) - 1];
  }
}
