package org.efrnet.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import java.util.stream.IntStream;
import org.efrnet.images.Mask;
import org.efrnet.images.Picture;
import org.junit.jupiter.api.Test;

class DataSetTest {
  private final ExamplesInMemory abc = new ExamplesInMemory("camvid-11", "a1", "b2", "c3");

  @Test
  void filterKeepsOrderAndNames() throws IOException {
    DataSet kept = DataSet.filter("without b", abc, i -> !abc.sequenceOf(i).equals("b"));
    assertThat(kept.names()).containsExactly("a1", "c3");
    assertThat(kept.sequenceOf(1)).isEqualTo("c");
    assertThat(kept.load(1).name()).isEqualTo("c3");
    assertThat(kept.name()).isEqualTo("without b");
    assertThat(kept.hasTruth()).isTrue();
  }

  @Test
  void filterThatKeepsNothingIsRefused() {
    assertThatThrownBy(() -> DataSet.filter("none", abc, i -> false))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "data set none: none of the 3 examples of memory is selected; choose at least one");
  }

  @Test
  void concatPutsPartsOneAfterTheOther() throws IOException {
    DataSet both = DataSet.concat("both", List.of(abc, new ExamplesInMemory("camvid-11", "d4")));
    assertThat(both.names()).containsExactly("a1", "b2", "c3", "d4");
    assertThat(both.load(3).name()).isEqualTo("d4");
    assertThat(both.load(2).name()).isEqualTo("c3");
    assertThatThrownBy(() -> both.load(4)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> both.nameOf(-1)).isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void concatOfDifferentClassesIsRefused() {
    assertThatThrownBy(
            () -> DataSet.concat("mixed", List.of(abc, new ExamplesInMemory("streets", "s"))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("different classes");
  }

  @Test
  void cacheDecodesOnceWithinItsBudget() throws IOException {
    // A 4x4 example takes 64 bytes: two fit into 150.
    DataSet cached = DataSet.cached(abc, 150);
    for (int epoch = 0; epoch < 5; epoch++) {
      for (int i = 0; i < 3; i++) {
        assertThat(cached.load(i).name()).isEqualTo(abc.nameOf(i));
      }
    }
    assertThat(abc.loads).hasValue(2 + 5);
  }

  @Test
  void cacheIsReadByManyThreads() throws IOException {
    DataSet cached = DataSet.cached(abc, 1000);
    List<String> names =
        IntStream.range(0, 300)
            .parallel()
            .mapToObj(
                i -> {
                  try {
                    return cached.load(i % 3).name();
                  } catch (IOException e) {
                    throw new AssertionError(e);
                  }
                })
            .toList();
    assertThat(names).isEqualTo(IntStream.range(0, 300).mapToObj(i -> abc.nameOf(i % 3)).toList());
    int before = abc.loads.get();
    cached.load(0);
    cached.load(1);
    cached.load(2);
    assertThat(abc.loads).as("all three are kept: no budget leaks").hasValue(before);
  }

  @Test
  void overlapNamesWhatBothHold() {
    DataSet other = new ExamplesInMemory("camvid-11", "c3", "z", "a1");
    assertThat(Overlap.between(abc, other)).containsExactly("c3", "a1");
    assertThat(Overlap.between(abc, new ExamplesInMemory("camvid-11", "z"))).isEmpty();
  }

  @Test
  void pictureAndTruthMustHaveOneSize() {
    assertThatThrownBy(
            () -> new Example("x", new Picture(2, 1, new byte[6]), new Mask(1, 2, new byte[2])))
        .hasMessage("example x: its picture is 2x1, its truth 1x2; both must have the same size");
  }
}
