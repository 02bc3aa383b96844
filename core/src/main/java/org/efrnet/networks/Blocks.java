package org.efrnet.networks;

import java.util.List;
import org.efrnet.ops.BatchNorm;
import org.efrnet.ops.ChannelDropout;
import org.efrnet.ops.Conv;
import org.efrnet.ops.ConvTranspose;
import org.efrnet.ops.Interpolation;
import org.efrnet.ops.Name;
import org.efrnet.ops.Ops;
import org.efrnet.ops.Pool;
import org.efrnet.ops.Pooled;
import org.efrnet.ops.Prelu;
import org.efrnet.ops.Size;

/**
 * The parts that ENet and EFRNet are made of. Convolutions have no bias and are followed by batch
 * normalisation (eps 1e-3, momentum 0.1: the code base that the paper's counts point to).
 *
 * @param ops the reading
 * @param slopes how PReLU slopes are shared
 */
record Blocks<T>(Ops<T> ops, Slopes slopes) {
  /** How many PReLU slopes a bottleneck has. */
  enum Slopes {
    /** One scalar at each place where the activation stands. */
    PER_SITE,
    /** One scalar shared by all places of a block. */
    PER_BLOCK
  }

  /** The activation of a block: PReLU in the encoder, ReLU in the decoder (ENet, section 3). */
  enum Activation {
    PRELU,
    RELU
  }

  /** What stands in the middle of a bottleneck. */
  sealed interface Middle {
    /** 3x3, dilated by {@code dilation}. */
    record Square(int dilation) implements Middle {}

    /** {@code length x 1}, then {@code 1 x length}. */
    record Asymmetric(int length) implements Middle {}
  }

  static final Middle REGULAR = new Middle.Square(1);

  static Middle dilated(int dilation) {
    return new Middle.Square(dilation);
  }

  static Middle asymmetric(int length) {
    return new Middle.Asymmetric(length);
  }

  /** Rows 2.1-2.8 of ENet's table, repeated as 3.1-3.8. */
  static final List<Middle> ENCODER_STAGE =
      List.of(
          REGULAR,
          dilated(2),
          asymmetric(5),
          dilated(4),
          REGULAR,
          dilated(8),
          asymmetric(5),
          dilated(16));

  BatchNorm norm(Name at, int channels) {
    return new BatchNorm(at, channels, 1e-3, 0.1);
  }

  /** Convolution and normalisation. */
  T linear(T x, Conv conv, Name at) {
    return ops.batchNorm(ops.conv(x, conv), norm(at.in("bn"), conv.out()));
  }

  /**
   * Convolution, normalisation, activation: names {@code at.conv}, {@code at.bn}, {@code at.act}.
   */
  private T unit(T x, Conv conv, Name block, Name at, Activation activation) {
    return activate(linear(x, conv, at), block, at, activation);
  }

  private T activate(T x, Name block, Name at, Activation activation) {
    return switch (activation) {
      case RELU -> ops.relu(x);
      case PRELU -> ops.prelu(x, Prelu.scalar((slopes == Slopes.PER_BLOCK ? block : at).in("act")));
    };
  }

  /** 3x3 stride 2 to 13 channels beside a pooled image: 16 channels at half size. */
  T initial(T image, Name at) {
    T features = ops.conv(image, Conv.square(at.in("conv"), 3, 13, 3).strided(2));
    T pooled = ops.maxPool(image, new Pool(3, 2, 1, false));
    T x = ops.batchNorm(ops.concat(List.of(features, pooled)), norm(at.in("bn"), 16));
    return ops.prelu(x, Prelu.scalar(at.in("act")));
  }

  /** A bottleneck that keeps size and channels. */
  T block(T x, Name at, int channels, Middle middle, double dropout, Activation activation) {
    return block(x, at, channels, middle, dropout, activation, false);
  }

  /**
   * A bottleneck: 1x1 to a quarter of the channels, the middle, 1x1 back, plus its input.
   *
   * @param refined whether channel attention stands behind the middle
   */
  T block(
      T x,
      Name at,
      int channels,
      Middle middle,
      double dropout,
      Activation activation,
      boolean refined) {
    int inner = channels / 4;
    Name reduce = at.in("reduce");
    T y = unit(x, Conv.pointwise(reduce.in("conv"), channels, inner), at, reduce, activation);
    if (middle instanceof Middle.Asymmetric a) {
      Name v = at.in("vertical");
      Name h = at.in("horizontal");
      y = unit(y, Conv.vertical(v.in("conv"), inner, a.length(), 1), at, v, activation);
      y = unit(y, Conv.horizontal(h.in("conv"), inner, a.length(), 1), at, h, activation);
    } else if (middle instanceof Middle.Square s) {
      Name m = at.in("middle");
      Conv conv = Conv.square(m.in("conv"), inner, inner, 3).dilated(s.dilation());
      y = unit(y, conv, at, m, activation);
    }
    if (refined) {
      y = channelAttention(y, at.in("carm"), inner);
    }
    Name expand = at.in("expand");
    y = unit(y, Conv.pointwise(expand.in("conv"), inner, channels), at, expand, activation);
    y = ops.add(x, ops.dropout(y, new ChannelDropout(dropout)));
    return ops.stage(at, activate(y, at, at, activation));
  }

  /** What a halving bottleneck gives: its values, and the pooling that {@link #up} undoes. */
  record Down<T>(T values, T indices, T source) {}

