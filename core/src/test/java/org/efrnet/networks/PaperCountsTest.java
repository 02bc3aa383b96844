package org.efrnet.networks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Locale;
import java.util.Map;
import org.efrnet.graph.Graph;
import org.efrnet.ops.Network;
import org.efrnet.readings.Cost;
import org.efrnet.readings.Parameters;
import org.efrnet.readings.Shape;
import org.junit.jupiter.api.Test;
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
    "segnet, 19, 29453971, 143.7905",
    "erfnet, 19, 2064191, 11.8580",
    "cgnet, 19, 496306, 3.0783",
    "cgnet, 11, 494258, 3.0710",
    "enet-davidtvs, 19, 351660, 1.8748",
    "enet-davidtvs, 12, 350652, 1.8168",
    "enet-davidtvs-2018, 19, 360788, 1.9135",
    "enet-davidtvs-2018, 12, 359780, 1.8555",
  })
  void parametersAndOperationsAt640x360(String name, int classes, long parameters, String gmac) {
    assertCounts(Networks.named(name, classes).orElseThrow(), parameters, gmac);
  }

  /** Public collections halve SegNet's maps rounding down, and so do the counts that they print. */
  @Test
  void segNetAsItIsCountedElsewhere() {
    assertCounts(SegNet.roundingDown(19), 29453971, "143.2238");
  }

  /** The published files of ERFNet have the head that its encoder was trained with. */
  @Test
  void erfNetsEncoderHeadIsTrainedAndNotUsed() {
    Graph graph = Graph.of(ErfNet.withEncoderHead(19));
    assertThat(Parameters.trainedCount(graph)).isEqualTo(2066642);
    Cost cost = Cost.of(graph, Shape.image(1, 360, 640));
    assertThat(cost).isEqualTo(Cost.of(Graph.of(ErfNet.of(19)), Shape.image(1, 360, 640)));
    assertThat(graph.auxiliaryWeights()).containsExactly(Map.entry("aux:encoder", 1.0));
  }

  private static void assertCounts(Network network, long parameters, String gmac) {
    Graph graph = Graph.of(network);
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
