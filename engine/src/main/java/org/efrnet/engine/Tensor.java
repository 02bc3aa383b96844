package org.efrnet.engine;

import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;

/**
 * A map of a plan, (1, channels, height, width), as one or several views in memory. While a plan is
 * made it is known how often the map is still to be used; then its memory serves others.
 */
final class Tensor {
  /**
   * A map in memory, channels last.
   *
   * @param block where it lies
   */
  record View(Kind kind, dnnl_memory_desc desc, dnnl_memory memory, Pool.Block block) {}

  final int channels;
  final int height;
  final int width;

  /** What 1 stands for in the view of 8 bits, if there is or may be one. */
  final Optional<Float> scale;

  /** Whether others may not have its memory after its last use. */
  final boolean pinned;

  final Map<Kind, View> views = new EnumMap<>(Kind.class);

  /** Where maxima stood, of a pooling that remembers: {@code row * W + column}, channels last. */
  Optional<int[]> indices = Optional.empty();

  int uses;

  Tensor(int channels, int height, int width, Optional<Float> scale, boolean pinned) {
    this.channels = channels;
    this.height = height;
    this.width = width;
    this.scale = scale;
    this.pinned = pinned;
  }

  int pixels() {
    return height * width;
  }

  int count() {
    return channels * height * width;
  }
}
