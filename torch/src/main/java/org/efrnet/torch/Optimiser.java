package org.efrnet.torch;

/** How gradients become updates. */
public sealed interface Optimiser {
  /**
   * Stochastic gradient descent with momentum; the decay is added to the gradient of every
   * parameter, as PyTorch does and the paper's recipe means.
   */
  record Sgd(double momentum, double weightDecay) implements Optimiser {}

  /**
   * Adam with decoupled weight decay on convolution weights alone: scales, shifts and slopes are
   * few and not what overfits.
   */
  record AdamW(double beta1, double beta2, double epsilon, double weightDecay)
      implements Optimiser {}
}
