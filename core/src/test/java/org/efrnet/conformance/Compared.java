package org.efrnet.conformance;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.Stream;
import org.efrnet.graph.Graph;
import org.efrnet.graph.Model;
import org.efrnet.networks.Networks;
import org.efrnet.ops.Network;
import org.efrnet.readings.Parameter;
import org.efrnet.readings.Parameters;
import org.efrnet.weights.FloatTensor;
import org.efrnet.weights.Weights;

/**
 * What independent PyTorch implementations of larger networks computed, from weights and an image
 * that a formula gives: they are not stored. See the recordings' README.
 *
 * @param network that was computed
 * @param logits (1, classes, H, W)
 */
record Compared(Network network, FloatTensor logits) {
  private static final String PREFIX = "oracle.";

  /** All that were recorded: every network at an even and at an odd size. */
  static List<Compared> all() {
    return Stream.of("compared-5", "published-5")
        .flatMap(file -> Oracle.read(file).tensors().entrySet().stream())
        .filter(e -> e.getKey().startsWith(PREFIX))
        .map(e -> of(e.getKey(), e.getValue()))
        .toList();
  }

  /** What ERFNet's encoder gave to its own head, resized to the image, in the order of names. */
  static List<FloatTensor> ofErfNetsEncoder() {
    return Oracle.read("published-5").tensors().entrySet().stream()
        .filter(e -> e.getKey().startsWith("encoder."))
        .map(Map.Entry::getValue)
        .toList();
  }

  /** From a name such as {@code oracle.icnet.32x48}. */
  private static Compared of(String name, FloatTensor logits) {
    String network = name.substring(PREFIX.length(), name.lastIndexOf('.'));
    return new Compared(Networks.named(network, logits.shape()[1]).orElseThrow(), logits);
  }

  /** The network with the formula's weights. */
  Model model() {
    Graph graph = Graph.of(network);
    Map<String, FloatTensor> tensors = new TreeMap<>();
    for (Parameter p : Parameters.of(graph)) {
      tensors.put(p.name(), tensor(p.name(), rule(p), p.shape()));
    }
    return new Model(graph, Weights.of(tensors));
  }

  /** The image that was computed: (1, 3, H, W). */
  FloatTensor image() {
    int[] shape = logits.shape();
    return tensor(PREFIX + "input", u -> 4 * u - 2, new int[] {1, 3, shape[2], shape[3]});
  }

  private static DoubleUnaryOperator rule(Parameter p) {
    return switch (p.kind()) {
      case CONV_WEIGHT, TRANSPOSED_WEIGHT -> {
        int filter = p.count() / p.shape()[0];
        yield u -> (2 * u - 1) * Math.sqrt(6.0 / filter);
      }
      case SCALE -> u -> 0.5 + u;
      case RUNNING_VARIANCE -> u -> 0.5 + 2 * u;
      case BIAS, SHIFT, RUNNING_MEAN -> u -> u - 0.5;
      case SLOPE -> u -> 0.9 * u - 0.3;
    };
  }

  private static FloatTensor tensor(String name, DoubleUnaryOperator rule, int[] shape) {
    long hash = 0xcbf29ce484222325L;
    for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
      hash = (hash ^ (b & 0xff)) * 0x100000001b3L;
    }
    int count = 1;
    for (int side : shape) {
      count *= side;
    }
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      long z = hash + (i + 1) * 0x9E3779B97F4A7C15L;
      z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
      z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
      z ^= z >>> 31;
      values[i] = (float) rule.applyAsDouble((z >>> 40) * 0x1p-24);
    }
    return new FloatTensor(shape, values);
  }

  @Override
  public String toString() {
    return network.name() + " on " + logits.shape()[2] + "x" + logits.shape()[3];
  }
}
