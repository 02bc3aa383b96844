package org.efrnet.images;

import java.io.IOException;

/** A picture or mask file cannot be read or written; the message is one line for its user. */
public final class PictureException extends IOException {
  private static final long serialVersionUID = 1;

  /**
   * @param file the file's name as the user gave it
   * @param problem what is wrong with it
   * @param remedy what the user can do
   */
  public PictureException(String file, String problem, String remedy) {
    super(oneLine(file + ": " + problem + "; " + remedy));
  }

  PictureException(String file, String problem, String remedy, Throwable cause) {
    this(file, problem, remedy);
    initCause(cause);
  }

  private static String oneLine(String text) {
    return text.replaceAll("\\p{Cntrl}+", " ");
  }
}
