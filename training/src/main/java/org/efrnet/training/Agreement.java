package org.efrnet.training;

import java.io.IOException;
import java.util.List;
import org.efrnet.data.DataSet;
import org.efrnet.learning.Learner;
import org.efrnet.learning.Processes;
import org.efrnet.text.OneLine;
import org.efrnet.text.Sha256;
import org.efrnet.weights.Weights;

/**
 * What several processes make sure of, so that each of them ends in the same way for one reason.
 */
final class Agreement {
  private final Processes processes;

  Agreement(Processes processes) {
    this.processes = processes;
  }

  /** Something that may fail in one process alone. */
  interface Task<T> {
    T done() throws IOException;
  }

  /**
   * Does something in every process.
   *
   * @throws RecipeException in all of them if it fails in one, with that one's words; there, what
   *     it failed with
   */
  <T> T together(Task<T> task) throws IOException {
    if (processes.size() == 1) {
      return task.done();
    }
    T result;
    try {
      result = task.done();
    } catch (IOException | RuntimeException e) {
      processes.gather("!" + OneLine.of(String.valueOf(e.getMessage())));
      throw e;
    }
    List<String> words = processes.gather("");
    for (int rank = 0; rank < words.size(); rank++) {
      if (!words.get(rank).isEmpty()) {
        String why = words.get(rank).substring(1);
        throw new RecipeException(rank == 0 ? why : "rank " + rank + ": " + why);
      }
    }
    return result;
  }

  /**
   * Refuses to train by different recipes or on different pictures.
   *
   * @throws RecipeException in all processes, saying how the first that differs does
   */
  void requireSameTask(Recipe recipe, DataSet data) throws RecipeException {
    if (processes.size() == 1) {
      return;
    }
    List<String> recipes = processes.gather(recipe.toYaml());
    Recipe first = Recipe.parse(recipes.get(0), "the recipe of rank 0");
    for (int rank = 1; rank < recipes.size(); rank++) {
      Recipe other = Recipe.parse(recipes.get(rank), "the recipe of rank " + rank);
      if (!other.fingerprint().equals(first.fingerprint())) {
        throw new RecipeException(
            "rank "
                + rank
                + " has another recipe than rank 0: "
                + String.join(", ", other.changesFrom(first))
                + "; start all with the same");
      }
    }
    List<String> pictures =
        processes.gather(data.size() + " pictures, " + Sha256.of(String.join("\n", data.names())));
    for (int rank = 1; rank < pictures.size(); rank++) {
      if (!pictures.get(rank).equals(pictures.get(0))) {
        throw new RecipeException(
            "rank "
                + rank
                + " has other pictures than rank 0: "
                + shortened(pictures.get(rank))
                + " and "
                + shortened(pictures.get(0))
                + "; give all the same data");
      }
    }
  }

  /** As much of a digest as people compare. */
  private static String shortened(String pictures) {
    int digest = pictures.indexOf(", ") + 2;
    return pictures.substring(0, Math.min(pictures.length(), digest + 8));
  }

  /** Brings every process to where rank 0 is. */
  void share(Learner learner) {
    if (processes.size() == 1) {
      return;
    }
    double[] steps = {processes.leads() ? learner.steps() : 0};
    processes.sum(steps);
    var state = learner.state();
    state.values().forEach(tensor -> processes.broadcast(tensor.values()));
    learner.restore(state, (long) steps[0]);
  }

  /**
   * Refuses to go on where processes have come apart, which a wrong bit in one of them is enough
   * for.
   *
   * @throws IllegalStateException in all processes
   */
  void requireSameState(Learner learner, long lastGood) {
    if (processes.size() == 1) {
      return;
    }
    List<String> digests = processes.gather(Weights.of(learner.state()).digest());
    for (int rank = 1; rank < digests.size(); rank++) {
      if (!digests.get(rank).equals(digests.get(0))) {
        throw new IllegalStateException(
            "rank "
                + rank
                + " has other weights than rank 0 after step "
                + learner.steps()
                + ", which should be the same to the bit"
                + (lastGood >= 0 ? "; the checkpoint of step " + lastGood + " is good" : "")
                + ": look for a faulty machine, or different builds, and go on with --resume");
      }
    }
  }
}
