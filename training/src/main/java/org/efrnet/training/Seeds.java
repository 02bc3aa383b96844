package org.efrnet.training;

import java.util.SplittableRandom;

/** Random sources that are functions of a run's seed and of where in the run they are used. */
final class Seeds {
  private Seeds() {}

  /** A source for one use; different uses give unrelated streams. */
  static SplittableRandom of(long seed, long step, long use) {
    return new SplittableRandom(mix(mix(mix(seed) ^ step) ^ use));
  }

  /** The finaliser of SplitMix64 (Steele, Lea, Flood 2014). */
  private static long mix(long z) {
    z += 0x9e3779b97f4a7c15L;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
