package org.efrnet.networks;

import java.util.List;
import org.efrnet.networks.Blocks.Middle;
import org.efrnet.ops.BatchNorm;
import org.efrnet.ops.ChannelDropout;
import org.efrnet.ops.Conv;
import org.efrnet.ops.ConvTranspose;
import org.efrnet.ops.Heads;
import org.efrnet.ops.Name;
import org.efrnet.ops.Network;
import org.efrnet.ops.Ops;
import org.efrnet.ops.Pool;
import org.efrnet.ops.Pooled;
import org.efrnet.ops.Prelu;

/**
 * ENet as the public collection {@code davidtvs/PyTorch-ENet} has it, parameters' names included,
 * so that its published weights fit as they are. As {@link ENet}, with a slope at every place and
 * batch norm's epsilon 1e-5; its first version and today's differ in three more things.
 */
public record DavidtvsENet(Version version, int classes) implements Network {
  /** Which state of that code. */
  public enum Version {
    /**
     * February 2018: 3x3 pooling, whose windows overlap, so that indices may collide when unpooled;
     * PReLU in the decoder too, with a slope a channel at the end of every block; transposed 3x3
     * convolutions in the blocks that double.
     */
    OF_2018,
    /** 2021: 2x2 pooling, ReLU in the decoder, one slope a place, transposed 2x2 convolutions. */
    TODAY
  }

  /** The layout of the published CamVid weights of 2018. */
  public static DavidtvsENet of2018(int classes) {
    return new DavidtvsENet(Version.OF_2018, classes);
  }

  /** The layout of the code and the weights that are published today. */
  public static DavidtvsENet today(int classes) {
    return new DavidtvsENet(Version.TODAY, classes);
  }

  @Override
  public String name() {
    return version == Version.TODAY ? "enet-davidtvs" : "enet-davidtvs-2018";
  }

  @Override
  public <T> Heads<T> heads(Ops<T> ops, T image) {
    return new Reading<>(ops, version).heads(image, classes);
  }

  /** In 2018 a halving rounded its two branches differently; today sizes are handed on. */
  @Override
  public int sizeMultiple() {
    return version == Version.TODAY ? 1 : 8;
  }

  private enum Half {
    ENCODER,
    DECODER
  }

  /** What a halving block gives: its values, and the pooling that a doubling one undoes. */
  private record Down<T>(T values, T indices, T source) {}

  private record Reading<T>(Ops<T> ops, Version version) {
    Heads<T> heads(T image, int classes) {
      T x = initial(image, new Name("initial_block"));
      Down<T> down1 = down(x, new Name("downsample1_0"), 16, 64, 0.01);
      x = down1.values;
      for (int i = 1; i <= 4; i++) {
        x = block(x, new Name("regular1_" + i), 64, Blocks.REGULAR, 0.01, Half.ENCODER);
      }
      Down<T> down2 = down(x, new Name("downsample2_0"), 64, 128, 0.1);
      x = encoderStage(down2.values, 2, 1);
      x = encoderStage(x, 3, 0);
      x = up(x, down2, new Name("upsample4_0"), 128, 64);
      x = block(x, new Name("regular4_1"), 64, Blocks.REGULAR, 0.1, Half.DECODER);
      x = block(x, new Name("regular4_2"), 64, Blocks.REGULAR, 0.1, Half.DECODER);
      x = up(x, down1, new Name("upsample5_0"), 64, 16);
      x = block(x, new Name("regular5_1"), 16, Blocks.REGULAR, 0.1, Half.DECODER);
      Name cls = new Name("transposed_conv");
      T logits = ops.convTranspose(x, new ConvTranspose(cls, 16, classes, 3, 2, 1, false), image);
      return Heads.of(ops.stage(cls, logits));
    }

    /** Eight blocks, called by what they are and numbered from {@code first}. */
    private T encoderStage(T x, int stage, int first) {
      int i = first;
      for (Middle middle : Blocks.ENCODER_STAGE) {
        String kind =
            middle instanceof Middle.Asymmetric
                ? "asymmetric"
                : middle.equals(Blocks.REGULAR) ? "regular" : "dilated";
        x = block(x, new Name(kind + stage + "_" + i++), 128, middle, 0.1, Half.ENCODER);
      }
      return x;
    }

    private T norm(T x, Name at, int channels) {
      return ops.batchNorm(x, new BatchNorm(at, channels, 1e-5, 0.1));
    }

    private T activate(T x, Name at, Half half) {
      return half == Half.DECODER && version == Version.TODAY
          ? ops.relu(x)
          : ops.prelu(x, Prelu.scalar(at));
    }

    /** The activation at the end of a block. */
    private T out(T x, Name block, int channels, Half half) {
      return version == Version.OF_2018
          ? ops.prelu(x, new Prelu(block.in("out_prelu"), channels))
          : activate(x, block.in("out_activation"), half);
    }

