package org.efrnet.segment;

import java.util.List;
import org.efrnet.bundle.BundleConfig;
import org.efrnet.graph.Model;
import org.efrnet.readings.Reference;
import org.efrnet.readings.Shape;
import org.efrnet.readings.Shapes;
import org.efrnet.weights.FloatTensor;

/** The engine that needs nothing but Java, for tests and small pictures. */
final class ReferenceEngine implements Engine {
  static final String NAME = "reference";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public String version() {
    return System.getProperty("java.vm.version", "");
  }

  @Override
  public List<String> precisions() {
    return List.of(BundleConfig.FP32);
  }

  @Override
  public Executable prepare(Model model, EngineOptions options) {
    int classes = model.graph().logits(new Shapes(), Shape.image(1, 64, 64)).channels();
    return new Executable() {
      private boolean closed;

      @Override
      public LogitRows run(float[] planes, int height, int width) {
        return LogitRows.planar(logits(planes, height, width), classes, height, width);
      }

      @Override
      public float[] logits(float[] planes, int height, int width) {
        if (closed) {
          throw new IllegalStateException("this executable is closed; prepare another one");
        }
        FloatTensor image = new FloatTensor(new int[] {1, 3, height, width}, planes);
        return Reference.logits(model, image).values();
      }

      /** Rounded from double precision at the end. */
      @Override
      public String precision() {
        return BundleConfig.FP32;
      }

      @Override
      public int classes() {
        return classes;
      }

      @Override
      public void close() {
        closed = true;
      }
    };
  }
}
