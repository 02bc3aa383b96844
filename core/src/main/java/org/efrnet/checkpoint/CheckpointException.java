package org.efrnet.checkpoint;

import java.io.IOException;

/** A checkpoint that cannot be read or used; the message is one line with the file and reason. */
public final class CheckpointException extends IOException {
  private static final long serialVersionUID = 1L;

  public CheckpointException(String message) {
    super(message);
  }

  public CheckpointException(String message, Throwable cause) {
    super(message, cause);
  }
}
