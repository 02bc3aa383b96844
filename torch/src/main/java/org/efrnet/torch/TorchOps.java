package org.efrnet.torch;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.efrnet.learning.Precision;
import org.efrnet.ops.BatchNorm;
import org.efrnet.ops.ChannelDropout;
import org.efrnet.ops.Conv;
import org.efrnet.ops.ConvTranspose;
import org.efrnet.ops.Interpolation;
import org.efrnet.ops.Name;
import org.efrnet.ops.Ops;
import org.efrnet.ops.Pool;
import org.efrnet.ops.Pooled;
import org.efrnet.ops.Prelu;
import org.efrnet.ops.Size;

/**
 * The libtorch reading of operations. Tensors that it makes belong to the caller's {@link
 * org.bytedeco.javacpp.PointerScope}; parameters belong to the store.
 */
final class TorchOps implements Ops<Tensor> {
  private final ParameterStore store;
  private final Execution execution;
  private final Mode mode;

  /** Inference or training. */
  sealed interface Mode {
    /** Running statistics, no dropout. */
    record Inference() implements Mode {}

    /**
     * The batch's statistics, dropout.
     *
     * @param gates which channels are dropped
     * @param frozenSlopes PReLU slopes that do not learn, by their name: a leaky ReLU, whose
     *     backward pass is much cheaper; those that are not in it learn
     * @param norms batch norms over several processes; empty where there is one
     */
    record Training(
        DropoutGates gates, Map<String, Float> frozenSlopes, Optional<SharedNorms> norms)
        implements Mode {}
  }

  TorchOps(ParameterStore store, Execution execution, Mode mode) {
    this.store = store;
    this.execution = execution;
    this.mode = mode;
  }

  /** Planes (n, 3, height, width) as the tensor that a network reads. */
  static Tensor image(float[] planes, int n, int height, int width, Execution execution) {
    Tensor image = execution.upload(planes, execution.mapType(), n, 3, height, width);
    return execution.layout() == Execution.Layout.CHANNELS_LAST
        ? image.contiguous(MemoryFormat.ChannelsLast)
        : image;
  }

  private Tensor parameter(Name at, String which) {
    return store.get(at + "." + which);
  }

  /** A parameter in the type of the maps that it meets. */
  private Tensor inMaps(Name at, String which) {
    return store.inMaps(at + "." + which);
  }

  /** A parameter in another type than that of the maps, where it must be. */
  private Tensor parameter(Name at, String which, ScalarType type) {
    return type == execution.mapType() ? inMaps(at, which) : parameter(at, which).to(type);
  }

  private static TensorOptional optional(Tensor tensor) {
    return new TensorOptional(tensor);
  }

  private static long[] both(int side) {
    return new long[] {side, side};
  }

  private static long[] sizes(Size size) {
    return new long[] {size.height(), size.width()};
  }

  private static long[] mapSize(Tensor like) {
    return new long[] {like.size(2), like.size(3)};
  }

  /**
   * Whether the host computes in bfloat16 with oneDNN's kernels, some of which are wrong: in
   * libtorch 2.10, on processors with AVX-512's bfloat16, they read beyond their maps where the
   * channels do not fill their pairs or blocks. None of the networks' convolutions has such
   * channels; where another one has, it is computed in 32 bits.
   */
  private boolean pairsChannels() {
    return execution.precision() == Precision.BF16 && execution.onHost();
  }

  /** Seen with 1 input, and with more than 16 that are no multiple of 16 under a wider kernel. */
  private static boolean leavesPairsOpen(Conv c) {
    int in = c.in() / c.groups();
    boolean wide = c.kernel().height() * c.kernel().width() > 1;
    return c.in() == 1 || (wide && in > 16 && in % 16 != 0);
  }

  /** Seen with an odd number of inputs, and with 1 output. */
  private static boolean leavesPairsOpen(ConvTranspose c) {
    return c.in() % 2 == 1 || c.out() == 1;
  }

  /**
   * Whether it is a 1x1 convolution that oneDNN must not compute. In libtorch 2.10, on processors
   * with AVX-512, those of 256 inputs and more to 512 outputs give wrong numbers, by size and
   * number of threads; with 1024 outputs the search for blocks divides by zero, which ends the
   * process. Gradients turn inputs and outputs round.
   */
  private boolean isWideProduct(Conv c) {
    return execution.onHost() && c.strided(1).isPointwise() && Math.max(c.in(), c.out()) > 256;
  }

