package org.efrnet.bundle;

import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.efrnet.text.OneLine;

/**
 * How large the values become that a network's convolutions read, as measured on pictures: what
 * arithmetic in 8 bits must know beforehand. Kept by the names of convolutions as they are after
 * the passes for inference. Immutable.
 *
 * @param inputs by convolution: the magnitude that 127 shall stand for; finite and above 0
 */
public record Calibration(SortedMap<String, Double> inputs) {
  /** Of a network that was not measured. */
  public static final Calibration NONE = new Calibration(new TreeMap<>());

  public Calibration {
    for (Map.Entry<String, Double> input : inputs.entrySet()) {
      Double magnitude = input.getValue();
      if (magnitude == null || !(magnitude > 0 && magnitude <= Float.MAX_VALUE)) {
        throw new IllegalArgumentException(
            "calibration of '"
                + OneLine.of(input.getKey())
                + "' is "
                + magnitude
                + ", not a finite magnitude above 0; calibrate anew");
      }
    }
    inputs = Collections.unmodifiableSortedMap(new TreeMap<>(inputs));
  }

  /** Whether nothing was measured. */
  public boolean isEmpty() {
    return inputs.isEmpty();
  }
}
