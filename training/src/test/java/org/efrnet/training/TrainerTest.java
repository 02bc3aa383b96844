package org.efrnet.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.BooleanSupplier;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.data.DataSet;
import org.efrnet.data.StreetScenes;
import org.efrnet.images.Normalization;
import org.efrnet.torch.Batch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainerTest {
  private static final DataSet SCENES = DataSet.cached(StreetScenes.of(9, 96, 64, 3), 1 << 24);

  @TempDir private Path dir;

  private static Recipe recipe(String... more) throws IOException {
    List<String> overrides =
        new ArrayList<>(List.of("phases.0.epochs=2", "phases.0.batch=2", "phases.0.crop=64x48"));
    overrides.addAll(List.of(more));
    return Recipe.read(Path.of("..", "recipes", "smoke.yaml"), overrides);
  }

  private Trainer trainer(Recipe recipe, String run, BooleanSupplier stop) {
    return new Trainer(
        recipe, SCENES, dir.resolve(run), new Trainer.Settings(2, 1e9, 3, stop, report -> {}));
  }

  @Test
  void aRunStoppedAndResumedEndsWhereAnUninterruptedOneDoes() throws Exception {
    Recipe recipe = recipe();
    Trainer.Outcome straight = trainer(recipe, "straight", () -> false).train(false);
    assertThat(straight.finished()).isTrue();
    assertThat(straight.step()).isEqualTo(2 * (9 / 2));

    int[] asked = {0};
    Trainer.Outcome stopped = trainer(recipe, "torn", () -> asked[0]++ == 3).train(false);
    assertThat(stopped.finished()).isFalse();
    assertThat(stopped.step()).isEqualTo(3);
    Trainer.Outcome resumed = trainer(recipe, "torn", () -> false).train(true);
    assertThat(resumed.finished()).isTrue();
    assertThat(resumed.weights().digest()).isEqualTo(straight.weights().digest());
    assertThat(stopped.weights().digest()).isNotEqualTo(straight.weights().digest());
  }

  @Test
  void anotherSeedIsAnotherRun() throws Exception {
    assertThat(trainer(recipe("seed=2"), "a", () -> false).train(false).weights().digest())
        .isNotEqualTo(trainer(recipe(), "b", () -> false).train(false).weights().digest());
  }

  @Test
  void refusesToOverwriteARunOrToMixRecipes() throws Exception {
    trainer(recipe(), "run", () -> false).train(false);
    assertThatThrownBy(() -> trainer(recipe(), "run", () -> false).train(false))
        .isInstanceOf(RecipeException.class)
        .hasMessageContaining("--resume");
    assertThatThrownBy(() -> trainer(recipe("seed=5"), "run", () -> false).train(true))
        .isInstanceOf(RecipeException.class)
        .hasMessageContaining("another recipe");
  }

  @Test
  void refusesToResumeNothingOrOnOtherPictures() throws Exception {
    assertThatThrownBy(() -> trainer(recipe(), "none", () -> false).train(true))
        .isInstanceOf(RecipeException.class)
        .hasMessageContaining("no checkpoint");
    trainer(recipe(), "run", () -> false).train(false);
    DataSet others = StreetScenes.of(9, 96, 64, 4);
    Trainer trainer =
        new Trainer(
            recipe(),
            others,
            dir.resolve("run"),
            new Trainer.Settings(1, 1e9, 3, () -> false, report -> {}));
    assertThatThrownBy(() -> trainer.train(true))
        .isInstanceOf(RecipeException.class)
        .hasMessageContaining("other pictures");
  }

  @Test
  void aDamagedCheckpointIsFoundAndTheOneBeforeItUsed() throws Exception {
    Recipe recipe = recipe();
    String straight = trainer(recipe, "straight", () -> false).train(false).weights().digest();
    int[] asked = {0};
    trainer(recipe, "run", () -> asked[0]++ == 2).train(false);
    asked[0] = 0;
    trainer(recipe, "run", () -> asked[0]++ == 3).train(true);
    Path newest = dir.resolve("run/checkpoint-5.safetensors");
    byte[] whole = Files.readAllBytes(newest);
    Random random = new Random(7);
    for (int length : new int[] {0, 7, 997, whole.length / 2, whole.length - 1, whole.length}) {
      byte[] torn = Arrays.copyOf(whole, length);
      if (length == whole.length) {
        torn[whole.length / 3 + random.nextInt(whole.length / 3)] ^= 4;
      }
      Files.write(newest, torn);
      Checkpoints.Saved saved = new Checkpoints(dir.resolve("run")).newest().orElseThrow();
      assertThat(saved.step()).isEqualTo(2);
      assertThat(saved.damaged())
          .singleElement()
          .asString()
          .contains("checkpoint-5")
          .doesNotContain("\n");
    }
    assertThat(trainer(recipe, "run", () -> false).train(true).weights().digest())
        .isEqualTo(straight);

    for (String name : List.of("checkpoint-5", "checkpoint-8")) {
      Files.write(dir.resolve("run/" + name + ".safetensors"), new byte[9]);
    }
    assertThatThrownBy(() -> trainer(recipe, "run", () -> false).train(true))
        .isInstanceOf(RecipeException.class)
        .hasMessageContainingAll("checkpoint-5", "checkpoint-8", "start anew");
  }

  @Test
  void aResumedRunLogsEveryStepOnce() throws Exception {
    Path log = dir.resolve("run/train.jsonl");
    int[] asked = {0};
    trainer(recipe(), "run", () -> asked[0]++ == 4).train(false);
    // As if it had been killed behind its checkpoint.
    Files.writeString(log, "{\"step\":6}\n", StandardOpenOption.APPEND);
    trainer(recipe(), "run", () -> false).train(true);
    assertThat(Files.readAllLines(log))
        .extracting(line -> line.replaceAll("\\D*(\\d+).*", "$1"))
        .containsExactly("3", "7", "8");
  }

  @Test
  void refusesABatchLargerThanTheData() throws IOException {
    Trainer trainer = trainer(recipe("phases.0.batch=10"), "run", () -> false);
    assertThatThrownBy(() -> trainer.train(false))
        .isInstanceOf(RecipeException.class)
        .hasMessageContaining("batch of 10")
        .hasMessageContaining("9 pictures");
  }

  @Test
  void leavesABundleWithRecipeAndLog() throws Exception {
    Recipe recipe = recipe();
    List<Trainer.Report> reports = new ArrayList<>();
    Trainer trainer =
        new Trainer(
            recipe,
            SCENES,
            dir.resolve("run"),
            new Trainer.Settings(1, 1e9, 3, () -> false, reports::add));
    Trainer.Outcome outcome = trainer.train(false);
    assertThat(reports).extracting(Trainer.Report::step).containsExactly(3L, 6L, 8L);
    assertThat(reports).extracting(Trainer.Report::epoch).containsExactly(1, 2, 2);
    ModelBundle bundle = trainer.bundle(outcome);
    bundle.write(dir.resolve("bundle"));
    ModelBundle read = ModelBundle.read(dir.resolve("bundle"));
    assertThat(read.weights().digest()).isEqualTo(outcome.weights().digest());
    assertThat(read.recipe()).contains(recipe.toYaml());
    assertThat(read.log().orElseThrow().lines()).hasSize(3);
    assertThat(read.card().orElseThrow()).contains("efrnet.streets", "Apache-2.0", "8 steps");
    assertThat(dir.resolve("run/checkpoint-8.safetensors")).exists();
  }

  @Test
  void batchesDependOnSeedAndNumberAlone() throws Exception {
    Recipe recipe = recipe();
    List<float[]> inOrder = new ArrayList<>();
    try (BatchSource source = new BatchSource(recipe, SCENES, Normalization.IMAGENET, 0, 3)) {
      for (int i = 0; i < source.steps(); i++) {
        inOrder.add(source.take().planes());
      }
    }
    try (BatchSource later = new BatchSource(recipe, SCENES, Normalization.IMAGENET, 5, 1)) {
      Batch sixth = later.take();
      assertThat(sixth.planes()).isEqualTo(inOrder.get(5));
      assertThat(sixth.planes()).isNotEqualTo(inOrder.get(4));
    }
  }
}
