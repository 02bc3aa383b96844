package org.efrnet.engine;

import java.util.Optional;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.javacpp.Pointer;

/** What flows through a plan of learning. */
sealed interface Flow {
  /** The gradient of the loss by some maps; several maps may share one. */
  final class Gradient {
    final dnnl_memory memory;
    final Pool.Block block;
    int owners = 1;

    Gradient(dnnl_memory memory, Pool.Block block) {
      this.memory = memory;
      this.block = block;
    }
  }

  /**
   * (n, channels, height, width) in memory, channels last. Behind the network's own channels there
   * may be some of zeros: oneDNN's fast ways begin at a full vector of channels.
   */
  final class Maps implements Flow {
    /** In memory. */
    final int channels;

    /** The network's own, the first ones. */
    final int used;

    final int height;
    final int width;
    final Kind kind;

    /** Whether a parameter that learns is before it. */
    final boolean learns;

    final dnnl_memory_desc desc;
    final dnnl_memory memory;
    final Pointer address;

    /** While the way back is planned: what is known of its gradient so far. */
    Optional<Gradient> gradient = Optional.empty();

    Maps(
        int channels,
        int used,
        int height,
        int width,
        Kind kind,
        boolean learns,
        dnnl_memory_desc desc,
        dnnl_memory memory,
        Pointer address) {
      this.channels = channels;
      this.used = used;
      this.height = height;
      this.width = width;
      this.kind = kind;
      this.learns = learns;
      this.desc = desc;
      this.memory = memory;
      this.address = address;
    }

    /** Values of one picture. */
    long each() {
      return (long) channels * height * width;
    }
  }

  /** One value a picture and channel, (n, channels): few enough for Java. */
  final class Means implements Flow {
    final int channels;
    final float[] values;
    final float[] gradients;

    Means(int n, int channels) {
      this.channels = channels;
      this.values = new float[n * channels];
      this.gradients = new float[n * channels];
    }
  }

  /**
   * Maps with channels dropped, not computed yet.
   *
   * @param place of the dropout among the graph's
   */
  record Gated(Maps maps, int place) implements Flow {}

  /** Maps times a value a picture and channel, not computed yet. */
  record Scaled(Maps maps, Means gate) implements Flow {}

  /** A sum of two maps, the second of which may be gated; not computed yet. */
  record Sum(Maps first, Maps second, Optional<Integer> place) implements Flow {}

  /** Where maxima stood. */
  final class Places implements Flow {
    /** What was pooled. */
    final Maps source;

    /** What it became. */
    final Maps pooled;

    final org.efrnet.ops.Pool window;

    /** Places within each window, as oneDNN keeps them. */
    final dnnl_memory where;

    /** The pooling itself. */
    final dnnl_primitive_desc there;

    Places(
        Maps source,
        Maps pooled,
        org.efrnet.ops.Pool window,
        dnnl_memory where,
        dnnl_primitive_desc there) {
      this.source = source;
      this.pooled = pooled;
      this.window = window;
      this.where = where;
      this.there = there;
    }
  }
}
