package org.efrnet.torch;

/**
 * Where and how libtorch computes.
 *
 * @param device {@code cpu}, or {@code cuda} or {@code cuda:N} where its natives are present
 * @param layout how maps lie in memory
 */
public record Execution(String device, Precision precision, Layout layout) {
  /** How maps lie in memory. */
  public enum Layout {
    /** Plane after plane. */
    NCHW,
    /** Channels of a pixel beside each other: faster for convolutions on CPUs. */
    CHANNELS_LAST
  }

  /** 32-bit floats on the CPU, channels last. */
  public static final Execution CPU = new Execution("cpu", Precision.FP32, Layout.CHANNELS_LAST);

  /** The same in other numbers. */
  public Execution with(Precision other) {
    return new Execution(device, other, layout);
  }

  /** The same in another layout. */
  public Execution with(Layout other) {
    return new Execution(device, precision, other);
  }
}
