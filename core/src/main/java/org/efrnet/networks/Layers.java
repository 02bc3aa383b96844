package org.efrnet.networks;

import org.efrnet.ops.BatchNorm;
import org.efrnet.ops.Conv;
import org.efrnet.ops.Interpolation;
import org.efrnet.ops.Name;
import org.efrnet.ops.Ops;
import org.efrnet.ops.Size;

/**
 * The parts that BiSeNet, ICNet and RTHPNet are made of: convolutions followed by batch
 * normalisation (eps 1e-5, as in PyTorch and in ICNet's Caffe).
 *
 * @param ops the reading
 * @param momentum of the running statistics
 */
record Layers<T>(Ops<T> ops, double momentum) {
  /** PyTorch's momentum of running statistics. */
  static final double TORCH = 0.1;

  /** Convolution and normalisation. */
  T linear(T x, Conv conv, Name norm) {
    return ops.batchNorm(ops.conv(x, conv), new BatchNorm(norm, conv.out(), 1e-5, momentum));
  }

  /** Convolution, normalisation, ReLU. */
  T unit(T x, Conv conv, Name norm) {
    return ops.relu(linear(x, conv, norm));
  }

  /** 1x1 or larger, as {@link #unit(Object, Conv, Name)}: names {@code at.conv}, {@code at.bn}. */
  T unit(T x, Name at, int in, int out, int side, int stride) {
    return unit(x, Conv.square(at.in("conv"), in, out, side).strided(stride), at.in("bn"));
  }

  /** Bilinear to the size of {@code like}, corners kept on corners. */
  T aligned(T x, T like) {
    return ops.resize(x, like, Interpolation.BILINEAR_ALIGNED);
  }

  /** 3x3 on every channel for itself, keeping the size at a stride of 1; no bias. */
  static Conv depthwise(Name at, int channels, int stride, int dilation) {
    Size reach = Size.square(dilation);
    return new Conv(at, channels, channels, Size.square(3), stride, reach, reach, channels, false);
  }
}
