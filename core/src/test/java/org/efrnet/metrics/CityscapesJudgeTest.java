package org.efrnet.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.efrnet.data.Cityscapes;
import org.efrnet.images.InstanceMap;
import org.efrnet.images.Mask;
import org.efrnet.images.Masks;
import org.efrnet.labels.ClassTable;
import org.efrnet.labels.LabelException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class CityscapesJudgeTest {
  private static final ClassTable TABLE = ClassTable.named("cityscapes-19");
  private static final int ROAD = 7;
  private static final int PARKING = 9;
  private static final int PERSON = 24;
  private static final int RIDER = 25;
  private static final int CAR = 26;
  private static final int BUS = 28;
  private static final int CARAVAN = 29;
  private static final double PERSON_SIZE = 3462.4756337644;
  private static final double CAR_SIZE = 12794.0202738185;

  static List<String> cases() {
    return CityscapesCases.NAMES;
  }

  /**
   * The oracle is the official evaluation's own output, of the files that {@link
   * CityscapesCases#main} writes for seed 1, pictures in the order of their names.
   */
  @ParameterizedTest
  @MethodSource("cases")
  void everyFigureIsTheOfficialOne(String name, @TempDir Path dir) throws IOException {
    List<CityscapesCases.Case> pictures = CityscapesCases.of(name, 1);
    CityscapesCases.write(dir, pictures);
    Cityscapes data = Cityscapes.open(dir, "val");
    CityscapesJudge judge = new CityscapesJudge();
    for (int i = 0; i < data.size(); i++) {
      String file = data.nameOf(i) + "_pred.png";
      judge.add(
          data.truth(i), Masks.read(dir.resolve("results").resolve(file)), data.instances(i), file);
    }
    CityscapesScores scores = judge.scores();
    JsonNode official = official(name);
    assertThat(scores.classes()).hasSize(19);
    assertThat(scores.categories()).hasSize(7);
    for (CityscapesScores.Row row : scores.classes()) {
      assertSame(row.iou(), official.required("classScores").required(row.name()));
      assertSame(row.iiou(), official.required("classInstScores").required(row.name()));
    }
    for (CityscapesScores.Row row : scores.categories()) {
      assertSame(row.iou(), official.required("categoryScores").required(row.name()));
      assertSame(row.iiou(), official.required("categoryInstScores").required(row.name()));
    }
    assertSame(scores.classIou(), official.required("averageScoreClasses"));
    assertSame(scores.classIiou(), official.required("averageScoreInstClasses"));
    assertSame(scores.categoryIou(), official.required("averageScoreCategories"));
    assertSame(scores.categoryIiou(), official.required("averageScoreInstCategories"));
  }

  private static JsonNode official(String name) throws IOException {
    try (InputStream json =
        CityscapesJudgeTest.class.getResourceAsStream("cityscapes-official.json")) {
      return new ObjectMapper().readTree(json).required(name);
    }
  }

  /** To the last bit. */
  private static void assertSame(double ours, JsonNode theirs) {
    assertThat(ours).isEqualTo(Double.valueOf(theirs.isNull() ? Double.NaN : theirs.doubleValue()));
  }

  private static Mask row(int... labels) {
    byte[] ids = new byte[labels.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = (byte) labels[i];
    }
    return new Mask(ids.length, 1, ids);
  }

  private static Optional<InstanceMap> objects(int... numbers) {
    char[] ids = new char[numbers.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = (char) numbers[i];
    }
    return Optional.of(new InstanceMap(ids.length, 1, ids));
  }

  private static CityscapesScores scores(
      Mask labels, Mask prediction, Optional<InstanceMap> objects) throws LabelException {
    CityscapesJudge judge = new CityscapesJudge();
    judge.add(TABLE.toTrainIds(labels, "labels"), prediction, objects, "prediction");
    return judge.scores();
  }

  private static CityscapesScores.Row ofClass(CityscapesScores scores, String name) {
    return named(scores.classes(), name);
  }

  private static CityscapesScores.Row ofCategory(CityscapesScores scores, String name) {
    return named(scores.categories(), name);
  }

  private static CityscapesScores.Row named(List<CityscapesScores.Row> rows, String name) {
    return rows.stream().filter(row -> row.name().equals(name)).findFirst().orElseThrow();
  }

  @Test
  void voidPredictionsMissTheTruth() throws LabelException {
    CityscapesScores scores =
        scores(row(ROAD, ROAD, ROAD, ROAD), row(ROAD, 0, 3, PARKING), Optional.empty());
    assertThat(ofClass(scores, "road").iou()).isEqualTo(0.25);
    // Parking is of the same category, but not evaluated: it misses that, too.
    assertThat(ofCategory(scores, "flat").iou()).isEqualTo(0.25);
  }

  @Test
  void ignoredTruthBlamesNobody() throws LabelException {
    CityscapesScores scores =
        scores(row(ROAD, 0, PARKING, CARAVAN), row(ROAD, ROAD, ROAD, CAR), Optional.empty());
    assertThat(ofClass(scores, "road").iou()).isEqualTo(1);
    assertThat(ofClass(scores, "car").iou()).isNaN();
    assertThat(scores.classIou()).isEqualTo(1);
  }

  @Test
  void absentLeavesTheMeanAndPredictedAloneCounts0() throws LabelException {
    CityscapesScores scores = scores(row(ROAD, ROAD), row(ROAD, BUS), Optional.empty());
    assertThat(ofClass(scores, "road").iou()).isEqualTo(0.5);
    assertThat(ofClass(scores, "bus").iou()).isZero();
    assertThat(ofClass(scores, "sky").iou()).isNaN();
    assertThat(scores.classIou()).isEqualTo(0.25);
    assertThat(scores.categoryIou()).isEqualTo(0.25);
  }

  @Test
  void objectsWeighByTheirSizeAndWrongPixelsDoNot() throws LabelException {
    // Of an object of one pixel all is found, of one of three a third; one road pixel too many.
    CityscapesScores scores =
        scores(
            row(PERSON, PERSON, PERSON, PERSON, ROAD),
            row(PERSON, PERSON, 0, 0, PERSON),
            objects(24001, 24000, 24000, 24000, 7));
    double found = PERSON_SIZE + PERSON_SIZE / 3;
    double missed = 2 * PERSON_SIZE / 3;
    assertThat(ofClass(scores, "person").iiou())
        .isCloseTo(found / (found + 1 + missed), within(1e-12));
    assertThat(ofClass(scores, "person").iou()).isEqualTo(2.0 / 5);
    assertThat(ofClass(scores, "road").iiou()).isNaN();
  }

  @Test
  void crowdsAreNoObjects() throws LabelException {
    CityscapesScores scores =
        scores(
            row(PERSON, PERSON, PERSON, CAR),
            row(PERSON, 0, 0, PERSON),
            objects(PERSON, PERSON, 1000, 26000));
    // Numbers up to 1000 are found by nobody and missed by nobody; what is left is wrong.
    assertThat(ofClass(scores, "person").iiou()).isZero();
    assertThat(ofClass(scores, "person").iou()).isEqualTo(0.25);
  }

  @Test
  void aCategoryTakesItsIgnoredLabelsForObjectsAlone() throws LabelException {
    CityscapesScores scores =
        scores(row(CAR, CAR, BUS), row(CARAVAN, BUS, BUS), objects(26001, 26001, 28001));
    assertThat(ofCategory(scores, "vehicle").iou()).isEqualTo(2.0 / 3);
    assertThat(ofCategory(scores, "vehicle").iiou()).isEqualTo(1);
    assertThat(ofClass(scores, "car").iiou()).isZero();
    // A caravan that was called a car where there is a person blames vehicles in the iIoU alone.
    CityscapesScores wrong = scores(row(RIDER, CAR), row(CARAVAN, CAR), objects(25001, 26001));
    assertThat(ofCategory(wrong, "vehicle").iou()).isEqualTo(1);
    assertThat(ofCategory(wrong, "vehicle").iiou())
        .isCloseTo(CAR_SIZE / (CAR_SIZE + 1), within(1e-15));
  }

  @Test
  void objectsOfIgnoredLabelsAreNone() throws LabelException {
    CityscapesScores scores = scores(row(CARAVAN, CAR), row(0, CAR), objects(29001, 26001));
    assertThat(ofCategory(scores, "vehicle").iiou()).isEqualTo(1);
  }

  @Test
  void categoriesWithoutObjectsHaveNoIiou() throws LabelException {
    CityscapesScores scores = scores(row(ROAD, CAR), row(ROAD, CAR), objects(7, 26001));
    assertThat(scores.categories().stream().map(CityscapesScores.Row::name))
        .containsExactly("flat", "construction", "object", "nature", "sky", "human", "vehicle");
    assertThat(ofCategory(scores, "flat").iiou()).isNaN();
    assertThat(ofCategory(scores, "human").iiou()).isNaN();
    assertThat(scores.categoryIiou()).isEqualTo(1);
  }

  @Test
  void withoutTheInstancesOfAnyPictureThereIsNoIiou() throws LabelException {
    CityscapesJudge judge = new CityscapesJudge();
    Mask truth = TABLE.toTrainIds(row(CAR), "labels");
    judge.add(truth, row(CAR), objects(26001), "first");
    assertThat(judge.scores().classIiou()).isEqualTo(1);
    judge.add(truth, row(CAR), Optional.empty(), "second");
    assertThat(judge.scores().classIiou()).isNaN();
    assertThat(judge.scores().classIou()).isEqualTo(1);
  }

  @Test
  void whatIsNoPredictionIsRefusedAndNotCounted() throws LabelException {
    CityscapesJudge judge = new CityscapesJudge();
    Mask truth = TABLE.toTrainIds(row(CAR, ROAD), "labels");
    assertThatThrownBy(() -> judge.add(truth, row(CAR, 34), objects(26001, 7), "a.png"))
        .isInstanceOf(LabelException.class)
        .hasMessageContaining("a.png: value 34 is no label id")
        .hasMessageContaining("at (1, 0)");
    assertThatThrownBy(() -> judge.add(truth, row(255, 255), objects(26001, 7), "a.png"))
        .hasMessageContaining("value 255")
        .hasMessageContaining("2 pixels, the first at (0, 0)");
    assertThatThrownBy(() -> judge.add(truth, row(CAR), objects(26001, 7), "a.png"))
        .hasMessageContaining("prediction of 1x1");
    assertThatThrownBy(() -> judge.add(truth, row(CAR, CAR), objects(26001), "a.png"))
        .hasMessageContaining("instances of 1x1");
    assertThatThrownBy(() -> judge.add(truth, row(CAR, CAR), objects(26001, 7001), "a.png"))
        .hasMessageContaining(
            "number 7001 at (1, 0), an object of label 7, which ('road') has none");
    assertThatThrownBy(() -> judge.add(truth, row(CAR, CAR), objects(26001, 40001), "a.png"))
        .hasMessageContaining("label 40, which there is not");
    assertThat(judge.scores().classIou()).isNaN();
    judge.add(truth, row(CAR, ROAD), objects(26001, 7), "a.png");
    assertThat(judge.scores().classIou()).isEqualTo(1);
  }
}
