package org.efrnet.ops;

import java.util.List;

/**
 * The vocabulary of networks, and the visitor of graphs: one method, one mathematical operation.
 *
 * <p>A network is written once over this interface; each implementation is a <em>reading</em> of
 * it: shapes, costs, parameters, plain-Java reference, libtorch, and so on. {@code T} is what flows
 * between operations in that reading. Values are maps of layout (N, C, H, W). A method added here
 * breaks compilation in every reading, so that none forgets it.
 */
public interface Ops<T> {
  /** (N, in, H, W) to (N, out, {@link Conv#outHeight}, {@link Conv#outWidth}). */
  T conv(T x, Conv conv);

  /** (N, in, h, w) to (N, out, H, W) with H and W of {@code like}. */
  T convTranspose(T x, ConvTranspose conv, T like);

  /** Normalises every channel; in training by the batch's statistics, else by the running ones. */
  T batchNorm(T x, BatchNorm norm);

  /** Parametric ReLU. */
  T prelu(T x, Prelu prelu);

  /** {@code min(max(x, low), high)}; {@code high} may be infinite. */
  T clip(T x, float low, float high);

  /** {@code max(x, 0)}. */
  default T relu(T x) {
    return clip(x, 0, Float.POSITIVE_INFINITY);
  }

  /** {@code 1 / (1 + exp(-x))}. */
  T sigmoid(T x);

  /** Maximum pooling. */
  T maxPool(T x, Pool pool);

  /** Maximum pooling that remembers where the maxima stood, for {@link #maxUnpool}. */
  Pooled<T> maxPoolWithIndices(T x, Pool pool);

  /**
   * Puts values back where maxima stood, zero elsewhere; where places collide, the last in
   * row-major order wins.
   *
   * @param x (N, C, h, w)
   * @param indices as {@link Pooled#indices}, (N, C, h, w)
   * @param like a value of the size that was pooled; only its H and W matter
   */
  T maxUnpool(T x, T indices, T like);

  /**
   * The means of windows. Padding counts as zeros, in the divisor too (PyTorch's {@code
   * count_include_pad}); windows that hang over the border are refused ({@link Pool#ceil}).
   */
  T avgPool(T x, Pool pool);

  /** The mean of every channel: (N, C, 1, 1). */
  T globalAvgPool(T x);

  /**
   * The means of a grid of regions that covers the map: (N, C, bins, bins). Region i of a side of n
   * reaches from {@code floor(i * n / bins)} to before {@code ceil((i + 1) * n / bins)} (PyTorch's
   * adaptive pooling), so that regions overlap where {@code bins} does not divide n.
   */
  T gridPool(T x, int bins);

  /** Appends channels of zeros until there are {@code channels}. */
  T padChannels(T x, int channels);

  /** Resizes to H and W of {@code like}: a size is another value's size, never a number. */
  T resize(T x, T like, Interpolation interpolation);

  /**
   * Resizes to {@code floor((H - 1) / factor) + 1} rows, and columns likewise: the levels of image
   * pyramids, whose sizes are those of no other value yet. Sides of {@code factor * n + 1} keep
   * their corners.
   */
  T shrink(T x, int factor, Interpolation interpolation);

  /** Joins along the channels, in order; N, H and W must agree. */
  T concat(List<T> xs);

  /** Elementwise sum; shapes must agree. */
  T add(T a, T b);

  /** Elementwise product; {@code gate} has x's shape or is (N, C, 1, 1). */
  T mul(T x, T gate);

  /** Channel dropout: the identity outside training. */
  T dropout(T x, ChannelDropout dropout);

  /**
   * The identity. Says that what was computed since the last call belongs to {@code name}, a row of
   * the paper's table; readings use it to report by block and to tap values.
   */
  default T stage(Name name, T x) {
    return x;
  }
}
