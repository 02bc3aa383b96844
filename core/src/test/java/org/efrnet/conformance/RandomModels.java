package org.efrnet.conformance;

import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.efrnet.graph.Graph;
import org.efrnet.graph.Model;
import org.efrnet.ops.Network;
import org.efrnet.readings.Parameter;
import org.efrnet.readings.Parameters;
import org.efrnet.weights.FloatTensor;
import org.efrnet.weights.Weights;

/** Models whose every parameter matters, as fresh weights would not show: statistics, slopes. */
public final class RandomModels {
  private RandomModels() {}

  /** A network with random weights; the same for the same seed. */
  public static Model of(Network network, long seed) {
    Graph graph = Graph.of(network);
    SplittableRandom random = new SplittableRandom(seed);
    Map<String, FloatTensor> tensors = new TreeMap<>(Parameters.initial(graph, seed).tensors());
    for (Parameter p : Parameters.of(graph)) {
      switch (p.kind()) {
        // Near the gain at which residual sums over 25 blocks neither explode, which would saturate
        // gates, nor leave logits that no longer depend on the image.
        case SCALE -> tensors.put(p.name(), uniform(random, 0.5, 1.5, p.shape()));
        case RUNNING_VARIANCE -> tensors.put(p.name(), uniform(random, 0.5, 2.5, p.shape()));
        case BIAS, SHIFT, RUNNING_MEAN ->
            tensors.put(p.name(), uniform(random, -0.5, 0.5, p.shape()));
        case SLOPE -> tensors.put(p.name(), uniform(random, -0.3, 0.6, p.shape()));
        case CONV_WEIGHT, TRANSPOSED_WEIGHT -> {}
      }
    }
    return new Model(graph, Weights.of(tensors));
  }

  /** Images of values as normalised pixels have them. */
  public static FloatTensor image(int n, int channels, int height, int width, long seed) {
    return uniform(new SplittableRandom(seed), -2, 2, n, channels, height, width);
  }

  private static FloatTensor uniform(
      SplittableRandom random, double low, double high, int... shape) {
    int count = 1;
    for (int side : shape) {
      count *= side;
    }
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) (low + (high - low) * random.nextDouble());
    }
    return new FloatTensor(shape, values);
  }
}
