package org.efrnet.learning;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.efrnet.weights.FloatTensor;

/**
 * The weights of a learner that computes on the host, and how a gradient changes them: clipping,
 * weight decay, the optimiser, the moving average. Vectors stand as {@link ParameterLayout} says.
 */
public final class Descent {
  /** What optimisers remember of a value's motion, as far as they do, by its name in the state. */
  public static final List<String> MOTION = List.of("momentum", "first", "second");

  private final LearningRule rule;
  private final float[] decays;
  private final Map<String, float[]> state = new TreeMap<>();
  private long steps;

  /**
   * @param trained what gradients change; owned by this from now on
   * @param statistics the running statistics, which the network's forward pass follows; owned too
   * @param decays 1 for each value that decays, else 0
   */
  public Descent(LearningRule rule, float[] trained, float[] statistics, float[] decays) {
    this.rule = rule;
    this.decays = decays;
    state.put("trained", trained);
    state.put("statistics", statistics);
    if (rule.optimiser() instanceof Optimiser.AdamW) {
      state.put("first", new float[trained.length]);
      state.put("second", new float[trained.length]);
    } else {
      state.put("momentum", new float[trained.length]);
    }
    if (rule.averageDecay() > 0) {
      state.put("average", trained.clone());
      state.put("averageStatistics", statistics.clone());
    }
  }

  /** The weights themselves. */
  public float[] trained() {
    return state.get("trained");
  }

  /** The running statistics themselves. */
  public float[] statistics() {
    return state.get("statistics");
  }

  /** The averaged weights themselves, or the plain ones if the rule does not average. */
  public float[] averaged() {
    return state.getOrDefault("average", trained());
  }

  /** The running statistics that go with {@link #averaged}. */
  public float[] averagedStatistics() {
    return state.getOrDefault("averageStatistics", statistics());
  }

  /** Updates made, those before a {@link #restore} included. */
  public long steps() {
    return steps;
  }

  /**
   * One update.
   *
   * @param gradients of the loss; scratch afterwards
   * @throws ArithmeticException if their norm is not a finite number; nothing has changed then
   */
  public void update(float[] gradients, double learningRate) {
    double squares = 0;
    for (float g : gradients) {
      squares += (double) g * g;
    }
    double norm = Math.sqrt(squares);
    if (!Double.isFinite(norm)) {
      throw new ArithmeticException("the gradient's norm is " + norm);
    }
    if (norm > rule.clipNorm()) {
      float factor = (float) (rule.clipNorm() / norm);
      for (int i = 0; i < gradients.length; i++) {
        gradients[i] *= factor;
      }
    }
    steps++;
    if (rule.optimiser() instanceof Optimiser.Sgd sgd) {
      descend(sgd, gradients, (float) learningRate);
    } else if (rule.optimiser() instanceof Optimiser.AdamW adam) {
      descend(adam, gradients, learningRate);
    }
    if (rule.averageDecay() > 0) {
      // Early on the average follows faster, or it would remember the random start for long.
      double decay = Math.min(rule.averageDecay(), (1.0 + steps) / (10.0 + steps));
      float share = (float) (1 - decay);
      follow(averaged(), trained(), share);
      follow(averagedStatistics(), statistics(), share);
    }
  }

  private void descend(Optimiser.Sgd sgd, float[] gradients, float rate) {
    float[] weights = trained();
    float[] momentum = state.get("momentum");
    float decay = (float) sgd.weightDecay();
    float kept = (float) sgd.momentum();
    float ahead = sgd.nesterov() ? kept : 0;
    for (int i = 0; i < weights.length; i++) {
      float gradient = gradients[i] + decay * weights[i] * decays[i];
      float moved = kept * momentum[i] + gradient;
      momentum[i] = moved;
      weights[i] -= rate * (sgd.nesterov() ? gradient + ahead * moved : moved);
    }
  }

  private void descend(Optimiser.AdamW adam, float[] gradients, double rate) {
    float[] weights = trained();
    float[] first = state.get("first");
    float[] second = state.get("second");
    double scale1 = 1 - Math.pow(adam.beta1(), (double) steps);
    double scale2 = Math.sqrt(1 - Math.pow(adam.beta2(), (double) steps));
    float step = (float) (rate * scale2 / scale1);
    float epsilon = (float) (adam.epsilon() * scale2);
    float decay = (float) (rate * adam.weightDecay());
    float share1 = (float) (1 - adam.beta1());
    float kept2 = (float) adam.beta2();
    float share2 = (float) (1 - adam.beta2());
    for (int i = 0; i < weights.length; i++) {
      float g = gradients[i];
      first[i] += share1 * (g - first[i]);
      second[i] = kept2 * second[i] + share2 * g * g;
      weights[i] -=
          decay * decays[i] * weights[i]
              + step * first[i] / ((float) Math.sqrt(second[i]) + epsilon);
    }
  }

  private static void follow(float[] average, float[] values, float share) {
    for (int i = 0; i < average.length; i++) {
      average[i] += share * (values[i] - average[i]);
    }
  }

  /**
   * A copy of all vectors by name.
   *
   * @throws ArithmeticException if a value is not finite
   */
  public Map<String, FloatTensor> state() {
    Map<String, FloatTensor> copy = new TreeMap<>();
    state.forEach(
        (name, values) -> {
          requireFinite(name, values);
          copy.put(name, new FloatTensor(new int[] {values.length}, values.clone()));
        });
    return copy;
  }

  /**
   * Goes back to a copy.
   *
   * @throws IllegalArgumentException if it is of another network or rule
   */
  public void restore(Map<String, FloatTensor> saved, long stepsTaken) {
    requireNames(saved, state);
    state.forEach(
        (name, values) -> {
          float[] from = saved.get(name).values();
          requireCount(name, from.length, values.length);
          System.arraycopy(from, 0, values, 0, values.length);
        });
    steps = stepsTaken;
  }

  /** Forgets where a value was moving to: one that no longer learns must stay where it is. */
  public void stop(int place) {
    for (String memory : MOTION) {
      if (state.containsKey(memory)) {
        state.get(memory)[place] = 0;
      }
    }
  }

  /**
   * Refuses a saved state that holds other vectors than a learner's.
   *
   * @throws IllegalArgumentException naming both
   */
  public static void requireNames(Map<String, FloatTensor> saved, Map<String, ?> needed) {
    if (!saved.keySet().equals(new TreeSet<>(needed.keySet()))) {
      throw new IllegalArgumentException(
          "the saved state holds " + saved.keySet() + ", this training needs " + needed.keySet());
    }
  }

  /**
   * Refuses a saved vector of another length.
   *
   * @throws IllegalArgumentException naming both
   */
  public static void requireCount(String name, long saved, long needed) {
    if (saved != needed) {
      throw new IllegalArgumentException(
          "the saved state's '"
              + name
              + "' has "
              + saved
              + " values, this network needs "
              + needed);
    }
  }

  /**
   * Refuses numbers that are none.
   *
   * @throws ArithmeticException naming the first one
   */
  public static void requireFinite(String what, float[] values) {
    for (float value : values) {
      if (!Float.isFinite(value)) {
        throw new ArithmeticException("a value of " + what + " is " + value);
      }
    }
  }
}
