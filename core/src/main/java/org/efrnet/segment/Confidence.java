package org.efrnet.segment;

/**
 * How sure a class map is: the softmax probability of each pixel's class, of the same interpolated
 * logits that {@link UpsampleArgmax} chose it by, as a byte of 0..255. Within 1 of the exact value:
 * the exponential is looked up in steps of 1/256.
 *
 * <p>An instance serves one shape and one thread at a time; two may make two parts of one map.
 */
final class Confidence {
  private static final int STEPS = 256;

  /** Whoever is behind by more than this adds less than 2^-23 to a sum of at least 1. */
  private static final int FARTHEST = 16;

  private static final float[] EXP = exponentials();

  private final int classes;
  private final UpsampleArgmax.Axis rows;
  private final UpsampleArgmax.Axis columns;
  private float[] upper;
  private float[] lower;
  private int upperRow;
  private int lowerRow;
  private final float[] mixed;

  /** The shape is that of an {@link UpsampleArgmax}. */
  Confidence(int classes, int height, int width, int outHeight, int outWidth) {
    this.classes = classes;
    this.rows = new UpsampleArgmax.Axis(height, outHeight);
    this.columns = new UpsampleArgmax.Axis(width, outWidth);
    this.upper = new float[Math.multiplyExact(classes, width)];
    this.lower = new float[upper.length];
    this.mixed = new float[upper.length];
  }

  private static float[] exponentials() {
    float[] table = new float[FARTHEST * STEPS + 1];
    for (int i = 0; i < table.length - 1; i++) {
      table[i] = (float) StrictMath.exp(-(double) i / STEPS);
    }
    // The last stands for everything beyond.
    return table;
  }

  /**
   * Writes the confidence of a part of a class map, allocating nothing.
   *
   * @param logits all finite
   * @param ids the class map that they give
   * @param confidence receives as many values
   * @param from the first row of the map that is written
   * @param to the row behind the last
   */
  void into(LogitRows logits, byte[] ids, byte[] confidence, int from, int to) {
    upperRow = -1;
    lowerRow = -1;
    for (int y = from; y < to; y++) {
      load(logits, y);
      float down = rows.fraction[y];
      UpsampleArgmax.mix(upper, 1 - down, lower, down, mixed);
      for (int x = 0, i = y * columns.size; x < columns.size; x++, i++) {
        confidence[i] = (byte) ofPixel(x, ids[i] & 0xff);
      }
    }
  }

  private void load(LogitRows logits, int y) {
    if (upperRow != rows.low[y]) {
      if (lowerRow == rows.low[y]) {
        float[] next = upper;
        upper = lower;
        lower = next;
        lowerRow = upperRow;
      } else {
        logits.read(rows.low[y], upper);
      }
      upperRow = rows.low[y];
    }
    if (lowerRow != rows.high[y]) {
      logits.read(rows.high[y], lower);
      lowerRow = rows.high[y];
    }
  }

  private int ofPixel(int x, int id) {
    float ofRight = columns.fraction[x];
    float ofLeft = 1 - ofRight;
    int l = columns.low[x] * classes;
    int r = columns.high[x] * classes;
    float best = ofLeft * mixed[l + id] + ofRight * mixed[r + id];
    float sum = 0;
    for (int k = 0; k < classes; k++) {
      float behind = best - (ofLeft * mixed[l + k] + ofRight * mixed[r + k]);
      sum += EXP[(int) Math.min(FARTHEST * STEPS, behind * STEPS + 0.5f)];
    }
    return (int) (255 / sum + 0.5f);
  }
}
