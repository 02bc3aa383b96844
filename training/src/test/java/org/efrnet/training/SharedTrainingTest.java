package org.efrnet.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.data.DataSet;
import org.efrnet.data.StreetScenes;
import org.efrnet.learning.Processes;
import org.efrnet.torch.Ranks;
import org.efrnet.weights.Weights;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A recipe comes to the same network in one process and in several. */
class SharedTrainingTest {
  private static final DataSet SCENES = DataSet.cached(StreetScenes.of(9, 96, 64, 3), 1 << 24);

  @TempDir private Path dir;

  private static Recipe recipe(String... more) throws IOException {
    List<String> overrides =
        new ArrayList<>(
            List.of(
                "precision=fp64", "phases.0.epochs=2", "phases.0.batch=3", "phases.0.crop=64x48"));
    overrides.addAll(List.of(more));
    return Recipe.read(Path.of("..", "recipes", "smoke.yaml"), overrides);
  }

  private Trainer.Outcome train(
      Recipe recipe, DataSet data, Path run, Processes processes, int stopAt, boolean resume)
      throws Exception {
    int[] asked = {0};
    Trainer.Settings settings =
        Trainer.Settings.of(() -> asked[0]++ == stopAt, report -> {})
            .by(LearningEngine.LIBTORCH, 1)
            .withCheckpoints(1e9, 2)
            .withReportsEvery(3)
            .with(processes);
    return new Trainer(recipe, data, Optional.empty(), run, settings).train(resume);
  }

  private static void requireClose(Weights expected, Weights actual) {
    expected
        .tensors()
        .forEach(
            (name, tensor) -> {
              float[] values = actual.get(name).values();
              for (int i = 0; i < values.length; i++) {
                float e = tensor.values()[i];
                assertThat(values[i]).as(name).isCloseTo(e, within(1e-5f + 1e-4f * Math.abs(e)));
              }
            });
  }

  @Test
  void endsWhereOneProcessDoesAndGoesOnInAnotherNumber() throws Exception {
    Recipe recipe = recipe();
    Path one = dir.resolve("one");
    Trainer.Outcome alone = train(recipe, SCENES, one, Processes.alone(), -1, false);
    assertThat(alone.step()).isEqualTo(6);

    Path two = dir.resolve("two");
    // Rank 1 asks for the stop, after three steps; each rank counts its own questions.
    List<Trainer.Outcome> stopped =
        Ranks.each(
            2,
            processes ->
                train(recipe, SCENES, two, processes, processes.rank() == 1 ? 3 : -1, false));
    assertThat(stopped).allMatch(outcome -> !outcome.finished() && outcome.step() == 3);
    assertThat(two.resolve("checkpoint-3.safetensors")).exists();

    Path copy = Files.createDirectory(dir.resolve("copy"));
    for (String name : List.of("recipe.yaml", "train.jsonl", "checkpoint-3.safetensors")) {
      Files.copy(two.resolve(name), copy.resolve(name));
    }
    List<Trainer.Outcome> three =
        Ranks.each(3, processes -> train(recipe, SCENES, two, processes, -1, true));
    Trainer.Outcome resumed = train(recipe, SCENES, copy, Processes.alone(), -1, true);
    for (Trainer.Outcome outcome : List.of(three.get(0), three.get(1), three.get(2), resumed)) {
      assertThat(outcome.finished()).isTrue();
      requireClose(alone.weights(), outcome.weights());
    }
    assertThat(three.get(1).weights().digest()).isEqualTo(three.get(0).weights().digest());
    assertThat(ModelBundle.read(two.resolve("bundle")).weights().digest())
        .isEqualTo(three.get(0).weights().digest());
    RunLog log = RunLog.read(two);
    RunLog expected = RunLog.read(one);
    assertThat(log.steps()).containsExactly(3, 6).isEqualTo(expected.steps());
    assertThat(log.losses()).containsExactly(expected.losses(), within(1e-3));
  }

  /** What each of two ranks complains of. */
  private List<String> complaints(Recipe other, DataSet otherData) throws Exception {
    return Ranks.each(
        2,
        processes -> {
          boolean first = processes.leads();
          try {
            train(
                first ? recipe() : other,
                first ? SCENES : otherData,
                dir.resolve("run"),
                processes,
                -1,
                false);
            return "";
          } catch (RecipeException e) {
            return e.getMessage();
          }
        });
  }

  @Test
  void otherRecipesOrPicturesAreRefusedByAll() throws Exception {
    assertThat(complaints(recipe("schedule.rate=0.05"), SCENES))
        .allMatch(line -> line.contains("rank 1 has another recipe than rank 0: schedule.rate"));
    assertThat(complaints(recipe(), StreetScenes.of(8, 96, 64, 3)))
        .allMatch(line -> line.contains("rank 1 has other pictures than rank 0: 8 pictures"));
    assertThat(dir.resolve("run")).doesNotExist();
  }

  @Test
  void whatTheLeadingOneFindsInTheFolderIsSaidByAll() throws Exception {
    Path run = dir.resolve("run");
    train(recipe("phases.0.epochs=1"), SCENES, run, Processes.alone(), -1, false);
    assertThat(complaints(recipe(), SCENES))
        .allMatch(line -> line.contains("has a checkpoint; go on with --resume"));
  }

  @Test
  void aBatchHasAPictureForEach() throws Exception {
    Recipe small = recipe("phases.0.batch=2");
    List<String> said =
        Ranks.each(
            3,
            processes -> {
              try {
                train(small, SCENES, dir.resolve("run"), processes, -1, false);
                return "";
              } catch (RecipeException e) {
                return e.getMessage();
              }
            });
    assertThat(said).allMatch(line -> line.contains("less than a picture for each of 3 processes"));
  }
}
