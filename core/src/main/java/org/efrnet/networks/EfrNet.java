package org.efrnet.networks;

import org.efrnet.networks.Blocks.Activation;
import org.efrnet.networks.Blocks.Down;
import org.efrnet.networks.Blocks.Middle;
import org.efrnet.networks.Blocks.Slopes;
import org.efrnet.ops.ConvTranspose;
import org.efrnet.ops.Heads;
import org.efrnet.ops.Name;
import org.efrnet.ops.Network;
import org.efrnet.ops.Ops;

/**
 * EFRNet: "EFRNet: A Lightweight Network with Efficient Feature Fusion and Refinement for Real-Time
 * Semantic Segmentation", ICME 2021. A single branch of ENet's bottlenecks; two Feature Fusion
 * Modules in the decoder, Channel Attention Refinement Modules in the second encoder stage and in
 * the decoder.
 *
 * <p>The paper leaves widths and places open; the defaults are the reading that meets its
 * parameters (0.48 M), operations (3.01 GMac at 640x360, 19 classes) and CARM's share (0.01 M).
 *
 * @param name how people call this configuration
 * @param classes classes told apart
 * @param fusion1 whether the last up-sampling is a Feature Fusion Module (else ENet's)
 * @param fusion2 whether the first is, too
 * @param width what is inside the modules' streams
 * @param attention where channel attention stands
 * @param blocks4 bottlenecks of the first decoder stage behind its up-sampling: 1 or 2
 * @param blocks5 bottlenecks of the second
 */
public record EfrNet(
    String name,
    int classes,
    boolean fusion1,
    boolean fusion2,
    FusionWidth width,
    Attention attention,
    int blocks4,
    int blocks5)
    implements Network {

  /** EFRNet as the paper's Table 1, last row, counts it. */
  public static EfrNet of(int classes) {
    return new EfrNet(
        "efrnet", classes, true, true, FusionWidth.OUT_EXPANDED, Attention.INNER, 1, 1);
  }

  /** Table 1, first row: ENet with a slope at every site. */
  public static EfrNet baseline(int classes) {
    return new EfrNet(
        "baseline", classes, false, false, FusionWidth.OUT_EXPANDED, Attention.NONE, 2, 1);
  }

  /** Table 1, second row. */
  public static EfrNet withFusion1(int classes) {
    return new EfrNet(
        "baseline+ffm1", classes, true, false, FusionWidth.OUT_EXPANDED, Attention.NONE, 2, 1);
  }

  /** Table 1, third row. FFM2 replaces the bottleneck behind the up-sampling as well. */
  public static EfrNet withFusions(int classes) {
    return new EfrNet(
        "baseline+ffm1+ffm2", classes, true, true, FusionWidth.OUT_EXPANDED, Attention.NONE, 1, 1);
  }

  /** The decoder's attention on stage outputs rather than inside blocks. */
  public static EfrNet variantR2(int classes) {
    return new EfrNet(
        "efrnet-r2",
        classes,
        true,
        true,
        FusionWidth.OUT_EXPANDED,
        Attention.INNER_ENCODER_STAGE_DECODER,
        1,
        1);
  }

  /** One attention module a stage, wider streams without expansion. */
  public static EfrNet variantS(int classes) {
    return new EfrNet("efrnet-s", classes, true, true, FusionWidth.HALF_IN, Attention.STAGE, 1, 2);
  }

  /** As S, with ENet's numbers of decoder blocks. */
  public static EfrNet variantSPrime(int classes) {
    return new EfrNet(
        "efrnet-s-prime", classes, true, true, FusionWidth.HALF_IN, Attention.STAGE, 2, 1);
  }

  @Override
  public <T> Heads<T> heads(Ops<T> ops, T image) {
    Blocks<T> b = new Blocks<>(ops, Slopes.PER_SITE);

    // 1 Down-Sampling
    T half = ops.stage(new Name("b0"), b.initial(image, new Name("b0")));
    Down<T> down1 = down(b, half, "b1.0", 16, 64, 0.01, !fusion1);
    T x = down1.values();
    for (int i = 1; i <= 4; i++) {
      x = b.block(x, new Name("b1." + i), 64, Blocks.REGULAR, 0.01, Activation.PRELU);
    }
    T low1 = x;
    Down<T> down2 = down(b, x, "b2.0", 64, 128, 0.1, !fusion2);

    // 2 Encoding with Refining
    x = stage(b, down2.values(), "b2", attention.inEncoderBlocks());
    if (attention.onEncoderStage()) {
      x = b.channelAttention(x, new Name("b2.carm"), 128);
    }
    T low2 = x;

    // 3 Encoding
    x = stage(b, x, "b3", false);

    // 4 Fusion with Refinement
    x =
        fusion2
            ? b.fusion(low2, x, low1, new Name("ffm2"), 128, 64, 2, width)
            : b.up(x, down2, new Name("b4.0"), 128, 64, 0.1);
    x = decode(b, x, "b4", 3 - blocks4, 2, 64);

    // 5 Fusion with Refinement
    x =
        fusion1
            ? b.fusion(low1, x, half, new Name("ffm1"), 64, 16, 4, width)
            : b.up(x, down1, new Name("b5.0"), 64, 16, 0.1);
    x = decode(b, x, "b5", 1, blocks5, 16);

    Name cls = new Name("cls");
    T logits = ops.convTranspose(x, new ConvTranspose(cls, 16, classes, 3, 2, 1, false), image);
    return Heads.of(ops.stage(cls, logits));
  }

  private static <T> Down<T> down(
      Blocks<T> b, T x, String at, int in, int out, double dropout, boolean unpooled) {
    return unpooled
        ? b.downWithIndices(x, new Name(at), in, out, dropout)
        : new Down<>(b.down(x, new Name(at), in, out, dropout), x, x);
  }

  private static <T> T stage(Blocks<T> b, T x, String at, boolean refined) {
    int i = 1;
    for (Middle middle : Blocks.ENCODER_STAGE) {
      x = b.block(x, new Name(at + "." + i++), 128, middle, 0.1, Activation.PRELU, refined);
    }
    return x;
  }

  /**
   * Bottlenecks {@code first} to {@code last} of a decoder stage; ENet calls the last 4.2 and 5.1.
   */
  private <T> T decode(Blocks<T> b, T x, String at, int first, int last, int channels) {
    for (int i = first; i <= last; i++) {
      Name block = new Name(at + "." + i);
      boolean refined = attention.inDecoderBlocks();
      x = b.block(x, block, channels, Blocks.REGULAR, 0.1, Activation.RELU, refined);
    }
    return attention.onDecoderStages()
        ? b.channelAttention(x, new Name(at + ".carm"), channels)
        : x;
  }

  @Override
  public int sizeMultiple() {
    return fusion1 && fusion2 ? 1 : 8;
  }
}
