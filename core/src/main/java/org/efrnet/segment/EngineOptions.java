package org.efrnet.segment;

import org.efrnet.bundle.BundleConfig;
import org.efrnet.bundle.Calibration;
import org.efrnet.text.OneLine;

/**
 * How an engine is to run.
 *
 * @param threads that compute at once, at least 1
 * @param precision one of {@link BundleConfig#PRECISION_NAMES}, and of {@link Engine#precisions}
 * @param calibration how large values become, for precisions that must know; may be empty for
 *     others
 */
public record EngineOptions(int threads, String precision, Calibration calibration) {
  public EngineOptions {
    if (threads < 1) {
      throw new IllegalArgumentException("threads is " + threads + ", must be at least 1");
    }
    if (!BundleConfig.PRECISION_NAMES.contains(precision)) {
      throw new IllegalArgumentException(
          "precision '"
              + OneLine.of(precision)
              + "' is none of "
              + String.join(", ", BundleConfig.PRECISION_NAMES));
    }
  }

  /** In 32 bits. */
  public EngineOptions(int threads) {
    this(threads, BundleConfig.FP32, Calibration.NONE);
  }
}
