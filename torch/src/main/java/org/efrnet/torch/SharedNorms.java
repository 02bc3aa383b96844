package org.efrnet.torch;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.BoolPointer;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.T_TensorTensorTensor_T;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorBase;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorTensorHook;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.efrnet.learning.Batch;
import org.efrnet.ops.BatchNorm;

/**
 * The batch norms of one training step in several processes, by the statistics of all of their
 * pictures. Tensors belong to the caller's pointer scope.
 *
 * <p>Forward, mean and variance come from two sums per channel over all processes, in 64 bits, and
 * stand as constants in what autograd sees. Its gradient for the input is then g = dy * weight /
 * deviation, which lacks how mean and variance depend on the input; a hook makes it
 *
 * <pre>g - mean(g) - x' * mean(g * x')        with x' = (x - mean) / deviation</pre>
 *
 * whose two means are again over all processes.
 */
final class SharedNorms {
  private final TorchProcesses processes;
  private final Batch batch;
  private final List<Runnable> following = new ArrayList<>();

  SharedNorms(TorchProcesses processes, Batch batch) {
    this.processes = processes;
    this.batch = batch;
  }

  Tensor apply(
      Tensor x,
      BatchNorm norm,
      Tensor weight,
      Tensor bias,
      Tensor runningMean,
      Tensor runningVariance) {
    // Every process has maps of the same size, and pictures as the batch says.
    double here = (double) x.numel() / x.size(1);
    double all = here / batch.n() * batch.of();
    Tensor mean;
    Tensor variance;
    try (NoGradGuard guard = new NoGradGuard()) {
      T_TensorTensor_T own =
          torch.batch_norm_update_stats(
              x.detach(),
              optional(torch.zeros_like(runningMean)),
              optional(torch.zeros_like(runningVariance)),
              0);
      Tensor ownMean = own.get0().to(ScalarType.Double);
      Tensor squares = own.get1().to(ScalarType.Double).addcmul_(ownMean, ownMean);
      Tensor sums = joined(ownMean, squares).mul_(new Scalar(here));
      processes.sum(sums);
      sums.mul_(new Scalar(1 / all));
      long channels = x.size(1);
      Tensor exactMean = sums.narrow(0, 0, channels);
      Tensor exact =
          sums.narrow(0, channels, channels)
              .addcmul(exactMean, exactMean, new Scalar(-1.0))
              .clamp_min_(new Scalar(0.0));
      mean = exactMean.to(runningMean.dtype().toScalarType());
      variance = exact.to(runningMean.dtype().toScalarType());
    }
    // As libtorch follows: the variance of a sample, from the mean of squares within it.
    following.add(
        () -> {
          runningMean.lerp_(mean, new Scalar(norm.momentum()));
          runningVariance.lerp_(
              torch.mul(variance, new Scalar(all / (all - 1))), new Scalar(norm.momentum()));
        });
    Tensor seen = x.alias();
    Tensor y = normalised(seen, weight, bias, mean, variance, norm);
    if (x.requires_grad()) {
      seen.register_hook(new Correction(x, norm, mean, variance, all));
    }
    return y;
  }

  /** Moves the running statistics, once the step is certain to be taken. */
  void follow() {
    following.forEach(Runnable::run);
  }

  private static Tensor normalised(
      Tensor x, Tensor weight, Tensor bias, Tensor mean, Tensor variance, BatchNorm norm) {
    return torch.batch_norm(
        x,
        optional(weight),
        optional(bias),
        optional(mean),
        optional(variance),
        false,
        0,
        norm.epsilon(),
        false);
  }

  private static TensorOptional optional(Tensor tensor) {
    return new TensorOptional(tensor);
  }

  private static Tensor joined(Tensor a, Tensor b) {
    try (TensorVector parts = new TensorVector(a, b)) {
      return torch.cat(parts, 0);
    }
  }

  /** What backward calls with g; it must give back the corrected one. */
  private final class Correction extends TensorTensorHook {
    private static final long serialVersionUID = 1;
    private final transient Tensor x;
    private final transient BatchNorm norm;
    private final transient Tensor mean;
    private final transient Tensor variance;
    private final double all;

    Correction(Tensor x, BatchNorm norm, Tensor mean, Tensor variance, double all) {
      this.x = x.detach();
      this.norm = norm;
      this.mean = mean;
      this.variance = variance;
      this.all = all;
    }

    @Override
    public TensorBase call(TensorBase gradient) {
      // What is given back must outlive the call: it belongs to the step's scope.
      Tensor g = new Tensor(gradient);
      Tensor correction;
      try (NoGradGuard guard = new NoGradGuard()) {
        Tensor deviation = torch.add(variance, new Scalar(norm.epsilon())).rsqrt_();
        T_TensorTensorTensor_T sums =
            torch.native_batch_norm_backward(
                g,
                x,
                new TensorOptional(),
                optional(mean),
                optional(variance),
                optional(mean),
                optional(deviation),
                true,
                norm.epsilon(),
                mask());
        Tensor means =
            joined(sums.get2(), sums.get1()).to(ScalarType.Double).mul_(new Scalar(-1 / all));
        processes.sum(means);
        Tensor typed = means.to(mean.dtype().toScalarType());
        long channels = mean.numel();
        correction =
            normalised(
                x,
                typed.narrow(0, channels, channels),
                typed.narrow(0, 0, channels),
                mean,
                variance,
                norm);
        correction.add_(g);
      }
      return correction;
    }

    private BoolPointer mask() {
      BoolPointer mask = new BoolPointer(3);
      mask.put(0, false).put(1, true).put(2, true);
      return mask;
    }
  }
}
