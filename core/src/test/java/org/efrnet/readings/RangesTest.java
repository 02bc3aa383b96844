package org.efrnet.readings;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.efrnet.conformance.RandomModels;
import org.efrnet.graph.Graph;
import org.efrnet.graph.Model;
import org.efrnet.graph.Node;
import org.efrnet.graph.Op;
import org.efrnet.graph.Passes;
import org.efrnet.networks.Networks;
import org.efrnet.ops.Conv;
import org.efrnet.ops.Heads;
import org.efrnet.ops.Name;
import org.efrnet.ops.Network;
import org.efrnet.ops.Ops;
import org.efrnet.weights.FloatTensor;
import org.efrnet.weights.Weights;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RangesTest {
  private static final Conv FIRST = Conv.pointwise(new Name("first"), 3, 2);
  private static final Conv SECOND = Conv.pointwise(new Name("second"), 2, 2);

  /** Its first convolution doubles two channels; its second reads that within 0..7. */
  private static final Network DOUBLING =
      new Network() {
        @Override
        public String name() {
          return "doubling";
        }

        @Override
        public int classes() {
          return 2;
        }

        @Override
        public <T> Heads<T> heads(Ops<T> ops, T image) {
          return Heads.of(ops.conv(ops.clip(ops.conv(image, FIRST), 0, 7), SECOND));
        }
      };

  @Test
  void areTheLargestMagnitudesOfAllImages() {
    Weights weights =
        Weights.of(
            Map.of(
                "first.weight",
                    new FloatTensor(new int[] {2, 3, 1, 1}, new float[] {2, 0, 0, 0, 2, 0}),
                "second.weight",
                    new FloatTensor(new int[] {2, 2, 1, 1}, new float[] {1, 0, 0, 1})));
    Ranges ranges = new Ranges(weights);
    Graph graph = Graph.of(DOUBLING);
    graph.logits(ranges, image(-3, 1, 0));
    assertThat(ranges.largest()).isEqualTo(Map.of("first", 3.0, "second", 2.0));
    graph.logits(ranges, image(-1, 2.5f, -5));
    assertThat(ranges.largest()).isEqualTo(Map.of("first", 5.0, "second", 5.0));
    graph.logits(ranges, image(0, 4, 0));
    assertThat(ranges.largest()).as("clipped").isEqualTo(Map.of("first", 5.0, "second", 7.0));
    assertThat(Ranges.of(new Model(graph, weights), tensor(-3, -1, 0)))
        .as("nothing but zeros")
        .isEqualTo(Map.of("first", 3.0, "second", 0.0));
  }

  private static FloatTensor tensor(float... pixel) {
    return new FloatTensor(new int[] {1, 3, 1, 1}, pixel);
  }

  private static Reference.Planes image(float... pixel) {
    return Reference.Planes.of(tensor(pixel));
  }

  @ParameterizedTest
  @ValueSource(strings = {"efrnet", "enet"})
  void areOfEveryConvolutionAfterThePassesAndChangeNothing(String network) {
    Model model =
        Passes.apply(
            Passes.inference(), RandomModels.of(Networks.named(network, 4).orElseThrow(), 3));
    FloatTensor image = RandomModels.image(1, 3, 32, 32, 4);
    Ranges ranges = new Ranges(model.weights());
    float[] logits = model.graph().logits(ranges, Reference.Planes.of(image)).toTensor().values();
    assertThat(logits).isEqualTo(Reference.logits(model, image).values());
    Set<String> convolutions = new TreeSet<>();
    for (Node node : model.graph().withoutDead().nodes()) {
      if (node.op() instanceof Op.Convolve convolution) {
        convolutions.add(convolution.conv().at().value());
      } else if (node.op() instanceof Op.ConvolveTransposed convolution) {
        convolutions.add(convolution.conv().at().value());
      }
    }
    assertThat(ranges.largest().keySet()).isEqualTo(convolutions).isNotEmpty();
    assertThat(ranges.largest().values()).allMatch(magnitude -> magnitude > 0);
  }
}
