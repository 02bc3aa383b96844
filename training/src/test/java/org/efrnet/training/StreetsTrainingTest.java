package org.efrnet.training;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.efrnet.data.DataSet;
import org.efrnet.data.Example;
import org.efrnet.data.MajorityMap;
import org.efrnet.data.StreetScenes;
import org.efrnet.images.Mask;
import org.efrnet.images.Normalization;
import org.efrnet.metrics.ClassScore;
import org.efrnet.metrics.ConfusionMatrix;
import org.efrnet.metrics.Scores;
import org.efrnet.segment.EngineOptions;
import org.efrnet.segment.Executable;
import org.efrnet.segment.UpsampleArgmax;
import org.efrnet.torch.LibtorchEngine;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * The whole way from generated scenes to a network that segments scenes it has not seen, by the
 * smoke recipe as it stands: minutes, so only with {@code -Dlong}. The tutorial's test goes that
 * way with fewer scenes every time.
 */
@EnabledIfSystemProperty(named = "long", matches = ".*")
class StreetsTrainingTest {
  @TempDir private Path dir;

  @Test
  void learnsToSegmentGeneratedStreets() throws Exception {
    Recipe recipe = Recipe.read(Path.of("..", "recipes", "smoke.yaml"), List.of());
    int width = recipe.data().width();
    int height = recipe.data().height();
    DataSet train =
        DataSet.cached(
            StreetScenes.of(recipe.data().count(), width, height, recipe.seed()), 1 << 29);
    DataSet unseen = StreetScenes.of(60, width, height, recipe.seed() + 1);
    Trainer trainer =
        new Trainer(
            recipe,
            train,
            Optional.empty(),
            dir.resolve("run"),
            Trainer.Settings.of(() -> false, report -> System.out.println("smoke: " + report))
                .withCheckpoints(1e9, 1)
                .withReportsEvery(100));
    Trainer.Outcome outcome = trainer.train(false);

    ConfusionMatrix matrix = new ConfusionMatrix(train.classes().size());
    float[] planes = new float[3 * width * height];
    try (Executable network =
        new LibtorchEngine().prepare(trainer.bundle(outcome).model(), new EngineOptions(2))) {
      for (int i = 0; i < unseen.size(); i++) {
        Example example = unseen.load(i);
        Normalization.IMAGENET.planes(example.picture(), planes, 0);
        Mask mask =
            UpsampleArgmax.of(
                network.logits(planes, height, width),
                train.classes().size(),
                height,
                width,
                height,
                width);
        matrix.add(example.truth(), mask);
      }
    }
    Scores scores = matrix.scores(train.classes());
    double baseline = 100 * MajorityMap.of(train).accuracy(unseen);
    System.out.println("smoke: " + scores + ", majority map " + baseline);
    assertThat(scores.pixelAccuracy()).isGreaterThanOrEqualTo(90);
    assertThat(100 - scores.pixelAccuracy()).isLessThanOrEqualTo((100 - baseline) / 2);
    assertThat(scores.classes())
        .filteredOn(c -> c.name().equals("Car"))
        .extracting(ClassScore::iou)
        .allSatisfy(iou -> assertThat(iou).isGreaterThanOrEqualTo(40));
  }
}
