package org.efrnet.graph;

import java.util.List;

/** The passes, and which of them belong to what use. */
public final class Passes {
  private Passes() {}

  /** What may be done to a model that will be trained, in order. */
  public static List<Pass> training() {
    return List.of(new ResizeAfterPointwise());
  }

  /** What may be done to a model that will be used, in order. */
  public static List<Pass> inference() {
    return List.of(new ResizeAfterPointwise(), new FoldBatchNorm(), new FoldExpansion());
  }

  /** The model after all passes, one after the other. */
  public static Model apply(List<Pass> passes, Model model) {
    Model result = model;
    for (Pass pass : passes) {
      result = pass.apply(result);
    }
    return result;
  }
}
