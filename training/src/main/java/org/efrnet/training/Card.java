package org.efrnet.training;

import static java.util.stream.Collectors.joining;

import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import org.efrnet.data.DataSet;
import org.efrnet.labels.SegmentationClass;
import org.efrnet.machine.Machine;
import org.efrnet.ops.Network;

/** The model card: what people should know before they use the weights. */
final class Card {
  private Card() {}

  /**
   * The card's text.
   *
   * @param origin the bundle that training started from
   * @param chosenOn the data on which these weights were the best on the way; empty for those of
   *     the last step
   * @param time that the steps took
   * @param device that took the last of them
   */
  static String of(
      Recipe recipe,
      DataSet data,
      Network network,
      long step,
      Optional<Origin> origin,
      Optional<String> chosenOn,
      Duration time,
      String device) {
    String classes =
        data.classes().classes().stream().map(SegmentationClass::name).collect(joining(", "));
    int stages = recipe.before().size() + 1;
    String start =
        stages > 1
            ? "trained from scratch in " + stages + " stages"
            : origin.isEmpty()
                ? "trained from scratch"
                : "fine-tuned from " + origin.get().bundle();
    String steps =
        recipe.before().stream().map(stage -> stage.steps(data.size()) + " + ").collect(joining())
            + step;
    StringBuilder more = new StringBuilder();
    origin.ifPresent(
        o ->
            more.append(stages > 1 ? "* The last stage " : "* Training ")
                .append(o.sentence())
                .append(stages > 1 ? ".\n" : ".\n  Its licence may bind these weights too.\n"));
    chosenOn.ifPresent(
        name ->
            more.append("* Chosen for its mIoU on ")
                .append(name)
                .append(" while training went on: its figures there flatter it.\n"));
    return String.format(
        Locale.ROOT,
        """
        # %s

        %s with %d classes, %s on %s (%d pictures), seed %d, %s steps in %s.

        * Classes: %s.
        * Pictures are scaled to %d rows before they are segmented.
        * Licence of the weights: %s. %s
        %s* Its steps took %d h %d min by the log; the last of them were taken by %s of: %s.
        * How it was trained: `recipe.yaml`; how %s went: `train.jsonl`; both beside this card.

        Street scenes from a car's front window are what it has seen; of anything else it knows
        nothing, and it says so of no pixel: every pixel gets a class. It is no basis for decisions
        on which somebody's safety depends.
        """,
        recipe.name(),
        network.name(),
        network.classes(),
        start,
        data.name(),
        data.size(),
        recipe.seed(),
        steps,
        recipe.precision().name().toLowerCase(Locale.ROOT),
        classes,
        recipe.bundle().height(),
        recipe.bundle().licence(),
        recipe.bundle().note(),
        more,
        time.toHours(),
        time.toMinutesPart(),
        device,
        Machine.here().summary(),
        stages > 1 ? "its last stage" : "that");
  }
}
