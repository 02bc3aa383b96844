package org.efrnet.text;

/** Foreign text made fit for a one-line message. */
public final class OneLine {
  private static final int LONGEST = 120;

  private OneLine() {}

  /**
   * The text with control characters, line separators and unpaired surrogates written as {@code
   * \\uXXXX}, cut after 120 characters: a name or value out of a file may hold anything, and a
   * message must stay one readable line of a log.
   */
  public static String of(String text) {
    return of(text, LONGEST);
  }

  /** The same, cut after so many characters: for a whole message rather than a name within one. */
  public static String of(String text, int longest) {
    StringBuilder line = new StringBuilder(Math.min(text.length(), longest) + 16);
    for (int i = 0; i < text.length(); ) {
      if (i >= longest) {
        return line.append("...").toString();
      }
      int point = text.codePointAt(i);
      int type = Character.getType(point);
      if (Character.isISOControl(point)
          || type == Character.LINE_SEPARATOR
          || type == Character.PARAGRAPH_SEPARATOR
          || type == Character.FORMAT
          || type == Character.SURROGATE) {
        line.append(String.format("\\u%04x", point));
      } else {
        line.appendCodePoint(point);
      }
      i += Character.charCount(point);
    }
    return line.toString();
  }
}
