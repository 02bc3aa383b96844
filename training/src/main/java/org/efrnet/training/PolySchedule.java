package org.efrnet.training;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * The poly schedule, {@code rate * (1 - t) ^ power} (the paper's section 4.1, power 0.9), behind a
 * linear warm-up.
 *
 * @param rate the learning rate at its highest
 * @param power how steep the decay is
 * @param warmup share of all steps, 0..1, in which the rate rises from a hundredth
 */
public record PolySchedule(
    @JsonProperty(required = true) double rate,
    @JsonProperty(required = true) double power,
    @JsonProperty(required = true) double warmup) {
  public PolySchedule {
    if (!(rate > 0) || !(power >= 0) || !(warmup >= 0 && warmup < 1)) {
      throw new IllegalArgumentException(
          "schedule: rate "
              + rate
              + " must be above 0, power "
              + power
              + " at least 0, warmup "
              + warmup
              + " within 0..1");
    }
  }

  /** The learning rate of a step, 0-based, in a training of {@code steps}. */
  public double at(long step, long steps) {
    double rising = warmup * steps;
    if (step < rising) {
      return rate * (0.01 + 0.99 * (step + 1) / (rising + 1));
    }
    double t = (step - rising) / (steps - rising);
    return rate * Math.pow(1 - t, power);
  }
}
