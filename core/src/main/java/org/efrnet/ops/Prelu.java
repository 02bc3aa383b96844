package org.efrnet.ops;

/**
 * {@code x} where positive, {@code slope * x} elsewhere; the slope is learned.
 *
 * @param slopes 1 for one slope in all, or the number of channels
 */
public record Prelu(Name at, int slopes) {
  /** Where PyTorch starts every slope, and so every code base that the paper builds on. */
  public static final float INITIAL_SLOPE = 0.25f;

  /** One slope for all channels. */
  public static Prelu scalar(Name at) {
    return new Prelu(at, 1);
  }
}
