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
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.data.DataSet;
import org.efrnet.data.Example;
import org.efrnet.data.StreetScenes;
import org.efrnet.images.Mask;
import org.efrnet.images.Normalization;
import org.efrnet.labels.ClassTable;
import org.efrnet.learning.Batch;
import org.efrnet.learning.Processes;
import org.efrnet.metrics.Scores;
import org.efrnet.weights.FloatTensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainerTest {
  private static final DataSet SCENES = DataSet.cached(StreetScenes.of(9, 96, 64, 3), 1 << 24);

  private static final boolean LONG = System.getProperty("long") != null;

  @TempDir private Path dir;

  private static Recipe recipe(String... more) throws IOException {
    List<String> overrides =
        new ArrayList<>(List.of("phases.0.epochs=2", "phases.0.batch=2", "phases.0.crop=64x48"));
    overrides.addAll(List.of(more));
    return Recipe.read(Path.of("..", "recipes", "smoke.yaml"), overrides);
  }

  private Trainer trainer(Recipe recipe, String run, BooleanSupplier stop) throws IOException {
    return new Trainer(recipe, SCENES, Optional.empty(), dir.resolve(run), settings(stop, r -> {}));
  }

  private static Trainer.Settings settings(BooleanSupplier stop, Trainer.Watcher watcher) {
    return Trainer.Settings.of(stop, watcher).withCheckpoints(1e9, 2).withReportsEvery(3);
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
        .hasMessageContaining("another recipe: seed 1 -> 5")
        .hasMessageContaining("--changed-recipe");
  }

  @Test
  void aChangedRecipeIsTakenWhereItIsAskedForAndFits() throws Exception {
    int[] asked = {0};
    trainer(recipe(), "run", () -> asked[0]++ == 3).train(false);
    Notices notices = new Notices();
    Trainer.Settings settings = settings(() -> false, notices).withChangedRecipe();
    Recipe longer = recipe("phases.0.epochs=3", "schedule.rate=0.05");
    Trainer changed = new Trainer(longer, SCENES, Optional.empty(), dir.resolve("run"), settings);
    assertThat(changed.train(true).step()).isEqualTo(12);
    assertThat(notices.lines)
        .singleElement()
        .asString()
        .contains("phases.0.epochs 2 -> 3", "schedule.rate 0.1 -> 0.05");
    assertThat(Files.readString(dir.resolve("run/train.jsonl")))
        .contains("{\"step\":3,\"note\":\"the recipe changed: phases.0.epochs 2 -> 3");
    assertThat(Files.readString(dir.resolve("run/recipe.yaml"))).isEqualTo(longer.toYaml());
    assertThat(Files.readString(dir.resolve("run/run.html")))
        .contains("Step 3: the recipe changed: phases.0.epochs 2");
    assertThat(trainer(longer, "run", () -> false).train(true).step()).isEqualTo(12);

    Recipe adam = recipe("optimiser.kind=adamw", "optimiser.beta1=0.9", "optimiser.beta2=0.99");
    Trainer other = new Trainer(adam, SCENES, Optional.empty(), dir.resolve("run"), settings);
    String log = Files.readString(dir.resolve("run/train.jsonl"));
    assertThatThrownBy(() -> other.train(true))
        .isInstanceOf(RecipeException.class)
        .hasMessageContaining("must stay as they were");
    assertThat(Files.readString(dir.resolve("run/recipe.yaml"))).isEqualTo(longer.toYaml());
    assertThat(Files.readString(dir.resolve("run/train.jsonl"))).isEqualTo(log);
  }

  @Test
  void aFinishedRunThatGoesOnSetsItsBundleAside() throws Exception {
    trainer(recipe(), "run", () -> false).train(false);
    Path run = dir.resolve("run");
    String before = ModelBundle.read(run.resolve("bundle")).weights().digest();
    Trainer.Settings changed = settings(() -> false, report -> {}).withChangedRecipe();
    Recipe shorter = recipe("phases.0.epochs=1");
    assertThatThrownBy(
            () -> new Trainer(shorter, SCENES, Optional.empty(), run, changed).train(true))
        .isInstanceOf(RecipeException.class)
        .hasMessageContaining("has taken 8 steps, this recipe has 4");
    assertThatThrownBy(
            () -> new Trainer(recipe("seed=2"), SCENES, Optional.empty(), run, changed).train(true))
        .isInstanceOf(RecipeException.class)
        .hasMessageContaining("has taken all of its 8 steps", "changed recipe: seed 1 -> 2;");
    assertThat(Files.readString(run.resolve("recipe.yaml"))).isEqualTo(recipe().toYaml());
    assertThat(Files.readString(run.resolve("train.jsonl"))).doesNotContain("note");
    assertThat(trainer(recipe(), "run", () -> false).train(true).finished()).isTrue();
    int[] asked = {0};
    Trainer.Settings stopped = settings(() -> asked[0]++ == 1, report -> {}).withChangedRecipe();
    Recipe longer = recipe("phases.0.epochs=3");
    new Trainer(longer, SCENES, Optional.empty(), run, stopped).train(true);
    assertThat(run.resolve("bundle")).doesNotExist();
    assertThat(ModelBundle.read(run.resolve("bundle-8")).weights().digest()).isEqualTo(before);
    // Its checkpoint is of the changed recipe from the start.
    trainer(longer, "run", () -> false).train(true);
    assertThat(ModelBundle.read(run.resolve("bundle")).weights().digest()).isNotEqualTo(before);
  }

  @Test
  void aDamagedCheckpointDoesNotPushOutAGoodOne() throws Exception {
    Path run = Files.createDirectories(dir.resolve("run"));
    Checkpoints checkpoints = new Checkpoints(run, 1);
    Map<String, FloatTensor> state = Map.of("x", new FloatTensor(new int[] {1}, new float[] {7}));
    checkpoints.save(4, state, Map.of());
    Files.write(run.resolve("checkpoint-9.safetensors"), new byte[99]);
    assertThat(checkpoints.newest().orElseThrow().step()).isEqualTo(4);
    checkpoints.save(6, state, Map.of());
    assertThat(checkpoints.newest().orElseThrow().step()).isEqualTo(6);
    assertThat(checkpoints.lastGood()).isEqualTo(6);
    try (Stream<Path> files = Files.list(run)) {
      assertThat(files).containsExactly(run.resolve("checkpoint-6.safetensors"));
    }
  }

  @Test
  void aLogThatWasCutWithinACharacterIsNoObstacle() throws Exception {
    int[] asked = {0};
    trainer(recipe(), "run", () -> asked[0]++ == 4).train(false);
    Files.write(
        dir.resolve("run/train.jsonl"),
        new byte[] {'{', '"', (byte) 0xc3},
        StandardOpenOption.APPEND);
    assertThat(trainer(recipe(), "run", () -> false).train(true).finished()).isTrue();
    assertThat(Files.readAllLines(dir.resolve("run/train.jsonl"))).hasSize(3);
  }

  @Test
  void aLookCanBeStopped() throws Exception {
    Recipe recipe = recipe("watch.split=val", "watch.everyEpochs=1");
    int[] asked = {0};
    // The fifth question is the first within the look after the first epoch of four steps.
    BooleanSupplier stop = () -> asked[0]++ >= 4;
    DataSet unseen = StreetScenes.of(5, 96, 64, 4);
    Trainer trainer =
        new Trainer(
            recipe, SCENES, Optional.of(unseen), dir.resolve("run"), settings(stop, report -> {}));
    assertThat(trainer.train(false).step()).isEqualTo(4);
    assertThat(Files.readString(dir.resolve("run/train.jsonl"))).doesNotContain("watch");
    assertThat(dir.resolve("run/best")).doesNotExist();
    assertThat(dir.resolve("run/checkpoint-4.safetensors")).exists();

    // It is made up for; the last one as well, without which the run is not finished.
    int[] more = {0};
    Trainer.Watcher watcher =
        new Trainer.Watcher() {
          @Override
          public void report(Trainer.Report report) {
            more[0] = report.step() == 8 ? 1 : 0;
          }
        };
    Trainer.Outcome cut =
        new Trainer(
                recipe,
                SCENES,
                Optional.of(unseen),
                dir.resolve("run"),
                settings(() -> more[0] == 1, watcher))
            .train(true);
    assertThat(cut.finished()).isFalse();
    assertThat(cut.step()).isEqualTo(8);
    assertThat(RunLog.read(dir.resolve("run")).watches())
        .extracting(RunLog.Watch::step)
        .containsExactly(4L);
    assertThat(dir.resolve("run/bundle")).doesNotExist();
    Trainer last =
        new Trainer(
            recipe,
            SCENES,
            Optional.of(unseen),
            dir.resolve("run"),
            settings(() -> false, report -> {}));
    assertThat(last.train(true).finished()).isTrue();
    assertThat(RunLog.read(dir.resolve("run")).watches())
        .extracting(RunLog.Watch::step)
        .containsExactly(4L, 8L);
  }

  @Test
  void picturesWithoutLabelsAreTold() throws Exception {
    DataSet unlabelled = new Unlabelled(SCENES);
    Notices notices = new Notices();
    Trainer trainer =
        new Trainer(
            recipe("loss.classWeights=0", "phases.0.epochs=1"),
            unlabelled,
            Optional.empty(),
            dir.resolve("run"),
            settings(() -> false, notices));
    assertThat(trainer.train(false).finished()).isTrue();
    assertThat(notices.lines)
        .hasSize(2)
        .allMatch(line -> line.contains("is labelled, so nothing was learned"));
  }

  @Test
  void whatChangesNoResultMayChange() throws Exception {
    int[] asked = {0};
    trainer(recipe(), "run", () -> asked[0]++ == 3).train(false);
    Recipe licensed = recipe("bundle.licence=MIT");
    assertThat(trainer(licensed, "run", () -> false).train(true).finished()).isTrue();
    assertThat(dir.resolve("run/recipe.yaml")).hasContent(licensed.toYaml());
    assertThat(ModelBundle.read(dir.resolve("run/bundle")).recipe().orElseThrow())
        .isEqualTo(licensed.toYaml());
  }

  @Test
  void aBundleThatWasBeingReplacedGetsItsNameBack() throws Exception {
    Path run = dir.resolve("run");
    trainer(recipe(), "run", () -> false).train(false);
    String digest = ModelBundle.read(run.resolve("bundle")).weights().digest();
    Files.move(run.resolve("bundle"), run.resolve(".best.123e4567-e89b-12d3-a456-426614174000"));
    new Checkpoints(run, 2).removeParts();
    assertThat(ModelBundle.read(run.resolve("best")).weights().digest()).isEqualTo(digest);
  }

  @Test
  void whatIsWatchedIsLoggedShownAndItsBestKept() throws Exception {
    DataSet unseen = StreetScenes.of(5, 96, 64, 4);
    Recipe recipe =
        recipe("watch.split=val", "watch.everyEpochs=1", "watch.pictures=4", "watch.samples=2");
    List<Integer> epochs = new ArrayList<>();
    Trainer.Watcher watcher =
        new Trainer.Watcher() {
          @Override
          public void report(Trainer.Report report) {}

          @Override
          public void watched(int epoch, Scores scores) {
            epochs.add(epoch);
            assertThat(scores.miou()).isBetween(0.0, 100.0);
          }
        };
    Trainer trainer =
        new Trainer(
            recipe,
            SCENES,
            Optional.of(unseen),
            dir.resolve("run"),
            settings(() -> false, watcher));
    Trainer.Outcome outcome = trainer.train(false);
    assertThat(epochs).containsExactly(1, 2);
    assertThat(outcome.weights().digest())
        .as("looking changes nothing")
        .isEqualTo(trainer(recipe(), "blind", () -> false).train(false).weights().digest());
    assertThat(Files.readString(dir.resolve("run/train.jsonl")))
        .contains("{\"step\":4,\"epoch\":1,\"watch\":{\"data\":\"streets of seed 4, 96x64\"")
        .contains("\"pictures\":4");
    try (Stream<Path> samples = Files.list(dir.resolve("run/samples/epoch-0002"))) {
      assertThat(samples).hasSize(2);
    }
    ModelBundle best = ModelBundle.read(dir.resolve("run/best"));
    RunLog.Watch shown = RunLog.read(dir.resolve("run")).bestWatch().orElseThrow();
    if (shown.epoch() == 2) {
      assertThat(best.weights().digest()).isEqualTo(outcome.weights().digest());
    } else {
      assertThat(best.weights().digest()).isNotEqualTo(outcome.weights().digest());
    }
    assertThat(best.card()).contains("Chosen for its mIoU on streets of seed 4");
  }

  @Test
  void refusesToWatchWhatIsTrainedOn() throws IOException {
    Recipe recipe = recipe("watch.split=val", "watch.everyEpochs=1");
    DataSet leaking = StreetScenes.of(2, 96, 64, 3);
    assertThatThrownBy(
            () ->
                new Trainer(
                    recipe,
                    SCENES,
                    Optional.of(leaking),
                    dir.resolve("run"),
                    settings(() -> false, report -> {})))
        .isInstanceOf(RecipeException.class)
        .hasMessageContaining("shares 2 pictures");
  }

  @Test
  void aFolderIsTrainedInByOneAtATime() throws Exception {
    boolean[] refused = {false};
    BooleanSupplier meanwhile =
        () -> {
          assertThatThrownBy(() -> trainer(recipe(), "run", () -> false).train(false))
              .isInstanceOf(RecipeException.class)
              .hasMessageContaining("is being trained by another process");
          refused[0] = true;
          return true;
        };
    trainer(recipe(), "run", meanwhile).train(false);
    assertThat(refused[0]).isTrue();
  }

  @Test
  void whatAKilledRunHadBegunToWriteIsRemoved() throws Exception {
    Path run = dir.resolve("run");
    int[] asked = {0};
    trainer(recipe(), "run", () -> asked[0]++ == 3).train(false);
    String id = "123e4567-e89b-12d3-a456-426614174000";
    Path part = run.resolve(".checkpoint-5.safetensors." + id);
    Path folder = Files.createDirectory(run.resolve(".best." + id));
    Files.write(part, new byte[7]);
    Files.write(folder.resolve("config.json"), new byte[7]);
    Path foreign = Files.write(run.resolve(".notes"), new byte[7]);
    trainer(recipe(), "run", () -> false).train(true);
    assertThat(part).doesNotExist();
    assertThat(folder).doesNotExist();
    assertThat(foreign).exists();
  }

  @Test
  void everyCutAndFlippedCheckpointIsFound() throws Exception {
    int[] asked = {0};
    trainer(recipe(), "run", () -> asked[0]++ == 2).train(false);
    asked[0] = 0;
    trainer(recipe(), "run", () -> asked[0]++ == 1).train(true);
    Path newest = dir.resolve("run/checkpoint-3.safetensors");
    byte[] whole = Files.readAllBytes(newest);
    long seed = 11;
    Random random = new Random(seed);
    List<Integer> lengths = new ArrayList<>();
    for (int length = 0; length < whole.length; length += 997) {
      // Reading six megabytes a thousand times takes minutes; a sample covers every part.
      if (length < 20_000 || random.nextInt(LONG ? 1 : 60) == 0) {
        lengths.add(length);
      }
    }
    for (int length : lengths) {
      Files.write(newest, Arrays.copyOf(whole, length));
      assertOlderIsUsed("cut to " + length);
    }
    for (int i = 0; i < (LONG ? 2000 : 60); i++) {
      byte[] wrong = whole.clone();
      // Half of them in the header, where a wrong digit has the most to break.
      int at = random.nextInt(random.nextBoolean() ? 1000 : whole.length);
      wrong[at] ^= (byte) (1 << random.nextInt(8));
      Files.write(newest, wrong);
      assertOlderIsUsed("bit flipped at " + at + " (seed " + seed + ", flip " + i + ")");
    }
  }

  private void assertOlderIsUsed(String what) throws IOException {
    Checkpoints.Saved saved = new Checkpoints(dir.resolve("run"), 2).newest().orElseThrow();
    assertThat(saved.step()).as(what).isEqualTo(2);
    assertThat(saved.damaged()).as(what).singleElement().asString().doesNotContain("\n");
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
            Optional.empty(),
            dir.resolve("run"),
            settings(() -> false, report -> {}));
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
      Checkpoints.Saved saved = new Checkpoints(dir.resolve("run"), 2).newest().orElseThrow();
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
        .containsExactly("3", "6", "8");
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
            Optional.empty(),
            dir.resolve("run"),
            settings(() -> false, reports::add));
    Trainer.Outcome outcome = trainer.train(false);
    assertThat(reports).extracting(Trainer.Report::step).containsExactly(3L, 6L, 8L);
    assertThat(reports).extracting(Trainer.Report::epoch).containsExactly(1, 2, 2);
    ModelBundle bundle = trainer.bundle(outcome);
    bundle.write(dir.resolve("bundle"));
    ModelBundle read = ModelBundle.read(dir.resolve("bundle"));
    assertThat(read.weights().digest()).isEqualTo(outcome.weights().digest());
    assertThat(read.recipe()).contains(recipe.toYaml());
    assertThat(read.log().orElseThrow().lines()).hasSize(3);
    assertThat(read.card())
        .contains("efrnet.streets", "Apache-2.0", "8 steps")
        .containsPattern("took 0 h [0-9] min by the log; .* by cpu of: .* processors");
    assertThat(dir.resolve("run/checkpoint-8.safetensors")).exists();
  }

  @Test
  void batchesDependOnSeedAndNumberAlone() throws Exception {
    Recipe recipe = recipe();
    List<float[]> inOrder = new ArrayList<>();
    try (BatchSource source =
        new BatchSource(recipe, SCENES, Normalization.IMAGENET, Processes.alone(), 0, 3)) {
      for (int i = 0; i < source.steps(); i++) {
        inOrder.add(source.take().planes());
      }
    }
    try (BatchSource later =
        new BatchSource(recipe, SCENES, Normalization.IMAGENET, Processes.alone(), 5, 1)) {
      Batch sixth = later.take();
      assertThat(sixth.planes()).isEqualTo(inOrder.get(5));
      assertThat(sixth.planes()).isNotEqualTo(inOrder.get(4));
    }
  }

  /** The same pictures, of which nobody knows anything. */
  private record Unlabelled(DataSet source) implements DataSet {
    @Override
    public String name() {
      return source.name();
    }

    @Override
    public ClassTable classes() {
      return source.classes();
    }

    @Override
    public int size() {
      return source.size();
    }

    @Override
    public String nameOf(int index) {
      return source.nameOf(index);
    }

    @Override
    public String sequenceOf(int index) {
      return source.sequenceOf(index);
    }

    @Override
    public Example load(int index) throws IOException {
      Example known = source.load(index);
      byte[] ids = new byte[known.truth().ids().length];
      Arrays.fill(ids, (byte) ClassTable.IGNORE);
      return new Example(
          known.name(),
          known.picture(),
          new Mask(known.truth().width(), known.truth().height(), ids));
    }
  }
}
