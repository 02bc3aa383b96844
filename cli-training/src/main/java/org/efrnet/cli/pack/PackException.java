package org.efrnet.cli.pack;

import java.io.IOException;

/** A pack cannot be made; the message is one line with the remedy. */
public final class PackException extends IOException {
  private static final long serialVersionUID = 1;

  public PackException(String message) {
    super(message);
  }

  public PackException(String message, Throwable cause) {
    super(message, cause);
  }
}
