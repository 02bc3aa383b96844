package org.efrnet.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.data.DataSet;
import org.efrnet.data.StreetScenes;
import org.efrnet.learning.Processes;
import org.efrnet.torch.Ranks;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A recipe that trains in stages. */
class StagesTest {
  private static final Path RECIPES = Path.of("..", "recipes");
  private static final Path SMOKE = RECIPES.resolve("smoke.yaml");
  private static final DataSet SCENES = DataSet.cached(StreetScenes.of(9, 96, 64, 3), 1 << 24);

  private static final String FIRST =
      "{loss: {jaccard: 0}, schedule: {rate: 0.04}, phases: [{epochs: 1, batch: 2, crop: 64x48,"
          + " scale: [1, 1]}]}";
  private static final String SECOND =
      "{phases: [{epochs: 1, batch: 3, crop: 48x48, scale: [1, 1]}]}";

  @TempDir private Path dir;

  private final List<String> stages = new ArrayList<>();

  private static Recipe recipe(String... more) throws IOException {
    List<String> overrides =
        new ArrayList<>(
            List.of(
                "phases=[{epochs: 2, batch: 2, crop: 64x48, scale: [0.8, 1.2]}]",
                "loss.jaccard=1",
                "learnSlopes=true"));
    overrides.addAll(List.of(more));
    return Recipe.read(SMOKE, overrides);
  }

  private Trainer trainer(Recipe recipe, Path run, BooleanSupplier stop, Processes processes)
      throws IOException {
    Trainer.Watcher watcher =
        new Trainer.Watcher() {
          @Override
          public void report(Trainer.Report report) {}

          @Override
          public void stage(int number, int of, Path folder) {
            stages.add(number + " of " + of + " in " + dir.relativize(folder));
          }
        };
    Trainer.Settings settings =
        Trainer.Settings.of(stop, watcher).withCheckpoints(1e9, 2).with(processes);
    return new Trainer(
        recipe,
        SCENES,
        Optional.empty(),
        run,
        processes.size() > 1 ? settings.by(LearningEngine.LIBTORCH, 1) : settings);
  }

  private Trainer.Outcome train(Recipe recipe, String run, BooleanSupplier stop, boolean resume)
      throws Exception {
    return trainer(recipe, dir.resolve(run), stop, Processes.alone()).train(resume);
  }

  private static Trainer.Outcome resumeChanged(Recipe recipe, Path run) throws Exception {
    Trainer.Settings settings = Trainer.Settings.of(() -> false, report -> {}).withChangedRecipe();
    return new Trainer(recipe, SCENES, Optional.empty(), run, settings).train(true);
  }

