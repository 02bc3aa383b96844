package org.efrnet.training;

import java.io.IOException;

/** A recipe that cannot be followed; the message is one line naming file, key and remedy. */
public final class RecipeException extends IOException {
  private static final long serialVersionUID = 1;

  RecipeException(String message) {
    super(message);
  }

  RecipeException(String message, Throwable cause) {
    super(message, cause);
  }
}
