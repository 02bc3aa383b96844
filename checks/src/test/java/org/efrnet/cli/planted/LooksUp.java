package org.efrnet.cli.planted;

import org.efrnet.cli.Main;

/** Plays a class of core that knows the command line. */
final class LooksUp {
  private LooksUp() {}

  static Class<?> above() {
    return Main.class;
  }
}
