package org.efrnet.segment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.efrnet.bundle.Bundles;
import org.efrnet.data.DataSet;
import org.efrnet.data.Example;
import org.efrnet.images.Mask;
import org.efrnet.images.Picture;
import org.efrnet.labels.ClassTable;
import org.efrnet.metrics.ConfusionMatrix;
import org.junit.jupiter.api.Test;

class EvaluationTest {
  /**
   * Pictures of several sizes, each all of one grey and one true class, its first pixel ignored.
   */
  private record Greys(String table, boolean hasTruth) implements DataSet {
    @Override
    public String name() {
      return "greys";
    }

    @Override
    public ClassTable classes() {
      return ClassTable.named(table);
    }

    @Override
    public int size() {
      return 5;
    }

    @Override
    public String nameOf(int index) {
      return "grey" + index;
    }

    @Override
    public String sequenceOf(int index) {
      return index < 2 ? "b" : "a";
    }

    @Override
    public Example load(int index) {
      int width = 9 + index;
      byte[] rgb = new byte[3 * width * 10];
      byte[] truth = new byte[width * 10];
      java.util.Arrays.fill(rgb, (byte) (50 * index));
      java.util.Arrays.fill(truth, (byte) index);
      truth[0] = (byte) ClassTable.IGNORE;
      return new Example(nameOf(index), new Picture(width, 10, rgb), new Mask(width, 10, truth));
    }
  }

  private static Segmenter segmenter() {
    Segmenter.Options options = Segmenter.Options.DEFAULT.withEngine("reference");
    return Segmenter.load(Bundles.untrained("enet", 8, 1), options);
  }

  @Test
  void countsEveryExampleOverallAndBySequence() throws IOException {
    DataSet data = new Greys("camvid-11", true);
    List<String> told = new ArrayList<>();
    try (Segmenter segmenter = segmenter()) {
      ConfusionMatrix a = new ConfusionMatrix(11);
      ConfusionMatrix b = new ConfusionMatrix(11);
      for (int i = 0; i < 5; i++) {
        Example example = data.load(i);
        (i < 2 ? b : a).add(example.truth(), segmenter.segment(example.picture()).mask());
      }
      Evaluation evaluation =
          Evaluation.of(segmenter, data, (done, total) -> told.add(done + "/" + total));
      assertThat(evaluation.bySequence()).containsOnlyKeys("a", "b");
      assertThat(evaluation.bySequence().get("a")).isEqualTo(a);
      assertThat(evaluation.bySequence().get("b")).isEqualTo(b);
      a.merge(b);
      assertThat(evaluation.overall()).isEqualTo(a);
      assertThat(evaluation.overall().pixels()).isEqualTo(10 * (9 + 10 + 11 + 12 + 13) - 5);
    }
    assertThat(told).containsExactly("1/5", "2/5", "3/5", "4/5", "5/5");
  }

  @Test
  void refusesOtherClassesAndMissingLabels() {
    try (Segmenter segmenter = segmenter()) {
      assertThatThrownBy(
              () ->
                  Evaluation.of(
                      segmenter, new Greys("cityscapes-19", true), Evaluation.Progress.NONE))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("test.untrained")
          .hasMessageContaining("greys");
      assertThatThrownBy(
              () ->
                  Evaluation.of(segmenter, new Greys("camvid-11", false), Evaluation.Progress.NONE))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("no labels");
    }
  }
}
