package org.efrnet.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.efrnet.images.Mask;
import org.efrnet.images.Picture;
import org.efrnet.labels.ClassTable;
import org.junit.jupiter.api.Test;

class AugmentationTest {
  private static final Augmentation NOTHING = new Augmentation(1, 1, 24, 16, 0, 0, 0, 0);
  private static final Augmentation ALL = new Augmentation(0.5, 2, 20, 14, 0.5, 0.3, 0.3, 0.3);

  /** Every pixel's colour tells its place, and its label is a function of the place. */
  private static Example example() {
    int width = 24;
    int height = 16;
    byte[] rgb = new byte[3 * width * height];
    byte[] ids = new byte[width * height];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int i = y * width + x;
        rgb[3 * i] = (byte) (10 * x);
        rgb[3 * i + 1] = (byte) (16 * y);
        rgb[3 * i + 2] = (byte) 77;
        ids[i] = (byte) (x / 8 + 3 * (y / 8));
      }
    }
    return new Example("e", new Picture(width, height, rgb), new Mask(width, height, ids));
  }

  @Test
  void withoutChangesTheExampleStaysAsItIs() {
    Example same = NOTHING.apply(example(), new SplittableRandom(1));
    assertThat(same.picture().rgb()).isEqualTo(example().picture().rgb());
    assertThat(same.truth()).isEqualTo(example().truth());
    assertThat(same.name()).isEqualTo("e");
  }

  @Test
  void mirroringMovesPictureAndTruthTogether() {
    Example mirrored =
        new Augmentation(1, 1, 24, 16, 1, 0, 0, 0).apply(example(), new SplittableRandom(1));
    for (int y = 0; y < 16; y++) {
      for (int x = 0; x < 24; x++) {
        assertThat(mirrored.picture().at(x, y, 0)).isEqualTo(10 * (23 - x));
        assertThat(mirrored.truth().at(x, y)).isEqualTo(example().truth().at(23 - x, y));
      }
    }
  }

  @Test
  void cropsKeepPictureAndTruthAligned() {
    for (long seed = 0; seed < 50; seed++) {
      Example crop =
          new Augmentation(1, 1, 9, 7, 0.5, 0, 0, 0).apply(example(), new SplittableRandom(seed));
      for (int y = 0; y < 7; y++) {
        for (int x = 0; x < 9; x++) {
          int fromX = crop.picture().at(x, y, 0) / 10;
          int fromY = crop.picture().at(x, y, 1) / 16;
          assertThat(crop.truth().at(x, y))
              .as("seed %d, pixel %d,%d", seed, x, y)
              .isEqualTo(example().truth().at(fromX, fromY));
        }
      }
    }
  }

  @Test
  void everyCropPositionIsDrawn() {
    SplittableRandom random = new SplittableRandom(5);
    boolean[][] seen = new boolean[3][3];
    for (int i = 0; i < 300; i++) {
      Example crop = new Augmentation(1, 1, 22, 14, 0, 0, 0, 0).apply(example(), random);
      seen[crop.picture().at(0, 0, 0) / 10][crop.picture().at(0, 0, 1) / 16] = true;
    }
    assertThat(seen)
        .isDeepEqualTo(
            new boolean[][] {{true, true, true}, {true, true, true}, {true, true, true}});
  }

  @Test
  void whereTheScaledPictureIsTooSmallTheTruthIsIgnored() {
    for (long seed = 0; seed < 20; seed++) {
      Example padded =
          new Augmentation(0.5, 0.5, 20, 14, 0.5, 0.5, 0.5, 0.5)
              .apply(example(), new SplittableRandom(seed));
      int known = 0;
      for (int y = 0; y < 14; y++) {
        for (int x = 0; x < 20; x++) {
          if (padded.truth().at(x, y) == ClassTable.IGNORE) {
            assertThat(padded.picture().at(x, y, 2)).as("seed %d", seed).isEqualTo(128);
          } else {
            known++;
          }
        }
      }
      assertThat(known).as("seed %d", seed).isEqualTo(12 * 8);
    }
  }

  @Test
  void truthIsNeverInterpolated() {
    byte[] ids = new byte[24 * 16];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = (byte) (i % 2 == 0 ? 2 : 9);
    }
    Example stripes = new Example("s", example().picture(), new Mask(24, 16, ids));
    for (long seed = 0; seed < 50; seed++) {
      long[] counts = ALL.apply(stripes, new SplittableRandom(seed)).truth().histogram();
      assertThat(counts[2] + counts[9] + counts[ClassTable.IGNORE])
          .as("seed %d", seed)
          .isEqualTo(20 * 14);
    }
  }

  @Test
  void theSameSeedGivesTheSameBytesAndAnotherSeedOthers() {
    Example one = ALL.apply(example(), new SplittableRandom(7));
    Example again = ALL.apply(example(), new SplittableRandom(7));
    Example other = ALL.apply(example(), new SplittableRandom(8));
    assertThat(one.picture().rgb()).isEqualTo(again.picture().rgb());
    assertThat(one.truth()).isEqualTo(again.truth());
    assertThat(one.picture().rgb()).isNotEqualTo(other.picture().rgb());
  }

  @Test
  void theSourceIsNotWrittenTo() {
    Example source = example();
    for (long seed = 0; seed < 10; seed++) {
      ALL.apply(source, new SplittableRandom(seed));
      new Augmentation(1, 1, 24, 16, 1, 1, 1, 1).apply(source, new SplittableRandom(seed));
    }
    assertThat(source.picture().rgb()).isEqualTo(example().picture().rgb());
    assertThat(source.truth()).isEqualTo(example().truth());
  }

  @Test
  void brightnessScalesAndSaturationKeepsGreyGrey() {
    byte[] rgb = new byte[3 * 24 * 16];
    Arrays.fill(rgb, (byte) 100);
    Example grey = new Example("g", new Picture(24, 16, rgb), example().truth());
    for (long seed = 0; seed < 50; seed++) {
      Picture same =
          new Augmentation(1, 1, 24, 16, 0, 0, 1, 1)
              .apply(grey, new SplittableRandom(seed))
              .picture();
      assertThat(same.rgb()).as("seed %d: flat grey has no contrast", seed).isEqualTo(rgb);
      Picture light =
          new Augmentation(1, 1, 24, 16, 0, 0.5, 0, 0)
              .apply(grey, new SplittableRandom(seed))
              .picture();
      assertThat(light.at(3, 3, 0)).as("seed %d", seed).isBetween(50, 150);
      assertThat(light.at(3, 3, 1)).isEqualTo(light.at(3, 3, 0));
    }
  }

  @Test
  void impossibleSettingsAreRefused() {
    assertThatThrownBy(() -> new Augmentation(0, 1, 8, 8, 0, 0, 0, 0))
        .hasMessage("augmentation: scales 0.0..1.0 must be 0 < min <= max <= 16");
    assertThatThrownBy(() -> new Augmentation(2, 1, 8, 8, 0, 0, 0, 0))
        .hasMessageContaining("scales");
    assertThatThrownBy(() -> new Augmentation(1, Double.NaN, 8, 8, 0, 0, 0, 0))
        .hasMessageContaining("scales");
    assertThatThrownBy(() -> new Augmentation(1, 1, 0, 8, 0, 0, 0, 0)).hasMessageContaining("0x8");
    assertThatThrownBy(() -> new Augmentation(1, 1, 8, 8, 1.5, 0, 0, 0))
        .hasMessage("augmentation: flip 1.5 must be within 0..1");
  }
}
