package org.efrnet.networks;

import java.util.List;
import org.efrnet.ops.Auxiliary;
import org.efrnet.ops.Conv;
import org.efrnet.ops.Heads;
import org.efrnet.ops.Interpolation;
import org.efrnet.ops.Name;
import org.efrnet.ops.Network;
import org.efrnet.ops.Ops;
import org.efrnet.ops.Pool;

/**
 * ICNet: "ICNet for Real-Time Semantic Segmentation on High-Resolution Images", ECCV 2018, in the
 * layout and with the names of its authors' Caffe files: a PSPNet50 of half width on the halved
 * image, continued at 1/32, and two cascade fusions with finer features. Every resizing keeps
 * corners on corners.
 *
 * <p>The pyramid's bins of 3 and 6 differ from the deployed files' at their borders: those files
 * have windows of fixed size for 2049x1025, this has bins that cover a map of any size.
 */
public record IcNet(int classes) implements Network {
  /** Caffe keeps 0.95 of the running statistics. */
  private static final double MOMENTUM = 0.05;

  @Override
  public String name() {
    return "icnet";
  }

  @Override
  public <T> Heads<T> heads(Ops<T> ops, T image) {
    Layers<T> l = new Layers<>(ops, MOMENTUM);

    // 1/2 of the image: to 1/16
    T x = ops.shrink(image, 2, Interpolation.BILINEAR_ALIGNED);
    x = unit(l, x, "conv1_1_3x3_s2", 3, 32, 2);
    x = unit(l, x, "conv1_2_3x3", 32, 32, 1);
    x = unit(l, x, "conv1_3_3x3", 32, 64, 1);
    x = ops.stage(new Name("conv1"), ops.maxPool(x, new Pool(3, 2, 1, true)));
    x = bottleneck(l, x, "conv2_1", 64, 32, 128, 1, 1);
    x = bottleneck(l, x, "conv2_2", 128, 32, 128, 1, 1);
    x = bottleneck(l, x, "conv2_3", 128, 32, 128, 1, 1);
    T sixteenth = bottleneck(l, x, "conv3_1", 128, 64, 256, 2, 1);

    // 1/4 of the image is where it goes on, at 1/32
    x = ops.shrink(sixteenth, 2, Interpolation.BILINEAR_ALIGNED);
    for (int i = 2; i <= 4; i++) {
      x = bottleneck(l, x, "conv3_" + i, 256, 64, 256, 1, 1);
    }
    for (int i = 1; i <= 6; i++) {
      x = bottleneck(l, x, "conv4_" + i, i == 1 ? 256 : 512, 128, 512, 1, 2);
    }
    for (int i = 1; i <= 3; i++) {
      x = bottleneck(l, x, "conv5_" + i, i == 1 ? 512 : 1024, 256, 1024, 1, 4);
    }
    x = ops.stage(new Name("conv5_3_sum"), pyramid(l, x));
    Name last = new Name("conv5_4_k1");
    x = ops.stage(last, l.unit(x, Conv.pointwise(last, 1024, 256), last.in("bn")));

    // the whole image: to 1/8
    T half = unit(l, image, "conv1_sub1", 3, 32, 2);
    T quarter = unit(l, half, "conv2_sub1", 32, 32, 2);
    T eighth = ops.stage(new Name("conv3_sub1"), unit(l, quarter, "conv3_sub1", 32, 64, 2));

    T low = l.aligned(x, sixteenth);
    T sum24 = fuse(l, low, "conv_sub4", 256, sixteenth, "conv3_1_sub2_proj", 256);
    T middle = l.aligned(ops.stage(new Name("sub24_sum"), sum24), eighth);
    T sum12 = fuse(l, middle, "conv_sub2", 128, eighth, "conv3_sub1_proj", 64);
    x = l.aligned(ops.stage(new Name("sub12_sum"), sum12), quarter);

    T logits = l.aligned(classify(ops, x, "conv6_cls", 128), image);
    return new Heads<>(
        ops.stage(new Name("conv6_cls"), logits),
        List.of(
            new Auxiliary<>("sixteenth", classify(ops, low, "sub4_out", 256), 0.16),
            new Auxiliary<>("eighth", classify(ops, middle, "sub24_out", 128), 0.4)));
  }

  private static <T> T unit(Layers<T> l, T x, String name, int in, int out, int stride) {
    Name at = new Name(name);
    return l.unit(x, Conv.square(at, in, out, 3).strided(stride), at.in("bn"));
  }

  /** 1x1, 3x3, 1x1, plus the input; halves in the first of these, as Caffe's ResNets do. */
  private static <T> T bottleneck(
      Layers<T> l, T x, String name, int in, int middle, int out, int stride, int dilation) {
    Name reduce = new Name(name + "_1x1_reduce");
    Name square = new Name(name + "_3x3");
    Name increase = new Name(name + "_1x1_increase");
    T y = l.unit(x, Conv.pointwise(reduce, in, middle).strided(stride), reduce.in("bn"));
    y = l.unit(y, Conv.square(square, middle, middle, 3).dilated(dilation), square.in("bn"));
    y = l.linear(y, Conv.pointwise(increase, middle, out), increase.in("bn"));
    if (in != out) {
      Name project = new Name(name + "_1x1_proj");
      x = l.linear(x, Conv.pointwise(project, in, out).strided(stride), project.in("bn"));
    }
    return l.ops().stage(new Name(name), l.ops().relu(l.ops().add(x, y)));
  }

  /** Pyramid pooling: the map plus its means in 1, 2, 3 and 6 bins a side; no convolutions. */
  static <T> T pyramid(Layers<T> l, T x) {
    T sum = x;
    for (int bins : new int[] {1, 2, 3, 6}) {
      sum = l.ops().add(sum, l.aligned(l.ops().gridPool(x, bins), x));
    }
    return sum;
  }

  /** Cascade Feature Fusion: coarse features, already of the fine ones' size, and fine ones. */
  private static <T> T fuse(
      Layers<T> l, T low, String lowName, int lowIn, T high, String highName, int highIn) {
    Name a = new Name(lowName);
    Name b = new Name(highName);
    return l.ops()
        .relu(
            l.ops()
                .add(
                    l.linear(low, Conv.square(a, lowIn, 128, 3).dilated(2), a.in("bn")),
                    l.linear(high, Conv.pointwise(b, highIn, 128), b.in("bn"))));
  }

  private <T> T classify(Ops<T> ops, T x, String name, int in) {
    return ops.conv(x, Conv.pointwise(new Name(name), in, classes).biased());
  }
}
