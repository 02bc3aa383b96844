package org.efrnet.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;

/**
 * What {@code doctor} found out about one thing, in one line.
 *
 * @param name of the thing, stable from version to version
 * @param state how it stands
 * @param needed whether {@code segment} fails without it
 * @param detail what is the case
 * @param remedy what to do about it; blank where nothing need be done
 */
record Finding(String name, State state, boolean needed, String detail, String remedy) {
  /** How a thing stands. */
  enum State {
    /** As it should be. */
    OK,
    /** It is not there. */
    MISSING,
    /** It is there and does not work. */
    BROKEN;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  static Finding ok(String name, String detail) {
    return new Finding(name, State.OK, false, detail, "");
  }

  /** Whether {@code segment} fails because of it. */
  boolean isFatal() {
    return needed && state != State.OK;
  }

  void describe(ObjectNode node) {
    node.put("name", name);
    node.put("state", state.toString());
    node.put("needed", needed);
    node.put("detail", detail);
    node.put("remedy", remedy);
  }
}
