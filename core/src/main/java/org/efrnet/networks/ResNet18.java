package org.efrnet.networks;

import org.efrnet.ops.Conv;
import org.efrnet.ops.Name;
import org.efrnet.ops.Pool;

/**
 * What the stages of a ResNet-18 give: "Deep Residual Learning for Image Recognition", 2016, Table
 * 1, second column, without the classifier. Names as torchvision's.
 *
 * @param layer2 128 channels, 1/8 of the image
 * @param layer3 256 channels, 1/16; 1/8 if dilated
 * @param layer4 512 channels, 1/32; 1/8 if dilated
 */
record ResNet18<T>(T layer2, T layer3, T layer4) {
  private static final Pool HALVE = new Pool(3, 2, 1, false);

  /** The network as it was published. */
  static <T> ResNet18<T> of(Layers<T> l, T image, Name at) {
    T x = quarter(l, image, at);
    T two = layer(l, x, at.in("layer2"), 64, 128, 2, 1, 1);
    T three = layer(l, two, at.in("layer3"), 128, 256, 2, 1, 1);
    return new ResNet18<>(two, three, layer(l, three, at.in("layer4"), 256, 512, 2, 1, 1));
  }

  /**
   * The two last stages keep the size and are dilated by 2 and 4 instead, their first convolutions
   * by half of that: the form of "ResNet V1b" in PyTorch's segmentation libraries.
   */
  static <T> ResNet18<T> dilated(Layers<T> l, T image, Name at) {
    T x = quarter(l, image, at);
    T two = layer(l, x, at.in("layer2"), 64, 128, 2, 1, 1);
    T three = layer(l, two, at.in("layer3"), 128, 256, 1, 1, 2);
    return new ResNet18<>(two, three, layer(l, three, at.in("layer4"), 256, 512, 1, 2, 4));
  }

  private static <T> T quarter(Layers<T> l, T image, Name at) {
    Conv stem = Conv.square(at.in("conv1"), 3, 64, 7).strided(2);
    T x = l.ops().maxPool(l.unit(image, stem, at.in("bn1")), HALVE);
    x = l.ops().stage(at.in("conv1"), x);
    return layer(l, x, at.in("layer1"), 64, 64, 1, 1, 1);
  }

  /**
   * Two blocks; {@code first} is the dilation of the first convolution, {@code rate} the rest's.
   */
  private static <T> T layer(
      Layers<T> l, T x, Name at, int in, int out, int stride, int first, int rate) {
    x = block(l, x, at.in("0"), in, out, stride, first, rate);
    return l.ops().stage(at, block(l, x, at.in("1"), out, out, 1, rate, rate));
  }

  private static <T> T block(
      Layers<T> l, T x, Name at, int in, int out, int stride, int first, int second) {
    Conv one = Conv.square(at.in("conv1"), in, out, 3).dilated(first).strided(stride);
    Conv two = Conv.square(at.in("conv2"), out, out, 3).dilated(second);
    T y = l.linear(l.unit(x, one, at.in("bn1")), two, at.in("bn2"));
    if (in != out) {
      Name shortcut = at.in("downsample");
      x = l.linear(x, Conv.pointwise(shortcut.in("0"), in, out).strided(stride), shortcut.in("1"));
    }
    return l.ops().relu(l.ops().add(y, x));
  }
}
