package org.efrnet.networks;

import java.util.List;
import org.efrnet.ops.Auxiliary;
import org.efrnet.ops.Conv;
import org.efrnet.ops.Heads;
import org.efrnet.ops.Name;
import org.efrnet.ops.Network;
import org.efrnet.ops.Ops;
import org.efrnet.ops.Pool;

/**
 * BiSeNet: "BiSeNet: Bilateral Segmentation Network for Real-time Semantic Segmentation", ECCV
 * 2018, in the layout and with the names of its authors' code, TorchSeg: a spatial path of four
 * convolutions, a context path on a backbone, attention refinement on its two last levels, and
 * fusion. Every resizing keeps corners on corners. The EFRNet paper's Table 2 gives the ResNet's
 * operations and the Xception's accuracy.
 *
 * @param backbone of the context path
 */
public record BiSeNet(Backbone backbone, int classes) implements Network {
  /** The network that sees far. */
  public enum Backbone {
    /** ResNet-18. */
    RESNET18("bisenet-r18", 256, 512, 256),
    /** Xception39, a small relative of Xception: BiSeNet's own. */
    XCEPTION39("bisenet-xception39", 128, 256, 128);

    private final String network;
    private final int sixteenth;
    private final int thirtySecond;
    private final int auxiliary;

    /** Channels at 1/16 and at 1/32 of the image, and inside the auxiliary heads. */
    Backbone(String network, int sixteenth, int thirtySecond, int auxiliary) {
      this.network = network;
      this.sixteenth = sixteenth;
      this.thirtySecond = thirtySecond;
      this.auxiliary = auxiliary;
    }
  }

  /** What a backbone gives at 1/8, 1/16 and 1/32 of the image. */
  private record Levels<T>(T eighth, T sixteenth, T thirtySecond) {}

  /** With ResNet-18. */
  public static BiSeNet resNet18(int classes) {
    return new BiSeNet(Backbone.RESNET18, classes);
  }

  /** With Xception39. */
  public static BiSeNet xception39(int classes) {
    return new BiSeNet(Backbone.XCEPTION39, classes);
  }

  @Override
  public String name() {
    return backbone.network;
  }

  @Override
  public <T> Heads<T> heads(Ops<T> ops, T image) {
    Layers<T> l = new Layers<>(ops, Layers.TORCH);

    Name path = new Name("spatial_path");
    T spatial = l.unit(image, path.in("conv_7x7"), 3, 64, 7, 2);
    spatial = l.unit(spatial, path.in("conv_3x3_1"), 64, 64, 3, 2);
    spatial = l.unit(spatial, path.in("conv_3x3_2"), 64, 64, 3, 2);
    spatial = ops.stage(path, l.unit(spatial, path.in("conv_1x1"), 64, 128, 1, 1));

    Levels<T> levels =
        backbone == Backbone.RESNET18
            ? resNet(l, image, new Name("context_path"))
            : xception(l, image, new Name("context_path"));

    Name global = new Name("global_context");
    T context = ops.globalAvgPool(levels.thirtySecond);
    context = l.unit(context, global.in("1"), backbone.thirtySecond, 128, 1, 1);
    context = ops.stage(global, l.aligned(context, levels.thirtySecond));

    T low = attend(l, levels.thirtySecond, new Name("arms.0"), backbone.thirtySecond);
    low = l.aligned(ops.add(low, context), levels.sixteenth);
    Name refine0 = new Name("refines.0");
    low = ops.stage(refine0, l.unit(low, refine0, 128, 128, 3, 1));

    T high = attend(l, levels.sixteenth, new Name("arms.1"), backbone.sixteenth);
    high = l.aligned(ops.add(high, low), levels.eighth);
    Name refine1 = new Name("refines.1");
    high = ops.stage(refine1, l.unit(high, refine1, 128, 128, 3, 1));

    T fused = fuse(l, spatial, high, new Name("ffm"));
    T logits = head(l, fused, image, new Name("heads.2"), 256, 64);
    return new Heads<>(
        logits,
        List.of(
            new Auxiliary<>(
                "sixteenth", head(l, low, image, new Name("heads.0"), 128, backbone.auxiliary), 1),
            new Auxiliary<>(
                "eighth", head(l, high, image, new Name("heads.1"), 128, backbone.auxiliary), 1)));
  }

