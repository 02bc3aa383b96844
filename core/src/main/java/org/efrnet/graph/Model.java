package org.efrnet.graph;

import org.efrnet.weights.Weights;

/** A graph and the weights that it computes with. Immutable. */
public record Model(Graph graph, Weights weights) {}
