package org.efrnet.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.efrnet.images.Mask;
import org.efrnet.labels.ClassTable;
import org.junit.jupiter.api.Test;

/** Four classes, of which the last is in neither picture; figures by hand. */
class AuditTest {
  private static final int VOID = ClassTable.IGNORE;

  private static ConfusionMatrix picture(int[] truth, int[] prediction) {
    ConfusionMatrix matrix = new ConfusionMatrix(4);
    matrix.add(mask(truth), mask(prediction));
    return matrix;
  }

  private static Mask mask(int[] values) {
    byte[] ids = new byte[values.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = (byte) values[i];
    }
    return new Mask(ids.length, 1, ids);
  }

  // Classes 0 and 1 in the first: IoU 2/4, 1/3. In the second 0 and 2, of which 2 is never found:
  // IoU 1/2, 0. Together: 0 has 3 of 6, 1 has 1 of 3, 2 has 0 of 1.
  private static final ConfusionMatrix FIRST =
      picture(new int[] {0, 0, 0, 1, 1, VOID}, new int[] {0, 0, 1, 1, 0, 0});
  private static final ConfusionMatrix SECOND =
      picture(new int[] {0, 2, 0, VOID}, new int[] {0, 0, VOID, VOID});

  private static double of(Audit audit, String key) {
    return audit.lines().stream()
        .filter(line -> line.key().equals(key))
        .findFirst()
        .orElseThrow()
        .percent();
  }

  private static void assertPercent(Audit audit, String key, double share) {
    assertThat(of(audit, key)).as(key).isCloseTo(100 * share, within(1e-9));
  }

  @Test
  void everyConventionByHand() {
    Audit audit = Audit.of(List.of(FIRST, SECOND));
    // Class 0: truth 5, found 3, called so though another 1 + 1.
    double zero = 3.0 / 7;
    double one = 1.0 / 3;
    assertPercent(audit, "miou", (zero + one + 0) / 3);
    assertPercent(audit, "miou.absentZero", (zero + one) / 4);
    assertPercent(audit, "miou.absentOne", (zero + one + 1) / 4);
    assertPercent(audit, "miou.foundOnly", (zero + one) / 2);
    // First: 0 has 2 of 4, 1 has 1 of 3. Second: 0 has 1 of 3 (one missed as void, one wrong).
    double first = (0.5 + one) / 2;
    double second = (1.0 / 3 + 0) / 2;
    assertPercent(audit, "miou.perPicture", (first + second) / 2);
    assertPercent(audit, "miou.perPictureZero", ((0.5 + one) / 4 + (1.0 / 3) / 4) / 2);
    assertPercent(audit, "miou.perPictureOne", ((0.5 + one + 2) / 4 + (1.0 / 3 + 0 + 2) / 4) / 2);
    // Void: truth 2, predicted 2, both at once 1.
    assertPercent(audit, "miou.voidAsClass", (3.0 / 8 + one + 0 + 1.0 / 3) / 4);
    assertPercent(audit, "miou.voidTruthCounts", (3.0 / 8 + one + 0) / 3);
    assertPercent(audit, "miou.voidPredictionsLeftOut", (3.0 / 6 + one + 0) / 3);
    assertPercent(audit, "miou.withoutFirst", (one + 0) / 2);
    assertPercent(audit, "fwiou", (5 * zero + 2 * one) / 8);
    assertPercent(audit, "meanAccuracy", (3.0 / 5 + 1.0 / 2 + 0) / 3);
    assertPercent(audit, "pixelAccuracy", 4.0 / 8);
    assertPercent(audit, "dice", (6.0 / 10 + 2.0 / 4 + 0) / 3);
  }

  @Test
  void theHeadlineIsTheOneThatScoresReport() {
    Audit audit = Audit.of(List.of(FIRST, SECOND));
    assertThat(audit.lines().stream().filter(Audit.Line::isHeadline).map(Audit.Line::key))
        .containsExactly("miou");
    ConfusionMatrix all = new ConfusionMatrix(4);
    all.merge(FIRST);
    all.merge(SECOND);
    assertThat(of(audit, "miou")).isEqualTo(100 * all.miou());
    assertThat(audit.lines()).allMatch(line -> !line.usedBy().isBlank());
    assertThat(audit.lines().stream().map(Audit.Line::key)).doesNotHaveDuplicates();
  }

  @Test
  void aPictureOfVoidAloneLeavesTheMeanOfPictures() {
    ConfusionMatrix nothing = picture(new int[] {VOID, VOID}, new int[] {0, 3});
    Audit with = Audit.of(List.of(FIRST, SECOND, nothing));
    Audit without = Audit.of(List.of(FIRST, SECOND));
    assertThat(of(with, "miou.perPicture")).isEqualTo(of(without, "miou.perPicture"));
    assertThat(of(with, "miou")).isEqualTo(of(without, "miou"));
    assertThat(of(with, "miou.voidTruthCounts")).isLessThan(of(without, "miou.voidTruthCounts"));
  }

  @Test
  void perfectPredictionsDifferByAbsentClassesAlone() {
    int[] ids = {0, 1, 2, 2};
    Audit audit = Audit.of(List.of(picture(ids, ids)));
    for (Audit.Line line : audit.lines()) {
      boolean absentIsZero = line.key().endsWith("Zero");
      assertThat(line.percent()).as(line.key()).isCloseTo(absentIsZero ? 75 : 100, within(1e-9));
    }
  }

  @Test
  void nothingToAuditIsRefused() {
    assertThatThrownBy(() -> Audit.of(List.of())).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Audit.of(List.of(FIRST, new ConfusionMatrix(3))))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
