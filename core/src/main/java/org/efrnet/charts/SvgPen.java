package org.efrnet.charts;

import java.util.List;
import java.util.Locale;
import java.util.TreeSet;

/** Writes SVG. Colours have a dark twin, taken where the reader's system asks for dark pages. */
final class SvgPen implements Pen {
  /** About the width of a character of system-ui at 12 units; the browser's own font decides. */
  private static final double CHARACTER = 6.3;

  private static final double TITLE_CHARACTER = 7.4;
  private static final String FRAME =
      """
      .efrnet-chart text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
      .efrnet-chart .title{font-size:13px;font-weight:600;fill:#1f2430}
      .efrnet-chart .label{fill:#525b68}
      .efrnet-chart .axis{stroke:#9aa3af}
      .efrnet-chart .grid{stroke:#e6e8ec}
      .efrnet-chart path{fill:none;stroke-width:1.6;stroke-linejoin:round;stroke-linecap:round}
      """;
  private static final String DARK_FRAME =
      """
      .efrnet-chart .title{fill:#eceef1}
      .efrnet-chart .label{fill:#a9b1bc}
      .efrnet-chart .axis{stroke:#6b7380}
      .efrnet-chart .grid{stroke:#2c3138}
      """;

  private final StringBuilder body = new StringBuilder();
  private final TreeSet<String> darkRules = new TreeSet<>();

  /** The finished text: one {@code svg} element. */
  String document(double width, double height, String title, String description) {
    return "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"efrnet-chart\" role=\"img\" viewBox=\"0"
        + " 0 "
        + number(width)
        + " "
        + number(height)
        + "\" width=\""
        + number(width)
        + "\" height=\""
        + number(height)
        + "\" aria-label=\""
        + escaped(title + ". " + description)
        + "\">\n<style>\n"
        + FRAME
        + "@media (prefers-color-scheme:dark){\n"
        + DARK_FRAME
        + String.join("\n", darkRules)
        + (darkRules.isEmpty() ? "" : "\n")
        + "}\n</style>\n"
        + body
        + "</svg>\n";
  }

  @Override
  public double width(String text, Tone tone) {
    return text.codePointCount(0, text.length())
        * (tone == Tone.TITLE ? TITLE_CHARACTER : CHARACTER);
  }

  @Override
  public String shortened(String text, Tone tone, double most) {
    if (width(text, tone) <= most) {
      return text;
    }
    int fits = (int) (most / (tone == Tone.TITLE ? TITLE_CHARACTER : CHARACTER)) - 1;
    return fits < 1
        ? ""
        : text.substring(0, text.offsetByCodePoints(0, fits)).stripTrailing() + "\u2026";
  }

  @Override
  public void text(String text, double x, double baseline, Anchor anchor, Tone tone) {
    body.append("<text class=\"").append(tone.name().toLowerCase(Locale.ROOT)).append("\" x=\"");
    body.append(number(x)).append("\" y=\"").append(number(baseline)).append('"');
    if (anchor != Anchor.START) {
      body.append(" text-anchor=\"").append(anchor.name().toLowerCase(Locale.ROOT)).append('"');
    }
    body.append('>').append(escaped(text)).append("</text>\n");
  }

  @Override
  public void rule(double fromX, double fromY, double toX, double toY, Tone tone) {
    // On halves of units a line of one unit fills one row of pixels.
    body.append("<line class=\"").append(tone.name().toLowerCase(Locale.ROOT)).append("\" x1=\"");
    body.append(number(Math.floor(fromX) + 0.5)).append("\" y1=\"");
    body.append(number(Math.floor(fromY) + 0.5)).append("\" x2=\"");
    body.append(number(Math.floor(toX) + 0.5)).append("\" y2=\"");
    body.append(number(Math.floor(toY) + 0.5)).append("\"/>\n");
  }

  @Override
  public void begin(String tooltip) {
    body.append("<g><title>").append(escaped(tooltip)).append("</title>\n");
  }

  @Override
  public void end() {
    body.append("</g>\n");
  }

