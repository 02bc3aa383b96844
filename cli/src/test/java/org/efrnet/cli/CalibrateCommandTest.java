package org.efrnet.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.efrnet.bundle.BundleConfig;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.engine.OneDnnEngine;
import org.efrnet.graph.Graph;
import org.efrnet.images.Normalization;
import org.efrnet.labels.ClassTable;
import org.efrnet.networks.EfrNet;
import org.efrnet.readings.Parameters;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CalibrateCommandTest {
  @TempDir private Path dir;
  private Path model;
  private Path own;

  @BeforeEach
  void makeModelAndScenes() throws IOException {
    own = dir.resolve("own");
    assertThat(
            Run.of("scenes", own, "--count", 3, "--val", 2, "--size", "64x48", "--classes", "all")
                .code())
        .isZero();
    ClassTable classes = ClassTable.named("streets");
    model = dir.resolve("model");
    ModelBundle.of(
            BundleConfig.of(
                "untrained",
                new BundleConfig.Architecture("efrnet", classes.size()),
                classes,
                Normalization.IMAGENET,
                48,
                new BundleConfig.TrainingSize(64, 48),
                new BundleConfig.Licence("CC0-1.0", "random numbers"),
                Map.of()),
            Parameters.initial(Graph.of(EfrNet.of(classes.size())), 1))
        .write(model);
  }

  @Test
  void writesMagnitudesAndWhatPrecisionsCost() throws IOException {
    String digest = ModelBundle.read(model).digest();
    Run result =
        Run.of(
            "calibrate", model, "--data", own, "--pictures", 2, "--measure", "val", "--threads", 1);
    assertThat(result.code()).as(result.err()).isZero();
    ModelBundle bundle = ModelBundle.read(model);
    assertThat(bundle.digest()).as("the same model").isEqualTo(digest);
    assertThat(bundle.calibration().inputs())
        .containsKeys("b1.1.middle.conv", "ffm2.refine.conv")
        .doesNotContainKey("b0.conv");
    for (String precision : List.of("bf16", "int8")) {
      boolean here = new OneDnnEngine().precisions().contains(precision);
      Map<String, Double> losses = bundle.config().precisions().get(precision).miouLoss();
      assertThat(losses.keySet()).isEqualTo(here ? Set.of("streets val") : Set.of());
      assertThat(result.out())
          .containsPattern(here ? precision + ": [0-9.]+ mIoU" : precision + ": this processor");
    }
    assertThat(bundle.config().precisions().get("fp32").miouLoss()).isEmpty();
  }

  @Test
  void calibratesWithoutMeasuring() throws IOException {
    Run result = Run.of("calibrate", model, "--data", own, "--pictures", 1, "--threads", 1);
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(result.out()).containsPattern("calibrated [0-9]+ convolutions");
    ModelBundle bundle = ModelBundle.read(model);
    assertThat(bundle.calibration().isEmpty()).isFalse();
    assertThat(bundle.config().precisions().get("int8").miouLoss()).isEmpty();
  }

  @Test
  void whatWasMeasuredByAFormerCalibrationIsForgotten() throws IOException {
    ModelBundle bundle = ModelBundle.read(model);
    BundleConfig config = bundle.config();
    for (String precision : List.of("bf16", "int8")) {
      config =
          config.withPrecision(
              precision, new BundleConfig.Precision(0.25, Map.of("another test", 0.2)));
    }
    bundle.with(config).write(model);
    Run result = Run.of("calibrate", model, "--data", own, "--pictures", 1, "--threads", 1);
    assertThat(result.code()).as(result.err()).isZero();
    Map<String, BundleConfig.Precision> after = ModelBundle.read(model).config().precisions();
    assertThat(after.get("int8").miouLoss()).isEmpty();
    assertThat(after.get("bf16").miouLoss()).containsOnlyKeys("another test");

    Run missing =
        Run.of("calibrate", model, "--data", own, "--pictures", 1, "--measure", "nowhere");
    assertThat(missing.code()).isEqualTo(1);
    assertThat(missing.err()).contains("nowhere");
    assertThat(missing.out()).doesNotContain("calibrated");
  }

  @Test
  void aFolderThatCannotBeWrittenAnewIsRefusedBeforeWork() throws IOException {
    Files.writeString(model.resolve("notes.txt"), "mine");
    Run calibrated = Run.of("calibrate", model, "--data", own, "--pictures", 1);
    assertThat(calibrated.code()).isEqualTo(1);
    assertThat(calibrated.err()).contains("holds 'notes.txt'").doesNotContain("%");
    assertThat(calibrated.out()).doesNotContain("calibrated");
    Run judged = Run.of("evaluate", model, "--data", own, "--split", "val", "--record");
    assertThat(judged.code()).isEqualTo(1);
    assertThat(judged.err()).contains("holds 'notes.txt'");
    assertThat(judged.out()).doesNotContain("mIoU");
  }

  @Test
  void wantsAFolderAndAPicture() {
    assertThat(Run.of("calibrate", dir.resolve("none"), "--data", own))
        .satisfies(r -> assertThat(r.code()).isEqualTo(1))
        .satisfies(r -> assertThat(r.err()).contains("none is not a folder"));
    assertThat(Run.of("calibrate", model, "--data", own, "--pictures", 0))
        .satisfies(r -> assertThat(r.code()).isEqualTo(1))
        .satisfies(r -> assertThat(r.err()).contains("--pictures is 0"));
    assertThat(Run.of("calibrate", model).code()).isEqualTo(2);
  }
}
