package org.efrnet.data;

import java.io.IOException;

/** A data set that cannot be read; the message is one line naming the file and the remedy. */
public final class DataException extends IOException {
  private static final long serialVersionUID = 1L;

  /** A fault found by this package. */
  public DataException(String message) {
    super(message);
  }

  /** A fault that another exception explains further. */
  public DataException(String message, Throwable cause) {
    super(message, cause);
  }
}
