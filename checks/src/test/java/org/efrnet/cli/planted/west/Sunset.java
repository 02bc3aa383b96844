package org.efrnet.cli.planted.west;

import org.efrnet.cli.planted.east.Sunrise;

/** The other half of a cycle of packages. */
public final class Sunset {
  private Sunset() {}

  public static Class<?> next() {
    return Sunrise.class;
  }
}
