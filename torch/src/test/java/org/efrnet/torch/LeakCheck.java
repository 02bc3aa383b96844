package org.efrnet.torch;

import java.util.function.IntConsumer;

/**
 * Runs work many times and sees what stays behind: native objects that Java refers to, and memory
 * of the process.
 *
 * @param liveGrowth native objects more after the work than after its warm-up
 * @param residentGrowth bytes more
 */
record LeakCheck(long liveGrowth, long residentGrowth) {
  /** More than this is a leak, however often the work ran. */
  private static final long TOLERATED_BYTES = 50L << 20;

  /**
   * @param warmUp runs before the first look: allocators, code caches and thread pools fill
   * @param runs runs after it
   * @param work is given the number of the run
   */
  static LeakCheck of(int warmUp, int runs, IntConsumer work) {
    for (int i = 0; i < warmUp; i++) {
      work.accept(i);
    }
    System.gc();
    long live = Natives.live();
    long resident = Natives.residentBytes();
    for (int i = 0; i < runs; i++) {
      work.accept(warmUp + i);
    }
    System.gc();
    return new LeakCheck(Natives.live() - live, Natives.residentBytes() - resident);
  }

  /** Whether something leaks. */
  boolean leaks() {
    return liveGrowth > 0 || residentGrowth > TOLERATED_BYTES;
  }
}
