package org.efrnet.networks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Locale;
import org.efrnet.graph.Graph;
import org.efrnet.readings.Cost;
import org.efrnet.readings.Parameters;
import org.efrnet.readings.Shape;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The figures of the networks that the paper compares itself with, for 19 classes. */
class ComparedCountsTest {
  private static final Shape IMAGE = Shape.image(1, 360, 640);

  /** BiSeNet's parameters are its authors' code's: 12.894 M, and 13.495 M with what trains it. */
  @ParameterizedTest
  @CsvSource({
    "bisenet-r18, 12894163, 600614, 11.6411",
    "bisenet-xception39, 1541963, 300326, 3.1000",
    "icnet, 6699987, 7334, 3.4121",
    "icnet-r18, 11970592, 4864, 5.3862",
    "rthpnet, 6240787, 6099, 22.7151",
    "rthpnet-os16, 6240787, 6099, 8.7977",
  })
  void parametersAndOperationsAt640x360(String name, long parameters, long auxiliary, String gmac) {
    Graph graph = graph(name);
    Cost cost = Cost.of(graph, IMAGE);
    assertThat(cost.parameters()).isEqualTo(parameters);
    assertThat(Parameters.trainedCount(graph)).isEqualTo(parameters + auxiliary);
    assertThat(fourPlaces(cost.operations())).isEqualTo(gmac);
    assertThat(cost.blocks().stream().mapToLong(Cost.Block::operations).sum())
        .isEqualTo(cost.operations());
    assertThat(cost.blocks().stream().mapToLong(Cost.Block::parameters).sum())
        .isEqualTo(cost.parameters());
  }

  /** The paper's 15.05 counts the backbone's second half at both scales, and what trains. */
  @Test
  void whatIcNetsRowInThePaperCounts() {
    assertThat(fourPlaces(Cost.operationsAsWritten(graph("icnet-r18"), IMAGE)))
        .isEqualTo("15.0540");
  }

  private static Graph graph(String name) {
    return Graph.of(Networks.named(name, 19).orElseThrow());
  }

  private static String fourPlaces(long operations) {
    return String.format(Locale.ROOT, "%.4f", operations / 1e9);
  }
}
