package org.efrnet.engine;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.efrnet.bundle.Calibration;
import org.efrnet.graph.Graph;
import org.efrnet.graph.Node;
import org.efrnet.graph.Op;
import org.efrnet.graph.Value;
import org.efrnet.ops.Name;
import org.efrnet.readings.Shape;
import org.efrnet.readings.Shapes;

/** What is decided about a graph's values before any of them has a place in memory. */
final class Choices {
  private final Graph graph;
  private final Map<Value, Float> scales = new HashMap<>();
  private final Map<Value, Integer> widened = new HashMap<>();

  Choices(Graph graph, Calibration calibration) {
    this.graph = graph;
    findScales(calibration);
    findWidened();
  }

  /** What 1 stands for in a value of 8 bits; empty if it is made of floating-point numbers. */
  Optional<Float> scale(Value value) {
    return Optional.ofNullable(scales.get(value));
  }

  /** Whether some convolution computes in 8 bits. */
  boolean quantises() {
    return !scales.isEmpty();
  }

  /**
   * How many channels a convolution makes that leaves room behind its own; empty for all others.
   */
  Optional<Integer> widened(Value value) {
    return Optional.ofNullable(widened.get(value));
  }

  /**
   * What 1 stands for in maps that calibrated convolutions read, and in the parts of joined ones.
   */
  private void findScales(Calibration calibration) {
    List<Node> nodes = graph.nodes();
    for (Node node : nodes) {
      Optional<Name> at = convolution(first(node.op()));
      if (at.isPresent() && isMap(node.inputs().get(0))) {
        Double magnitude = calibration.inputs().get(at.get().value());
        if (magnitude != null) {
          scales.put(node.inputs().get(0), (float) (magnitude / 127));
        }
      }
    }
    for (int i = nodes.size() - 1; i >= 0; i--) {
      Float scale = scales.get(new Value(i, 0));
      if (scale != null && nodes.get(i).op() instanceof Op.Concat) {
        nodes.get(i).inputs().forEach(part -> scales.putIfAbsent(part, scale));
      }
    }
  }

  /**
   * A convolution that is joined with others, and used for nothing else, may write where they are
   * joined, if the channels of the others fit into its last vector, which is computed anyhow.
   */
  private void findWidened() {
    List<List<Shape>> shapes = graph.values(new Shapes(), Shape.image(1, 512, 512));
    Map<Value, Long> uses =
        graph.nodes().stream()
            .flatMap(node -> node.inputs().stream())
            .collect(Collectors.groupingBy(value -> value, Collectors.counting()));
    for (Node node : graph.nodes()) {
      Value part = node.inputs().isEmpty() ? Value.IMAGE : node.inputs().get(0);
      if (!(node.op() instanceof Op.Concat) || part.equals(Value.IMAGE) || uses.get(part) > 1) {
        continue;
      }
      Op maker = graph.nodes().get(part.node()).op();
      int total = shapes.get(node.id()).get(0).channels();
      if (first(maker) instanceof Op.Convolve c
          && c.conv().groups() == 1
          && total <= roundedUp(c.conv().out())
          && hasScalarsOnly(maker)) {
        widened.put(part, total);
      }
    }
  }

  /** Channels, filled up to whole vectors. */
  static int roundedUp(int channels) {
    return (channels + Assembly.VECTOR - 1) / Assembly.VECTOR * Assembly.VECTOR;
  }

  /** Whether what follows does not care how many channels there are. */
  private static boolean hasScalarsOnly(Op op) {
    return !(op instanceof Op.Fused fused)
        || fused.then().stream()
            .allMatch(
                then ->
                    then instanceof Op.Clip
                        || (then instanceof Op.Activate a && a.prelu().slopes() == 1));
  }

  static Optional<Name> convolution(Op op) {
    if (op instanceof Op.Convolve c) {
      return Optional.of(c.conv().at());
    }
    return op instanceof Op.ConvolveTransposed c ? Optional.of(c.conv().at()) : Optional.empty();
  }

  /** Neither the image, whose values are what they are, nor one value a channel. */
  boolean isMap(Value value) {
    return !value.equals(Value.IMAGE)
        && !(graph.nodes().get(value.node()).op() instanceof Op.GlobalAvgPool);
  }

  static Op first(Op op) {
    return op instanceof Op.Fused fused ? fused.first() : op;
  }
}
