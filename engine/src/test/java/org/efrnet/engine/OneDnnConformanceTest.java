package org.efrnet.engine;

import java.util.Arrays;
import org.efrnet.bundle.Calibration;
import org.efrnet.conformance.OpsConformance;
import org.efrnet.graph.Model;
import org.efrnet.readings.Shape;
import org.efrnet.readings.Shapes;
import org.efrnet.segment.EngineOptions;
import org.efrnet.segment.Executable;
import org.efrnet.weights.FloatTensor;
import org.junit.jupiter.api.Nested;

/** oneDNN in 32 bits, picture by picture. */
class OneDnnConformanceTest extends OpsConformance {
  @Override
  protected FloatTensor logits(Model model, FloatTensor image) {
    return logits(model, image, new EngineOptions(2));
  }

  static FloatTensor logits(Model model, FloatTensor image, EngineOptions options) {
    int pictures = image.shape()[0];
    int height = image.shape()[2];
    int width = image.shape()[3];
    Shape out = model.graph().logits(new Shapes(), Shape.image(1, height, width));
    float[] all = new float[Math.toIntExact(pictures * out.count())];
    try (Executable executable = new OneDnnEngine().prepare(model, options)) {
      int one = 3 * height * width;
      for (int i = 0; i < pictures; i++) {
        float[] planes = Arrays.copyOfRange(image.values(), i * one, (i + 1) * one);
        float[] logits =
            executable
                .run(planes, height, width)
                .toPlanar(out.channels(), out.height(), out.width());
        System.arraycopy(logits, 0, all, i * logits.length, logits.length);
      }
    }
    return new FloatTensor(new int[] {pictures, out.channels(), out.height(), out.width()}, all);
  }

  /** In bfloat16, where the processor has it; elsewhere in 32 bits once more. */
  @Nested
  class InBfloat16 extends OpsConformance {
    private final String precision =
        new OneDnnEngine().precisions().contains("bf16") ? "bf16" : "fp32";

    @Override
    protected FloatTensor logits(Model model, FloatTensor image) {
      return OneDnnConformanceTest.logits(
          model, image, new EngineOptions(2, precision, Calibration.NONE));
    }

    @Override
    protected double tolerance() {
      return 0.02;
    }

    /**
     * Where a network unpools, a rounded maximum may stand elsewhere: a whole value is then off.
     */
    @Override
    protected double toleranceOfNetworks() {
      return 0.9;
    }
  }
}
