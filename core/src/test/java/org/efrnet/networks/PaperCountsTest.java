package org.efrnet.networks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Locale;
import org.efrnet.graph.Graph;
import org.efrnet.readings.Cost;
import org.efrnet.readings.Parameters;
import org.efrnet.readings.Shape;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The figures of the paper's Table 1 and 2, and of the variants that its text permits. */
class PaperCountsTest {
  @ParameterizedTest
  @CsvSource({
    "efrnet, 19, 480436, 3.0143",
    "baseline, 19, 358060, 1.9135",
    "baseline+ffm1, 19, 363188, 2.1202",
    "baseline+ffm1+ffm2, 19, 471420, 3.0129",
    "enet, 19, 357990, 1.9135",
    "efrnet-r2, 19, 484636, 3.0157",
    "efrnet-s, 19, 478108, 3.0069",
    "efrnet-s-prime, 19, 482332, 3.0539",
    "efrnet, 11, 479284, 2.9479",
  })
  void parametersAndOperationsAt640x360(String name, int classes, long parameters, String gmac) {
    Graph graph = Graph.of(Networks.named(name, classes).orElseThrow());
    Cost cost = Cost.of(graph, Shape.image(1, 360, 640));
    assertThat(cost.parameters()).isEqualTo(parameters);
    assertThat(Parameters.trainedCount(graph)).isEqualTo(parameters);
    assertThat(String.format(Locale.ROOT, "%.4f", cost.gmac())).isEqualTo(gmac);
    assertThat(cost.blocks().stream().mapToLong(Cost.Block::operations).sum())
        .isEqualTo(cost.operations());
    assertThat(cost.blocks().stream().mapToLong(Cost.Block::parameters).sum())
        .isEqualTo(cost.parameters());
  }
}
