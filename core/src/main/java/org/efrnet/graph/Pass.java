package org.efrnet.graph;

/** A rewriting of a model that computes the same function, up to rounding. */
public interface Pass {
  /** The rewritten model; the given one is left as it is. */
  Model apply(Model model);

  /** Whether training the rewritten graph is training the given one, gradients included. */
  boolean exactInTraining();
}
