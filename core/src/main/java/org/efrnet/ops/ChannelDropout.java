package org.efrnet.ops;

/**
 * Dropout of whole channels ("Dropout2d"), in training only; survivors are scaled by {@code 1 / (1
 * - rate)}.
 *
 * @param rate the chance of a channel to be dropped, 0..1
 */
public record ChannelDropout(double rate) {
  public ChannelDropout {
    if (!(rate >= 0 && rate < 1)) {
      throw new IllegalArgumentException("dropout rate " + rate + ": must be at least 0, below 1");
    }
  }
}
