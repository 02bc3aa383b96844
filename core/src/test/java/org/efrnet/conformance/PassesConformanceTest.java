package org.efrnet.conformance;

import org.efrnet.graph.Model;
import org.efrnet.graph.Passes;
import org.efrnet.readings.Reference;
import org.efrnet.weights.FloatTensor;

/** The reference behind all passes, as if it were an engine: proves the passes, and the suite. */
class PassesConformanceTest extends OpsConformance {
  @Override
  protected FloatTensor logits(Model model, FloatTensor image) {
    return Reference.logits(Passes.apply(Passes.fusing(), model), image);
  }

  @Override
  protected double tolerance() {
    return 1e-5;
  }
}
