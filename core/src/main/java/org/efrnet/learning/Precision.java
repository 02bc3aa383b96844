package org.efrnet.learning;

/** In which numbers a network computes while it learns. */
public enum Precision {
  /** 32-bit floats throughout. */
  FP32,
  /**
   * Maps and convolution weights in bfloat16; parameters, their updates, statistics and the loss in
   * 32 bits ("autocast", written out).
   */
  BF16,
  /** 64-bit floats throughout: for oracles. */
  FP64
}
