package org.efrnet.learning;

/** How gradients become updates. */
public sealed interface Optimiser {
  /**
   * Stochastic gradient descent with momentum.
   *
   * @param weightDecay times the weight, added to its gradient
   * @param nesterov whether the step looks ahead along the momentum
   */
  record Sgd(double momentum, double weightDecay, boolean nesterov) implements Optimiser {}

  /**
   * Adam with decoupled weight decay.
   *
   * @param weightDecay share of a weight that a step of rate 1 takes away
   */
  record AdamW(double beta1, double beta2, double epsilon, double weightDecay)
      implements Optimiser {}
}
