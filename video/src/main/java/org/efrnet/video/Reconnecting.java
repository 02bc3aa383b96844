package org.efrnet.video;

import java.time.Duration;

/**
 * How often a live source that is lost is opened again. The waits double from the first to the
 * longest; a frame that arrives starts the count anew.
 *
 * @param attempts in a row before the source counts as gone, 0 or more
 * @param first wait, more than nothing
 * @param longest wait, no shorter than the first
 */
public record Reconnecting(int attempts, Duration first, Duration longest) {
  /** 12 attempts from half a second to 30 s apart: about four minutes. */
  public static final Reconnecting DEFAULT =
      new Reconnecting(12, Duration.ofMillis(500), Duration.ofSeconds(30));

  public Reconnecting {
    if (attempts < 0) {
      throw new IllegalArgumentException("attempts is " + attempts + ", must be at least 0");
    }
    if (first.isNegative() || first.isZero() || longest.compareTo(first) < 0) {
      throw new IllegalArgumentException(
          "waits from "
              + first
              + " to "
              + longest
              + ": the first must be more than nothing and the longest no shorter");
    }
  }

  /**
   * The wait before an attempt.
   *
   * @param attempt from 1
   */
  Duration before(int attempt) {
    Duration wait = first;
    for (int i = 1; i < attempt && wait.compareTo(longest) < 0; i++) {
      wait = wait.multipliedBy(2);
    }
    return wait.compareTo(longest) < 0 ? wait : longest;
  }
}
