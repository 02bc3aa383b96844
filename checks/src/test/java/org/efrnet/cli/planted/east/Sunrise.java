package org.efrnet.cli.planted.east;

import org.efrnet.cli.planted.west.Sunset;

/** Half of a cycle of packages. */
public final class Sunrise {
  private Sunrise() {}

  static Class<?> next() {
    return Sunset.class;
  }
}
