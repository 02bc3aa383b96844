package org.efrnet.networks;

import java.util.List;
import org.efrnet.ops.Auxiliary;
import org.efrnet.ops.BatchNorm;
import org.efrnet.ops.ChannelDropout;
import org.efrnet.ops.Conv;
import org.efrnet.ops.ConvTranspose;
import org.efrnet.ops.Heads;
import org.efrnet.ops.Interpolation;
import org.efrnet.ops.Name;
import org.efrnet.ops.Network;
import org.efrnet.ops.Ops;
import org.efrnet.ops.Pool;

/**
 * ERFNet: "ERFNet: Efficient Residual Factorized ConvNet for Real-Time Semantic Segmentation",
 * 2018, as its authors' PyTorch code has it, parameters' names included. Every convolution has a
 * bias; batch norm's epsilon is 1e-3.
 *
 * <p>A block that halves joins a strided convolution (which rounds a half up) and a pooling (which
 * rounds it down), so sides are multiples of 8.
 *
 * @param name how people call this configuration
 * @param classes classes told apart
 * @param encoderHead whether the encoder has a head of its own. The authors train the encoder with
 *     it first and then the whole, and their files keep it; here it is an auxiliary head of weight
 *     1, trained together with the whole and left out of use
 */
public record ErfNet(String name, int classes, boolean encoderHead) implements Network {
  /** ERFNet as it is used. */
  public static ErfNet of(int classes) {
    return new ErfNet("erfnet", classes, false);
  }

  /** The same with the encoder's head, for training. */
  public static ErfNet withEncoderHead(int classes) {
    return new ErfNet("erfnet+encoder-head", classes, true);
  }

  @Override
  public <T> Heads<T> heads(Ops<T> ops, T image) {
    Name encoder = new Name("encoder");
    T half = down(ops, image, encoder.in("initial_block"), 3, 16);
    T x = down(ops, half, encoder.in("layers.0"), 16, 64);
    for (int i = 1; i <= 5; i++) {
      x = factorised(ops, x, encoder.in("layers." + i), 64, 0.03, 1);
    }
    T quarter = x;
    x = down(ops, quarter, encoder.in("layers.6"), 64, 128);
    int layer = 7;
    for (int dilation : new int[] {2, 4, 8, 16, 2, 4, 8, 16}) {
      x = factorised(ops, x, encoder.in("layers." + layer++), 128, 0.3, dilation);
    }
    T encoded = x;

    Name decoder = new Name("decoder");
    x = up(ops, x, quarter, decoder.in("layers.0"), 128, 64);
    x = factorised(ops, x, decoder.in("layers.1"), 64, 0, 1);
    x = factorised(ops, x, decoder.in("layers.2"), 64, 0, 1);
    x = up(ops, x, half, decoder.in("layers.3"), 64, 16);
    x = factorised(ops, x, decoder.in("layers.4"), 16, 0, 1);
    x = factorised(ops, x, decoder.in("layers.5"), 16, 0, 1);
    Name cls = decoder.in("output_conv");
    T logits = ops.convTranspose(x, new ConvTranspose(cls, 16, classes, 2, 2, 0, true), image);
    return new Heads<>(
        ops.stage(cls, logits),
        encoderHead ? List.of(encoderHead(ops, encoded, encoder, image)) : List.of());
  }

  private <T> Auxiliary<T> encoderHead(Ops<T> ops, T encoded, Name encoder, T image) {
    T logits = ops.conv(encoded, Conv.pointwise(encoder.in("output_conv"), 128, classes).biased());
    return new Auxiliary<>("encoder", ops.resize(logits, image, Interpolation.BILINEAR), 1);
  }

  private static BatchNorm norm(Name at, int channels) {
    return new BatchNorm(at, channels, 1e-3, 0.1);
  }

  /** Halves the size: 3x3 stride 2 beside the pooled input, normalised together. */
  private static <T> T down(Ops<T> ops, T x, Name at, int in, int out) {
    T features = ops.conv(x, Conv.square(at.in("conv"), in, out - in, 3).strided(2).biased());
    T joined = ops.concat(List.of(features, ops.maxPool(x, Pool.HALVE)));
    return ops.stage(at, ops.relu(ops.batchNorm(joined, norm(at.in("bn"), out))));
  }

  /**
   * The paper's "non-bottleneck-1D": 3x1, 1x3, 3x1 dilated, 1x3 dilated, plus its input. Only the
   * 1x3 convolutions are normalised.
   *
   * @param dropout its rate; 0 for none
   */
  private static <T> T factorised(
      Ops<T> ops, T x, Name at, int channels, double dropout, int dilation) {
    T y = ops.relu(ops.conv(x, Conv.vertical(at.in("conv3x1_1"), channels, 3, 1).biased()));
    y = ops.conv(y, Conv.horizontal(at.in("conv1x3_1"), channels, 3, 1).biased());
    y = ops.relu(ops.batchNorm(y, norm(at.in("bn1"), channels)));
    y = ops.relu(ops.conv(y, Conv.vertical(at.in("conv3x1_2"), channels, 3, dilation).biased()));
    y = ops.conv(y, Conv.horizontal(at.in("conv1x3_2"), channels, 3, dilation).biased());
    y = ops.batchNorm(y, norm(at.in("bn2"), channels));
    if (dropout > 0) {
      y = ops.dropout(y, new ChannelDropout(dropout));
    }
    return ops.stage(at, ops.relu(ops.add(x, y)));
  }

  /**
   * Doubles the size by a transposed 3x3.
   *
   * @param like a value of that size
   */
  private static <T> T up(Ops<T> ops, T x, T like, Name at, int in, int out) {
    T y = ops.convTranspose(x, new ConvTranspose(at.in("conv"), in, out, 3, 2, 1, true), like);
    return ops.stage(at, ops.relu(ops.batchNorm(y, norm(at.in("bn"), out))));
  }

  @Override
  public int sizeMultiple() {
    return 8;
  }
}
