package org.efrnet.segment;

/** An engine gives other logits than a bundle says it must; the message is one line. */
public final class GoldenException extends IllegalStateException {
  private static final long serialVersionUID = 1L;

  GoldenException(String message) {
    super(message);
  }
}
