package org.efrnet.training;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.data.DataSet;
import org.efrnet.data.Example;
import org.efrnet.data.Overlap;
import org.efrnet.images.Mask;
import org.efrnet.metrics.ConfusionMatrix;
import org.efrnet.metrics.Scores;
import org.efrnet.segment.GoldenCheck;
import org.efrnet.segment.Segmenter;
import org.efrnet.torch.Natives;

/**
 * Looks at pictures that are not trained on, exactly as a user of the bundle would see them: with
 * the averaged weights, through a {@link Segmenter}, on the CPU.
 */
final class Watching {
  private final DataSet data;
  private final Recipe.Watch choice;

  /**
   * @param data the recipe's watched split
   * @throws RecipeException if any of it is trained on, or it has no labels
   * @throws IOException if a picture or its labels cannot be read: better now than hours later
   */
  Watching(Recipe recipe, DataSet training, DataSet data) throws IOException {
    this.choice = recipe.watch();
    List<String> leak = Overlap.between(training, data);
    if (!leak.isEmpty()) {
      throw new RecipeException(
          "recipe "
              + recipe.name()
              + ": watch.split "
              + choice.split()
              + " shares "
              + leak.size()
              + " pictures with what is trained on, such as "
              + leak.get(0)
              + "; watch another split, or leave watch out");
    }
    if (!data.hasTruth()) {
      throw new RecipeException(
          "recipe "
              + recipe.name()
              + ": watch.split "
              + choice.split()
              + " has no labels; watch another split, or leave watch out");
    }
    int most = choice.pictures() == 0 ? data.size() : Math.min(choice.pictures(), data.size());
    List<Integer> spread = new ArrayList<>();
    for (long i = 0; i < most; i++) {
      spread.add((int) (i * data.size() / most));
    }
    this.data = DataSet.filter(data.name(), data, spread::contains);
    for (int i = 0; i < this.data.size(); i++) {
      this.data.load(i);
    }
  }

  /** What is looked at. */
  DataSet data() {
    return data;
  }

  /** Whether a look is due after an epoch, 1-based. */
  boolean isDue(int epoch) {
    return epoch % choice.everyEpochs() == 0;
  }

  /**
   * One look; a few pictures are written as samples.
   *
   * @param run the folder of the run that they are samples of
   * @param stop ends it early
   * @return empty if it was ended early
   * @throws IOException if a picture cannot be read or a sample not be written
   */
  Optional<Scores> look(ModelBundle bundle, int epoch, Path run, BooleanSupplier stop)
      throws IOException {
    ConfusionMatrix matrix = new ConfusionMatrix(data.classes().size());
    int shown = Math.min(choice.samples(), data.size());
    // These weights were made by the engine that runs them, and will be others in a moment.
    Segmenter.Options options =
        Segmenter.Options.DEFAULT
            .withThreads(Natives.threads())
            .withEngine("libtorch")
            .with(GoldenCheck.NEVER);
    try (Segmenter segmenter = Segmenter.load(bundle, options)) {
      for (int i = 0; i < data.size(); i++) {
        if (stop.getAsBoolean()) {
          return Optional.empty();
        }
        Example example = data.load(i);
        Mask prediction = segmenter.segment(example.picture()).mask();
        matrix.add(example.truth(), prediction);
        // Neighbouring frames look alike: the samples are spread like the pictures are.
        int sample = shown == 0 ? 0 : (int) ((long) i * shown / data.size());
        if (shown > 0 && ((long) sample * data.size() + shown - 1) / shown == i) {
          Samples.write(run, epoch, sample, example, prediction, data.classes());
        }
      }
    }
    return Optional.of(matrix.scores(data.classes()));
  }
}
