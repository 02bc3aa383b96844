package org.efrnet.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.efrnet.images.Mask;
import org.efrnet.images.Picture;
import org.efrnet.labels.ClassTable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StreetScenesTest {
  @Test
  void aSceneDependsOnSeedAndIndexOnly() {
    StreetScenes few = StreetScenes.of(3, 96, 64, 11);
    StreetScenes many = StreetScenes.of(30, 96, 64, 11);
    many.load(17);
    Example one = few.load(2);
    Example same = many.load(2);
    assertThat(same.picture().rgb()).isEqualTo(one.picture().rgb());
    assertThat(same.truth()).isEqualTo(one.truth());
    assertThat(same.name()).isEqualTo("S11_000002");
    assertThat(few.load(1).truth()).isNotEqualTo(one.truth());
    assertThat(StreetScenes.of(3, 96, 64, 12).load(1).truth()).isNotEqualTo(one.truth());
  }

  /** Every JVM and CPU must draw the same: a training on generated scenes can be told by seed. */
  @Test
  void theBytesAreTheSameOnEveryMachine() {
    CRC32 checksum = new CRC32();
    for (int i = 0; i < 10; i++) {
      Example example = StreetScenes.of(10, 96, 64, 1).load(i);
      checksum.update(example.picture().rgb());
      checksum.update(example.truth().ids());
    }
    assertThat(Long.toHexString(checksum.getValue())).isEqualTo("1699959b");
  }

  @Test
  void allClassesAreSeenAndLieWhereTheyDoInStreets() {
    int width = 96;
    int height = 64;
    long[] counts = new long[8];
    double[] rows = new double[8];
    for (int i = 0; i < 60; i++) {
      Mask truth = StreetScenes.of(60, width, height, 3).load(i).truth();
      for (int p = 0; p < width * height; p++) {
        counts[truth.ids()[p]]++;
        int row = p / width;
        rows[truth.ids()[p]] += (double) row / height;
      }
    }
    long all = Arrays.stream(counts).sum();
    double[] least = {0.05, 0.15, 0.15, 0.02, 0.02, 0.02, 0.004, 0.002};
    for (int c = 0; c < 8; c++) {
      assertThat((double) counts[c] / all).as("share of class %d", c).isBetween(least[c], 0.5);
      rows[c] /= counts[c];
    }
    assertThat(rows[StreetScene.SKY]).isLessThan(rows[StreetScene.BUILDING]);
    assertThat(rows[StreetScene.BUILDING]).isLessThan(rows[StreetScene.CAR]);
    assertThat(rows[StreetScene.CAR]).isLessThan(rows[StreetScene.ROAD]);
  }

  /** A table from colour to class must not solve the task. */
  @Test
  void colourAloneDoesNotTellTheClass() {
    int[][] votes = new int[4096][8];
    long right = 0;
    long all = 0;
    for (int pass = 0; pass < 2; pass++) {
      StreetScenes scenes = StreetScenes.of(40, 96, 64, 20 + pass);
      for (int i = 0; i < scenes.size(); i++) {
        Example example = scenes.load(i);
        Picture picture = example.picture();
        for (int p = 0; p < 96 * 64; p++) {
          int[] vote =
              votes[
                  (picture.rgb()[3 * p] & 0xf0) << 4
                      | (picture.rgb()[3 * p + 1] & 0xf0)
                      | (picture.rgb()[3 * p + 2] & 0xf0) >> 4];
          int id = example.truth().ids()[p];
          if (pass == 0) {
            vote[id]++;
          } else {
            int best = 0;
            for (int c = 1; c < 8; c++) {
              best = vote[c] > vote[best] ? c : best;
            }
            all++;
            right += best == id ? 1 : 0;
          }
        }
      }
    }
    assertThat((double) right / all).isBetween(0.3, 0.7);
  }

  @Test
  void threeClassesAreGroupsOfTheEightWithTheWaysRimIgnored() throws IOException {
    StreetScenes scenes = StreetScenes.of(3, 96, 64, 4);
    DataSet three = scenes.inThreeClasses();
    assertThat(three.names()).isEqualTo(scenes.names());
    assertThat(three.sequenceOf(2)).isEqualTo(scenes.sequenceOf(2));
    assertThat(three.classes()).isEqualTo(ClassTable.named("streets-3"));
    List<String> ways = List.of("Road", "Pavement");
    List<String> obstacles = List.of("Car", "Pole", "Pedestrian");
    for (int i = 0; i < 3; i++) {
      Mask eight = scenes.load(i).truth();
      Example grouped = three.load(i);
      assertThat(grouped.picture().rgb()).isEqualTo(scenes.load(i).picture().rgb());
      for (int p = 0; p < eight.ids().length; p++) {
        int x = p % 96;
        int y = p / 96;
        String name = scenes.classes().classes().get(eight.at(x, y)).name();
        String group =
            ways.contains(name) ? "Way" : obstacles.contains(name) ? "Obstacle" : "Surroundings";
        boolean rim =
            group.equals("Way")
                && Stream.of(
                        new int[] {-1, 0}, new int[] {1, 0}, new int[] {0, -1}, new int[] {0, 1})
                    .map(d -> new int[] {x + d[0], y + d[1]})
                    .filter(n -> n[0] >= 0 && n[0] < 96 && n[1] >= 0 && n[1] < 64)
                    .map(n -> scenes.classes().classes().get(eight.at(n[0], n[1])).name())
                    .anyMatch(neighbour -> !ways.contains(neighbour));
        assertThat(grouped.truth().at(x, y))
            .as("%s at (%d, %d)", name, x, y)
            .isEqualTo(rim ? ClassTable.IGNORE : three.classes().byName(group).orElseThrow().id());
      }
    }
  }

  @Test
  void theSameStreetAtAnotherSize() {
    Mask small = StreetScenes.of(5, 96, 64, 4).load(3).truth();
    Mask large = StreetScenes.of(5, 640, 360, 4).load(3).truth();
    assertThat(large.width()).isEqualTo(640);
    assertThat(large.height()).isEqualTo(360);
    // The same horizon: rows of road begin at about the same share of the height.
    assertThat(firstRoadRow(large) / 360.0).isCloseTo(firstRoadRow(small) / 64.0, within(0.06));
    assertThat(StreetScenes.of(1, 32, 32, 4).load(0).truth().histogram()[StreetScene.ROAD])
        .isPositive();
  }

  private static int firstRoadRow(Mask mask) {
    for (int p = 0; p < mask.ids().length; p++) {
      if (mask.ids()[p] == StreetScene.ROAD) {
        return p / mask.width();
      }
    }
    return mask.height();
  }

  @Test
  void writtenAsCamvidTheyAreReadBack(@TempDir Path dir) throws IOException {
    StreetScenes train = StreetScenes.of(3, 96, 64, 1);
    StreetScenes.writeCamvidLayout(
        dir, Map.of("train", train, "val", StreetScenes.of(1, 96, 64, 2)));
    DataSet read = Camvid.open(dir, "train");
    assertThat(read.names()).isEqualTo(train.names());
    assertThat(read.sequenceOf(0)).isEqualTo("S1");
    assertThat(read.hasTruth()).isTrue();
    assertThat(Camvid.open(dir, "train+val").size()).isEqualTo(4);
    for (int i = 0; i < 3; i++) {
      Example expected = train.load(i);
      Example actual = read.load(i);
      assertThat(actual.picture().rgb()).isEqualTo(expected.picture().rgb());
      for (int p = 0; p < 96 * 64; p++) {
        assertThat(read.classes().classes().get(actual.truth().ids()[p]).name())
            .isEqualTo(train.classes().classes().get(expected.truth().ids()[p]).name());
      }
    }
  }

  @Test
  void impossibleRequestsAreRefused() {
    assertThatThrownBy(() -> StreetScenes.of(0, 96, 64, 1))
        .hasMessage("street scenes: count 0 must be at least 1");
    assertThatThrownBy(() -> StreetScenes.of(1, 96, 31, 1))
        .hasMessage("street scenes: size 96x31, both sides must be 32..4096");
    StreetScenes two = StreetScenes.of(2, 96, 64, 1);
    assertThatThrownBy(() -> two.load(2)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> two.sequenceOf(-1)).isInstanceOf(IndexOutOfBoundsException.class);
  }
}
