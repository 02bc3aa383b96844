package org.efrnet.onnx;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** A model in ONNX Runtime, as fast as it can be run. */
record OnnxSession(OrtEnvironment environment, OrtSession session) implements AutoCloseable {
  /**
   * Loads a model.
   *
   * @param model a {@code ModelProto}
   * @throws IllegalStateException if ONNX Runtime cannot run here, or refuses the model
   */
  static OnnxSession of(byte[] model, int threads) {
    OrtEnvironment environment = Natives.environment();
    // The first session of a process lets the thread that makes it flush subnormal numbers to zero
    // for ever, and Java's own arithmetic with it. So that is a thread that ends.
    CompletableFuture<OrtSession> made = new CompletableFuture<>();
    Thread maker =
        new Thread(
            () -> {
              try (SessionOptions options = new SessionOptions()) {
                options.setOptimizationLevel(SessionOptions.OptLevel.ALL_OPT);
                options.setExecutionMode(SessionOptions.ExecutionMode.SEQUENTIAL);
                options.setIntraOpNumThreads(threads);
                options.setInterOpNumThreads(1);
                options.addConfigEntry("session.set_denormal_as_zero", "1");
                made.complete(environment.createSession(model, options));
              } catch (OrtException | RuntimeException | Error e) {
                made.completeExceptionally(e);
              }
            },
            "efrnet-onnxruntime-start");
    maker.start();
    try {
      return new OnnxSession(environment, made.join());
    } catch (CompletionException e) {
      if (e.getCause() instanceof OrtException cause) {
        throw OnnxErrors.translated(cause);
      }
      throw new IllegalStateException("onnxruntime: " + e.getCause(), e);
    }
  }

  @Override
  public void close() {
    try {
      session.close();
    } catch (OrtException e) {
      throw OnnxErrors.translated(e);
    }
  }
}
