package org.efrnet.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.data.CityscapesScenes;
import org.efrnet.data.DataSet;
import org.efrnet.data.DataSets;
import org.efrnet.data.StreetScenes;
import org.efrnet.labels.ClassTable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The recipe of the paper's main data set, ten steps of it on a few small frames. */
class CityscapesTrainingTest {
  @TempDir private Path dir;

  private void trainTenSteps(DataSet pictures, int epochs) throws Exception {
    Recipe recipe =
        Recipe.read(
            Path.of("..", "recipes", "efrnet.cityscapes.yaml"),
            List.of("phases.0.epochs=" + epochs, "phases.0.batch=2", "phases.0.crop=64x48"));
    List<Double> losses = new ArrayList<>();
    Trainer.Settings settings =
        Trainer.Settings.of(() -> false, report -> losses.add(report.loss()))
            .withCheckpoints(1e9, 2)
            .withReportsEvery(1);
    Path run = dir.resolve("run");
    Trainer.Outcome outcome =
        new Trainer(recipe, pictures, Optional.empty(), run, settings).train(false);
    assertThat(outcome.finished()).isTrue();
    assertThat(outcome.step()).isEqualTo(10);
    assertThat(losses).hasSizeGreaterThanOrEqualTo(10).allMatch(loss -> loss > 0 && loss < 50);
    ModelBundle bundle = ModelBundle.read(run.resolve("bundle"));
    assertThat(bundle.classes()).isEqualTo(ClassTable.named("cityscapes-19"));
    assertThat(bundle.recipe().orElseThrow()).contains("CITYSCAPES");
  }

  @Test
  void tenStepsOnGeneratedFramesInTheOfficialLayout() throws Exception {
    Path data = dir.resolve("data");
    StreetScenes scenes = StreetScenes.of(4, 96, 64, 8);
    CityscapesScenes.write(data, "train", scenes, "aachen", "aachen", "ulm", "ulm");
    trainTenSteps(DataSets.open(data, "train"), 5);
  }

  @Test
  void tenStepsOnThePublishedPseudoFrame() throws Exception {
    Path pseudo = Path.of("..", "..", "shared", "cityscapes-pseudo");
    assumeTrue(Files.isDirectory(pseudo), "no pseudo frame here");
    DataSet frame = DataSets.open(pseudo, "val");
    trainTenSteps(DataSet.concat("the frame twice", List.of(frame, frame)), 10);
  }
}
