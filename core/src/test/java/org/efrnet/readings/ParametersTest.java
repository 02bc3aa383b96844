package org.efrnet.readings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.efrnet.conformance.Small;
import org.efrnet.graph.Graph;
import org.efrnet.networks.EfrNet;
import org.efrnet.ops.BatchNorm;
import org.efrnet.ops.Conv;
import org.efrnet.ops.Name;
import org.efrnet.ops.Ops;
import org.efrnet.weights.Weights;
import org.junit.jupiter.api.Test;

class ParametersTest {
  private static final Name A = new Name("a");

  private record Twice(Conv first, Conv second) implements Small.Body {
    @Override
    public <T> T logits(Ops<T> ops, T image) {
      return ops.conv(ops.conv(image, first), second);
    }
  }

  private static final class ConvAndNormOfOneName implements Small.Body {
    @Override
    public <T> T logits(Ops<T> ops, T image) {
      T x = ops.conv(image, Conv.pointwise(A, 3, 3));
      return ops.batchNorm(x, new BatchNorm(A, 3, 1e-3, 0.1));
    }
  }

  private static Graph graph(Small.Body body) {
    return Graph.of(new Small("small", body));
  }

  @Test
  void aSharedNameIsOneParameter() {
    Conv conv = Conv.square(A, 3, 3, 3);
    assertThat(Parameters.of(graph(new Twice(conv, conv))))
        .containsExactly(
            new Parameter("a.weight", new int[] {3, 3, 3, 3}, Parameter.Kind.CONV_WEIGHT));
  }

  @Test
  void aSharedNameWithAnotherDescriptionIsRefused() {
    Graph dilated = graph(new Twice(Conv.square(A, 3, 3, 3), Conv.square(A, 3, 3, 3).dilated(2)));
    assertThatThrownBy(() -> Parameters.of(dilated))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("parameter a.weight is used twice with different descriptions: ");
    Graph mixed = graph(new ConvAndNormOfOneName());
    assertThatThrownBy(() -> Parameters.of(mixed))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("parameter a.weight is used twice");
  }

  @Test
  void theSameSeedGivesTheSameWeightsOnEveryMachine() {
    Graph graph = Graph.of(EfrNet.of(11));
    Weights weights = Parameters.initial(graph, 1);
    assertThat(weights).isEqualTo(Parameters.initial(graph, 1));
    assertThat(weights).isNotEqualTo(Parameters.initial(graph, 2));
    assertThat(weights.digest())
        .isEqualTo("f4b641b7a4722e4c79f3ca050adad6646cef7d34fe82a298db0d5ea136bda74a");
  }

  @Test
  void convolutionsStartAsSpread() {
    float[] values =
        Parameters.initial(Graph.of(EfrNet.of(11)), 1).get("ffm2.refine.conv.weight").values();
    double squares = 0;
    for (float value : values) {
      squares += value * value;
    }
    // 64 input channels, 3x3; 36864 values tell the deviation to about 1 in 270.
    assertThat(Math.sqrt(squares / values.length))
        .isCloseTo(Math.sqrt(2.0 / (64 * 9)), within(0.001));
  }
}
