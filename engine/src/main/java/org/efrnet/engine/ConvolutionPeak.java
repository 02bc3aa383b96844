package org.efrnet.engine;

import java.util.OptionalDouble;

/** How fast this machine convolves at its best: what engines' figures are to be held beside. */
public final class ConvolutionPeak {
  private ConvolutionPeak() {}

  /**
   * Measures a convolution of 3x3 from 256 to 256 channels at 64x64, batch 4.
   *
   * @param precision one of {@link org.efrnet.bundle.BundleConfig#PRECISION_NAMES}
   * @param threads that compute at once, at least 1
   * @return 10^9 operations a second, a multiply-accumulate counted as two; empty if this machine
   *     does not compute in that precision, or nothing here can measure it
   */
  public static OptionalDouble gflops(String precision, int threads) {
    return OptionalDouble.empty();
  }
}
