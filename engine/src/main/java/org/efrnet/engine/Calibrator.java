package org.efrnet.engine;

import java.nio.FloatBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.efrnet.bundle.BundleConfig;
import org.efrnet.bundle.Calibration;
import org.efrnet.graph.Model;
import org.efrnet.graph.Passes;
import org.efrnet.segment.EngineOptions;

/**
 * Finds out how large the values are that a model's convolutions read, by running it in 32 bits on
 * pictures and watching. For one thread at a time, which makes it, uses it and closes it.
 */
public final class Calibrator implements AutoCloseable {
  private final Map<String, Histogram> inputs = new LinkedHashMap<>();
  private final OneDnnExecutable executable;

  /**
   * A calibrator that has seen no picture yet.
   *
   * @param model as the network was written
   * @param threads that compute at once, at least 1
   * @throws IllegalStateException if oneDNN cannot run here, with the remedy
   */
  public Calibrator(Model model, int threads) {
    this.executable =
        OneDnnEngine.loaded(
            () ->
                new OneDnnExecutable(
                    Passes.apply(Passes.fusing(), model),
                    new EngineOptions(threads, BundleConfig.FP32, Calibration.NONE),
                    this::see));
  }

  private void see(String convolution, FloatBuffer values, int count) {
    inputs.computeIfAbsent(convolution, name -> new Histogram()).add(values, count);
  }

  /**
   * Runs the model on one more picture.
   *
   * @param planes normalised values, planar (3, height, width)
   * @throws IllegalArgumentException if the array has another length, or the network cannot take a
   *     picture of this size
   */
  public void add(float[] planes, int height, int width) {
    executable.run(planes, height, width);
  }

  /** What was found out so far; empty before the first picture. */
  public Calibration calibration() {
    SortedMap<String, Double> magnitudes = new TreeMap<>();
    inputs.forEach((name, histogram) -> magnitudes.put(name, histogram.bestMagnitude()));
    return new Calibration(magnitudes);
  }

  @Override
  public void close() {
    executable.close();
  }
}
