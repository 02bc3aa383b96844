package org.efrnet.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Locale;
import java.util.Map;

/** What was measured, as a section of a bundle's card. */
final class CardFigures {
  private CardFigures() {}

  /**
   * A card with these figures; of the same data, size, precision and protocol it has them once.
   *
   * @param card Markdown
   * @param figures as {@code evaluate} prints them as JSON
   */
  static String in(String card, JsonNode figures) {
    String heading = heading(figures);
    StringBuilder text = new StringBuilder(without(card, heading).stripTrailing());
    text.append("\n\n").append(heading).append("\n\n");
    text.append(
        String.format(
            Locale.ROOT,
            "%d pictures of %dx%d; IoU in percent, void ignored.%s\n\n",
            figures.get("images").intValue(),
            figures.get("width").intValue(),
            figures.get("height").intValue(),
            figures.path("leak").booleanValue() ? " LEAK: trained on some of them." : ""));
    StringBuilder names = new StringBuilder("| | mIoU | pixel accuracy |");
    StringBuilder rule = new StringBuilder("|---|---|---|");
    for (JsonNode one : figures.get("classes")) {
      names.append(' ').append(one.get("name").textValue()).append(" |");
      rule.append("---|");
    }
    text.append(names).append('\n').append(rule).append('\n');
    row(text, "all", figures);
    if (figures.get("sequences").size() > 1) {
      for (Map.Entry<String, JsonNode> sequence : figures.get("sequences").properties()) {
        row(text, sequence.getKey(), sequence.getValue());
      }
    }
    return text.toString();
  }

  private static String heading(JsonNode figures) {
    String views = figures.get("augmentation").textValue();
    String size = figures.get("size").textValue();
    return "## Judged on "
        + figures.get("data").textValue()
        + ", "
        + figures.get("precision").textValue()
        + (views.equals("none") ? "" : ", " + views)
        + (size.equals("bundle") ? "" : ", size " + size);
  }

  private static String without(String card, String heading) {
    int start = ("\n" + card).indexOf("\n" + heading + "\n");
    if (start < 0) {
      return card;
    }
    int next = card.indexOf("\n## ", start + heading.length());
    return card.substring(0, start) + (next < 0 ? "" : card.substring(next + 1));
  }

  private static void row(StringBuilder text, String name, JsonNode scores) {
    text.append("| ").append(name).append(" | ").append(percent(scores.get("miou")));
    text.append(" | ").append(percent(scores.get("pixelAccuracy"))).append(" |");
    for (JsonNode one : scores.get("classes")) {
      text.append(' ').append(percent(one.get("iou"))).append(" |");
    }
    text.append('\n');
  }

  private static String percent(JsonNode value) {
    return value.isNumber() ? String.format(Locale.ROOT, "%.2f", value.doubleValue()) : "absent";
  }
}
