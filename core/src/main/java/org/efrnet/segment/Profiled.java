package org.efrnet.segment;

import java.util.List;

/** What an {@link Executable} may be as well: able to say where its time goes. */
public interface Profiled {
  /**
   * Computes one picture several times and measures every step on its own.
   *
   * @param planes normalised values, planar (3, height, width); read during the call only
   * @param rounds that are measured, at least 1; a step's time is the median over them
   * @return the steps in the order in which they are computed
   * @throws IllegalArgumentException as {@link Executable#run}
   * @throws IllegalStateException as {@link Executable#run}
   */
  List<NodeTime> profile(float[] planes, int height, int width, int rounds);
}
