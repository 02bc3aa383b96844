package org.efrnet.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Set;
import org.efrnet.graph.Model;
import org.efrnet.graph.Passes;
import org.efrnet.networks.ErfNet;
import org.efrnet.readings.Reference;
import org.efrnet.weights.FloatTensor;
import org.junit.jupiter.api.Test;

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

  @Test
  void erfNetsEncoderHeadAgreesWithAnIndependentOne() {
    List<FloatTensor> expected = Compared.ofErfNetsEncoder();
    List<Compared> compared =
        Compared.all().stream().filter(c -> c.network() instanceof ErfNet).toList();
    assertThat(compared).hasSameSizeAs(expected).isNotEmpty();
    for (int i = 0; i < expected.size(); i++) {
      Model model = compared.get(i).model();
      Reference.Planes image = Reference.Planes.of(compared.get(i).image());
      FloatTensor head =
          model
              .graph()
              .read(new Reference(model.weights()), image, Set.of("aux:encoder"))
              .get("aux:encoder")
              .toTensor();
      assertThat(head.shape()).isEqualTo(expected.get(i).shape());
      assertThat(head.values()).containsExactly(expected.get(i).values(), within(1e-4f));
    }
  }
}
