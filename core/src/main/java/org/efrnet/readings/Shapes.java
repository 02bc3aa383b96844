package org.efrnet.readings;

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
 * The reading that computes sizes alone and refuses what does not fit: an illegal network fails
 * here with an {@link IllegalArgumentException} that names the operation and both shapes, before
 * anything native sees it.
 */
public final class Shapes implements Ops<Shape> {
  private static IllegalArgumentException illegal(String what, Object a, Object b) {
    return new IllegalArgumentException(what + ": " + a + " does not fit " + b);
  }

  private static Shape sized(String what, Shape shape) {
    if (shape.height() < 1 || shape.width() < 1) {
      throw new IllegalArgumentException(
          what + " leaves nothing (" + shape + "): the picture is too small for this network");
    }
    return shape;
  }

  @Override
  public Shape conv(Shape x, Conv conv) {
    if (x.channels() != conv.in()) {
      throw illegal("convolution " + conv.at(), x, conv.in() + " input channels");
    }
    return sized(
        "convolution " + conv.at(),
        new Shape(x.n(), conv.out(), conv.outHeight(x.height()), conv.outWidth(x.width())));
  }

  @Override
  public Shape convTranspose(Shape x, ConvTranspose conv, Shape like) {
    if (x.channels() != conv.in()) {
      throw illegal("transposed convolution " + conv.at(), x, conv.in() + " input channels");
    }
    conv.outputPadding(x.height(), like.height());
    conv.outputPadding(x.width(), like.width());
    return new Shape(x.n(), conv.out(), like.height(), like.width());
  }

  @Override
  public Shape batchNorm(Shape x, BatchNorm norm) {
    if (x.channels() != norm.channels()) {
      throw illegal("batch norm " + norm.at(), x, norm.channels() + " channels");
    }
    return x;
  }

  @Override
  public Shape prelu(Shape x, Prelu prelu) {
    if (prelu.slopes() != 1 && prelu.slopes() != x.channels()) {
      throw illegal("PReLU " + prelu.at(), x, prelu.slopes() + " slopes");
    }
    return x;
  }

  @Override
  public Shape clip(Shape x, float low, float high) {
    return x;
  }

  @Override
  public Shape sigmoid(Shape x) {
    return x;
  }

  @Override
  public Shape maxPool(Shape x, Pool pool) {
    return sized("pooling", x.withSize(pool.out(x.height()), pool.out(x.width())));
  }

  @Override
  public Pooled<Shape> maxPoolWithIndices(Shape x, Pool pool) {
    Shape pooled = maxPool(x, pool);
    return new Pooled<>(pooled, pooled);
  }

  @Override
  public Shape maxUnpool(Shape x, Shape indices, Shape like) {
    if (!x.equals(indices)) {
      throw illegal("unpooling", x, "indices " + indices);
    }
    return x.withSize(like.height(), like.width());
  }

  @Override
  public Shape avgPool(Shape x, Pool pool) {
    if (pool.ceil()) {
      throw illegal("average pooling with " + pool, x, "windows that hang over the border");
    }
    return maxPool(x, pool);
  }

  @Override
  public Shape globalAvgPool(Shape x) {
    return x.withSize(1, 1);
  }

  @Override
  public Shape gridPool(Shape x, int bins) {
    if (bins < 1) {
      throw illegal("pooling to " + bins + " bins", x, "at least one");
    }
    return x.withSize(bins, bins);
  }

  @Override
  public Shape padChannels(Shape x, int channels) {
    if (channels < x.channels()) {
      throw illegal("padding to " + channels + " channels", x, "fewer channels");
    }
    return x.withChannels(channels);
  }

  @Override
  public Shape resize(Shape x, Shape like, Interpolation interpolation) {
    return x.withSize(like.height(), like.width());
  }

  @Override
  public Shape shrink(Shape x, int factor, Interpolation interpolation) {
    if (factor < 1) {
      throw illegal("shrinking by " + factor, x, "a factor of at least 1");
    }
    return x.withSize((x.height() - 1) / factor + 1, (x.width() - 1) / factor + 1);
  }

  @Override
  public Shape concat(List<Shape> xs) {
    Shape first = xs.get(0);
    int channels = 0;
    for (Shape x : xs) {
      if (!x.withChannels(1).equals(first.withChannels(1))) {
        throw illegal("concatenation", x, first);
      }
      channels += x.channels();
    }
    return first.withChannels(channels);
  }

  @Override
  public Shape add(Shape a, Shape b) {
    if (!a.equals(b)) {
      throw illegal("sum", a, b);
    }
    return a;
  }

  @Override
  public Shape mul(Shape x, Shape gate) {
    if (!gate.equals(x) && !gate.equals(x.withSize(1, 1))) {
      throw illegal("product", gate, x);
    }
    return x;
  }

  @Override
  public Shape dropout(Shape x, ChannelDropout dropout) {
    return x;
  }
}
