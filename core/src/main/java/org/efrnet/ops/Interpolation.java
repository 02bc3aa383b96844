package org.efrnet.ops;

/** How a map is resized. */
public enum Interpolation {
  /** Half-pixel centres, edges repeated: PyTorch's {@code align_corners=False}. */
  BILINEAR,
  /** Corner centres kept on corner centres: PyTorch's {@code align_corners=True}. */
  BILINEAR_ALIGNED,
  /** The source pixel at {@code floor(i * source / target)}. */
  NEAREST
}
