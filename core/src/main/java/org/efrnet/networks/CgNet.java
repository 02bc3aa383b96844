package org.efrnet.networks;

import java.util.List;
import org.efrnet.ops.BatchNorm;
import org.efrnet.ops.Conv;
import org.efrnet.ops.Heads;
import org.efrnet.ops.Interpolation;
import org.efrnet.ops.Name;
import org.efrnet.ops.Network;
import org.efrnet.ops.Ops;
import org.efrnet.ops.Pool;
import org.efrnet.ops.Prelu;

/**
 * CGNet: "CGNet: A Light-weight Context Guided Network for Semantic Segmentation", 2018, as its
 * authors' PyTorch code has it, parameters' names included; their fully connected layers are 1x1
 * convolutions here. Convolutions have no bias, slopes are one a channel, batch norm's epsilon is
 * 1e-3.
 *
 * @param name how people call this configuration
 * @param classes classes told apart
 * @param m blocks of stage 2, the halving one included; at least 2
 * @param n blocks of stage 3, the halving one included; at least 2
 */
public record CgNet(String name, int classes, int m, int n) implements Network {
  private static final Pool HALVE = new Pool(3, 2, 1, false);

  public CgNet {
    if (m < 2 || n < 2) {
      throw new IllegalArgumentException(
          "CGNet M" + m + "N" + n + ": a stage has 2 blocks at least, the first of which halves");
    }
  }

  /** M3N21, the one that the paper compares. */
  public static CgNet of(int classes) {
    return new CgNet("cgnet", classes, 3, 21);
  }

  @Override
  public <T> Heads<T> heads(Ops<T> ops, T image) {
    // Stage 1: 1/2
    T x = unit(ops, image, new Name("level1_0"), 3, 32, 3, 2);
    x = unit(ops, x, new Name("level1_1"), 32, 32, 3, 1);
    x = ops.stage(new Name("level1"), unit(ops, x, new Name("level1_2"), 32, 32, 3, 1));
    T half = ops.avgPool(image, HALVE);
    T quarter = ops.avgPool(half, HALVE);

    // Stage 2: 1/4
    x = normalised(ops, ops.concat(List.of(x, half)), new Name("b1"), 32 + 3);
    T first = halving(ops, x, new Name("level2_0"), 32 + 3, 64, 2, 8);
    x = first;
    for (int i = 0; i < m - 1; i++) {
      x = guided(ops, x, new Name("level2." + i), 64, 2, 8);
    }
    x = ops.concat(List.of(x, first, quarter));
    x = normalised(ops, x, new Name("bn_prelu_2"), 2 * 64 + 3);

    // Stage 3: 1/8
    first = halving(ops, x, new Name("level3_0"), 2 * 64 + 3, 128, 4, 16);
    x = first;
    for (int i = 0; i < n - 1; i++) {
      x = guided(ops, x, new Name("level3." + i), 128, 4, 16);
    }
    // Joined the other way round than stage 2.
    x = normalised(ops, ops.concat(List.of(first, x)), new Name("bn_prelu_3"), 2 * 128);

    Name cls = new Name("classifier.0");
    T logits = ops.conv(x, Conv.pointwise(cls.in("conv"), 2 * 128, classes));
    return Heads.of(ops.stage(cls, ops.resize(logits, image, Interpolation.BILINEAR)));
  }

  /** Normalisation and activation: names {@code at.bn} and {@code at.act}. */
  private static <T> T normalised(Ops<T> ops, T x, Name at, int channels) {
    T y = ops.batchNorm(x, new BatchNorm(at.in("bn"), channels, 1e-3, 0.1));
    return ops.prelu(y, new Prelu(at.in("act"), channels));
  }

  /** Convolution {@code at.conv} of {@code side x side}, normalisation, activation. */
  private static <T> T unit(Ops<T> ops, T x, Name at, int in, int out, int side, int stride) {
    T y = ops.conv(x, Conv.square(at.in("conv"), in, out, side).strided(stride));
    return normalised(ops, y, at, out);
  }

  /**
   * A context guided block that halves: its own features and those of its surroundings, gated by
   * what the whole map holds. Nothing is added to its input.
   */
  private static <T> T halving(
      Ops<T> ops, T x, Name at, int in, int out, int dilation, int reduction) {
    T y = unit(ops, x, at.in("conv1x1"), in, out, 3, 2);
    y = normalised(ops, joint(ops, y, at, out, dilation), at, 2 * out);
    y = ops.conv(y, Conv.pointwise(at.in("reduce.conv"), 2 * out, out));
    return ops.stage(at, gated(ops, y, at.in("F_glo"), out, reduction));
  }

  /** A context guided block that keeps size and channels, plus its input. */
  private static <T> T guided(Ops<T> ops, T x, Name at, int channels, int dilation, int reduction) {
    int half = channels / 2;
    T y = unit(ops, x, at.in("conv1x1"), channels, half, 1, 1);
    y = normalised(ops, joint(ops, y, at, half, dilation), at.in("bn_prelu"), channels);
    return ops.stage(at, ops.add(x, gated(ops, y, at.in("F_glo"), channels, reduction)));
  }

  /** Local features beside those of the surroundings, channel by channel: 3x3 and 3x3 dilated. */
  private static <T> T joint(Ops<T> ops, T x, Name at, int channels, int dilation) {
    T local = ops.conv(x, Layers.depthwise(at.in("F_loc.conv"), channels, 1, 1));
    T surrounding = ops.conv(x, Layers.depthwise(at.in("F_sur.conv"), channels, 1, dilation));
    return ops.concat(List.of(local, surrounding));
  }

  /** Every channel times a gate that all channels' means decide. */
  private static <T> T gated(Ops<T> ops, T x, Name at, int channels, int reduction) {
    int inner = channels / reduction;
    T y = ops.globalAvgPool(x);
    y = ops.relu(ops.conv(y, Conv.pointwise(at.in("fc.0"), channels, inner).biased()));
    y = ops.conv(y, Conv.pointwise(at.in("fc.2"), inner, channels).biased());
    return ops.mul(x, ops.sigmoid(y));
  }
}