  /** Attention Refinement Module: {@code f * sigmoid(BN(W mean(f)))} of a 3x3 convolution's f. */
  private static <T> T attend(Layers<T> l, T x, Name at, int in) {
    Ops<T> ops = l.ops();
    T f = l.unit(x, at.in("conv_3x3"), in, 128, 3, 1);
    Name attention = at.in("channel_attention.1");
    Conv weigh = Conv.pointwise(attention.in("conv"), 128, 128);
    T gate = ops.sigmoid(l.linear(ops.globalAvgPool(f), weigh, attention.in("bn")));
    return ops.stage(at, ops.mul(f, gate));
  }

  /** Feature Fusion Module: both joined and mixed, plus themselves by a gate without batch norm. */
  private static <T> T fuse(Layers<T> l, T spatial, T context, Name at) {
    Ops<T> ops = l.ops();
    T f = l.unit(ops.concat(List.of(spatial, context)), at.in("conv_1x1"), 256, 256, 1, 1);
    Name attention = at.in("channel_attention");
    T gate = ops.globalAvgPool(f);
    gate = ops.relu(ops.conv(gate, Conv.pointwise(attention.in("1.conv"), 256, 256)));
    gate = ops.sigmoid(ops.conv(gate, Conv.pointwise(attention.in("2.conv"), 256, 256)));
    return ops.stage(at, ops.add(f, ops.mul(f, gate)));
  }

  private <T> T head(Layers<T> l, T x, T image, Name at, int in, int middle) {
    T y = l.unit(x, at.in("conv_3x3"), in, middle, 3, 1);
    y = l.ops().conv(y, Conv.pointwise(at.in("conv_1x1"), middle, classes).biased());
    return l.ops().stage(at, l.aligned(y, image));
  }

  private static <T> Levels<T> resNet(Layers<T> l, T image, Name at) {
    ResNet18<T> resNet = ResNet18.of(l, image, at);
    return new Levels<>(resNet.layer2(), resNet.layer3(), resNet.layer4());
  }

  private static <T> Levels<T> xception(Layers<T> l, T image, Name at) {
    T x = l.unit(image, at.in("conv1"), 3, 8, 3, 2);
    x = l.ops().stage(at.in("conv1"), l.ops().maxPool(x, new Pool(3, 2, 1, false)));
    T one = xceptionLayer(l, x, at.in("layer1"), 8, 16, 4);
    T two = xceptionLayer(l, one, at.in("layer2"), 64, 32, 8);
    return new Levels<>(one, two, xceptionLayer(l, two, at.in("layer3"), 128, 64, 4));
  }

  /** Blocks around {@code middle} channels that give four times as many; the first one halves. */
  private static <T> T xceptionLayer(Layers<T> l, T x, Name at, int in, int middle, int blocks) {
    Ops<T> ops = l.ops();
    int out = 4 * middle;
    for (int i = 0; i < blocks; i++) {
      Name block = at.in(String.valueOf(i));
      Name residual = block.in("residual_branch");
      int from = i == 0 ? in : out;
      int stride = i == 0 ? 2 : 1;
      T y = ops.relu(separable(l, x, residual.in("0"), from, middle, stride));
      y = ops.relu(separable(l, y, residual.in("1"), middle, middle, 1));
      y = separable(l, y, residual.in("2"), middle, out, 1);
      T shortcut = i == 0 ? separable(l, x, block.in("proj"), in, out, 2) : x;
      x = ops.relu(ops.add(y, shortcut));
    }
    return ops.stage(at, x);
  }

  /** 3x3 by channel, 1x1, normalisation; nothing between the two. */
  private static <T> T separable(Layers<T> l, T x, Name at, int in, int out, int stride) {
    Name mix = at.in("point_wise_cbr");
    T y = l.ops().conv(x, Layers.depthwise(at.in("conv1"), in, stride, 1));
    return l.linear(y, Conv.pointwise(mix.in("conv"), in, out), mix.in("bn"));
  }
}
