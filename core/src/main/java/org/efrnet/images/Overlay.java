package org.efrnet.images;

import java.util.List;
import java.util.Locale;

/** Shows a class map over its picture, with a legend. */
public final class Overlay {
  private static final int PANEL = 0x16191d;
  private static final int FRAME = 0x4a5058;
  private static final int NAME = 0xe8eaed;
  private static final int SHARE = 0xa4abb3;
  private static final int LONGEST_NAME = 32;

  /** Picture sides at which the legend's dots are one pixel; larger ones get larger dots. */
  private static final double PIXELS_A_DOT = 380;

  // The panel's measures in dots.
  private static final int MARGIN = 10;
  private static final int ROW = 16;
  private static final int SWATCH = 10;
  private static final int SWATCH_GAP = 6;
  private static final int SHARE_GAP = 12;
  private static final int COLUMN_GAP = 18;

  private Overlay() {}

  /**
   * Mixes each class's colour over the picture.
   *
   * @param mask of the picture's size
   * @param paletteRgb colours 0xRRGGBB by id; where an id lies beyond its end (ignore), the picture
   *     shows unchanged
   * @param opacity 0 (picture only) to 1 (colours only)
   * @throws IllegalArgumentException if the sizes differ or the opacity is out of range
   */
  public static Picture blend(Picture picture, Mask mask, int[] paletteRgb, double opacity) {
    byte[] rgb = new byte[picture.rgb().length];
    blend(picture, mask, paletteRgb, opacity, rgb);
    return new Picture(picture.width(), picture.height(), rgb);
  }

  /**
   * The same into an array, for videos.
   *
   * @param rgb receives the bytes of the mixed picture: as many as the picture has, all written; it
   *     may be the picture's own array
   * @throws IllegalArgumentException as the other, or if the array has another length
   */
  public static void blend(
      Picture picture, Mask mask, int[] paletteRgb, double opacity, byte[] rgb) {
    if (mask.width() != picture.width() || mask.height() != picture.height()) {
      throw new IllegalArgumentException(
          "mask "
              + mask.width()
              + "x"
              + mask.height()
              + " over a picture "
              + picture.width()
              + "x"
              + picture.height()
              + ": resize one to the other's size first");
    }
    if (!(opacity >= 0 && opacity <= 1)) {
      throw new IllegalArgumentException("opacity " + opacity + " must lie in 0..1");
    }
    int over = (int) Math.round(256 * opacity);
    byte[] from = picture.rgb();
    if (rgb.length != from.length) {
      throw new IllegalArgumentException(
          "an array of " + rgb.length + " bytes for a picture of " + from.length);
    }
    byte[] ids = mask.ids();
    for (int i = 0, t = 0; i < ids.length; i++, t += 3) {
      int id = ids[i] & 0xff;
      if (id >= paletteRgb.length) {
        rgb[t] = from[t];
        rgb[t + 1] = from[t + 1];
        rgb[t + 2] = from[t + 2];
      } else {
        int colour = paletteRgb[id];
        rgb[t] = mix(from[t], colour >> 16, over);
        rgb[t + 1] = mix(from[t + 1], colour >> 8, over);
        rgb[t + 2] = mix(from[t + 2], colour, over);
      }
    }
  }

  /** 8 bits of a channel under 8 bits of another one of weight 0..256. */
  static byte mix(byte under, int over, int weight) {
    return (byte) (((under & 0xff) * (256 - weight) + (over & 0xff) * weight + 128) >> 8);
  }

  /**
   * The picture with a panel that names each class, its colour and its share: beside the picture
   * where all lines fit its height, below it in columns otherwise. Without entries the picture
   * itself.
   */
  public static Picture legend(Picture overlay, List<LegendEntry> entries) {
    if (entries.isEmpty()) {
      return overlay;
    }
    int shorter = Math.min(overlay.width(), overlay.height());
    int dot = Math.max(1, (int) Math.round(shorter / PIXELS_A_DOT));
    int nameWidth = 0;
    int shareWidth = 0;
    for (LegendEntry entry : entries) {
      nameWidth = Math.max(nameWidth, PixelFont.width(shown(entry.name())));
      shareWidth = Math.max(shareWidth, PixelFont.width(percent(entry.share())));
    }
    int line = SWATCH + SWATCH_GAP + nameWidth + SHARE_GAP + shareWidth;
    boolean beside = dot * height(entries.size()) <= overlay.height();
    int columns = 1;
    if (!beside) {
      int room = overlay.width() / dot - 2 * MARGIN + COLUMN_GAP;
      columns = Math.max(1, Math.min(entries.size(), room / (line + COLUMN_GAP)));
    }
    int rows = (entries.size() + columns - 1) / columns;
    // Full columns only: 5 entries in 4 columns are 2 rows of 3.
    columns = (entries.size() + rows - 1) / rows;
    int panelWidth = dot * (2 * MARGIN + columns * (line + COLUMN_GAP) - COLUMN_GAP);
    int panelHeight = dot * height(rows);
    Canvas canvas =
        beside
            ? new Canvas(overlay.width() + panelWidth, overlay.height(), PANEL)
            : new Canvas(
                Math.max(overlay.width(), panelWidth), overlay.height() + panelHeight, PANEL);
    canvas.paste(overlay, 0, 0);
    int left = beside ? overlay.width() : 0;
    int top = beside ? 0 : overlay.height();
    for (int i = 0; i < entries.size(); i++) {
      int x = left + dot * (MARGIN + i / rows * (line + COLUMN_GAP));
      int y = top + dot * (MARGIN + i % rows * ROW);
      drawLine(canvas, entries.get(i), x, y, dot, line);
    }
    return canvas.picture();
  }

  private static int height(int rows) {
    return 2 * MARGIN + (rows - 1) * ROW + SWATCH;
  }

  private static void drawLine(Canvas canvas, LegendEntry entry, int x, int y, int dot, int line) {
    int side = dot * SWATCH;
    // The frame keeps black and panel-coloured classes visible.
    canvas.fill(x, y, side, side, FRAME);
    canvas.fill(x + dot, y + dot, side - 2 * dot, side - 2 * dot, entry.rgb());
    int baseline = y + dot * (SWATCH - PixelFont.CAPITAL_HEIGHT + 1) / 2;
    PixelFont.draw(canvas, shown(entry.name()), x + side + dot * SWATCH_GAP, baseline, dot, NAME);
    String share = percent(entry.share());
    PixelFont.draw(canvas, share, x + dot * (line - PixelFont.width(share)), baseline, dot, SHARE);
  }

  private static String shown(String name) {
    return name.length() <= LONGEST_NAME ? name : name.substring(0, LONGEST_NAME - 3) + "...";
  }

  /** One decimal; a class that is there never shows as 0. */
  private static String percent(double share) {
    return share > 0 && share < 0.0005
        ? "<0.1 %"
        : String.format(Locale.ROOT, "%.1f %%", 100 * share);
  }
}
