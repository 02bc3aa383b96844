package org.efrnet.networks;

import java.util.List;
import org.efrnet.ops.Auxiliary;
import org.efrnet.ops.Conv;
import org.efrnet.ops.Heads;
import org.efrnet.ops.Interpolation;
import org.efrnet.ops.Name;
import org.efrnet.ops.Network;
import org.efrnet.ops.Ops;

/**
 * ICNet on a dilated ResNet-18 with the layout and names of a well-known PyTorch port: one backbone
 * sees the halved and the quartered image, each from its beginning. The EFRNet paper's Table 2
 * gives its 15.05 GMac, which count all of the backbone at both scales; of the halved image only
 * the first half is used, and {@code Cost} counts that alone: 5.39.
 */
public record IcNetR18(int classes) implements Network {
  @Override
  public String name() {
    return "icnet-r18";
  }

  @Override
  public <T> Heads<T> heads(Ops<T> ops, T image) {
    Layers<T> l = new Layers<>(ops, Layers.TORCH);
    Name pretrained = new Name("pretrained");

    T half = unit(l, image, "conv_sub1.0", 3, 32);
    T quarter = unit(l, half, "conv_sub1.1", 32, 32);
    T sub1 = ops.stage(new Name("conv_sub1"), unit(l, quarter, "conv_sub1.2", 32, 64));

    T image2 = ops.shrink(image, 2, Interpolation.BILINEAR_ALIGNED);
    T sub2 = ResNet18.dilated(l, image2, pretrained).layer2();

    T image4 = ops.shrink(image, 4, Interpolation.BILINEAR_ALIGNED);
    T sub4 = ResNet18.dilated(l, image4, pretrained).layer4();
    sub4 = ops.stage(new Name("ppm"), IcNet.pyramid(l, sub4));

    Fused<T> fused24 = fuse(l, sub4, sub2, new Name("head.cff_24"), 512, 128);
    Fused<T> fused12 = fuse(l, fused24.sum, sub1, new Name("head.cff_12"), 128, 64);
    Name cls = new Name("head.conv_cls");
    T logits = ops.conv(l.aligned(fused12.sum, quarter), Conv.pointwise(cls, 128, classes));
    return new Heads<>(
        ops.stage(cls, l.aligned(logits, image)),
        List.of(
            new Auxiliary<>("sixteenth", fused24.logits, 0.4),
            new Auxiliary<>("eighth", fused12.logits, 0.4)));
  }

  private static <T> T unit(Layers<T> l, T x, String at, int in, int out) {
    return l.unit(x, new Name(at), in, out, 3, 2);
  }

  /** What a fusion gives: its sum, and what its coarse features say for themselves. */
  private record Fused<T>(T sum, T logits) {}

  /** Cascade Feature Fusion. */
  private <T> Fused<T> fuse(Layers<T> l, T low, T high, Name at, int lowIn, int highIn) {
    Ops<T> ops = l.ops();
    Name a = at.in("conv_low");
    Name b = at.in("conv_high");
    T coarse = l.aligned(low, high);
    coarse = l.linear(coarse, Conv.square(a.in("0"), lowIn, 128, 3).dilated(2), a.in("1"));
    T fine = l.linear(high, Conv.pointwise(b.in("0"), highIn, 128), b.in("1"));
    T sum = ops.stage(at, ops.relu(ops.add(coarse, fine)));
    return new Fused<>(sum, ops.conv(coarse, Conv.pointwise(at.in("conv_low_cls"), 128, classes)));
  }
}