  @Test
  void stagesAreTheRecipeButForWhatTheySay() throws IOException {
    Recipe recipe = recipe("before=[" + FIRST + ", {precision: fp32}]", "seed=7");
    Recipe plain = recipe("seed=7");
    assertThat(recipe.before()).hasSize(2);
    assertThat(recipe.before().get(0).changesFrom(plain))
        .containsExactlyInAnyOrder(
            "name efrnet.streets -> efrnet.streets-stage-1",
            "loss.jaccard 1.0 -> absent",
            "schedule.rate " + plain.schedule().rate() + " -> 0.04",
            "phases.0.epochs 2 -> 1",
            "phases.0.scale.0 0.8 -> 1.0",
            "phases.0.scale.1 1.2 -> 1.0");
    assertThat(recipe.before().get(1).changesFrom(plain))
        .contains("name efrnet.streets -> efrnet.streets-stage-2", "precision BF16 -> FP32")
        .hasSize(2);
    assertThat(recipe.changesFrom(plain))
        .contains("before.0.schedule.rate absent -> 0.04", "before.0.loss.jaccard absent -> 0.0")
        .allMatch(change -> change.startsWith("before."));
    assertThat(recipe("before=[" + FIRST + "]", "before.0.schedule.rate=0.02").before())
        .singleElement()
        .satisfies(stage -> assertThat(stage.schedule().rate()).isEqualTo(0.02))
        .satisfies(stage -> assertThat(stage.seed()).isEqualTo(plain.seed() - 6));
    assertThat(plain.toYaml()).doesNotContain("before");
    Recipe copy = Recipe.parse(recipe.toYaml(), "copy");
    assertThat(copy.fingerprint()).isEqualTo(recipe.fingerprint());
    assertThat(copy.before().get(0).fingerprint()).isEqualTo(recipe.before().get(0).fingerprint());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "before=1 | before must be a list of stages",
        "before={seed: 1} | before must be a list of stages",
        "before=[1] | before.0 must be a mapping",
        "before=[{}, {seed: 2}] | before.1 says 'seed', which is the same in all stages",
        "before=[{from: efrnet.camvid}] | before.0 says 'from'",
        "before=[{before: [{}]}] | before.0 says 'before'",
        "before=[{los: 1}] | before.0 has the unknown key 'los' (did you mean 'loss'",
        "before=[{schedule: {rat: 1}}] | before.0.schedule has the unknown key 'rat'",
        "before=[{phases: []}] | before.0: phases is empty",
        "before=[{phases: }] | before.0.phases has no value",
        "before.0.seed=1 | gives no list before to change in; give it whole, before=[...]",
      })
  void refusesInOneLine(String override, String message) {
    assertThatThrownBy(() -> Recipe.read(SMOKE, List.of(override)))
        .isInstanceOf(RecipeException.class)
        .hasMessageContaining(message)
        .message()
        .doesNotContain("\n");
  }

  @Test
  void twoBeginningsAreRefused() {
    assertThatThrownBy(() -> recipe("before=[{}]", "from=efrnet.camvid"))
        .isInstanceOf(RecipeException.class)
        .hasMessageContaining("from is 'efrnet.camvid', but before says")
        .hasMessageEndingWith("as by before=[]");
  }

  @Test
  void anEmptyListIsNoStages() throws IOException {
    Recipe recipe = recipe("before=[{}]", "from=efrnet.camvid", "before=[]");
    assertThat(recipe.before()).isEmpty();
    assertThat(recipe.fingerprint()).isEqualTo(recipe("from=efrnet.camvid").fingerprint());
  }

  @Test
  void aListThatAStageHasFromTheRecipeIsGivenWhole() {
    assertThatThrownBy(() -> recipe("before=[{}]", "before.0.phases.0.epochs=5"))
        .isInstanceOf(RecipeException.class)
        .hasMessageContaining("no list before.0.phases", "give it whole, before.0.phases=[...]");
  }

  @Test
  void whatIsMissingIsMissingFromTheRecipe() throws IOException {
    Path file = dir.resolve("r.yaml");
    Files.writeString(file, Files.readString(SMOKE).replace("seed: 1\n", "before: [{}]\n"));
    assertThatThrownBy(() -> Recipe.read(file, List.of()))
        .hasMessageContaining("seed")
        .message()
        .doesNotContain("before");
  }

  /** What two commands did, the second from the bundle of the first, one does. */
  @Test
  void aRunInStagesIsThatOfTheStagesOneByOne() throws Exception {
    Recipe recipe = recipe("before=[" + FIRST + ", " + SECOND + "]");
    Trainer.Outcome outcome = train(recipe, "run", () -> false, false);
    assertThat(outcome.finished()).isTrue();
    assertThat(outcome.step()).isEqualTo(8);

    Path one = dir.resolve("one/bundle");
    Path two = dir.resolve("two/bundle");
    train(recipe.before().get(0), "one", () -> false, false);
    Recipe middle =
        recipe("from=" + one, "phases=[{epochs: 1, batch: 3, crop: 48x48, scale: [1, 1]}]");
    train(middle, "two", () -> false, false);
    Trainer.Outcome last = train(recipe("from=" + two), "three", () -> false, false);
    assertThat(outcome.weights().digest()).isEqualTo(last.weights().digest());

    ModelBundle bundle = ModelBundle.read(dir.resolve("run/bundle"));
    assertThat(bundle.weights().digest()).isEqualTo(last.weights().digest());
    assertThat(bundle.card())
        .contains("trained from scratch in 3 stages", "seed 1, 4 + 3 + 8 steps")
        .contains("The last stage started from efrnet.streets-stage-2")
        .doesNotContain("fine-tuned");
    assertThat(Recipe.parse(bundle.recipe().orElseThrow(), "copy").fingerprint())
        .isEqualTo(recipe.fingerprint());
    assertThat(stages)
        .containsExactly("1 of 3 in run/stage-1", "2 of 3 in run/stage-2", "3 of 3 in run");
    assertThat(Files.readString(dir.resolve("run/run.html")))
        .contains("href=\"stage-1/run.html\"", "href=\"stage-2/run.html\"");
    for (String folder : List.of("run/stage-1", "run/stage-2", "run")) {
      assertThat(dir.resolve(folder).resolve("run.html")).exists();
      assertThat(dir.resolve(folder).resolve("train.jsonl")).exists();
    }
  }

  @Test
  void goesOnInTheStageInWhichItWasStopped() throws Exception {
    Recipe recipe = recipe("before=[" + FIRST + ", " + SECOND + "]");
    String straight = train(recipe, "straight", () -> false, false).weights().digest();
    // 4 steps, 3 and 8: a stop in each, and between two of them.
    for (int stopAt : new int[] {2, 4, 5, 9}) {
      String run = "torn-" + stopAt;
      int[] asked = {0};
      Trainer.Outcome stopped = train(recipe, run, () -> asked[0]++ == stopAt, false);
      assertThat(stopped.finished()).as(run).isFalse();
      assertThat(Trainer.hasCheckpoint(dir.resolve(run))).isTrue();
      assertThatThrownBy(() -> train(recipe, run, () -> false, false))
          .isInstanceOf(RecipeException.class)
          .hasMessageContaining("has a checkpoint; go on with --resume");
      Trainer.Outcome resumed = train(recipe, run, () -> false, true);
      assertThat(resumed.finished()).isTrue();
      assertThat(resumed.weights().digest()).as(run).isEqualTo(straight);
    }
    assertThat(train(recipe, "straight", () -> false, true).weights().digest()).isEqualTo(straight);
    assertThatThrownBy(() -> train(recipe, "none", () -> false, true))
        .isInstanceOf(RecipeException.class)
        .hasMessageContaining("has no checkpoint to resume");
  }

  @Test
  void aChangedStageIsRefusedWhileItIsTrainedAndAfterwards() throws Exception {
    Recipe recipe = recipe("before=[" + FIRST + "]");
    Recipe other = recipe("before=[" + FIRST + "]", "before.0.schedule.rate=0.02");
    int[] asked = {0};
    train(recipe, "run", () -> asked[0]++ == 2, false);
    assertThatThrownBy(() -> train(other, "run", () -> false, true))
        .isInstanceOf(RecipeException.class)
        .hasMessageContaining("stage-1", "another recipe: schedule.rate 0.04 -> 0.02");
    train(recipe, "run", () -> false, true);
    assertThatThrownBy(() -> train(other, "run", () -> false, true))
        .hasMessageContaining("another recipe: before.0.schedule.rate 0.04 -> 0.02");
    // The stage is flipped as often as the recipe says, unless it says so itself.
    Recipe flipped = recipe("before=[" + FIRST + "]", "jitter.flip=0.3", "phases.0.epochs=3");
    Path run = dir.resolve("run");
    assertThatThrownBy(() -> resumeChanged(flipped, run))
        .isInstanceOf(RecipeException.class)
        .hasMessageContaining("stage-1 already, which cannot change any more: jitter.flip 0.5 ->");
    Recipe longer =
        recipe(
            "before=[" + FIRST + "]",
            "jitter.flip=0.3",
            "before.0.jitter.flip=0.5",
            "phases.0.epochs=3");
    assertThat(resumeChanged(longer, run).step()).isEqualTo(12);
    // Nor can there be more or fewer of them than there were.
    for (String stages : List.of("[" + FIRST + ", {}]", "[]")) {
      Recipe others = recipe("before=" + stages, "jitter.flip=0.3", "phases.0.epochs=4");
      assertThatThrownBy(() -> resumeChanged(others, run))
          .isInstanceOf(RecipeException.class)
          .hasMessageContaining("was trained behind 1 stage, this recipe has");
    }
  }

  @Test
  void aStageThatIsOverCannotChangeWhileALaterOneIsTrained() throws Exception {
    Recipe recipe = recipe("before=[" + FIRST + ", " + SECOND + "]");
    int[] asked = {0};
    // Within the second stage.
    train(recipe, "run", () -> asked[0]++ == 5, false);
    assertThat(dir.resolve("run/run.html")).content().contains("A stage before is in training");
    Recipe other = recipe("before=[" + FIRST + ", " + SECOND + "]", "before.0.schedule.rate=0.02");
    assertThatThrownBy(() -> train(other, "run", () -> false, true))
        .isInstanceOf(RecipeException.class)
        .hasMessageContaining("stage-1 already, which cannot change any more: schedule.rate 0.04");
    // Its folder may be gone: what it made is in the next one's weights.
    Files.move(dir.resolve("run/stage-1"), dir.resolve("elsewhere"));
    assertThat(Trainer.hasCheckpoint(dir.resolve("run"))).isTrue();
    assertThatThrownBy(() -> train(recipe, "run", () -> false, false))
        .hasMessageContaining("has a checkpoint; go on with --resume");
    assertThat(train(recipe, "run", () -> false, true).finished()).isTrue();
  }

  @Test
  void aChangeWithinAStageIsNotedInTheEndAndNoneWithoutAStep() throws Exception {
    String before = "before=[" + FIRST + "]";
    int[] asked = {0};
    Path run = dir.resolve("run");
    train(recipe(before), "run", () -> asked[0]++ == 2, false);
    Recipe slower = recipe(before, "before.0.schedule.rate=0.02");
    int[] again = {0};
    Trainer.Settings settings =
        Trainer.Settings.of(() -> again[0]++ == 2, report -> {}).withChangedRecipe();
    new Trainer(slower, SCENES, Optional.empty(), run, settings).train(true);
    assertThat(run.resolve("stage-1/bundle")).exists();
    // As if the recipe's own training had died before its first checkpoint.
    Files.delete(run.resolve("checkpoint-0.safetensors"));
    Recipe late = recipe(before, "before.0.schedule.rate=0.01");
    assertThatThrownBy(() -> resumeChanged(late, run))
        .isInstanceOf(RecipeException.class)
        .hasMessageContaining("stage-1 has taken all of its 4 steps")
        .hasMessageContaining("schedule.rate 0.02 -> 0.01; give it more epochs");
    assertThat(train(slower, "run", () -> false, true).finished()).isTrue();
    assertThat(ModelBundle.read(run.resolve("bundle")).log().orElseThrow())
        .contains("stage-1, step 2: the recipe changed: schedule.rate 0.04 -> 0.02");
  }

  @Test
  void aDamagedLastStageNeedNotCostTheOthers() throws Exception {
    Recipe recipe = recipe("before=[" + FIRST + "]");
    int[] asked = {0};
    train(recipe, "run", () -> asked[0]++ == 6, false);
    Path run = dir.resolve("run");
    Files.write(run.resolve("checkpoint-2.safetensors"), new byte[9]);
    assertThatThrownBy(() -> train(recipe, "run", () -> false, true))
        .isInstanceOf(RecipeException.class)
        .hasMessageContaining("before=[] from=" + run.resolve("stage-1/bundle") + " spares");
    Recipe spared = recipe("before=[]", "from=" + run.resolve("stage-1/bundle"));
    assertThat(train(spared, "other", () -> false, false).weights().digest())
        .isEqualTo(train(recipe, "straight", () -> false, false).weights().digest());
  }

  @Test
  void processesTrainAllStagesTogether() throws Exception {
    Recipe recipe =
        recipe("precision=fp64", "phases.0.epochs=1", "before=[" + FIRST + "]", "seed=3");
    Path run = dir.resolve("run");
    List<Trainer.Outcome> stopped =
        Ranks.each(
            2,
            processes -> {
              int[] asked = {0};
              return trainer(recipe, run, () -> asked[0]++ == 2, processes).train(false);
            });
    assertThat(stopped).allMatch(outcome -> !outcome.finished() && outcome.step() == 2);
    List<Trainer.Outcome> outcomes =
        Ranks.each(2, processes -> trainer(recipe, run, () -> false, processes).train(true));
    assertThat(outcomes).allMatch(outcome -> outcome.finished() && outcome.step() == 4);
    assertThat(outcomes.get(1).weights().digest()).isEqualTo(outcomes.get(0).weights().digest());
    assertThat(ModelBundle.read(run.resolve("bundle")).weights().digest())
        .isEqualTo(outcomes.get(0).weights().digest());
  }
}