    /** Convolution, normalisation, activation: {@code at.0}, {@code at.1}, {@code at.2}. */
    private T unit(T x, Conv conv, Name at, Half half) {
      return unit(x, conv, at, 0, half);
    }

    private T unit(T x, Conv conv, Name at, int first, Half half) {
      T y = norm(ops.conv(x, conv), at.in(Integer.toString(first + 1)), conv.out());
      return activate(y, at.in(Integer.toString(first + 2)), half);
    }

    private T initial(T image, Name at) {
      T features = ops.conv(image, Conv.square(at.in("main_branch"), 3, 13, 3).strided(2));
      T pooled = ops.maxPool(image, new Pool(3, 2, 1, false));
      T x = norm(ops.concat(List.of(features, pooled)), at.in("batch_norm"), 16);
      return ops.stage(at, out(x, at, 16, Half.ENCODER));
    }

    /** A bottleneck that keeps size and channels. */
    private T block(T x, Name at, int channels, Middle middle, double dropout, Half half) {
      int inner = channels / 4;
      Name reduce = at.in("ext_conv1");
      Name mid = at.in("ext_conv2");
      Name expand = at.in("ext_conv3");
      T y = unit(x, Conv.pointwise(reduce.in("0"), channels, inner), reduce, half);
      if (middle instanceof Middle.Asymmetric a) {
        y = unit(y, Conv.vertical(mid.in("0"), inner, a.length(), 1), mid, half);
        y = unit(y, Conv.horizontal(mid.in("3"), inner, a.length(), 1), mid, 3, half);
      } else if (middle instanceof Middle.Square s) {
        Conv conv = Conv.square(mid.in("0"), inner, inner, 3).dilated(s.dilation());
        y = unit(y, conv, mid, half);
      }
      y = unit(y, Conv.pointwise(expand.in("0"), inner, channels), expand, half);
      y = ops.add(x, ops.dropout(y, new ChannelDropout(dropout)));
      return ops.stage(at, out(y, at, channels, half));
    }

    private Down<T> down(T x, Name at, int in, int out, double dropout) {
      int inner = in / 4;
      Name reduce = at.in("ext_conv1");
      Name mid = at.in("ext_conv2");
      Name expand = at.in("ext_conv3");
      Pool pool = version == Version.OF_2018 ? new Pool(3, 2, 1, false) : Pool.HALVE;
      Pooled<T> pooled = ops.maxPoolWithIndices(x, pool);
      Conv shrink = Conv.square(reduce.in("0"), in, inner, 2).strided(2);
      T y = unit(x, shrink, reduce, Half.ENCODER);
      y = unit(y, Conv.square(mid.in("0"), inner, inner, 3), mid, Half.ENCODER);
      y = unit(y, Conv.pointwise(expand.in("0"), inner, out), expand, Half.ENCODER);
      y = ops.dropout(y, new ChannelDropout(dropout));
      y = ops.add(ops.padChannels(pooled.values(), out), y);
      return new Down<>(ops.stage(at, out(y, at, out, Half.ENCODER)), pooled.indices(), x);
    }

    private T up(T x, Down<T> from, Name at, int in, int out) {
      int inner = in / 4;
      Name main = at.in("main_conv1");
      T unpooled = ops.conv(x, Conv.pointwise(main.in("0"), in, out));
      unpooled = norm(unpooled, main.in("1"), out);
      unpooled = ops.maxUnpool(unpooled, from.indices, from.source);
      Name reduce = at.in("ext_conv1");
      T y = unit(x, Conv.pointwise(reduce.in("0"), in, inner), reduce, Half.DECODER);
      y =
          version == Version.OF_2018
              ? widen2018(y, from, at, inner, out)
              : widen(y, from, at, inner, out);
      y = ops.add(unpooled, ops.dropout(y, new ChannelDropout(0.1)));
      return ops.stage(at, out(y, at, out, Half.DECODER));
    }

    private T widen(T x, Down<T> from, Name at, int inner, int out) {
      Name mid = at.in("ext_tconv1");
      Name expand = at.in("ext_conv2");
      T y = ops.convTranspose(x, new ConvTranspose(mid, inner, inner, 2, 2, 0, false), from.source);
      y = ops.relu(norm(y, at.in("ext_tconv1_bnorm"), inner));
      y = ops.conv(y, Conv.pointwise(expand.in("0"), inner, out));
      return norm(y, expand.in("1"), out);
    }

    private T widen2018(T x, Down<T> from, Name at, int inner, int out) {
      Name mid = at.in("ext_conv2");
      Name expand = at.in("ext_conv3");
      ConvTranspose conv = new ConvTranspose(mid.in("0"), inner, inner, 3, 2, 1, false);
      T y = norm(ops.convTranspose(x, conv, from.source), mid.in("1"), inner);
      y = activate(y, mid.in("2"), Half.DECODER);
      return unit(y, Conv.pointwise(expand.in("0"), inner, out), expand, Half.DECODER);
    }
  }
}
