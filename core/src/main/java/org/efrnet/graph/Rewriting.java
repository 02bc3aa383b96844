package org.efrnet.graph;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A graph on its way to another one. The old graph's nodes are replayed into a new one in order; a
 * rule may record something else instead of a node. What nothing needs any more is dropped.
 */
final class Rewriting {
  private final Graph from;
  private final Map<Value, Integer> uses = new HashMap<>();
  private final Map<Op, Integer> sameOps = new HashMap<>();
  private final Recorder recorder = new Recorder();
  private final List<List<Value>> results = new ArrayList<>();

  /** What may stand in a node's place. */
  interface Rule {
    /**
     * Looks at one node.
     *
     * @return the new graph's value in the place of the node's only one, recorded through {@link
     *     Rewriting#ops}; empty if the node shall stay
     */
    Optional<Value> replacement(Rewriting graph, Node node);
  }

  private Rewriting(Graph from) {
    this.from = from;
    for (Node node : from.nodes()) {
      node.inputs().forEach(this::use);
      sameOps.merge(node.op(), 1, Integer::sum);
    }
    from.outputs().values().forEach(this::use);
  }

  private void use(Value value) {
    uses.merge(value, 1, Integer::sum);
  }

  /** The graph after the rule has seen every node. */
  static Graph of(Graph from, Rule rule) {
    Rewriting rewriting = new Rewriting(from);
    for (Node node : from.nodes()) {
      rewriting.results.add(
          rule.replacement(rewriting, node)
              .map(List::of)
              .orElseGet(() -> node.op().read(rewriting.recorder, rewriting.now(node.inputs()))));
    }
    Map<String, Value> outputs = new LinkedHashMap<>();
    from.outputs().forEach((name, value) -> outputs.put(name, rewriting.now(value)));
    return new Graph(rewriting.recorder.nodes(), outputs, from.auxiliaryWeights()).withoutDead();
  }

  /** Records operations on values of the new graph. */
  Recorder ops() {
    return recorder;
  }

  /** Where a value of the old graph is in the new one. */
  Value now(Value old) {
    return old.equals(Value.IMAGE) ? old : results.get(old.node()).get(old.port());
  }

  /** Where values of the old graph are in the new one. */
  List<Value> now(List<Value> old) {
    return old.stream().map(this::now).toList();
  }

  /** The old graph's node that computes a value, if the value is used in one place only. */
  Optional<Node> soleProducer(Value old) {
    return old.equals(Value.IMAGE) || uses.get(old) != 1
        ? Optional.empty()
        : Optional.of(from.nodes().get(old.node()));
  }

  /** The new graph's node that computes a value. */
  Optional<Node> recorded(Value now) {
    return now.equals(Value.IMAGE) ? Optional.empty() : Optional.of(recorder.node(now.node()));
  }

  /** Whether another node of the old graph has this very description, and so its parameters. */
  boolean shares(Op op) {
    return sameOps.getOrDefault(op, 0) > 1;
  }
}
