package org.efrnet.cli;

import java.util.List;
import java.util.function.IntConsumer;

/**
 * Measures competitors against one another: in every round each of them works once, and who begins
 * changes from round to round. What disturbs the machine for a while then disturbs all of them
 * alike, which it would not if they were measured one after the other.
 */
final class Contest {
  /** That compilers and caches have seen everything before it counts. */
  private static final int WARM_UP_ROUNDS = 10;

  /**
   * Between turns: threads of the one before, which wait for more work by spinning, would else take
   * a processor from the next.
   */
  private static final long PAUSE_MILLIS = 10;

  private final List<Runnable> competitors;

  Contest(List<Runnable> competitors) {
    this.competitors = List.copyOf(competitors);
  }

  /**
   * Lets every competitor work, unmeasured, for so long and at least ten times.
   *
   * @param seconds for each
   */
  void warmUp(double seconds) {
    warmUp(seconds, WARM_UP_ROUNDS);
  }

  /**
   * Lets every competitor work, unmeasured, for so long and so many times at least.
   *
   * @param seconds for each
   * @param times 0 or more
   */
  void warmUp(double seconds, int times) {
    for (Runnable competitor : competitors) {
      long begun = System.nanoTime();
      for (int i = 0; i < times || System.nanoTime() - begun < seconds * 1e9; i++) {
        competitor.run();
      }
    }
  }

  /**
   * Measures.
   *
   * @param rounds at least 1
   * @param done is told how many rounds are over
   * @return milliseconds, by competitor and round
   */
  double[][] run(int rounds, IntConsumer done) {
    double[][] millis = new double[competitors.size()][rounds];
    for (int round = 0; round < rounds; round++) {
      for (int i = 0; i < competitors.size(); i++) {
        int turn = (round + i) % competitors.size();
        pause();
        long begun = System.nanoTime();
        competitors.get(turn).run();
        millis[turn][round] = (System.nanoTime() - begun) / 1e6;
      }
      done.accept(round + 1);
    }
    return millis;
  }

  private static void pause() {
    try {
      Thread.sleep(PAUSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while measuring; measure again", e);
    }
  }
}