  @Override
  public Tensor conv(Tensor x, Conv c) {
    return pairsChannels() && (leavesPairsOpen(c) || isWideProduct(c))
        ? conv(x.to(ScalarType.Float), c, ScalarType.Float).to(execution.mapType())
        : conv(x, c, execution.mapType());
  }

  private Tensor conv(Tensor x, Conv c, ScalarType type) {
    if (isWideProduct(c)) {
      return product(x, c, type);
    }
    // Where each channel is a group of its own with several outputs, the AVX-512 kernels of the
    // oneDNN in libtorch 2.10 give wrong numbers for channels-last maps, and right ones for planes.
    boolean multiplied =
        execution.onHost() && c.groups() == c.in() && c.out() > c.in() && c.groups() > 1;
    return torch.conv2d(
        multiplied ? x.contiguous() : x,
        parameter(c.at(), "weight", type),
        bias(c.bias(), c.at(), type),
        both(c.stride()),
        sizes(c.padding()),
        sizes(c.dilation()),
        c.groups());
  }

  /** A 1x1 convolution as a product of matrices, a row a pixel; what a stride skips is left out. */
  private Tensor product(Tensor x, Conv c, ScalarType type) {
    LongOptional first = new LongOptional(0);
    Tensor pixels =
        x.slice(2, first, new LongOptional(x.size(2)), c.stride())
            .slice(3, first, new LongOptional(x.size(3)), c.stride())
            .permute(0, 2, 3, 1);
    Tensor weight = parameter(c.at(), "weight", type).reshape(c.out(), c.in());
    return torch.linear(pixels, weight, bias(c.bias(), c.at(), type)).permute(0, 3, 1, 2);
  }

  private TensorOptional bias(boolean there, Name at, ScalarType type) {
    return there ? optional(parameter(at, "bias", type)) : new TensorOptional();
  }

  @Override
  public Tensor convTranspose(Tensor x, ConvTranspose c, Tensor like) {
    return pairsChannels() && leavesPairsOpen(c)
        ? convTranspose(x.to(ScalarType.Float), c, like, ScalarType.Float).to(execution.mapType())
        : convTranspose(x, c, like, execution.mapType());
  }

  private Tensor convTranspose(Tensor x, ConvTranspose c, Tensor like, ScalarType type) {
    long[] from = mapSize(x);
    long[] to = mapSize(like);
    long[] extra = {
      c.outputPadding((int) from[0], (int) to[0]), c.outputPadding((int) from[1], (int) to[1])
    };
    return torch.conv_transpose2d(
        x,
        parameter(c.at(), "weight", type),
        bias(c.bias(), c.at(), type),
        both(c.stride()),
        both(c.padding()),
        extra,
        1,
        both(1));
  }

  @Override
  public Tensor batchNorm(Tensor x, BatchNorm norm) {
    if (mode instanceof Mode.Training training && training.norms().isPresent()) {
      return training
          .norms()
          .get()
          .apply(
              x,
              norm,
              store.exact(norm.at() + ".weight"),
              store.exact(norm.at() + ".bias"),
              parameter(norm.at(), "running_mean"),
              parameter(norm.at(), "running_var"));
    }
    return torch.batch_norm(
        x,
        optional(store.exact(norm.at() + ".weight")),
        optional(store.exact(norm.at() + ".bias")),
        optional(parameter(norm.at(), "running_mean")),
        optional(parameter(norm.at(), "running_var")),
        mode instanceof Mode.Training,
        norm.momentum(),
        norm.epsilon(),
        false);
  }

  @Override
  public Tensor prelu(Tensor x, Prelu prelu) {
    if (mode instanceof Mode.Training training && prelu.slopes() == 1) {
      Float frozen = training.frozenSlopes().get(prelu.at() + ".weight");
      // Between relu(x) and x: the same function as libtorch's prelu, whose backward pass costs
      // more than the convolutions around it.
      return frozen == null
          ? torch.lerp(torch.relu(x), x, inMaps(prelu.at(), "weight"))
          : torch.leaky_relu(x, new Scalar(frozen));
    }
    // A single slope at hand makes it a leaky ReLU, which libtorch computes in less time.
    return mode instanceof Mode.Inference && prelu.slopes() == 1 && execution.onHost()
        ? torch.leaky_relu(x, parameter(prelu.at(), "weight").item())
        : torch.prelu(x, inMaps(prelu.at(), "weight"));
  }

