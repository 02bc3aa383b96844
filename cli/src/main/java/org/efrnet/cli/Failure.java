package org.efrnet.cli;

/** A command could not do what it was asked for; the message is the one line that the user sees. */
public final class Failure extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** Says what the user sees. */
  public Failure(String message) {
    super(message);
  }

  /** Says what the user sees, and why for those who look closer. */
  public Failure(String message, Throwable cause) {
    super(message, cause);
  }
}
