package org.efrnet.torch;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.efrnet.bundle.BundleConfig;
import org.efrnet.graph.Graph;
import org.efrnet.graph.Model;
import org.efrnet.graph.Passes;
import org.efrnet.learning.ParameterLayout;
import org.efrnet.learning.Precision;
import org.efrnet.readings.Shape;
import org.efrnet.readings.Shapes;
import org.efrnet.segment.Engine;
import org.efrnet.segment.EngineOptions;
import org.efrnet.segment.Executable;
import org.efrnet.segment.LogitRows;

/**
 * Inference by libtorch, on the CPU: in 32 bits, or with parameters and maps in bfloat16. Each in
 * its fastest form that is known: channels last throughout, converted once, read where they lie.
 */
public final class LibtorchEngine implements Engine {
  @Override
  public String name() {
    return "libtorch";
  }

  /** Of the jar of libtorch's Java classes, which its natives' jars must equal. */
  @Override
  public String version() {
    return String.valueOf(NoGradGuard.class.getPackage().getImplementationVersion());
  }

  @Override
  public List<String> precisions() {
    return Processor.hasBfloat16()
        ? List.of(BundleConfig.BF16, BundleConfig.FP32)
        : List.of(BundleConfig.FP32);
  }

  /**
   * {@inheritDoc}
   *
   * <p>The number of threads holds for the whole process, from now on.
   */
  @Override
  public Executable prepare(Model model, EngineOptions options) {
    List<String> known = precisions();
    if (!known.contains(options.precision())) {
      throw new IllegalArgumentException(
          "engine "
              + name()
              + " does not compute in "
              + options.precision()
              + " on this processor, but in "
              + String.join(", ", known)
              + "; choose one of these, or another engine");
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

    /** The last call's logits, as (1, height, width, classes) in 32 bits. */
    private Optional<Tensor> last = Optional.empty();

    /** How often logits became invalid. */
    private long forgotten;

    Prepared(Model model, String precision) {
      this.precision = precision;
      this.execution =
          precision.equals(BundleConfig.BF16) ? Execution.CPU.with(Precision.BF16) : Execution.CPU;
      this.graph = model.graph();
      this.classes = graph.logits(new Shapes(), Shape.image(1, 64, 64)).channels();
      this.store = new ParameterStore(ParameterLayout.of(graph), model.weights(), execution, false);
    }

    @Override
    public LogitRows run(float[] planes, int height, int width) {
      forget();
      Tensor logits =
          computed(
              planes,
              height,
              width,
              maps -> {
                Tensor rows = maps.to(ScalarType.Float).permute(0, 2, 3, 1).contiguous();
                if (rows.numel() > Integer.MAX_VALUE / Float.BYTES) {
                  throw new IllegalArgumentException(
                      classes
                          + " logits for each of "
                          + width
                          + "x"
                          + height
                          + " pixels are more than this engine can give; choose a smaller size");
                }
                // Outlives the call's scope.
                return rows.retainReference();
              });
      last = Optional.of(logits);
      FloatBuffer values = logits.createBuffer();
      int line = width * classes;
      long age = forgotten;
      return (row, into) -> {
        // Memory that was given back must not be looked at.
        if (age != forgotten) {
          throw new IllegalStateException(
              "these logits were valid until the next picture; read them before it, and before"
                  + " close()");
        }
        values.get(row * line, into, 0, Math.min(line, into.length));
      };
    }

    /** Planar at once: faster than by rows. */
    @Override
    public float[] logits(float[] planes, int height, int width) {
      forget();
      return computed(planes, height, width, ParameterStore::download);
    }

    private <T> T computed(float[] planes, int height, int width, Function<Tensor, T> taken) {
      if (closed) {
        throw new IllegalStateException("this executable is closed; prepare another one");
      }
      Executable.requirePlanes(planes, height, width);
      // libtorch's own words about sizes would come from deep inside.
      graph.logits(new Shapes(), Shape.image(1, height, width));
      try (PointerScope scope = new PointerScope();
          NoGradGuard guard = new NoGradGuard()) {
        Tensor image = TorchOps.image(planes, 1, height, width, execution);
        TorchOps inference = new TorchOps(store, execution, new TorchOps.Mode.Inference());
        // Freed as soon as nobody needs them: a large picture's maps together are tens of
        // gigabytes.
        return taken.apply(
            graph.read(inference, image, Set.of(Graph.LOGITS), Tensor::close).get(Graph.LOGITS));
      } catch (RuntimeException e) {
        throw TorchErrors.translated(e);
      }
    }

    private void forget() {
      forgotten++;
      last.ifPresent(Tensor::releaseReference);
      last = Optional.empty();
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
      forget();
      store.close();
    }
  }
}
