package org.efrnet.torch;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.efrnet.graph.Graph;
import org.efrnet.graph.Model;
import org.efrnet.graph.Passes;
import org.efrnet.readings.Parameters;
import org.efrnet.segment.Engine;
import org.efrnet.segment.EngineOptions;
import org.efrnet.segment.Executable;

/** Inference on libtorch, 32-bit floats, after the passes that fold what can be folded. */
public final class LibtorchEngine implements Engine {
  private final Execution execution;

  /** On the CPU. */
  public LibtorchEngine() {
    this(Execution.CPU);
  }

  /** As the execution says. */
  public LibtorchEngine(Execution execution) {
    this.execution = execution;
  }

  @Override
  public String name() {
    return "libtorch";
  }

  @Override
  public Executable prepare(Model model, EngineOptions options) {
    Natives.setThreads(options.threads());
    try {
      return new Prepared(Passes.apply(Passes.inference(), model), execution);
    } catch (RuntimeException e) {
      throw TorchErrors.translated(e);
    }
  }

  private static final class Prepared implements Executable {
    private final Graph graph;
    private final Execution execution;
    private final ParameterStore store;
    private final TorchOps ops;
    private boolean closed;

    Prepared(Model model, Execution execution) {
      this.graph = model.graph();
      this.execution = execution;
      this.store = new ParameterStore(Parameters.of(graph), model.weights(), execution, false);
      this.ops = new TorchOps(store, execution, new TorchOps.Mode.Inference());
    }

    @Override
    public float[] logits(float[] planes, int height, int width) {
      if (closed) {
        throw new IllegalStateException("this network is closed; prepare another one");
      }
      try (PointerScope scope = new PointerScope();
          NoGradGuard guard = new NoGradGuard()) {
        Tensor image = TorchOps.image(planes, 1, height, width, execution);
        return ParameterStore.download(graph.logits(ops, image));
      } catch (RuntimeException e) {
        throw TorchErrors.translated(e);
      }
    }

    @Override
    public void close() {
      if (!closed) {
        closed = true;
        store.close();
      }
    }
  }
}
