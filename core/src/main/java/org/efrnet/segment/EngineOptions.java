package org.efrnet.segment;

/**
 * How an engine may use the machine.
 *
 * @param threads that compute, at least 1
 */
public record EngineOptions(int threads) {
  public EngineOptions {
    if (threads < 1) {
      throw new IllegalArgumentException("threads is " + threads + ", must be at least 1");
    }
  }

  /** Every core. */
  public static EngineOptions allCores() {
    return new EngineOptions(Runtime.getRuntime().availableProcessors());
  }
}
