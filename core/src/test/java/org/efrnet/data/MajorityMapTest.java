package org.efrnet.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.util.List;
import org.efrnet.images.Mask;
import org.efrnet.images.Picture;
import org.efrnet.labels.ClassTable;
import org.junit.jupiter.api.Test;

class MajorityMapTest {
  private static final byte VOID = (byte) ClassTable.IGNORE;

  /** Truths of 2x1 or 3x1 pixels. */
  private record Rows(boolean hasTruth, byte[]... rows) implements DataSet {
    @Override
    public String name() {
      return "rows";
    }

    @Override
    public ClassTable classes() {
      return ClassTable.named("streets");
    }

    @Override
    public int size() {
      return rows.length;
    }

    @Override
    public String nameOf(int index) {
      return "row" + index;
    }

    @Override
    public String sequenceOf(int index) {
      return "rows";
    }

    @Override
    public Example load(int index) {
      int width = rows[index].length;
      return new Example(
          nameOf(index),
          new Picture(width, 1, new byte[3 * width]),
          new Mask(width, 1, rows[index]));
    }
  }

  @Test
  void countsPerPixelWithoutTheIgnored() throws IOException {
    DataSet training =
        new Rows(true, new byte[] {1, VOID, 5}, new byte[] {1, VOID, 4}, new byte[] {2, VOID, 4});
    MajorityMap map = MajorityMap.of(training);
    // Pixel 1 is never labelled: 1 and 4 are met twice each, the lower id wins.
    assertThat(map.mask().ids()).containsExactly(1, 1, 4);
    DataSet test = new Rows(true, new byte[] {1, 3, VOID}, new byte[] {2, 1, 4});
    assertThat(map.accuracy(test)).isEqualTo(3.0 / 5);
    assertThat(map.accuracy(training)).isEqualTo(4.0 / 6);
  }

  @Test
  void whatCannotBeCountedIsRefused() throws IOException {
    assertThatThrownBy(
            () -> MajorityMap.of(new Rows(true, new byte[] {1, 1}, new byte[] {1, 1, 1})))
        .isInstanceOf(DataException.class)
        .hasMessage(
            "example row1 of rows is 3x1 where 2x1 is wanted: a majority map needs pictures of one"
                + " size");
    assertThatThrownBy(() -> MajorityMap.of(new Rows(false, new byte[] {1, 1})))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("has no labels");
    MajorityMap map = MajorityMap.of(new Rows(true, new byte[] {1, 1}));
    assertThatThrownBy(() -> map.accuracy(new Rows(true, new byte[] {VOID, VOID})))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("has no labelled pixel");
    assertThatThrownBy(() -> map.accuracy(new Rows(false, new byte[] {1, 1})))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("has no labels");
  }

  @Test
  void generatedScenesLeaveRoomAboveIt() throws IOException {
    MajorityMap map = MajorityMap.of(StreetScenes.of(60, 96, 64, 1));
    double accuracy = map.accuracy(StreetScenes.of(30, 96, 64, 2));
    assertThat(accuracy).isCloseTo(0.64, within(0.08));
    DataSet joined =
        DataSet.concat(
            "both", List.of(StreetScenes.of(15, 96, 64, 2), StreetScenes.of(30, 96, 64, 2)));
    assertThat(map.accuracy(joined)).isCloseTo(accuracy, within(0.08));
  }
}
