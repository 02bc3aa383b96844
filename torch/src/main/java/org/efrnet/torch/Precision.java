package org.efrnet.torch;

import org.bytedeco.pytorch.global.torch.ScalarType;

/** In which numbers a network computes. */
public enum Precision {
  /** 32-bit floats throughout. */
  FP32,
  /**
   * Maps and convolution weights in bfloat16; parameters, their updates, statistics and the loss in
   * 32 bits ("autocast", written out).
   */
  BF16,
  /** 64-bit floats throughout: for oracles. */
  FP64;

  /** The type of parameters. */
  ScalarType parameters() {
    return this == FP64 ? ScalarType.Double : ScalarType.Float;
  }

  /** The type of maps. */
  ScalarType maps() {
    return switch (this) {
      case FP32 -> ScalarType.Float;
      case BF16 -> ScalarType.BFloat16;
      case FP64 -> ScalarType.Double;
    };
  }
}
