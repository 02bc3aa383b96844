package org.efrnet.segment;

/**
 * How an engine is to run.
 *
 * @param threads that compute at once, at least 1
 */
public record EngineOptions(int threads) {
  public EngineOptions {
    if (threads < 1) {
      throw new IllegalArgumentException("threads is " + threads + ", must be at least 1");
    }
  }
}