  @Override
  public Tensor clip(Tensor x, float low, float high) {
    if (low == 0 && high == Float.POSITIVE_INFINITY) {
      return torch.relu(x);
    }
    return torch.clamp(
        x, new ScalarOptional(new Scalar(low)), new ScalarOptional(new Scalar(high)));
  }

  @Override
  public Tensor sigmoid(Tensor x) {
    return torch.sigmoid(x);
  }

  @Override
  public Tensor maxPool(Tensor x, Pool p) {
    return torch.max_pool2d(
        x, both(p.kernel()), both(p.stride()), both(p.padding()), both(1), p.ceil());
  }

  @Override
  public Pooled<Tensor> maxPoolWithIndices(Tensor x, Pool p) {
    T_TensorTensor_T pooled =
        torch.max_pool2d_with_indices(
            x, both(p.kernel()), both(p.stride()), both(p.padding()), both(1), p.ceil());
    return new Pooled<>(pooled.get0(), pooled.get1());
  }

  @Override
  public Tensor maxUnpool(Tensor x, Tensor indices, Tensor like) {
    if (!execution.onHost()) {
      return torch.max_unpool2d(x, indices, mapSize(like));
    }
    // Where places collide the last one must win, not the slowest of several threads.
    int threads = torch.get_num_threads();
    torch.set_num_threads(1);
    try {
      return torch.max_unpool2d(x, indices, mapSize(like));
    } finally {
      torch.set_num_threads(threads);
    }
  }

  @Override
  public Tensor avgPool(Tensor x, Pool p) {
    return torch.avg_pool2d(
        x, both(p.kernel()), both(p.stride()), both(p.padding()), false, true, new LongOptional());
  }

  @Override
  public Tensor globalAvgPool(Tensor x) {
    return torch.mean(x, new long[] {2, 3}, true, new ScalarTypeOptional());
  }

  @Override
  public Tensor gridPool(Tensor x, int bins) {
    return torch.adaptive_avg_pool2d(x, both(bins));
  }

  @Override
  public Tensor padChannels(Tensor x, int channels) {
    return torch.constant_pad_nd(x, new long[] {0, 0, 0, 0, 0, channels - x.size(1)});
  }

  @Override
  public Tensor resize(Tensor x, Tensor like, Interpolation interpolation) {
    return resized(x, mapSize(like), interpolation);
  }

  @Override
  public Tensor shrink(Tensor x, int factor, Interpolation interpolation) {
    long[] from = mapSize(x);
    return resized(
        x, new long[] {(from[0] - 1) / factor + 1, (from[1] - 1) / factor + 1}, interpolation);
  }

  private Tensor resized(Tensor x, long[] size, Interpolation interpolation) {
    Tensor resized =
        switch (interpolation) {
          case BILINEAR -> torch.upsample_bilinear2d(x, size, false);
          case BILINEAR_ALIGNED -> torch.upsample_bilinear2d(x, size, true);
          case NEAREST -> torch.upsample_nearest2d(x, size);
        };
    // A map of one pixel has every layout at once, and libtorch goes on with planes.
    return execution.layout() == Execution.Layout.CHANNELS_LAST
        ? resized.contiguous(MemoryFormat.ChannelsLast)
        : resized;
  }

  @Override
  public Tensor concat(List<Tensor> xs) {
    try (TensorVector parts = new TensorVector(xs.toArray(new Tensor[0]))) {
      return torch.cat(parts, 1);
    }
  }

  @Override
  public Tensor add(Tensor a, Tensor b) {
    return a.add(b);
  }

  @Override
  public Tensor mul(Tensor x, Tensor gate) {
    return torch.mul(x, gate);
  }

  @Override
  public Tensor dropout(Tensor x, ChannelDropout dropout) {
    if (!(mode instanceof Mode.Training training) || dropout.rate() == 0) {
      return x;
    }
    return torch.mul(x, training.gates().next(x.size(0), x.size(1)));
  }
}
