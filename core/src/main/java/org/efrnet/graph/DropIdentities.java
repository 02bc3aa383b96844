package org.efrnet.graph;

import java.util.Optional;

/** What changes no value in use is left out: dropout and the marks of stages. */
final class DropIdentities implements Pass {
  @Override
  public boolean exactInTraining() {
    return false;
  }

  @Override
  public Model apply(Model model) {
    return new Model(Rewriting.of(model.graph(), DropIdentities::replacement), model.weights());
  }

  private static Optional<Value> replacement(Rewriting graph, Node node) {
    return node.op() instanceof Op.Dropout || node.op() instanceof Op.Stage
        ? Optional.of(graph.now(node.inputs().get(0)))
        : Optional.empty();
  }
}
