package org.efrnet.graph;

import java.util.List;

/**
 * An operation on values of earlier nodes.
 *
 * @param id its place in {@link Graph#nodes()}
 */
public record Node(int id, Op op, List<Value> inputs) {
  public Node {
    inputs = List.copyOf(inputs);
  }
}
