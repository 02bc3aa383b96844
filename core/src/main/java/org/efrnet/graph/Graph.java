package org.efrnet.graph;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.efrnet.ops.Auxiliary;
import org.efrnet.ops.Heads;
import org.efrnet.ops.Network;
import org.efrnet.ops.Ops;

/**
 * A network as data. Nodes stand in an order in which they can be computed. Immutable.
 *
 * @param nodes node {@code i} has id {@code i} and reads earlier nodes only
 * @param outputs by name: {@link #LOGITS} first, then {@code aux:NAME}
 * @param auxiliaryWeights the loss weight of every {@code aux:} output
 */
public record Graph(
    List<Node> nodes, Map<String, Value> outputs, Map<String, Double> auxiliaryWeights) {
  /** The output of the main head. */
  public static final String LOGITS = "logits";

  public Graph {
    nodes = List.copyOf(nodes);
    outputs = Collections.unmodifiableMap(new LinkedHashMap<>(outputs));
    auxiliaryWeights = Collections.unmodifiableMap(new LinkedHashMap<>(auxiliaryWeights));
    for (int i = 0; i < nodes.size(); i++) {
      Node node = nodes.get(i);
      if (node.id() != i) {
        throw new IllegalArgumentException("node " + node.id() + " stands at place " + i);
      }
      for (Value input : node.inputs()) {
        if (input.node() >= i) {
          throw new IllegalArgumentException(
              "node " + i + " reads node " + input.node() + ", which is not computed before it");
        }
      }
    }
    if (!outputs.containsKey(LOGITS)) {
      throw new IllegalArgumentException(
          "a graph gives '" + LOGITS + "', this one only " + outputs.keySet());
    }
    for (Map.Entry<String, Value> output : outputs.entrySet()) {
      if (output.getValue().node() >= nodes.size()) {
        throw new IllegalArgumentException("output " + output.getKey() + " is of no node");
      }
    }
  }

  /** Records a network. */
  public static Graph of(Network network) {
    Recorder recorder = new Recorder();
    Heads<Value> heads = network.heads(recorder, Value.IMAGE);
    Map<String, Value> outputs = new LinkedHashMap<>();
    Map<String, Double> weights = new LinkedHashMap<>();
    outputs.put(LOGITS, heads.logits());
    for (Auxiliary<Value> auxiliary : heads.auxiliary()) {
      outputs.put("aux:" + auxiliary.name(), auxiliary.logits());
      weights.put("aux:" + auxiliary.name(), auxiliary.lossWeight());
    }
    return new Graph(recorder.nodes(), outputs, weights);
  }

  /** Replays the whole graph for its main head. */
  public <T> T logits(Ops<T> ops, T image) {
    return read(ops, image, Set.of(LOGITS)).get(LOGITS);
  }

  /**
   * Replays what the wanted outputs need, in order. A value is dropped from the replay after its
   * last use, so that readings whose memory the garbage collector owns need no more than they must.
   *
   * @throws IllegalArgumentException if there is no such output
   */
  public <T> Map<String, T> read(Ops<T> ops, T image, Set<String> wanted) {
    return read(ops, image, wanted, value -> {});
  }

  /**
   * The same for readings whose values the garbage collector does not own.
   *
   * @param dropped is given every value that will not be used again, once, as soon as that is so;
   *     neither the image nor what is returned. Not for readings that need values later, as
   *     training does
   */
  public <T> Map<String, T> read(
      Ops<T> ops, T image, Set<String> wanted, Consumer<? super T> dropped) {
    boolean[] needed = needed(wanted);
    int[] lastUse = new int[nodes.size()];
    for (Node node : nodes) {
      if (needed[node.id()]) {
        for (Value input : node.inputs()) {
          if (input.node() >= 0) {
            lastUse[input.node()] = node.id();
          }
        }
      }
    }
    Set<Integer> kept = new HashSet<>();
    wanted.forEach(name -> kept.add(outputs.get(name).node()));
    Map<Integer, List<T>> results = new HashMap<>();
    for (Node node : nodes) {
      if (!needed[node.id()]) {
        continue;
      }
      List<T> inputs = new ArrayList<>(node.inputs().size());
      for (Value input : node.inputs()) {
        inputs.add(input.node() < 0 ? image : results.get(input.node()).get(input.port()));
      }
      results.put(node.id(), node.op().read(ops, inputs));
      for (Value input : node.inputs()) {
        if (input.node() >= 0
            && lastUse[input.node()] == node.id()
            && !kept.contains(input.node())) {
          drop(results, input.node(), image, dropped);
        }
      }
    }
    Map<String, T> answer = new LinkedHashMap<>();
    for (Map.Entry<String, Value> output : outputs.entrySet()) {
      if (wanted.contains(output.getKey())) {
        Value value = output.getValue();
        answer.put(
            output.getKey(),
            value.node() < 0 ? image : results.get(value.node()).get(value.port()));
      }
    }
    return answer;
  }

  /** Some operations return what they were given: only the last to hold a value drops it. */
  private static <T> void drop(
      Map<Integer, List<T>> results, int node, T image, Consumer<? super T> dropped) {
    List<T> gone = results.remove(node);
    if (gone == null) {
      return;
    }
    for (T value : gone) {
      boolean held =
          value == image
              || results.values().stream().anyMatch(r -> r.stream().anyMatch(v -> v == value));
      if (!held) {
        dropped.accept(value);
      }
    }
  }

  /**
   * Replays every node and keeps everything.
   *
   * @return what each node gave, by id and port
   */
  public <T> List<List<T>> values(Ops<T> ops, T image) {
    List<List<T>> results = new ArrayList<>(nodes.size());
    for (Node node : nodes) {
      List<T> inputs = new ArrayList<>(node.inputs().size());
      for (Value input : node.inputs()) {
        inputs.add(input.node() < 0 ? image : results.get(input.node()).get(input.port()));
      }
      results.add(node.op().read(ops, inputs));
    }
    return results;
  }

  /** The same without the nodes that no output needs. */
  public Graph withoutDead() {
    Recorder recorder = new Recorder();
    Map<String, Value> kept = read(recorder, Value.IMAGE, outputs.keySet());
    return new Graph(recorder.nodes(), kept, auxiliaryWeights);
  }

  /** Which nodes the wanted outputs depend on, by id. */
  public boolean[] needed(Set<String> wanted) {
    boolean[] needed = new boolean[nodes.size()];
    for (String name : wanted) {
      Value output = outputs.get(name);
      if (output == null) {
        throw new IllegalArgumentException(
            "no output '" + name + "' in this graph; it has " + outputs.keySet());
      }
      if (output.node() >= 0) {
        needed[output.node()] = true;
      }
    }
    for (int i = nodes.size() - 1; i >= 0; i--) {
      if (needed[i]) {
        for (Value input : nodes.get(i).inputs()) {
          if (input.node() >= 0) {
            needed[input.node()] = true;
          }
        }
      }
    }
    return needed;
  }
}
