package org.efrnet.bundle;

import java.io.IOException;

/** A bundle that cannot be read or written; the message is one line with the file and reason. */
public final class BundleException extends IOException {
  private static final long serialVersionUID = 1L;

  public BundleException(String message) {
    super(message);
  }

  public BundleException(String message, Throwable cause) {
    super(message, cause);
  }
}
