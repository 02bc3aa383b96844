package org.efrnet.networks;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.efrnet.ops.Auxiliary;
import org.efrnet.ops.Conv;
import org.efrnet.ops.Heads;
import org.efrnet.ops.Interpolation;
import org.efrnet.ops.Name;
import org.efrnet.ops.Network;
import org.efrnet.ops.Ops;
import org.efrnet.ops.Pool;

/**
 * RTHPNet: "Real-Time High-Performance Semantic Image Segmentation of Urban Street Scenes", IEEE
 * TITS 2020. A <em>reconstruction</em>: its code was not published, and its layers are chosen here
 * to fit what its abstract says of its parts (LBN-AA, DASPP, SPN, FFN), see {@link
 * #reconstruction}. What it costs and how well it learns say nothing sure of the original.
 *
 * @param outputStride at which fraction of the image the semantic branch ends: 8 or 16
 */
public record RthpNet(int outputStride, int classes) implements Network {
  /** A row of MobileNetV2's table. */
  private record Row(int expansion, int channels, int repeats, int stride) {}

  /** "MobileNetV2: Inverted Residuals and Linear Bottlenecks", 2018, Table 2, without the head. */
  private static final List<Row> ROWS =
      List.of(
          new Row(1, 16, 1, 1),
          new Row(6, 24, 2, 2),
          new Row(6, 32, 3, 2),
          new Row(6, 64, 4, 2),
          new Row(6, 96, 3, 1),
          new Row(6, 160, 3, 2),
          new Row(6, 320, 1, 1));

  private static final int WIDTH = 256;

  public RthpNet {
    if (outputStride != 8 && outputStride != 16) {
      throw new IllegalArgumentException("output stride is " + outputStride + ", must be 8 or 16");
    }
  }

  /** With the semantic branch at 1/8, as fine as the spatial one. */
  public static RthpNet of(int classes) {
    return new RthpNet(8, classes);
  }

  /** With the semantic branch at 1/16. */
  public static RthpNet coarse(int classes) {
    return new RthpNet(16, classes);
  }

  @Override
  public String name() {
    return outputStride == 8 ? "rthpnet" : "rthpnet-os16";
  }

  @Override
  public Optional<String> reconstruction() {
    return Optional.of(
        "from its paper's abstract: its code was not published; widths, rates and places are"
            + " chosen here");
  }

  @Override
  public <T> Heads<T> heads(Ops<T> ops, T image) {
    Layers<T> l = new Layers<>(ops, Layers.TORCH);
    T semantic = lightweightBaseline(l, image);
    T pooled = distinctPyramid(l, semantic);

    Name spn = new Name("spn");
    T spatial = l.unit(image, spn.in("0"), 3, 64, 3, 2);
    spatial = l.unit(spatial, spn.in("1"), 64, 64, 3, 2);
    spatial = ops.stage(spn, l.unit(spatial, spn.in("2"), 64, 128, 3, 2));

    Name ffn = new Name("ffn");
    T joined = ops.concat(List.of(resize(ops, pooled, spatial), spatial));
    T fused = l.unit(joined, ffn.in("0"), WIDTH + 128, WIDTH, 1, 1);
    fused = ops.stage(ffn, l.unit(fused, ffn.in("1"), WIDTH, WIDTH, 3, 1));

    Name cls = new Name("cls");
    T logits = ops.conv(fused, Conv.pointwise(cls, WIDTH, classes).biased());
    T early = ops.conv(semantic, Conv.pointwise(new Name("auxiliary"), 320, classes).biased());
    return new Heads<>(
        ops.stage(cls, resize(ops, logits, image)),
        List.of(new Auxiliary<>("semantic", resize(ops, early, image), 0.4)));
  }

  private static <T> T resize(Ops<T> ops, T x, T like) {
    return ops.resize(x, like, Interpolation.BILINEAR);
  }

