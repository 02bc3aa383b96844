package org.efrnet.conformance;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import org.efrnet.graph.Graph;
import org.efrnet.readings.Parameter;
import org.efrnet.readings.Parameters;
import org.efrnet.weights.FloatTensor;

/**
 * Weights that follow from their names, so that another implementation can have the same without a
 * file of megabytes; the oracle's README gives the formula.
 */
final class NumbersByName {
  private static final double STEP = 0x1p-53;

  private NumbersByName() {}

  /** Every parameter of a graph. */
  static Map<String, FloatTensor> weights(Graph graph) {
    Map<String, FloatTensor> tensors = new LinkedHashMap<>();
    for (Parameter p : Parameters.of(graph)) {
      tensors.put(p.name(), values(p));
    }
    return tensors;
  }

  private static FloatTensor values(Parameter p) {
    String name = p.name();
    int[] shape = p.shape();
    return switch (p.kind()) {
      case CONV_WEIGHT, TRANSPOSED_WEIGHT -> {
        double bound = Math.sqrt(6.0 / (shape[1] * shape[2] * shape[3]));
        yield of(name, -bound, bound, shape);
      }
      case SCALE -> of(name, 0.5, 1.5, shape);
      case RUNNING_VARIANCE -> of(name, 0.5, 2.5, shape);
      case BIAS, SHIFT, RUNNING_MEAN -> of(name, -0.5, 0.5, shape);
      case SLOPE -> of(name, -0.3, 0.6, shape);
    };
  }

  /** Values from {@code low} to {@code high} that look random. */
  static FloatTensor of(String name, double low, double high, int... shape) {
    CRC32 crc = new CRC32();
    crc.update(name.getBytes(StandardCharsets.UTF_8));
    int count = 1;
    for (int side : shape) {
      count *= side;
    }
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      double part = (mixed((crc.getValue() << 32) + i) >>> 11) * STEP;
      values[i] = (float) (low + (high - low) * part);
    }
    return new FloatTensor(shape, values);
  }

  /** SplitMix64's numbers. */
  private static long mixed(long i) {
    long z = i * 0x9e3779b97f4a7c15L;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
