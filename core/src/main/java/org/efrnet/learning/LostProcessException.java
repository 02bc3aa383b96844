package org.efrnet.learning;

/** Another process of a training went away, so that this one cannot go on. */
public final class LostProcessException extends IllegalStateException {
  private static final long serialVersionUID = 1;

  /** Says which one, in one line. */
  public LostProcessException(String message, Throwable cause) {
    super(message, cause);
  }
}
