package org.efrnet.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.efrnet.data.DataSets;
import org.efrnet.learning.Optimiser;
import org.efrnet.learning.Precision;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class RecipeTest {
  /** Rows of the paper's Table 1, as names of recipes end, and their networks. */
  private static final Map<String, String> ROWS =
      Map.of(
          "baseline", "baseline",
          "ffm1", "baseline+ffm1",
          "ffm1-ffm2", "baseline+ffm1+ffm2",
          "r2", "efrnet-r2");

  private static final Path RECIPES = Path.of("..", "recipes");

  @TempDir private Path dir;

  static Stream<Path> recipes() throws IOException {
    try (Stream<Path> files = Files.list(RECIPES)) {
      return files.filter(f -> f.toString().endsWith(".yaml")).sorted().toList().stream();
    }
  }

  @ParameterizedTest
  @MethodSource("recipes")
  void everyRecipeOfTheRepositoryIsValidAndSurvivesItsOwnYaml(Path file) throws IOException {
    Recipe recipe = Recipe.read(file, List.of());
    Path copy = dir.resolve("copy.yaml");
    Files.writeString(copy, recipe.toYaml());
    assertThat(Recipe.read(copy, List.of()).fingerprint()).isEqualTo(recipe.fingerprint());
  }

  @Test
  void thePapersRecipeIsThePapers() throws IOException {
    Recipe recipe = Recipe.read(RECIPES.resolve("efrnet.camvid-paper.yaml"), List.of());
    assertThat(recipe.optimiser().optimiser()).isEqualTo(new Optimiser.Sgd(0.9, 5e-4, false));
    assertThat(recipe.schedule()).isEqualTo(new PolySchedule(0.01, 0.9, 0));
    assertThat(recipe.phases()).singleElement().extracting(Recipe.Phase::batch).isEqualTo(10);
    assertThat(recipe.loss()).isEqualTo(new Recipe.Loss(0, 0, 0));
  }

  /** Table 1 of the paper compares networks, hence all else must be the same. */
  @Test
  void theRowsOfTable1DifferInTheirNetworksAlone() throws IOException {
    Recipe whole = Recipe.read(RECIPES.resolve("efrnet.cityscapes.yaml"), List.of());
    assertThat(whole.network()).isEqualTo("efrnet");
    assertThat(whole.data().source()).isEqualTo(Recipe.Source.CITYSCAPES);
    assertThat(whole.data().split()).isEqualTo("train");
    assertThat(whole.optimiser().optimiser()).isEqualTo(new Optimiser.Sgd(0.9, 5e-4, false));
    assertThat(whole.schedule()).isEqualTo(new PolySchedule(0.01, 0.9, 0));
    assertThat(whole.phases()).singleElement().extracting(Recipe.Phase::batch).isEqualTo(10);
    for (String row : List.of("baseline", "ffm1", "ffm1-ffm2", "r2")) {
      likeButFor("efrnet.cityscapes", "efrnet.cityscapes-" + row, ROWS.get(row));
    }
  }

  @Test
  void quarterRecipesDifferInTheirNetworkAlone() throws IOException {
    Recipe whole = Recipe.read(RECIPES.resolve("efrnet.camvid.yaml"), List.of());
    Recipe quarter = Recipe.read(RECIPES.resolve("efrnet.camvid-quarter.yaml"), List.of());
    assertThat(quarter.changesFrom(whole.before().get(0)))
        .hasSizeGreaterThan(1)
        .allMatch(change -> change.startsWith("name ") || change.startsWith("phases"));
    for (String row : List.of("baseline", "ffm1", "ffm1-ffm2")) {
      likeButFor("efrnet.camvid-quarter", "efrnet.camvid-quarter-" + row, ROWS.get(row));
    }
    for (String rival : List.of("enet", "cgnet", "erfnet")) {
      likeButFor("efrnet.camvid-quarter", rival + ".camvid-quarter", rival);
    }
  }

  @Test
  void theShippedBundleIsTheShippedRecipes() throws IOException {
    Recipe recipe = Recipe.read(RECIPES.resolve("efrnet.camvid.yaml"), List.of());
    Path bundle = Path.of("..", "bundles", "efrnet.camvid", "recipe.yaml");
    assertThat(Recipe.read(bundle, List.of()).changesFrom(recipe)).isEmpty();
  }

  private static void likeButFor(String like, String name, String network) throws IOException {
    Recipe whole = Recipe.read(RECIPES.resolve(like + ".yaml"), List.of());
    Recipe other = Recipe.read(RECIPES.resolve(name + ".yaml"), List.of());
    assertThat(other.changesFrom(whole))
        .containsExactly("name " + like + " -> " + name, "network efrnet -> " + network);
    assertThat(other.bundle()).isEqualTo(whole.bundle());
    assertThat(other.watch()).isEqualTo(whole.watch());
  }

  @Test
  void aRecipeLikeAnotherSaysOnlyWhatDiffers() throws IOException {
    Files.copy(RECIPES.resolve("smoke.yaml"), dir.resolve("smoke.yaml"));
    Path own = dir.resolve("own.yaml");
    Files.writeString(
        own,
        """
        like: smoke.yaml
        optimiser: {momentum: 0.5}
        phases: [{epochs: 1, batch: 2, crop: 32x32, scale: [1, 1]}]
        """);
    Recipe recipe = Recipe.read(own, List.of("seed=4"));
    assertThat(recipe.changesFrom(Recipe.read(dir.resolve("smoke.yaml"), List.of())))
        .contains("optimiser.momentum 0.9 -> 0.5", "seed 1 -> 4", "phases.0.crop 160x128 -> 32x32")
        .noneMatch(change -> change.startsWith("optimiser.kind"));
    assertThat(recipe.toYaml()).doesNotContain("like");
    assertThat(Recipe.parse(recipe.toYaml(), "copy").fingerprint()).isEqualTo(recipe.fingerprint());

    Path third = dir.resolve("third.yaml");
    Files.writeString(third, "like: own.yaml\n");
    assertThatThrownBy(() -> Recipe.read(third, List.of()))
        .isInstanceOf(RecipeException.class)
        .hasMessageContaining("own.yaml is like another itself");
    Files.writeString(third, "like: ../smoke.yaml\n");
    assertThatThrownBy(() -> Recipe.read(third, List.of()))
        .hasMessageContaining("third.yaml: like is '../smoke.yaml', must be a recipe of the same");
    Files.writeString(third, "like: none.yaml\n");
    assertThatThrownBy(() -> Recipe.read(third, List.of()))
        .hasMessageContaining("none.yaml: no such file");
    Files.writeString(third, "like: smoke.yaml\nnetwrk: efrnet\n");
    assertThatThrownBy(() -> Recipe.read(third, List.of()))
        .hasMessageContaining("third.yaml: has the unknown key 'netwrk'");
  }

  @Test
  void aKeyThatCameLaterLeavesOldRecipesAsTheyWere() throws IOException {
    Path smoke = RECIPES.resolve("smoke.yaml");
    Recipe plain = Recipe.read(smoke, List.of());
    assertThat(plain.toYaml()).doesNotContain("jaccard");
    assertThat(Recipe.read(smoke, List.of("loss.jaccard=0")).fingerprint())
        .isEqualTo(plain.fingerprint());
    Recipe other = Recipe.read(smoke, List.of("loss.jaccard=0.5"));
    assertThat(other.changesFrom(plain)).containsExactly("loss.jaccard absent -> 0.5");
    assertThat(Recipe.parse(other.toYaml(), "copy").loss()).isEqualTo(other.loss());
    assertThatThrownBy(() -> Recipe.read(smoke, List.of("loss.jaccard=-1")))
        .hasMessageContaining("loss.jaccard is -1.0, must be at least 0.0, below 100.0");
  }

  @Test
  void overridesReachEveryDepth() throws IOException {
    Path smoke = RECIPES.resolve("smoke.yaml");
    Recipe plain = Recipe.read(smoke, List.of());
    Recipe changed =
        Recipe.read(
            smoke,
            List.of("seed=7", "phases.0.epochs=3", "optimiser.weightDecay=1e-3", "precision=bf16"));
    assertThat(changed.seed()).isEqualTo(7);
    assertThat(changed.phases().get(0).epochs()).isEqualTo(3);
    assertThat(changed.optimiser().weightDecay()).isEqualTo(1e-3);
    assertThat(changed.precision()).isEqualTo(Precision.BF16);
    assertThat(changed.fingerprint()).isNotEqualTo(plain.fingerprint());
  }

  @Test
  void optionalKeysCanBeGivenThoughTheRecipeLeavesThemOut() throws IOException {
    Path smoke = RECIPES.resolve("smoke.yaml");
    Recipe plain = Recipe.read(smoke, List.of());
    assertThat(plain.from()).isEmpty();
    assertThat(plain.watch()).isEqualTo(Recipe.Watch.NONE);
    assertThat(plain.toYaml()).doesNotContain("from:", "watch:");
    Recipe more =
        Recipe.read(smoke, List.of("from=efrnet.camvid", "watch.split=val", "watch.everyEpochs=2"));
    assertThat(more.from()).isEqualTo("efrnet.camvid");
    assertThat(more.watch()).isEqualTo(new Recipe.Watch("val", 2, 0, 0));
    assertThat(Recipe.parse(more.toYaml(), "copy").watch()).isEqualTo(more.watch());
    assertThat(Recipe.parse(more.toYaml(), "copy").fingerprint()).isEqualTo(more.fingerprint());
  }

  @Test
  void watchingIsNoPartOfTheTrainingAndWhereItStartsIs() throws IOException {
    Path smoke = RECIPES.resolve("smoke.yaml");
    Recipe plain = Recipe.read(smoke, List.of());
    assertThat(Recipe.read(smoke, List.of("watch.split=val", "watch.everyEpochs=2")).fingerprint())
        .isEqualTo(plain.fingerprint());
    Recipe tuned = Recipe.read(smoke, List.of("from=efrnet.camvid"));
    assertThat(tuned.fingerprint()).isNotEqualTo(plain.fingerprint());
    assertThat(tuned.changesFrom(plain)).containsExactly("from absent -> efrnet.camvid");
    assertThat(Recipe.read(smoke, List.of("phases.0.scale.1=2")).changesFrom(plain))
        .containsExactly("phases.0.scale.1 1.2 -> 2.0");
  }

  /** Runs of earlier versions can be resumed: their checkpoints carry this digest. */
  @Test
  void theFingerprintStays() throws IOException {
    assertThat(Recipe.read(RECIPES.resolve("efrnet.camvid-paper.yaml"), List.of()).fingerprint())
        .isEqualTo("99d57d7324e1902060fd764e18b62f142a5a6b544eadd4f7830781593ed75628");
  }

  @Test
  void everySourceIsNamedAsItsLayout() throws IOException {
    Path smoke = RECIPES.resolve("smoke.yaml");
    for (DataSets.Layout layout : DataSets.Layout.values()) {
      Recipe recipe = Recipe.read(smoke, List.of("data.source=" + layout));
      assertThat(recipe.data().source().layout()).contains(layout);
      assertThat(Recipe.parse(recipe.toYaml(), "copy").data()).isEqualTo(recipe.data());
    }
    assertThat(Recipe.read(smoke, List.of()).data().source().layout()).isEmpty();
  }

  @Test
  void whatTheBundleSaysOfItselfIsNotPartOfTheTraining() throws IOException {
    Path smoke = RECIPES.resolve("smoke.yaml");
    assertThat(Recipe.read(smoke, List.of("bundle.height=77")).fingerprint())
        .isEqualTo(Recipe.read(smoke, List.of()).fingerprint());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "sed=7 | no key 'sed' (did you mean 'seed'",
        "phases.9.epochs=1 | no key '9'",
        "optimiser.momentun=1 | did you mean 'momentum'",
        "seed | is not key=value",
        "phases.0.batch=1 | at least 2: batch norm",
        "phases.0.epochs=0 | phases.0.epochs is 0",
        "phases.0.crop=wide | WIDTHxHEIGHT",
        "phases.0.scale=[1] | two numbers",
        "phases.0.scale=[2, 1] | scales 2.0..1.0",
        "network=efrnot | did you mean 'efrnet'",
        "seed= | seed has no value",
        "seed=high | seed",
        "precision=fp31 | precision",
        "schedule.rate=0 | rate 0.0 must be above 0",
        "phases=[] | phases is empty",
        "phases.0.epochs=1.9 | epochs",
        "precision=1 | precision",
        "name=my net | 'my net'",
        "bundle.height=0 | bundle.height",
        "loss.classWeights=0.5 | above 1",
        "averageDecay=1 | averageDecay is 1.0",
        "optimiser.kind=adamw | beta1",
        "watch.split=val | everyEpochs",
        "watch.everyEpoch=2 | did you mean 'everyEpochs'",
        "phases.0.scale.2=1 | no key '2'",
        "seed.x=1 | no key 'x'",
      })
  void refusesInOneLine(String override, String message) {
    assertThatThrownBy(() -> Recipe.read(RECIPES.resolve("smoke.yaml"), List.of(override)))
        .isInstanceOf(RecipeException.class)
        .hasMessageContaining(message)
        .message()
        .doesNotContain("\n");
  }

  @Test
  void refusesAFileInOneLine() throws IOException {
    assertThatThrownBy(() -> Recipe.read(dir.resolve("none.yaml"), List.of()))
        .isInstanceOf(RecipeException.class)
        .hasMessageContaining("none.yaml: no such file");
    Path file = dir.resolve("r.yaml");
    String smoke = Files.readString(RECIPES.resolve("smoke.yaml"));
    Files.writeString(file, smoke.replace("\nseed:", "\nsede:"));
    assertThatThrownBy(() -> Recipe.read(file, List.of()))
        .isInstanceOf(RecipeException.class)
        .hasMessageContaining("unknown key 'sede' (did you mean 'seed'?)");
    Files.writeString(file, smoke.replace("seed: 1\n", ""));
    assertThatThrownBy(() -> Recipe.read(file, List.of()))
        .isInstanceOf(RecipeException.class)
        .hasMessageContaining("seed");
    Files.writeString(file, "- 1\n- 2\n");
    assertThatThrownBy(() -> Recipe.read(file, List.of()))
        .isInstanceOf(RecipeException.class)
        .hasMessageContaining("r.yaml");
  }
}
