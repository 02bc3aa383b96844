package org.efrnet.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.efrnet.bundle.BundleConfig;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.data.DataSet;
import org.efrnet.data.StreetScenes;
import org.efrnet.graph.Graph;
import org.efrnet.images.Normalization;
import org.efrnet.labels.ClassTable;
import org.efrnet.networks.Networks;
import org.efrnet.readings.Parameters;
import org.efrnet.weights.Weights;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Training that starts from a bundle. */
class OriginTest {
  @TempDir private Path dir;

  private Path bundle(String network, String classes, long seed) throws IOException {
    ClassTable table = ClassTable.named(classes);
    BundleConfig config =
        BundleConfig.of(
            "base",
            new BundleConfig.Architecture(network, table.size()),
            table,
            Normalization.IMAGENET,
            64,
            new BundleConfig.TrainingSize(96, 64),
            new BundleConfig.Licence("CC-BY-NC-4.0", "Made for a test."),
            Map.of());
    Weights weights =
        Parameters.initial(Graph.of(Networks.named(network, table.size()).orElseThrow()), seed);
    Path folder = dir.resolve("base-" + network + "-" + classes);
    ModelBundle.of(config, weights).withCard("# base").write(folder);
    return folder;
  }

  /** SegNet's 29 M parameters take half a minute and show nothing more. */
  static List<String> networks() {
    return Networks.names().stream().filter(name -> !name.equals("segnet")).toList();
  }

  @ParameterizedTest
  @MethodSource("networks")
  void theHeadAloneStartsAnewWhereClassesDiffer(String network) throws IOException {
    Path base = bundle(network, "camvid-11", 5);
    ClassTable streets = ClassTable.named("streets");
    Origin.Start start = Origin.of(base.toString(), network, streets, 9);
    Weights trained = ModelBundle.read(base).weights();
    Weights fresh =
        Parameters.initial(Graph.of(Networks.named(network, streets.size()).orElseThrow()), 9);
    List<String> anew = new ArrayList<>();
    List<String> ofClasses = new ArrayList<>();
    for (String name : fresh.names()) {
      if (!Arrays.equals(trained.get(name).shape(), fresh.get(name).shape())) {
        ofClasses.add(name);
      }
      boolean kept = start.weights().get(name).equals(trained.get(name));
      if (!kept) {
        anew.add(name);
        assertThat(start.weights().get(name)).isEqualTo(fresh.get(name));
      }
    }
    assertThat(anew).isNotEmpty().isEqualTo(ofClasses);
    assertThat(start.origin().renewed()).hasSameSizeAs(anew);
    assertThat(start.origin().sentence()).contains("base", "CC-BY-NC-4.0", anew.get(0));
    assertThat(Origin.parse(start.origin().json())).contains(start.origin());
  }

  @Test
  void theHeadIsKeptWhereClassesAreTheSame() throws IOException {
    Path base = bundle("efrnet", "streets", 5);
    Origin.Start start = Origin.of(base.toString(), "efrnet", ClassTable.named("streets"), 9);
    assertThat(start.weights().digest()).isEqualTo(ModelBundle.read(base).weights().digest());
    assertThat(start.origin().renewed()).isEmpty();
    assertThat(start.origin().sentence()).contains("head included");
  }

  @Test
  void refusesAnotherNetworkAndAMissingBundle() throws IOException {
    Path base = bundle("efrnet", "streets", 5);
    assertThatThrownBy(() -> Origin.of(base.toString(), "enet", ClassTable.named("streets"), 1))
        .isInstanceOf(RecipeException.class)
        .hasMessageContaining("is of network 'efrnet', the recipe trains 'enet'");
    assertThatThrownBy(
            () ->
                Origin.of(dir.resolve("none").toString(), "efrnet", ClassTable.named("streets"), 1))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("none");
  }

  @Test
  void aRunStartsFromTheBundleAndSaysSo() throws Exception {
    Path base = bundle("efrnet", "camvid-11", 5);
    DataSet scenes = DataSet.cached(StreetScenes.of(4, 96, 64, 3), 1 << 24);
    Recipe recipe =
        Recipe.read(
            Path.of("..", "recipes", "smoke.yaml"),
            List.of(
                "phases.0.epochs=2", "phases.0.batch=2", "phases.0.crop=64x48", "from=" + base));
    Notices notices = new Notices();
    int[] asked = {0};
    for (boolean resume : new boolean[] {false, true}) {
      Trainer trainer =
          new Trainer(
              recipe,
              scenes,
              Optional.empty(),
              dir.resolve("run"),
              Trainer.Settings.of(() -> asked[0]++ == 2, notices));
      Trainer.Outcome outcome = trainer.train(resume);
      assertThat(outcome.finished()).isEqualTo(resume);
      assertThat(trainer.bundle(outcome).card())
          .contains("fine-tuned from base", "CC-BY-NC-4.0", "cls");
    }
    assertThat(notices.lines)
        .hasSize(2)
        .anySatisfy(line -> assertThat(line).contains("started from base"))
        .anySatisfy(line -> assertThat(line).contains("Apache-2.0").contains("CC-BY-NC-4.0"));
  }
}
