package org.efrnet.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Locale;
import org.efrnet.labels.ClassTable;
import org.efrnet.labels.SegmentationClass;
import org.efrnet.metrics.ClassScore;
import org.efrnet.metrics.Scores;
import org.efrnet.segment.Evaluation;

/** What was measured, as a section of a bundle's card. */
final class CardFigures {
  private CardFigures() {}

  /**
   * A card with these figures; of the same data, size, precision and protocol it has them once.
   *
   * @param card Markdown
   * @param figures as {@code evaluate} prints them as JSON, where they are rounded already
   * @param evaluation the same, whole
   */
  static String in(String card, JsonNode figures, Evaluation evaluation, ClassTable classes) {
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
    for (SegmentationClass one : classes.classes()) {
      names.append(' ').append(one.name()).append(" |");
      rule.append("---|");
    }
    text.append(names).append('\n').append(rule).append('\n');
    row(text, "all", evaluation.overall().scores(classes));
    if (evaluation.bySequence().size() > 1) {
      evaluation
          .bySequence()
          .forEach((sequence, matrix) -> row(text, sequence, matrix.scores(classes)));
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

  private static void row(StringBuilder text, String name, Scores scores) {
    text.append("| ").append(name);
    text.append(" | ").append(EvaluateCommand.percent(scores.miou()));
    text.append(" | ").append(EvaluateCommand.percent(scores.pixelAccuracy())).append(" |");
    for (ClassScore one : scores.classes()) {
      text.append(' ').append(EvaluateCommand.percent(one.iou())).append(" |");
    }
    text.append('\n');
  }
}
