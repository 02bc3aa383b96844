package org.efrnet.cli;

/** A command could not do what it was asked for; the message is the one line that the user sees. */
final class Failure extends RuntimeException {
  private static final long serialVersionUID = 1;

  Failure(String message) {
    super(message);
  }

  Failure(String message, Throwable cause) {
    super(message, cause);
  }
}