  @Override
  public void line(List<double[]> runs, Ink ink, Dash dash) {
    if (runs.isEmpty()) {
      return;
    }
    StringBuilder path = new StringBuilder();
    for (double[] run : runs) {
      for (int i = 0; i < run.length; i += 2) {
        path.append(i == 0 ? "M" : i == 2 ? "L" : " ");
        path.append(number(run[i])).append(' ').append(number(run[i + 1]));
      }
    }
    body.append("<path class=\"").append(dark("stroke", ink)).append("\" stroke=\"#");
    body.append(Ink.hex(ink.onLight())).append('"');
    double[] pattern = dash.pattern();
    if (pattern.length > 0) {
      body.append(" stroke-dasharray=\"").append(number(pattern[0])).append(' ');
      body.append(number(pattern[1])).append("\" style=\"stroke-linecap:butt\"");
    }
    body.append(" d=\"").append(path).append("\"/>\n");
  }

  @Override
  public void dot(double x, double y, double radius, Ink ink, String tooltip) {
    body.append("<circle class=\"").append(dark("fill", ink)).append("\" fill=\"#");
    body.append(Ink.hex(ink.onLight())).append("\" cx=\"").append(number(x)).append("\" cy=\"");
    body.append(number(y)).append("\" r=\"").append(number(radius));
    body.append(
        tooltip.isEmpty() ? "\"/>\n" : "\"><title>" + escaped(tooltip) + "</title></circle>\n");
  }

  /** A circle that lets through what lies behind it, and says something when it is pointed at. */
  void bubble(double x, double y, double radius, Ink ink, String tooltip) {
    body.append("<circle class=\"").append(dark("fill", ink)).append(' ');
    body.append(dark("stroke", ink)).append("\" fill=\"#").append(Ink.hex(ink.onLight()));
    body.append("\" fill-opacity=\".3\" stroke=\"#").append(Ink.hex(ink.onLight()));
    body.append("\" stroke-width=\"1.4\" cx=\"").append(number(x)).append("\" cy=\"");
    body.append(number(y)).append("\" r=\"").append(number(radius)).append("\"><title>");
    body.append(escaped(tooltip)).append("</title></circle>\n");
  }

  /** A thin line from a thing to its name. */
  void leader(double fromX, double fromY, double toX, double toY) {
    body.append("<line class=\"axis\" x1=\"").append(number(fromX)).append("\" y1=\"");
    body.append(number(fromY)).append("\" x2=\"").append(number(toX)).append("\" y2=\"");
    body.append(number(toY)).append("\"/>\n");
  }

  /**
   * The class that gives an element its dark shade. It is named by the shade, so that charts on one
   * page, which share their rules, cannot disagree.
   */
  private String dark(String property, Ink ink) {
    String name = property + "-" + Ink.hex(ink.onDark());
    darkRules.add(".efrnet-chart ." + name + "{" + property + ":#" + Ink.hex(ink.onDark()) + "}");
    return name;
  }

  /** Two decimals: a hundredth of a pixel. */
  private static String number(double value) {
    long hundredths = Math.round(value * 100);
    String text = Long.toString(Math.abs(hundredths) / 100);
    long rest = Math.abs(hundredths) % 100;
    if (rest > 0) {
      text += "." + rest / 10 + (rest % 10 == 0 ? "" : Long.toString(rest % 10));
    }
    return hundredths < 0 ? "-" + text : text;
  }

  /** Fit for text and for attributes; what XML cannot hold at all becomes a question mark. */
  private static String escaped(String text) {
    StringBuilder escaped = new StringBuilder(text.length());
    text.codePoints()
        .forEach(
            c -> {
              switch (c) {
                case '&' -> escaped.append("&amp;");
                case '<' -> escaped.append("&lt;");
                case '>' -> escaped.append("&gt;");
                case '"' -> escaped.append("&quot;");
                default -> escaped.appendCodePoint(isXml(c) ? c : '?');
              }
            });
    return escaped.toString();
  }

  private static boolean isXml(int c) {
    return c == '\t'
        || c == '\n'
        || (c >= 0x20 && c < 0xd800)
        || (c >= 0xe000 && c < 0xfffe)
        || c >= 0x10000;
  }
}
