package org.efrnet.images;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Our own proportional bitmap font, drawn in {@code font.txt}: capitals 7 pixels high, descenders 2
 * more. The JDK's text needs fonts installed, which servers and containers lack. It has the
 * printable characters of ASCII, few excepted; accents are dropped, and what it lacks becomes a
 * question mark.
 */
public final class PixelFont {
  /** Rows from a capital's top to the baseline, at scale 1. */
  public static final int CAPITAL_HEIGHT = 7;

  private static final int SPACE_WIDTH = 3;
  private static final int GAP = 1;
  private static final Map<Character, List<String>> GLYPHS = load();

  private PixelFont() {}

  private static Map<Character, List<String>> load() {
    String text;
    try (InputStream drawings = PixelFont.class.getResourceAsStream("font.txt")) {
      if (drawings == null) {
        throw new IllegalStateException(
            "font.txt is missing beside PixelFont; rebuild the jar with its resources");
      }
      text = new String(drawings.readAllBytes(), StandardCharsets.US_ASCII);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "font.txt beside PixelFont cannot be read; rebuild the jar", e);
    }
    Map<Character, List<String>> glyphs = new HashMap<>();
    for (String block : text.strip().split("\\R\\R")) {
      String[] lines = block.split("\\R");
      String[] names = lines[0].split(" ");
      for (int i = 0; i < names.length; i++) {
        List<String> rows = new ArrayList<>();
        for (int y = 1; y < lines.length; y++) {
          rows.add(lines[y].split(" ")[i]);
        }
        glyphs.put(names[i].charAt(0), List.copyOf(rows));
      }
    }
    return Map.copyOf(glyphs);
  }

  /** Accents are dropped and what has no glyph becomes a question mark. */
  private static String drawable(String text) {
    String plain = Normalizer.normalize(text, Normalizer.Form.NFD).replaceAll("\\p{M}+", "");
    StringBuilder drawable = new StringBuilder();
    plain
        .codePoints()
        .forEach(
            c ->
                drawable.append(
                    c == ' ' || (c < 128 && GLYPHS.containsKey((char) c)) ? (char) c : '?'));
    return drawable.toString();
  }

  /** Pixels from the first column of the text to its last, at scale 1; 0 for no text. */
  public static int width(String text) {
    int width = 0;
    for (char c : drawable(text).toCharArray()) {
      width += advance(c);
    }
    return Math.max(0, width - GAP);
  }

  private static int advance(char c) {
    return GAP + (c == ' ' ? SPACE_WIDTH : GLYPHS.get(c).get(0).length());
  }

  /**
   * The text if it is at most so wide, otherwise its beginning with three dots behind it; no text
   * where not even those fit.
   *
   * @param most pixels at scale 1
   */
  public static String shortened(String text, int most) {
    if (width(text) <= most) {
      return text;
    }
    for (int length = Math.min(text.length() - 1, most); length > 0; length--) {
      String shorter = text.substring(0, length).stripTrailing() + "...";
      if (width(shorter) <= most) {
        return shorter;
      }
    }
    return "";
  }

  /**
   * Draws one line of text. It reaches from row {@code y} to {@code y + 9 * scale}, descenders
   * included.
   *
   * @param x the first column of the first character
   * @param y the first row of a capital
   * @param scale the side of the square that a dot becomes, at least 1
   * @param rgb 0xRRGGBB
   * @throws IllegalArgumentException if a dot would lie outside the canvas
   */
  public static void draw(Canvas canvas, String text, int x, int y, int scale, int rgb) {
    int left = x;
    for (char c : drawable(text).toCharArray()) {
      List<String> rows = c == ' ' ? List.of() : GLYPHS.get(c);
      for (int row = 0; row < rows.size(); row++) {
        String dots = rows.get(row);
        for (int column = 0; column < dots.length(); column++) {
          if (dots.charAt(column) == '#') {
            canvas.fill(left + column * scale, y + row * scale, scale, scale, rgb);
          }
        }
      }
      left += advance(c) * scale;
    }
  }
}
