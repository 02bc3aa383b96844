package org.efrnet.engine;

import java.util.List;
import java.util.function.Supplier;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.Loader;
import org.efrnet.bundle.BundleConfig;
import org.efrnet.graph.Model;
import org.efrnet.graph.Passes;
import org.efrnet.segment.Engine;
import org.efrnet.segment.EngineOptions;
import org.efrnet.segment.Executable;

/** Inference by oneDNN, on the CPU: the fastest way to run these networks. */
public final class OneDnnEngine implements Engine {
  /** The name by which people choose it. */
  public static final String NAME = "onednn";

  @Override
  public String name() {
    return NAME;
  }

  /** Of the jar of oneDNN's Java classes, which its natives' jar must equal. */
  @Override
  public String version() {
    return String.valueOf(dnnl_engine.class.getPackage().getImplementationVersion());
  }

  @Override
  public List<String> precisions() {
    return loaded(Precisions::here);
  }

  /**
   * {@inheritDoc}
   *
   * <p>The number of threads holds for the calling thread, which must be the one that runs the
   * result.
   */
  @Override
  public Executable prepare(Model model, EngineOptions options) {
    return loaded(
        () -> {
          requirePrecision(options);
          return new OneDnnExecutable(Passes.apply(Passes.fusing(), model), options);
        });
  }

  private static void requirePrecision(EngineOptions options) {
    List<String> known = Precisions.here();
    if (!known.contains(options.precision())) {
      throw new IllegalArgumentException(
          "engine "
              + NAME
              + " does not compute in "
              + options.precision()
              + " on this processor, which has no instructions for it; there are "
              + String.join(", ", known));
    }
    if (options.precision().equals(BundleConfig.INT8) && options.calibration().isEmpty()) {
      throw new IllegalArgumentException(
          "precision int8 needs a calibration, and this model has none; calibrate it (efrnet"
              + " calibrate), or choose "
              + (known.contains(BundleConfig.BF16) ? BundleConfig.BF16 : BundleConfig.FP32));
    }
  }

  /** Loads natives, in a class of its own so that it happens once. */
  private static final class Natives {
    static {
      OpenMp.sleepSoon();
      // OpenMP comes with them.
      Loader.load(dnnl.class);
    }

    private Natives() {}

    static void load() {}
  }

  /** What needs natives, with one line where they are missing. */
  static <T> T loaded(Supplier<T> call) {
    try {
      Natives.load();
      return call.get();
    } catch (LinkageError e) {
      throw new IllegalStateException(
          "oneDNN cannot be loaded ("
              + String.valueOf(e.getMessage()).lines().findFirst().orElse("")
              + "); add org.bytedeco's dnnl, opencl and javacpp natives for this platform, or choose"
              + " another engine",
          e);
    }
  }
}
