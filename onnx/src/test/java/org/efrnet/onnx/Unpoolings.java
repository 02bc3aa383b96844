package org.efrnet.onnx;

import org.efrnet.graph.Graph;
import org.efrnet.graph.Op;

/** What a test must know of a graph's unpoolings. */
final class Unpoolings {
  private Unpoolings() {}

  /** Whether maxima of one pooling may be put back into one place. */
  static boolean mayCollide(Graph graph) {
    return graph.nodes().stream()
        .filter(node -> node.op() instanceof Op.MaxUnpool)
        .map(node -> graph.nodes().get(node.inputs().get(1).node()).op())
        .anyMatch(
            op -> op instanceof Op.MaxPoolWithIndices p && p.pool().kernel() > p.pool().stride());
  }
}
