package org.efrnet.onnx;

import java.util.List;
import org.efrnet.bundle.BundleConfig;
import org.efrnet.graph.Model;
import org.efrnet.segment.Engine;
import org.efrnet.segment.EngineOptions;
import org.efrnet.segment.Executable;

/**
 * Inference by ONNX Runtime, in 32 bits on the CPU, of what {@link OnnxModel} writes.
 *
 * <p>ONNX Runtime's libraries are unpacked once, into the user's cache folder, unless a property
 * {@code onnxruntime.native.*} says where they are.
 */
public final class OnnxRuntimeEngine implements Engine {
  private final OnnxOptions.Unpooling unpooling;

  /** Unpools by the operator of that name. */
  public OnnxRuntimeEngine() {
    this(OnnxOptions.Unpooling.MAXUNPOOL);
  }

  OnnxRuntimeEngine(OnnxOptions.Unpooling unpooling) {
    this.unpooling = unpooling;
  }

  @Override
  public String name() {
    return "onnxruntime";
  }

  /** Of ONNX Runtime's jar. */
  @Override
  public String version() {
    return Natives.version();
  }

  @Override
  public List<String> precisions() {
    return List.of(BundleConfig.FP32);
  }

  @Override
  public Executable prepare(Model model, EngineOptions options) {
    if (!precisions().contains(options.precision())) {
      throw new IllegalArgumentException(
          "engine "
              + name()
              + " computes in "
              + String.join(", ", precisions())
              + ", not in "
              + options.precision()
              + "; choose another engine or precision");
    }
    OnnxModel written = OnnxModel.of(model, OnnxOptions.DEFAULT.with(unpooling));
    return new OnnxExecutable(OnnxSession.of(written.toBytes(), options.threads()), model.graph());
  }
}
