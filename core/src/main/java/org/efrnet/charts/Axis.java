package org.efrnet.charts;

import java.util.OptionalDouble;

/**
 * What a direction of a chart means.
 *
 * @param name with its unit, such as {@code mIoU, %}; may be empty
 * @param scale how values become lengths
 * @param included a value that the axis shows whatever the points are, such as 0
 */
public record Axis(String name, Scale scale, OptionalDouble included) {
  /** How values become lengths. */
  public enum Scale {
    /** Equal differences are equal lengths. */
    LINEAR,
    /** Equal ratios are equal lengths; only what is above 0 can be shown. */
    LOGARITHMIC
  }

  public Axis {
    if (included.isPresent() && !shows(scale, included.getAsDouble())) {
      throw new IllegalArgumentException(
          "axis '"
              + name
              + "' cannot include "
              + included.getAsDouble()
              + ": it must be within -1e300..1e300, and at least 1e-300 on a logarithmic axis");
    }
  }

  /** An axis that spans the points. */
  public static Axis linear(String name) {
    return new Axis(name, Scale.LINEAR, OptionalDouble.empty());
  }

  /** A logarithmic axis that spans the points above 0. */
  public static Axis logarithmic(String name) {
    return new Axis(name, Scale.LOGARITHMIC, OptionalDouble.empty());
  }

  /** The same axis, reaching at least to a value. */
  public Axis including(double value) {
    return new Axis(name, scale, OptionalDouble.of(value));
  }

  /** Whether a value has a place on such an axis. */
  boolean shows(double value) {
    return shows(scale, value);
  }

  private static boolean shows(Scale scale, double value) {
    return Math.abs(value) <= Series.LARGEST
        && (scale == Scale.LINEAR || value >= 1 / Series.LARGEST);
  }
}
