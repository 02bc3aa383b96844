package org.efrnet.training;

import java.util.Locale;
import java.util.stream.Collectors;
import org.efrnet.data.DataSet;
import org.efrnet.labels.SegmentationClass;

/** The model card: what people should know before they use the weights. */
final class Card {
  private Card() {}

  static String of(Recipe recipe, DataSet data, Trainer.Outcome outcome) {
    String classes =
        data.classes().classes().stream()
            .map(SegmentationClass::name)
            .collect(Collectors.joining(", "));
    return String.format(
        Locale.ROOT,
        """
        # %s

        %s with %d classes, trained from scratch on %s (%d pictures), seed %d, %d steps in %s.

        * Classes: %s.
        * Pictures are scaled to %d rows before they are segmented.
        * Licence of the weights: %s. %s
        * How it was trained: `recipe.yaml`; how that went: `train.jsonl`; both beside this card.

        Street scenes from a car's front window are what it has seen; of anything else it knows
        nothing, and it says so of no pixel: every pixel gets a class. It is no basis for decisions
        on which somebody's safety depends.
        """,
        recipe.name(),
        outcome.network().name(),
        outcome.network().classes(),
        data.name(),
        data.size(),
        recipe.seed(),
        outcome.step(),
        recipe.precision().name().toLowerCase(Locale.ROOT),
        classes,
        recipe.bundle().height(),
        recipe.bundle().licence(),
        recipe.bundle().note());
  }
}
