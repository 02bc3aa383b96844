package org.efrnet.engine;

import java.nio.FloatBuffer;

/** Is shown what convolutions read. */
@FunctionalInterface
interface Observer {
  /** For runs that nobody watches. */
  Observer NONE = (convolution, values, count) -> {};

  /** The first values of the buffer, valid during the call. */
  void see(String convolution, FloatBuffer values, int count);
}
