package org.efrnet.learning;

import java.util.Map;
import java.util.random.RandomGenerator;
import org.efrnet.weights.FloatTensor;
import org.efrnet.weights.Weights;

/**
 * A network that learns, one step at a time. Holds parameters, gradients and the optimiser's memory
 * natively; everything that it gives is Java's. Owned by its creator, who closes it. Not
 * thread-safe: step, read and close it on one thread at a time.
 */
public interface Learner extends AutoCloseable {
  /**
   * One step of gradient descent. Where a card computes, the host does not wait for it: what the
   * step came to is told by {@link #meanLoss()}.
   *
   * @param dropout decides which channels are dropped; give one made from the run's seed and the
   *     step's number, and a resumed run drops the same
   * @throws ArithmeticException on the host, if the loss or the gradient is not a finite number;
   *     nothing has changed then but the running statistics
   */
  void step(Batch batch, double learningRate, RandomGenerator dropout);

  /**
   * The mean of the losses of the steps since the last call, each before its step; waits for the
   * steps under way.
   *
   * @throws IllegalStateException if there was no step
   * @throws ArithmeticException if it is not a finite number, which on a card is seen here alone:
   *     the weights are then lost
   */
  double meanLoss();

  /** Steps taken, those before a {@link #restore} included. */
  long steps();

  /** A copy of the weights as they are. */
  Weights weights();

  /**
   * A copy of the averaged weights, or of the plain ones if the rule does not average.
   *
   * @throws ArithmeticException if a value is not finite
   */
  Weights averagedWeights();

  /**
   * All that a later {@link #restore} needs, exact to the bit unless the learner computes in 64
   * bits. Learners of different engines understand each other's.
   *
   * @throws ArithmeticException if a value is not finite: there is nothing to go back to here
   */
  Map<String, FloatTensor> state();

  /**
   * Goes back to where {@link #state} was taken.
   *
   * @throws IllegalArgumentException if the state is of another network or rule
   */
  void restore(Map<String, FloatTensor> saved, long stepsTaken);

  @Override
  void close();
}
