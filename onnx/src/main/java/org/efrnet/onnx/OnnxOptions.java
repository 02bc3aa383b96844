package org.efrnet.onnx;

/**
 * What an ONNX model may say in several ways.
 *
 * @param unpooling how unpooling is written down
 * @param classMap whether there is a second output {@code classes}
 */
public record OnnxOptions(Unpooling unpooling, ClassMap classMap) {
  /** Logits alone; unpooling as ONNX names it. */
  public static final OnnxOptions DEFAULT = new OnnxOptions(Unpooling.MAXUNPOOL, ClassMap.NONE);

  /** How unpooling is written down. */
  public enum Unpooling {
    /** The operator {@code MaxUnpool}. */
    MAXUNPOOL,
    /**
     * {@code ScatterElements} into zeros, for engines that lack {@code MaxUnpool}. Refused where
     * windows overlap: then two maxima may stand in one place, and ONNX leaves open which is kept.
     */
    SCATTER
  }

  /** The second output {@code classes}, (N, H, W): the class of the largest logit. */
  public enum ClassMap {
    /** There is none. */
    NONE,
    /** As ONNX's {@code ArgMax} gives it. */
    INT64,
    /** One byte a pixel. */
    UINT8
  }

  /** The same with another way to unpool. */
  public OnnxOptions with(Unpooling other) {
    return new OnnxOptions(other, classMap);
  }

  /** The same with another second output. */
  public OnnxOptions with(ClassMap other) {
    return new OnnxOptions(unpooling, other);
  }
}
