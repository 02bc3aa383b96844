package org.efrnet.graph;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What is done to an operation's result value by value, and to nothing else, becomes part of the
 * operation: activations and residual sums behind convolutions and gates, activations and batch
 * norms behind pooling and resizing. Of two values that are summed, the later one takes the sum in.
 */
final class FuseElementwise implements Pass {
  @Override
  public boolean exactInTraining() {
    return false;
  }

  @Override
  public Model apply(Model model) {
    return new Model(Rewriting.of(model.graph(), FuseElementwise::replacement), model.weights());
  }

  private static Optional<Value> replacement(Rewriting graph, Node node) {
    Op op = node.op();
    if (op instanceof Op.Add) {
      List<Value> in = node.inputs();
      return in.get(0).equals(in.get(1))
          ? Optional.empty()
          : fused(graph, op, in.get(1), List.of(in.get(0)))
              .or(() -> fused(graph, op, in.get(0), List.of(in.get(1))));
    }
    return op instanceof Op.Activate
            || op instanceof Op.Clip
            || op instanceof Op.Sigmoid
            || op instanceof Op.Normalise
        ? fused(graph, op, node.inputs().get(0), List.of())
        : Optional.empty();
  }

  private static Optional<Value> fused(
      Rewriting graph, Op op, Value result, List<Value> otherInputs) {
    Optional<Node> producer = graph.soleProducer(result);
    if (producer.isEmpty()) {
      return Optional.empty();
    }
    Node made = graph.recorded(graph.now(result)).orElseThrow();
    Optional<Op.Fused> before =
        made.op() instanceof Op.Fused already
            ? Optional.of(already)
            : Optional.of(new Op.Fused(made.op(), List.of()));
    return before
        .filter(fused -> takes(fused, op))
        .map(
            fused -> {
              List<Value> inputs = new ArrayList<>(made.inputs());
              inputs.addAll(graph.now(otherInputs));
              return graph.ops().fused(fused.followedBy(op), inputs);
            });
  }

  private static boolean takes(Op.Fused fused, Op op) {
    Op first = fused.first();
    boolean convolves = first instanceof Op.Convolve || first instanceof Op.ConvolveTransposed;
    if (op instanceof Op.Normalise) {
      return first instanceof Op.MaxPool || first instanceof Op.Resize;
    } else if (op instanceof Op.Add) {
      return first instanceof Op.Convolve || first instanceof Op.Mul;
    } else if (op instanceof Op.Activate a && a.prelu().slopes() > 1) {
      return convolves;
    }
    return convolves
        || first instanceof Op.MaxPool
        || first instanceof Op.Resize
        || first instanceof Op.Mul
        || first instanceof Op.Add;
  }
}
