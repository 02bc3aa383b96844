package org.efrnet.charts;

import java.util.List;
import java.util.Locale;

/**
 * A colour for a series: two shades of it, each readable on its ground.
 *
 * @param onLight 0xRRGGBB on white; pictures have it
 * @param onDark 0xRRGGBB on near black
 */
public record Ink(int onLight, int onDark) {
  /**
   * Okabe and Ito's colours, told apart with any colour vision; the light ones darkened on white.
   */
  private static final List<Ink> STANDARD =
      List.of(
          new Ink(0x0072b2, 0x56b4e9),
          new Ink(0xd55e00, 0xff8a3d),
          new Ink(0x00865f, 0x2fc99a),
          new Ink(0xb0508a, 0xe394c0),
          new Ink(0xa87400, 0xf0b429),
          new Ink(0x2a9bd6, 0xa5dbff),
          new Ink(0x4b5563, 0xc3c9d1));

  public Ink {
    if (((onLight | onDark) & ~0xffffff) != 0) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "ink %x, %x: both must be within 0..ffffff", onLight, onDark));
    }
  }

  /** The same colour on either ground. */
  public static Ink of(int rgb) {
    return new Ink(rgb, rgb);
  }

  /**
   * The colour that a series gets by its place in a chart; after the seventh they begin anew.
   *
   * @param place from 0
   */
  public static Ink standard(int place) {
    return STANDARD.get(Math.floorMod(place, STANDARD.size()));
  }

  /** How many standard colours there are. */
  static int standards() {
    return STANDARD.size();
  }

  static String hex(int rgb) {
    return String.format(Locale.ROOT, "%06x", rgb);
  }
}
