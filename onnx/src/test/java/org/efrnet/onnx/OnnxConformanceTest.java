package org.efrnet.onnx;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Map;
import org.efrnet.conformance.OpsConformance;
import org.efrnet.graph.Model;
import org.efrnet.readings.Reference;
import org.efrnet.weights.FloatTensor;
import org.junit.jupiter.api.Nested;

/** What the written model computes, whole batches at once, is what the reference computes. */
class OnnxConformanceTest {
  private static FloatTensor run(byte[] model, FloatTensor image) throws OrtException {
    long[] shape = Arrays.stream(image.shape()).asLongStream().toArray();
    try (OnnxSession session = OnnxSession.of(model, 1);
        OnnxTensor input =
            OnnxTensor.createTensor(
                session.environment(), FloatBuffer.wrap(image.values()), shape);
        OrtSession.Result result = session.session().run(Map.of(OnnxModel.IMAGE, input))) {
      OnnxTensor logits = (OnnxTensor) result.get(0);
      int[] sides = Arrays.stream(logits.getInfo().getShape()).mapToInt(Math::toIntExact).toArray();
      float[] values = new float[Math.toIntExact(logits.getInfo().getNumElements())];
      logits.getFloatBuffer().get(values);
      return new FloatTensor(sides, values);
    }
  }

  private abstract static class Written extends OpsConformance {
    private final OnnxOptions.Unpooling unpooling;

    Written(OnnxOptions.Unpooling unpooling) {
      this.unpooling = unpooling;
    }

    @Override
    protected FloatTensor logits(Model model, FloatTensor image) {
      try {
        return run(OnnxModel.of(model, OnnxOptions.DEFAULT.with(unpooling)).toBytes(), image);
      } catch (OrtException e) {
        throw new AssertionError(e);
      }
    }

    @Override
    protected double tolerance() {
      return 1e-5;
    }
  }

  @Nested
  class ByMaxUnpool extends Written {
    ByMaxUnpool() {
      super(OnnxOptions.Unpooling.MAXUNPOOL);
    }
  }

  @Nested
  class ByScatterElements extends Written {
    ByScatterElements() {
      super(OnnxOptions.Unpooling.SCATTER);
    }

    /** Where windows overlap this form is refused, and nothing is left to compare. */
    @Override
    protected FloatTensor logits(Model model, FloatTensor image) {
      if (!Unpoolings.mayCollide(model.graph())) {
        return super.logits(model, image);
      }
      assertThatThrownBy(() -> super.logits(model, image))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("windows overlap");
      return Reference.logits(model, image);
    }
  }
}
