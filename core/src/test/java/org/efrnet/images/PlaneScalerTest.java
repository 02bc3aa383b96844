package org.efrnet.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlaneScalerTest {
  private static final Normalization ODD =
      new Normalization(new float[] {0.1f, 0.7f, -3}, new float[] {0.3f, 2, 1e-3f});

  private static Picture random(Random random, int width, int height) {
    byte[] rgb = new byte[3 * width * height];
    random.nextBytes(rgb);
    if (random.nextInt(3) == 0) {
      // Black and white only: sums as large as they become.
      for (int i = 0; i < rgb.length; i++) {
        rgb[i] = (byte) (rgb[i] < 0 ? 0 : 255);
      }
    }
    return new Picture(width, height, rgb);
  }

  /** What training does, step by step. */
  private static float[] slowly(
      Picture picture,
      int scaledWidth,
      int scaledHeight,
      int width,
      int height,
      Normalization normalization) {
    float[] planes = new float[3 * width * height];
    Picture scaled = Resize.bilinear(picture, scaledWidth, scaledHeight);
    normalization.planes(Resize.padded(scaled, width, height), planes, 0);
    return planes;
  }

  private static void requireEqual(Random random, int w, int h, int sw, int sh, int pw, int ph) {
    Normalization odd = new Normalization(ODD.mean(), ODD.deviation(), random.nextBoolean());
    PlaneScaler scaler = new PlaneScaler(w, h, sw, sh, pw, ph, odd);
    float[] planes = new float[3 * pw * ph];
    // Twice: work arrays of the first picture must not show in the second.
    for (int i = 0; i < 2; i++) {
      Picture picture = random(random, w, h);
      float[] expected = slowly(picture, sw, sh, pw, ph, odd);
      Arrays.fill(planes, Float.NaN);
      scaler.into(picture, planes);
      assertThat(planes).isEqualTo(expected);

      Arrays.fill(planes, Float.NaN);
      int cut = random.nextInt(ph + 1);
      PlaneScaler other = new PlaneScaler(w, h, sw, sh, pw, ph, odd);
      other.into(picture, planes, cut, ph);
      scaler.into(picture, planes, 0, cut);
      assertThat(planes).as("cut at %d", cut).isEqualTo(expected);
    }
  }

  @Test
  void isResizePaddedAndNormalisedBitForBit() {
    for (long seed = 0; seed < 300; seed++) {
      Random random = new Random(seed);
      int w = 1 + random.nextInt(60);
      int h = 1 + random.nextInt(60);
      int sw = random.nextInt(4) == 0 ? w : 1 + random.nextInt(60);
      int sh = random.nextInt(4) == 0 ? h : 1 + random.nextInt(60);
      int pw = sw + random.nextInt(2) * random.nextInt(9);
      int ph = sh + random.nextInt(2) * random.nextInt(9);
      try {
        requireEqual(random, w, h, sw, sh, pw, ph);
      } catch (AssertionError e) {
        throw new AssertionError(
            String.format("seed %d: %dx%d to %dx%d in %dx%d", seed, w, h, sw, sh, pw, ph), e);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    // Half the columns, with as many, half and a third of the rows.
    "64, 36, 32, 36",
    "64, 36, 32, 18",
    "64, 36, 32, 12",
    "6, 6, 3, 3",
    "4, 4, 2, 2",
    "2, 2, 1, 1",
    // The same proportions, far down and far up.
    "640, 360, 16, 9",
    "16, 9, 320, 180",
    "1000, 3, 1, 1",
    "3, 1000, 2, 1",
    "1, 1, 50, 50",
    "641, 361, 320, 180"
  })
  void whateverTheProportions(int w, int h, int sw, int sh) {
    Random random = new Random(w + 31L * h);
    requireEqual(random, w, h, sw, sh, sw, sh);
    requireEqual(random, w, h, sw, sh, sw + 5, sh + 7);
  }

  @Test
  void takesOneSizeOnly() {
    PlaneScaler scaler = new PlaneScaler(4, 3, 8, 6, 8, 8, ODD);
    Picture picture = random(new Random(1), 4, 3);
    assertThatThrownBy(() -> scaler.into(random(new Random(1), 3, 4), new float[192]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("picture 3x4 is not of the size 4x3");
    assertThatThrownBy(() -> scaler.into(picture, new float[191]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("191 values for the planes of 8x8");
    assertThatThrownBy(() -> new PlaneScaler(4, 3, 8, 6, 7, 8, ODD))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("padding 8x6 to 7x8");
    assertThatThrownBy(() -> new PlaneScaler(4, 3, Resize.MAX_SIDE + 1, 6, 1 << 20, 8, ODD))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("sides must be");
  }
}
