package org.efrnet.readings;

import java.util.Arrays;

/**
 * A tensor that a network needs under a name.
 *
 * @param shape sizes, outermost first
 */
public record Parameter(String name, int[] shape, Kind kind) {
  /** What it is; decides how it starts and whether training changes it by gradient. */
  public enum Kind {
    /** (out, in/groups, kernel height, kernel width). */
    CONV_WEIGHT,
    /** (in, out, kernel height, kernel width). */
    TRANSPOSED_WEIGHT,
    /** (out). */
    BIAS,
    /** Batch norm's gamma. */
    SCALE,
    /** Batch norm's beta. */
    SHIFT,
    /** Batch norm's running mean. */
    RUNNING_MEAN,
    /** Batch norm's running variance. */
    RUNNING_VARIANCE,
    /** PReLU's slopes. */
    SLOPE;

    /** Whether gradients change it; running statistics are followed instead. */
    public boolean trained() {
      return this != RUNNING_MEAN && this != RUNNING_VARIANCE;
    }
  }

  /** Values in it. */
  public int count() {
    int count = 1;
    for (int side : shape) {
      count *= side;
    }
    return count;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Parameter p
        && name.equals(p.name)
        && kind == p.kind
        && Arrays.equals(shape, p.shape);
  }

  @Override
  public int hashCode() {
    return name.hashCode();
  }

  @Override
  public String toString() {
    return name + " " + Arrays.toString(shape);
  }
}
