package org.efrnet.torch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AbstractTensor;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.efrnet.graph.Graph;
import org.efrnet.learning.ParameterLayout;
import org.efrnet.learning.Precision;
import org.efrnet.networks.Networks;
import org.efrnet.readings.Parameter;
import org.efrnet.readings.Parameters;
import org.efrnet.weights.Weights;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MapParametersTest {
  private static final Graph GRAPH = Graph.of(Networks.named("efrnet", 11).orElseThrow());
  private static final Weights WEIGHTS = Parameters.initial(GRAPH, 3);
  private static final ParameterLayout LAYOUT = ParameterLayout.of(GRAPH);

  @ParameterizedTest
  @CsvSource({"FP32, true, 0", "FP32, false, 0", "FP64, true, 0", "BF16, true, 0.004"})
  void valuesAreThoseOfTheVectorAndGradientsComeBackToTheirPlaces(
      Precision precision, boolean channelsLast, double relative) {
    Execution execution = Execution.CPU.with(precision);
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      float[] values = LAYOUT.trained(WEIGHTS);
      Tensor trained = execution.upload(values, execution.parameterType(), values.length);
      try (MapParameters maps = new MapParameters(LAYOUT, trained, execution, channelsLast)) {
        Tensor sum = torch.zeros_like(trained);
        maps.follow(trained);
        int laid = 0;
        for (Parameter p : LAYOUT.parameters()) {
          if (!p.kind().trained()) {
            continue;
          }
          Tensor view = maps.get(p.name());
          float[] expected = WEIGHTS.get(p.name()).values();
          float[] found = ParameterStore.download(view);
          for (int i = 0; i < expected.length; i++) {
            assertEquals(
                expected[i], found[i], relative * Math.abs(expected[i]), p.name() + " at " + i);
          }
          view.grad().copy_(view.mul(new Scalar(2.0)));
          laid += view.dim() == 4 && view.is_contiguous(MemoryFormat.ChannelsLast) ? 1 : 0;
        }
        maps.addGradientsTo(sum);
        assertArrayEquals(doubled(values, relative > 0), ParameterStore.download(sum));
        assertEquals(channelsLast, laid > 100, laid + " weights lie as maps do");

        maps.follow(trained);
        maps.addGradientsTo(sum.zero_());
        assertArrayEquals(new float[values.length], ParameterStore.download(sum), "forgotten");
      }
    }
  }

  private static float[] doubled(float[] values, boolean rounded) {
    Tensor all = AbstractTensor.create(values, values.length);
    return ParameterStore.download(
        (rounded ? all.to(torch.ScalarType.BFloat16) : all).mul(new Scalar(2.0)));
  }
}
