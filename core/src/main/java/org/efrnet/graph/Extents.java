package org.efrnet.graph;

import java.util.List;
import org.efrnet.ops.BatchNorm;
import org.efrnet.ops.ChannelDropout;
import org.efrnet.ops.Conv;
import org.efrnet.ops.ConvTranspose;
import org.efrnet.ops.Interpolation;
import org.efrnet.ops.Ops;
import org.efrnet.ops.Pool;
import org.efrnet.ops.Pooled;
import org.efrnet.ops.Prelu;

/**
 * The reading that proves sizes equal: values with equal extents have equal rows and columns
 * whatever the image's size is. Different extents prove nothing.
 */
final class Extents implements Ops<Extents.Extent> {
  /** The rows and columns of a value, as what was done to those of the image. */
  record Extent(Side rows, Side columns) {
    static final Extent IMAGE = new Extent(new Side.Image(), new Side.Image());
  }

  /** A number of rows or columns. */
  sealed interface Side {
    /** The image's. */
    record Image() implements Side {}

    /** A number that does not depend on the image. */
    record Fixed(int count) implements Side {}

    /** {@code floor((of + margin) / stride) + 1}. */
    record Windows(Side of, int margin, int stride) implements Side {}

    /** As {@link Pool#out} says; for those that round up. */
    record CeilPooled(Side of, Pool pool) implements Side {}
  }

  private static Side windows(Side of, int margin, int stride) {
    return stride == 1 && margin == -1 ? of : new Side.Windows(of, margin, stride);
  }

  private static Side pooled(Side of, Pool pool) {
    return pool.ceil()
        ? new Side.CeilPooled(of, pool)
        : windows(of, 2 * pool.padding() - pool.kernel(), pool.stride());
  }

  private static int margin(int kernel, int padding, int dilation) {
    return 2 * padding - dilation * (kernel - 1) - 1;
  }

  @Override
  public Extent conv(Extent x, Conv c) {
    int vertical = margin(c.kernel().height(), c.padding().height(), c.dilation().height());
    int horizontal = margin(c.kernel().width(), c.padding().width(), c.dilation().width());
    return new Extent(
        windows(x.rows, vertical, c.stride()), windows(x.columns, horizontal, c.stride()));
  }

  @Override
  public Extent convTranspose(Extent x, ConvTranspose conv, Extent like) {
    return like;
  }

  @Override
  public Extent batchNorm(Extent x, BatchNorm norm) {
    return x;
  }

  @Override
  public Extent prelu(Extent x, Prelu prelu) {
    return x;
  }

  @Override
  public Extent clip(Extent x, float low, float high) {
    return x;
  }

  @Override
  public Extent sigmoid(Extent x) {
    return x;
  }

  @Override
  public Extent maxPool(Extent x, Pool pool) {
    return new Extent(pooled(x.rows, pool), pooled(x.columns, pool));
  }

  @Override
  public Pooled<Extent> maxPoolWithIndices(Extent x, Pool pool) {
    Extent pooled = maxPool(x, pool);
    return new Pooled<>(pooled, pooled);
  }

  @Override
  public Extent maxUnpool(Extent x, Extent indices, Extent like) {
    return like;
  }

  @Override
  public Extent avgPool(Extent x, Pool pool) {
    return maxPool(x, pool);
  }

  @Override
  public Extent globalAvgPool(Extent x) {
    return gridPool(x, 1);
  }

  @Override
  public Extent gridPool(Extent x, int bins) {
    return new Extent(new Side.Fixed(bins), new Side.Fixed(bins));
  }

  @Override
  public Extent padChannels(Extent x, int channels) {
    return x;
  }

  @Override
  public Extent resize(Extent x, Extent like, Interpolation interpolation) {
    return like;
  }

  @Override
  public Extent shrink(Extent x, int factor, Interpolation interpolation) {
    return new Extent(windows(x.rows, -1, factor), windows(x.columns, -1, factor));
  }

  @Override
  public Extent concat(List<Extent> xs) {
    return xs.get(0);
  }

  @Override
  public Extent add(Extent a, Extent b) {
    return a;
  }

  @Override
  public Extent mul(Extent x, Extent gate) {
    return x;
  }

  @Override
  public Extent dropout(Extent x, ChannelDropout dropout) {
    return x;
  }
}
