package org.efrnet.video;

import java.io.IOException;

/** A video cannot be read or written; the message names it, what is wrong and the remedy. */
public final class VideoException extends IOException {
  private static final long serialVersionUID = 1;

  /** Of a video, what is wrong and what helps. */
  public VideoException(String name, String problem, String remedy) {
    super(name + ": " + problem + "; " + remedy);
  }

  /** The same, and why for those who look closer. */
  public VideoException(String name, String problem, String remedy, Throwable cause) {
    super(name + ": " + problem + "; " + remedy, cause);
  }
}
