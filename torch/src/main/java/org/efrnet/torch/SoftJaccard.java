package org.efrnet.torch;

import java.util.Optional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The soft Jaccard loss that {@link org.efrnet.learning.LearningRule#jaccard} speaks of.
 *
 * <p>Its sums are over the pixels of all processes and enter as constants; what autograd sees is
 * linear in this process's probabilities, by the derivatives there. So every process has its own
 * part of one gradient, and nothing waits for the host.
 */
final class SoftJaccard {
  private final double weight;
  private final int ignore;
  private final Optional<TorchProcesses> processes;

  SoftJaccard(double weight, int ignore, Optional<TorchProcesses> processes) {
    this.weight = weight;
    this.ignore = ignore;
    this.processes = processes;
  }

  /**
   * This process's share of the loss: those of all add up to it.
   *
   * @param logits (n, classes, height, width), in the type of the parameters
   * @param truth (n, height, width)
   */
  Tensor of(Tensor logits, Tensor truth) {
    ScalarType type = logits.dtype().toScalarType();
    long classes = logits.size(1);
    Tensor seen = truth.ne(new Scalar(ignore));
    Tensor known = truth.mul(seen);
    Tensor labelled = seen.to(type);
    Tensor probabilities = logits.softmax(1);
    Tensor right = probabilities.gather(1, known.unsqueeze(1)).squeeze(1).mul(labelled).flatten();
    Tensor predicted = probabilities.mul(labelled.unsqueeze(1)).sum(0, 2, 3);
    Tensor places = known.flatten();
    Tensor loss;
    Tensor inside;
    Tensor outside;
    try (NoGradGuard guard = new NoGradGuard()) {
      Tensor none = torch.zeros_like(predicted).to(ScalarType.Double);
      Tensor shared = none.index_add(0, places, right.detach().to(ScalarType.Double));
      Tensor actual = none.index_add(0, places, labelled.flatten().to(ScalarType.Double));
      Tensor sums =
          torch.cat(new TensorVector(shared, actual, predicted.detach().to(ScalarType.Double)), 0);
      processes.ifPresent(together -> together.sum(sums));
      shared = sums.narrow(0, 0, classes);
      actual = sums.narrow(0, classes, classes);
      Tensor union =
          sums.narrow(0, 2 * classes, classes)
              .add(actual)
              .sub(shared)
              .clamp_min(new Scalar(Double.MIN_NORMAL));
      Tensor present = actual.gt(new Scalar(0.0)).to(ScalarType.Double);
      // A class that is nowhere has no share; where all are nowhere there is no loss.
      Tensor share = present.div(present.sum().clamp_min(new Scalar(1.0)));
      Tensor by = share.div(union);
      loss = share.sum().sub(shared.mul(by).sum());
      outside = by.mul(shared).div(union).to(type);
      inside = by.neg().to(type);
      loss = loss.mul(new Scalar(weight / processes.map(TorchProcesses::size).orElse(1)));
    }
    Tensor linear =
        predicted
            .dot(outside)
            .add(right.dot(inside.sub(outside).index_select(0, places)))
            .mul(new Scalar(weight));
    return linear.add(loss.to(type).sub(linear.detach()));
  }
}
