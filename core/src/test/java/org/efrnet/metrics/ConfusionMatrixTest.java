package org.efrnet.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.efrnet.images.Mask;
import org.efrnet.labels.ClassTable;
import org.junit.jupiter.api.Test;

class ConfusionMatrixTest {
  private static final int IGNORE = ClassTable.IGNORE;

  private static Mask mask(int width, int... ids) {
    byte[] bytes = new byte[ids.length];
    for (int i = 0; i < ids.length; i++) {
      bytes[i] = (byte) ids[i];
    }
    return new Mask(width, ids.length / width, bytes);
  }

  private static ConfusionMatrix of(int classes, Mask truth, Mask prediction) {
    ConfusionMatrix matrix = new ConfusionMatrix(classes);
    matrix.add(truth, prediction);
    return matrix;
  }

  /** Ids below {@code used}, a tenth of them 255. */
  private static Mask random(Random random, int width, int height, int used) {
    int[] ids = new int[width * height];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = random.nextInt(10) == 0 ? IGNORE : random.nextInt(used);
    }
    return mask(width, ids);
  }

  /** Pixel positions "picture:place" where the mask has the id and the truth counts. */
  private static Set<String> positions(List<Mask> truths, List<Mask> masks, int id) {
    Set<String> positions = new HashSet<>();
    for (int picture = 0; picture < masks.size(); picture++) {
      for (int y = 0; y < masks.get(picture).height(); y++) {
        for (int x = 0; x < masks.get(picture).width(); x++) {
          if (masks.get(picture).at(x, y) == id && truths.get(picture).at(x, y) != IGNORE) {
            positions.add(picture + ":" + x + "," + y);
          }
        }
      }
    }
    return positions;
  }

  @Test
  void theFiguresAreThoseOfSetsOfPixels() {
    long seed = new Random().nextLong();
    System.out.println("theFiguresAreThoseOfSetsOfPixels: seed " + seed);
    Random random = new Random(seed);
    for (int round = 0; round < 60; round++) {
      int classes = 1 + random.nextInt(6);
      // Often fewer ids than classes, so that some are absent from truth, prediction or both.
      int inTruth = 1 + random.nextInt(classes);
      int inPrediction = 1 + random.nextInt(classes);
      ConfusionMatrix matrix = new ConfusionMatrix(classes);
      List<Mask> truths = new ArrayList<>();
      List<Mask> predictions = new ArrayList<>();
      for (int picture = random.nextInt(3); picture >= 0; picture--) {
        int width = 1 + random.nextInt(7);
        int height = 1 + random.nextInt(7);
        truths.add(random(random, width, height, inTruth));
        predictions.add(random(random, width, height, inPrediction));
        matrix.add(truths.get(truths.size() - 1), predictions.get(predictions.size() - 1));
      }
      List<Double> ious = new ArrayList<>();
      List<Double> accuracies = new ArrayList<>();
      long right = 0;
      long all = 0;
      for (int id = 0; id < classes; id++) {
        Set<String> truth = positions(truths, truths, id);
        Set<String> prediction = positions(truths, predictions, id);
        Set<String> both = new HashSet<>(truth);
        both.retainAll(prediction);
        Set<String> either = new HashSet<>(truth);
        either.addAll(prediction);
        right += both.size();
        all += truth.size();
        if (either.isEmpty()) {
          assertThat(matrix.iou(id)).isEmpty();
        } else {
          ious.add((double) both.size() / either.size());
          assertThat(matrix.iou(id)).hasValue((double) both.size() / either.size());
        }
        if (truth.isEmpty()) {
          assertThat(matrix.accuracy(id)).isEmpty();
        } else {
          accuracies.add((double) both.size() / truth.size());
        }
        assertThat(matrix.truthPixels(id)).isEqualTo(truth.size());
        assertThat(matrix.predictedPixels(id)).isEqualTo(prediction.size());
      }
      String where = "seed " + seed + " round " + round;
      assertThat(matrix.pixels()).as(where).isEqualTo(all);
      if (all == 0) {
        assertThat(matrix.miou()).as(where).isNaN();
        continue;
      }
      assertThat(matrix.miou())
          .as(where)
          .isCloseTo(
              ious.stream().mapToDouble(Double::doubleValue).average().orElseThrow(),
              within(1e-12));
      assertThat(matrix.meanAccuracy())
          .as(where)
          .isCloseTo(
              accuracies.stream().mapToDouble(Double::doubleValue).average().orElseThrow(),
              within(1e-12));
      assertThat(matrix.pixelAccuracy()).as(where).isEqualTo((double) right / all);
    }
  }

  @Test
  void mergedPartsAreTheWhole() {
    Random random = new Random(17);
    ConfusionMatrix whole = new ConfusionMatrix(4);
    ConfusionMatrix first = new ConfusionMatrix(4);
    ConfusionMatrix second = new ConfusionMatrix(4);
    for (int picture = 0; picture < 10; picture++) {
      Mask truth = random(random, 9, 5, 4);
      Mask prediction = random(random, 9, 5, 4);
      whole.add(truth, prediction);
      (picture % 3 == 0 ? first : second).add(truth, prediction);
    }
    ConfusionMatrix merged = new ConfusionMatrix(4);
    merged.merge(first);
    merged.merge(second);
    assertThat(merged).isEqualTo(whole).hasSameHashCodeAs(whole).isNotEqualTo(first);
    assertThatThrownBy(() -> merged.merge(new ConfusionMatrix(5)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("5", "4");
  }

  @Test
  void aClassThatIsOnlyPredictedCountsWithZeroAndAnAbsentOneNot() {
    ConfusionMatrix matrix = of(4, mask(4, 0, 0, 0, 0), mask(4, 0, 0, 0, 1));
    assertThat(matrix.iou(0)).hasValue(0.75);
    assertThat(matrix.iou(1)).hasValue(0);
    assertThat(matrix.iou(2)).isEmpty();
    assertThat(matrix.miou()).isEqualTo(0.375);
    assertThat(matrix.meanAccuracy()).isEqualTo(0.75);
  }

  @Test
  void voidPredictionsMissTheirClassAndBlameNoOther() {
    ConfusionMatrix matrix = of(2, mask(4, 0, 0, 1, 1), mask(4, 0, IGNORE, 1, 1));
    assertThat(matrix.iou(0)).hasValue(0.5);
    assertThat(matrix.iou(1)).hasValue(1);
    assertThat(matrix.pixelAccuracy()).isEqualTo(0.75);
    assertThat(matrix.counts()).isDeepEqualTo(new long[][] {{1, 0, 1}, {0, 2, 0}});
  }

  @Test
  void ignoredTruthIsNotCountedWhateverIsPredicted() {
    ConfusionMatrix matrix = of(2, mask(4, IGNORE, IGNORE, IGNORE, 1), mask(4, 0, 1, IGNORE, 1));
    assertThat(matrix.pixels()).isEqualTo(1);
    assertThat(matrix.iou(0)).isEmpty();
    assertThat(matrix.miou()).isEqualTo(1);
  }

  @Test
  void theCountsAreACopy() {
    ConfusionMatrix matrix = of(1, mask(1, 0), mask(1, 0));
    matrix.counts()[0][0] = 99;
    assertThat(matrix.counts()[0][0]).isEqualTo(1);
  }

  @Test
  void idsOutOfRangeAreAnErrorAndNothingIsCounted() {
    ConfusionMatrix matrix = new ConfusionMatrix(11);
    assertThatThrownBy(() -> matrix.add(mask(2, 0, 0, 0, 11), mask(2, 0, 0, 0, 0)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("truth has id 11 at (1, 1), but there are only classes 0..10");
    assertThatThrownBy(() -> matrix.add(mask(2, 0, IGNORE), mask(2, 0, 254)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("prediction has id 254 at (1, 0)");
    assertThatThrownBy(() -> matrix.add(mask(2, 0, 0), mask(1, 0, 0)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("truth of 2x1 and prediction of 1x2");
    assertThat(matrix.pixels()).isZero();
    for (int classes : new int[] {0, -1, 256}) {
      assertThatThrownBy(() -> new ConfusionMatrix(classes))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("" + classes);
    }
  }

  @Test
  void aByteHoldsUpTo255Classes() {
    ConfusionMatrix matrix = of(255, mask(3, 254, 254, 127), mask(3, 254, IGNORE, 128));
    assertThat(matrix.iou(254)).hasValue(0.5);
    assertThat(matrix.counts()[254][255]).isEqualTo(1);
    assertThat(matrix.counts()[127][128]).isEqualTo(1);
  }

  @Test
  void theSnapshotIsInPercentAndStays() {
    ClassTable table = ClassTable.named("streets");
    ConfusionMatrix matrix = of(8, mask(4, 0, 0, 2, 2), mask(4, 0, 2, 2, 2));
    Scores scores = matrix.scores(table);
    matrix.add(mask(1, 5), mask(1, 5));
    assertThat(scores.pixelAccuracy()).isEqualTo(75);
    assertThat(scores.meanAccuracy()).isEqualTo(75);
    assertThat(scores.miou()).isCloseTo(100 * (1. / 2 + 2. / 3) / 2, within(1e-12));
    assertThat(scores.classes()).hasSize(8);
    assertThat(scores.classes().get(0)).isEqualTo(new ClassScore("Sky", 50, 50, 2, 1));
    assertThat(scores.classes().get(5).iou()).isNaN();
    assertThatThrownBy(() -> matrix.scores(ClassTable.named("camvid-11")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("camvid-11", "11", "8");
  }
}