  /** Halves the size: 2x2 stride 2, 3x3, 1x1, beside the pooled and zero-padded input. */
  Down<T> downWithIndices(T x, Name at, int in, int out, double dropout) {
    Pooled<T> pooled = ops.maxPoolWithIndices(x, Pool.HALVE);
    return new Down<>(halved(x, pooled.values(), at, in, out, dropout), pooled.indices(), x);
  }

  /** {@link #downWithIndices} where nothing will be unpooled. */
  T down(T x, Name at, int in, int out, double dropout) {
    return halved(x, ops.maxPool(x, Pool.HALVE), at, in, out, dropout);
  }

  private T halved(T x, T pooled, Name at, int in, int out, double dropout) {
    int inner = in / 4;
    Name reduce = at.in("reduce");
    Name middle = at.in("middle");
    Name expand = at.in("expand");
    Conv shrink =
        new Conv(
            reduce.in("conv"),
            in,
            inner,
            Size.square(2),
            2,
            Size.square(0),
            Size.square(1),
            1,
            false);
    T y = unit(x, shrink, at, reduce, Activation.PRELU);
    y = unit(y, Conv.square(middle.in("conv"), inner, inner, 3), at, middle, Activation.PRELU);
    y = unit(y, Conv.pointwise(expand.in("conv"), inner, out), at, expand, Activation.PRELU);
    y = ops.dropout(y, new ChannelDropout(dropout));
    y = ops.add(ops.padChannels(pooled, out), y);
    return ops.stage(at, activate(y, at, at, Activation.PRELU));
  }

  /** Doubles the size: the input unpooled to where it came from, plus a transposed bottleneck. */
  T up(T x, Down<T> from, Name at, int in, int out, double dropout) {
    int inner = in / 4;
    Name main = at.in("main");
    T unpooled = linear(x, Conv.pointwise(main.in("conv"), in, out), main);
    unpooled = ops.maxUnpool(unpooled, from.indices(), from.source());
    Name reduce = at.in("reduce");
    Name middle = at.in("middle");
    Name expand = at.in("expand");
    T y = unit(x, Conv.pointwise(reduce.in("conv"), in, inner), at, reduce, Activation.RELU);
    ConvTranspose widen = new ConvTranspose(middle.in("conv"), inner, inner, 3, 2, 1, false);
    y = ops.convTranspose(y, widen, from.source());
    y = ops.relu(ops.batchNorm(y, norm(middle.in("bn"), inner)));
    y = unit(y, Conv.pointwise(expand.in("conv"), inner, out), at, expand, Activation.RELU);
    y = ops.dropout(y, new ChannelDropout(dropout));
    return ops.stage(at, ops.relu(ops.add(unpooled, y)));
  }

  /**
   * The paper's Channel Attention Refinement Module (section 3.4): {@code x + x * sigmoid(BN(W
   * mean(x)))}. Its batch norm sees 1x1 maps: training needs two pictures at least.
   */
  T channelAttention(T x, Name at, int channels) {
    T gate = linear(ops.globalAvgPool(x), Conv.pointwise(at.in("conv"), channels, channels), at);
    return ops.add(x, ops.mul(x, ops.sigmoid(gate)));
  }

  /**
   * The paper's Feature Fusion Module (section 3.3): each stream a bottleneck around two 1-D
   * dilated convolutions, both upsampled and joined, then 1x1 and a dilated 3x3.
   *
   * @param low earlier features, (N, in, h, w)
   * @param high later features of the same size
   * @param like a value of the target size
   * @param width what is inside the streams
   */
  T fusion(T low, T high, T like, Name at, int in, int out, int dilation, FusionWidth width) {
    int mid = width.middle(in, out);
    int wide = width.expanded(in, out);
    T a = stream(low, at.in("low"), in, mid, wide, dilation);
    T b = stream(high, at.in("high"), in, mid, wide, dilation);
    T joined =
        ops.concat(
            List.of(
                ops.resize(a, like, Interpolation.BILINEAR),
                ops.resize(b, like, Interpolation.BILINEAR)));
    Name fuse = at.in("fuse");
    Name refine = at.in("refine");
    T y = unit(joined, Conv.pointwise(fuse.in("conv"), 2 * wide, out), at, fuse, Activation.PRELU);
    Conv last = Conv.square(refine.in("conv"), out, out, 3).dilated(2);
    return ops.stage(at, unit(y, last, at, refine, Activation.PRELU));
  }

  private T stream(T x, Name at, int in, int mid, int wide, int dilation) {
    Name reduce = at.in("reduce");
    Name v = at.in("vertical");
    Name h = at.in("horizontal");
    Name expand = at.in("expand");
    T y = unit(x, Conv.pointwise(reduce.in("conv"), in, mid), at, reduce, Activation.PRELU);
    y = unit(y, Conv.vertical(v.in("conv"), mid, 3, dilation), at, v, Activation.PRELU);
    y = unit(y, Conv.horizontal(h.in("conv"), mid, 3, dilation), at, h, Activation.PRELU);
    // No activation behind the expansion: the paper's count leaves no room for one, and without it
    // the expansion and the 1x1 behind the concatenation fold into one at inference.
    return wide == mid ? y : linear(y, Conv.pointwise(expand.in("conv"), mid, wide), expand);
  }
}
