package org.efrnet.weights;

import java.io.IOException;

/** A weights file that cannot be read or written; the message is one line with the reason. */
public final class WeightsException extends IOException {
  private static final long serialVersionUID = 1L;

  public WeightsException(String message) {
    super(message);
  }

  public WeightsException(String message, Throwable cause) {
    super(message, cause);
  }
}
