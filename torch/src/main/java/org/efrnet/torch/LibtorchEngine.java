package org.efrnet.torch;

import java.util.List;
import java.util.Set;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.efrnet.bundle.BundleConfig;
import org.efrnet.graph.Graph;
import org.efrnet.graph.Model;
import org.efrnet.graph.Passes;
import org.efrnet.readings.Parameters;
import org.efrnet.readings.Shape;
import org.efrnet.readings.Shapes;
import org.efrnet.segment.Engine;
import org.efrnet.segment.EngineOptions;
import org.efrnet.segment.Executable;
import org.efrnet.segment.LogitRows;

/** Inference by libtorch, on the CPU: in 32 bits, or with parameters and maps in bfloat16. */
public final class LibtorchEngine implements Engine {
  private static final String BF16 = "bf16";

  @Override
  public String name() {
    return "libtorch";
  }

  /** Of the jar of libtorch's Java classes, which its natives' jars must equal. */
  @Override
  public String version() {
    return String.valueOf(NoGradGuard.class.getPackage().getImplementationVersion());
  }

  /** 32 bits first, which every processor computes in by itself. */
  @Override
  public List<String> precisions() {
    return List.of(BundleConfig.FP32, BF16);
  }

  /**
   * {@inheritDoc}
   *
   * <p>The number of threads holds for the whole process, from now on.
   */
  @Override
  public Executable prepare(Model model, EngineOptions options) {
    if (!precisions().contains(options.precision())) {
      throw new IllegalArgumentException(
          "engine "
              + name()
              + " does not compute in "
              + options.precision()
              + "; choose one of "
              + String.join(", ", precisions()));
    }
    try {
      Natives.setThreads(options.threads());
      return new Prepared(Passes.apply(Passes.inference(), model), options.precision());
    } catch (RuntimeException e) {
      throw TorchErrors.translated(e);
    }
  }

  private static final class Prepared implements Executable {
    private final Graph graph;
    private final int classes;
    private final String precision;
    private final Execution execution;
    private final ParameterStore store;
    private boolean closed;

    Prepared(Model model, String precision) {
      this.precision = precision;
      this.execution = precision.equals(BF16) ? Execution.CPU.with(Precision.BF16) : Execution.CPU;
      this.graph = model.graph();
      this.classes = graph.logits(new Shapes(), Shape.image(1, 64, 64)).channels();
      this.store = new ParameterStore(Parameters.of(graph), model.weights(), execution, false);
    }

    @Override
    public float[] logits(float[] planes, int height, int width) {
      if (closed) {
        throw new IllegalStateException("this executable is closed; prepare another one");
      }
      if (planes.length != 3L * height * width) {
        throw new IllegalArgumentException(
            planes.length + " values are not the 3 planes of " + width + "x" + height + " pixels");
      }
      // libtorch's own words about sizes would come from deep inside.
      graph.logits(new Shapes(), Shape.image(1, height, width));
      try (PointerScope scope = new PointerScope();
          NoGradGuard guard = new NoGradGuard()) {
        Tensor image = TorchOps.image(planes, 1, height, width, execution);
        TorchOps inference = new TorchOps(store, execution, new TorchOps.Mode.Inference());
        // Freed as soon as nobody needs them: a large picture's maps together are tens of
        // gigabytes.
        Tensor logits =
            graph.read(inference, image, Set.of(Graph.LOGITS), Tensor::close).get(Graph.LOGITS);
        return ParameterStore.download(logits);
      } catch (RuntimeException e) {
        throw TorchErrors.translated(e);
      }
    }

    @Override
    public LogitRows run(float[] planes, int height, int width) {
      return LogitRows.planar(logits(planes, height, width), classes, height, width);
    }

    @Override
    public String precision() {
      return precision;
    }

    @Override
    public int classes() {
      return classes;
    }

    @Override
    public void close() {
      closed = true;
      store.close();
    }
  }
}