  /**
   * LBN-AA: MobileNetV2's features by torchvision's names. From the output stride on, what would
   * have halved the map dilates what follows instead. Attention stands on the rows of 96 and 320
   * channels.
   */
  private <T> T lightweightBaseline(Layers<T> l, T image) {
    Ops<T> ops = l.ops();
    Name features = new Name("features");
    T x = unit6(l, image, Conv.square(features.in("0.0"), 3, 32, 3).strided(2), "features.0.1");
    x = ops.stage(features.in("0"), x);
    int in = 32;
    int index = 1;
    int reached = 2;
    int dilation = 1;
    for (Row row : ROWS) {
      for (int i = 0; i < row.repeats; i++) {
        Name at = features.in(String.valueOf(index++));
        int stride = i == 0 ? row.stride : 1;
        boolean halves = stride > 1 && reached < outputStride;
        reached *= halves ? stride : 1;
        // What would have halved still sees neighbours of its own grid; later layers skip some.
        int after = halves ? dilation : dilation * stride;
        x = inverted(l, x, at, in, row, halves ? stride : 1, dilation);
        dilation = after;
        in = row.channels;
      }
      if (row.channels == 96 || row.channels == 320) {
        x = attend(l, x, new Name("attention" + row.channels), row.channels);
      }
    }
    return x;
  }

  /** An inverted residual block. */
  private static <T> T inverted(
      Layers<T> l, T x, Name at, int in, Row row, int stride, int dilation) {
    Name conv = at.in("conv");
    int middle = in * row.expansion;
    int next = 0;
    T y = x;
    if (row.expansion > 1) {
      y = unit6(l, y, Conv.pointwise(conv.in("0.0"), in, middle), conv + ".0.1");
      next++;
    }
    Conv spread = Layers.depthwise(conv.in(next + ".0"), middle, stride, dilation);
    y = unit6(l, y, spread, conv + "." + next + ".1");
    next++;
    y =
        l.linear(
            y,
            Conv.pointwise(conv.in(String.valueOf(next)), middle, row.channels),
            conv.in(String.valueOf(next + 1)));
    return l.ops().stage(at, stride == 1 && in == row.channels ? l.ops().add(x, y) : y);
  }

  /** Convolution, normalisation, ReLU6. */
  private static <T> T unit6(Layers<T> l, T x, Conv conv, String norm) {
    return l.ops().clip(l.linear(x, conv, new Name(norm)), 0, 6);
  }

  /** {@code x * sigmoid(BN(W mean(x)))}. */
  private static <T> T attend(Layers<T> l, T x, Name at, int channels) {
    Ops<T> ops = l.ops();
    Conv weigh = Conv.pointwise(at.in("conv"), channels, channels);
    T gate = ops.sigmoid(l.linear(ops.globalAvgPool(x), weigh, at.in("bn")));
    return ops.stage(at, ops.mul(x, gate));
  }

  /**
   * DASPP: atrous spatial pyramid pooling in which the farther a branch reaches, the larger are the
   * windows whose means it sees.
   */
  private static <T> T distinctPyramid(Layers<T> l, T x) {
    Ops<T> ops = l.ops();
    Name at = new Name("daspp");
    List<T> branches = new ArrayList<>();
    branches.add(l.unit(x, at.in("0"), 320, WIDTH, 1, 1));
    for (int i = 1; i <= 4; i++) {
      Name branch = at.in(String.valueOf(i));
      T means = ops.avgPool(x, new Pool(2 * i + 1, 1, i, false));
      Conv reach = Conv.square(branch.in("conv"), 320, WIDTH, 3).dilated(6 * i);
      branches.add(l.unit(means, reach, branch.in("bn")));
    }
    T whole = l.unit(ops.globalAvgPool(x), at.in("5"), 320, WIDTH, 1, 1);
    branches.add(resize(ops, whole, x));
    return ops.stage(at, l.unit(ops.concat(branches), at.in("6"), 6 * WIDTH, WIDTH, 1, 1));
  }
}
