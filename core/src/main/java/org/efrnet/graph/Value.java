package org.efrnet.graph;

/**
 * One output of one node.
 *
 * @param node the node's id; {@link #IMAGE}'s is -1
 * @param port which of its outputs
 */
public record Value(int node, int port) {
  /** The network's input. */
  public static final Value IMAGE = new Value(-1, 0);
}
