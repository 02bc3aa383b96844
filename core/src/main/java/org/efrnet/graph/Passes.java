package org.efrnet.graph;

import java.util.ArrayList;
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
    return List.of(
        new DropIdentities(),
        new ResizeAfterPointwise(),
        new ApplyToParts(),
        new FoldBatchNorm(),
        new FoldExpansion(),
        new FlushSubnormals());
  }

  /** What may be done besides for a reading that is a {@link FusingOps}. */
  public static List<Pass> fusing() {
    List<Pass> passes = new ArrayList<>(inference());
    passes.add(new FuseElementwise());
    return List.copyOf(passes);
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
