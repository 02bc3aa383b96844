package org.efrnet.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.efrnet.bundle.BundleException;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.data.DataSet;
import org.efrnet.data.DataSets;
import org.efrnet.data.Overlap;

/** Pictures that a model was trained on, among those that it is judged on. */
final class Leak {
  private static final int MOST_ANCESTORS = 10;

  private Leak() {}

  /**
   * Names of the pictures that the bundle, or one that it started from, was trained on, as far as
   * the recipes and data at hand tell.
   *
   * @param model as it was asked for, for messages
   * @param data the folder of the pictures
   * @param split of that folder, as it was asked for
   * @param pictures that are judged on
   */
  static List<String> of(
      ModelBundle bundle, String model, Path data, String split, DataSet pictures, PrintWriter err)
      throws IOException {
    Set<String> trained = new LinkedHashSet<>();
    Optional<String> text = bundle.recipe();
    // A run may have started from one that started from another; nobody goes on for ever.
    for (int i = 0; i < MOST_ANCESTORS && text.isPresent(); i++) {
      TrainedOn recipe = TrainedOn.parse(text.get(), model);
      trained.addAll(trainedOn(recipe, data, split, pictures));
      text = Optional.empty();
      if (!recipe.from().isEmpty()) {
        try {
          text = ModelBundle.of(recipe.from()).recipe();
        } catch (BundleException e) {
          err.println(
              "efrnet: "
                  + model
                  + " started from "
                  + recipe.from()
                  + ", which is not here: what that was trained on is not checked");
        }
      }
    }
    return List.copyOf(trained);
  }

  private static List<String> trainedOn(TrainedOn recipe, Path data, String split, DataSet pictures)
      throws IOException {
    if (!recipe.mayLieIn(DataSets.layoutOf(data))) {
      return List.of();
    }
    for (String part : recipe.splits()) {
      if (!DataSets.has(data, part)) {
        // Without the lists of those splits only their names can tell.
        return named(recipe.splits()).stream()
                .anyMatch(named(List.of(split.split("\\+", -1)))::contains)
            ? pictures.names()
            : List.of();
      }
    }
    return Overlap.between(DataSets.open(data, String.join("+", recipe.splits())), pictures);
  }

  /** Splits by their pictures: those labelled coarsely are the same as those labelled finely. */
  private static List<String> named(List<String> splits) {
    return splits.stream().map(name -> name.replaceFirst("^coarse:", "")).toList();
  }
}
