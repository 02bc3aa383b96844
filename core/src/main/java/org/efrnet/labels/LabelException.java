package org.efrnet.labels;

import java.io.IOException;

/** A class table or a label mask that does not hold what it must; the message is one line. */
public final class LabelException extends IOException {
  private static final long serialVersionUID = 1L;

  public LabelException(String message) {
    super(message);
  }

  public LabelException(String message, Throwable cause) {
    super(message, cause);
  }
}
