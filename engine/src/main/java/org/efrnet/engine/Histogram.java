package org.efrnet.engine;

import java.nio.FloatBuffer;

/** How often magnitudes occur, in bins of a thirty-second of an octave. */
final class Histogram {
  private static final int BITS = 5;
  private static final int SHIFT = 23 - BITS;

  /** Positive floats in order are their bits in order, so a bin is a range of leading bits. */
  private final long[] counts = new long[1 << (8 + BITS)];

  private final float[] work = new float[1 << 12];

  /** Counts the first values of a buffer. */
  void add(FloatBuffer values, int count) {
    for (int from = 0; from < count; from += work.length) {
      int length = Math.min(work.length, count - from);
      values.get(from, work, 0, length);
      for (int i = 0; i < length; i++) {
        counts[(Float.floatToRawIntBits(work[i]) & 0x7fffffff) >>> SHIFT]++;
      }
    }
  }

  private static double middle(int bin) {
    double low = Float.intBitsToFloat(bin << SHIFT);
    double high = Float.intBitsToFloat((bin + 1) << SHIFT);
    return (low + high) / 2;
  }

  /**
   * The magnitude that 127 should stand for so that values in 8 bits are nearest to what they were,
   * in mean square: larger ones are cut off, smaller ones rounded.
   *
   * @return above 0; 1 if all values are 0
   */
  double bestMagnitude() {
    int last = 0;
    for (int bin = 1; bin < counts.length; bin++) {
      if (counts[bin] > 0) {
        last = bin;
      }
    }
    if (last == 0) {
      return 1;
    }
    long values = 0;
    for (long count : counts) {
      values += count;
    }
    double best = middle(last);
    double least = Double.POSITIVE_INFINITY;
    // Cutting at less than a sixteenth of the largest value never paid.
    for (int bin = last; bin > Math.max(0, last - (4 << BITS)); bin--) {
      double magnitude = Float.intBitsToFloat((bin + 1) << SHIFT);
      double step = magnitude / 127;
      double error = values * step * step / 12;
      for (int larger = bin + 1; larger <= last; larger++) {
        double cut = middle(larger) - magnitude;
        error += counts[larger] * cut * cut;
      }
      if (error < least) {
        least = error;
        best = magnitude;
      }
    }
    return best;
  }
}
