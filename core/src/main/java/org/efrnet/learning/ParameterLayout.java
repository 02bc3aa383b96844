package org.efrnet.learning;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.efrnet.graph.Graph;
import org.efrnet.readings.Parameter;
import org.efrnet.readings.Parameters;
import org.efrnet.weights.FloatTensor;
import org.efrnet.weights.Weights;

/**
 * Where parameters stand in flat vectors: all that gradients change in one, running statistics in
 * another, each in the order of first use. An optimiser then is a few loops over whole vectors, a
 * checkpoint a few copies, and learners of different engines understand each other's.
 */
public final class ParameterLayout {
  private final List<Parameter> parameters;
  private final Map<String, Integer> places = new LinkedHashMap<>();
  private final int trainedCount;
  private final int statisticsCount;

  private ParameterLayout(List<Parameter> parameters) {
    this.parameters = List.copyOf(parameters);
    int trained = 0;
    int followed = 0;
    for (Parameter p : parameters) {
      if (p.kind().trained()) {
        places.put(p.name(), trained);
        trained += p.count();
      } else {
        places.put(p.name(), followed);
        followed += p.count();
      }
    }
    trainedCount = trained;
    statisticsCount = followed;
  }

  /** The layout of a network's parameters. */
  public static ParameterLayout of(Graph graph) {
    return of(Parameters.of(graph));
  }

  /** The layout of parameters in this order. */
  public static ParameterLayout of(List<Parameter> parameters) {
    return new ParameterLayout(parameters);
  }

  /** The parameters, in their order. */
  public List<Parameter> parameters() {
    return parameters;
  }

  /** Values in the vector of what gradients change. */
  public int trainedCount() {
    return trainedCount;
  }

  /** Values in the vector of running statistics. */
  public int statisticsCount() {
    return statisticsCount;
  }

  /**
   * Where a parameter begins in its vector.
   *
   * @throws IllegalArgumentException if the network has no parameter of that name
   */
  public int place(String name) {
    Integer place = places.get(name);
    if (place == null) {
      throw new IllegalArgumentException("no parameter " + name + " in this network");
    }
    return place;
  }

  /**
   * The vector of what gradients change.
   *
   * @throws IllegalArgumentException if a parameter has another shape in the weights
   * @throws java.util.NoSuchElementException if it is missing there
   */
  public float[] trained(Weights weights) {
    return flat(weights, true, new float[trainedCount]);
  }

  /** The vector of running statistics; throws as {@link #trained} does. */
  public float[] statistics(Weights weights) {
    return flat(weights, false, new float[statisticsCount]);
  }

  private float[] flat(Weights weights, boolean trained, float[] vector) {
    for (Parameter p : parameters) {
      if (p.kind().trained() == trained) {
        FloatTensor tensor = weights.get(p.name());
        if (!Arrays.equals(tensor.shape(), p.shape())) {
          throw new IllegalArgumentException(
              "weights do not fit the network: "
                  + p.name()
                  + " is "
                  + tensor
                  + ", the network needs "
                  + p);
        }
        System.arraycopy(tensor.values(), 0, vector, place(p.name()), p.count());
      }
    }
    return vector;
  }

  /** A copy of two such vectors as weights. */
  public Weights weights(float[] trained, float[] statistics) {
    Map<String, FloatTensor> tensors = new LinkedHashMap<>();
    for (Parameter p : parameters) {
      int at = place(p.name());
      float[] from = p.kind().trained() ? trained : statistics;
      tensors.put(
          p.name(), new FloatTensor(p.shape(), Arrays.copyOfRange(from, at, at + p.count())));
    }
    return Weights.of(tensors);
  }

  /** For every value that gradients change, 1 where the rule lets it decay and 0 elsewhere. */
  public float[] decays(LearningRule rule) {
    float[] mask = new float[trainedCount];
    boolean everything = rule.decay() == LearningRule.Decay.EVERYTHING;
    for (Parameter p : parameters) {
      boolean decays =
          switch (p.kind()) {
            case CONV_WEIGHT, TRANSPOSED_WEIGHT -> true;
            case SLOPE -> everything && rule.learnSlopes();
            case RUNNING_MEAN, RUNNING_VARIANCE -> false;
            default -> everything;
          };
      if (decays) {
        int at = place(p.name());
        Arrays.fill(mask, at, at + p.count(), 1);
      }
    }
    return mask;
  }
}
