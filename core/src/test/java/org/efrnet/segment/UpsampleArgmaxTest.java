package org.efrnet.segment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.efrnet.images.Mask;
import org.junit.jupiter.api.Test;

class UpsampleArgmaxTest {

  /** The double loop over pixels and classes, without any shortcut. */
  private static byte[] naive(float[] z, int classes, int h, int w, int outH, int outW) {
    byte[] ids = new byte[outH * outW];
    for (int y = 0; y < outH; y++) {
      long py = Math.max(0, (2L * y + 1) * h - outH);
      int y0 = (int) (py / (2L * outH));
      int y1 = Math.min(y0 + 1, h - 1);
      float fy = (float) ((double) (py % (2L * outH)) / (2.0 * outH));
      double position = Math.max(0, (y + 0.5) * h / outH - 0.5);
      assertThat(y0 + (double) fy).isCloseTo(position, within(1e-4));
      for (int x = 0; x < outW; x++) {
        long px = Math.max(0, (2L * x + 1) * w - outW);
        int x0 = (int) (px / (2L * outW));
        int x1 = Math.min(x0 + 1, w - 1);
        float fx = (float) ((double) (px % (2L * outW)) / (2.0 * outW));
        float most = 0;
        int id = -1;
        for (int c = 0; c < classes; c++) {
          int p = c * h * w;
          float left = (1 - fy) * z[p + y0 * w + x0] + fy * z[p + y1 * w + x0];
          float right = (1 - fy) * z[p + y0 * w + x1] + fy * z[p + y1 * w + x1];
          float value = (1 - fx) * left + fx * right;
          if (id < 0 || value > most) {
            most = value;
            id = c;
          }
        }
        ids[y * outW + x] = (byte) id;
      }
    }
    return ids;
  }

  private static float[] noisy(Random random, int count) {
    float[] z = new float[count];
    for (int i = 0; i < count; i++) {
      z[i] = (float) random.nextGaussian();
    }
    return z;
  }

  private static float[] smooth(Random random, int classes, int h, int w) {
    float[] z = new float[classes * h * w];
    for (int c = 0; c < classes; c++) {
      double a = random.nextGaussian();
      double b = random.nextGaussian();
      double phase = 6 * random.nextDouble();
      for (int y = 0; y < h; y++) {
        for (int x = 0; x < w; x++) {
          z[(c * h + y) * w + x] = (float) (5 * Math.sin(phase + a * x / 3 + b * y / 3));
        }
      }
    }
    return z;
  }

  @Test
  void equalsThePlainComputationInEveryPixel() {
    for (long seed = 0; seed < 120; seed++) {
      Random random = new Random(seed);
      int classes = 1 + random.nextInt(13);
      int h = 1 + random.nextInt(14);
      int w = 1 + random.nextInt(14);
      int outH = 1 + random.nextInt(60);
      int outW = 1 + random.nextInt(60);
      float[] z = seed % 2 == 0 ? noisy(random, classes * h * w) : smooth(random, classes, h, w);
      assertThat(UpsampleArgmax.of(z, classes, h, w, outH, outW))
          .as("seed %d: %d classes, %dx%d to %dx%d", seed, classes, w, h, outW, outH)
          .isEqualTo(new Mask(outW, outH, naive(z, classes, h, w, outH, outW)));
    }
  }

  /** Where differences overflow, and where they are below normal numbers. */
  @Test
  void asLargeAndAsSmallAsFloatsBecome() {
    for (long seed = 0; seed < 40; seed++) {
      Random random = new Random(seed);
      float[] z = new float[4 * 6 * 5];
      float scale = seed % 2 == 0 ? Float.MAX_VALUE : Float.MIN_VALUE;
      for (int i = 0; i < z.length; i++) {
        z[i] = scale * (random.nextInt(3) - 1) * (seed % 4 < 2 ? 1 : random.nextFloat());
      }
      assertThat(UpsampleArgmax.of(z, 4, 6, 5, 13, 11).ids())
          .as("seed %d", seed)
          .isEqualTo(naive(z, 4, 6, 5, 13, 11));
      assertThat(UpsampleArgmax.of(z, 4, 6, 5, 6, 5).ids())
          .as("seed %d, same size", seed)
          .isEqualTo(naive(z, 4, 6, 5, 6, 5));
    }
  }

  @Test
  void partsMakeTheWhole() {
    for (long seed = 0; seed < 60; seed++) {
      Random random = new Random(seed);
      int h = 1 + random.nextInt(9);
      int w = 1 + random.nextInt(300);
      int outH = seed % 3 == 0 ? h : 1 + random.nextInt(40);
      int outW = seed % 3 == 0 ? w : 1 + random.nextInt(500);
      float[] z = noisy(random, 5 * h * w);
      LogitRows rows = LogitRows.planar(z, 5, h, w);
      byte[] ids = new byte[outH * outW];
      UpsampleArgmax one = new UpsampleArgmax(5, h, w, outH, outW);
      int cut = random.nextInt(outH + 1);
      one.into(rows, ids, cut, outH);
      one.into(rows, ids, 0, cut);
      assertThat(ids).as("seed %d", seed).isEqualTo(naive(z, 5, h, w, outH, outW));
    }
  }

  /** Winners by one unit in the last place: rounding decides between the corners. */
  @Test
  void narrowWinnersAndTiesToo() {
    for (long seed = 0; seed < 60; seed++) {
      Random random = new Random(seed);
      int h = 2 + random.nextInt(6);
      int w = 2 + random.nextInt(6);
      float[] z = new float[3 * h * w];
      float base = seed % 3 == 0 ? 1000.3f : seed % 3 == 1 ? 0x1p-140f : 0.1f;
      for (int i = 0; i < z.length; i++) {
        float value = base * (1 + (i % (h * w)) % 5);
        z[i] = i >= 2 * h * w || random.nextInt(4) == 0 ? Math.nextUp(value) : value;
      }
      int outH = 5 * h + 1;
      int outW = 7 * w - 2;
      assertThat(UpsampleArgmax.of(z, 3, h, w, outH, outW).ids())
          .as("seed %d", seed)
          .isEqualTo(naive(z, 3, h, w, outH, outW));
    }
  }

  @Test
  void sameSizeIsPlainArgmaxWithTheLowestOfEqualClasses() {
    float[] z = {1, 5, 2, /* class 1 */ 1, 6, 2, /* class 2 */ 0, 6, 3};
    assertThat(UpsampleArgmax.of(z, 3, 1, 3, 1, 3).ids()).containsExactly(0, 1, 2);
  }

  @Test
  void idsAbove127AreUnsignedBytes() {
    float[] z = new float[256];
    z[255] = 1;
    assertThat(UpsampleArgmax.of(z, 256, 1, 1, 2, 2).histogram()[255]).isEqualTo(4);
  }

  @Test
  void anInstanceServesManyPictures() {
    Random random = new Random(5);
    UpsampleArgmax upsample = new UpsampleArgmax(4, 5, 6, 17, 19);
    byte[] ids = new byte[17 * 19];
    for (int i = 0; i < 5; i++) {
      float[] z = noisy(random, 4 * 5 * 6);
      upsample.into(LogitRows.planar(z, 4, 5, 6), ids);
      assertThat(ids).isEqualTo(naive(z, 4, 5, 6, 17, 19));
    }
  }

  @Test
  void logitsThatAreNoNumbersAreAnErrorThatSaysWhere() {
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      float[] z = new float[3 * 4 * 5];
      z[2 * 20 + 3 * 5 + 1] = bad;
      assertThatThrownBy(() -> UpsampleArgmax.of(z, 3, 4, 5, 8, 10))
          .isInstanceOf(ArithmeticException.class)
          .hasMessageContaining("class 2 at (1, 3) is " + bad);
      assertThatThrownBy(() -> UpsampleArgmax.of(z, 3, 4, 5, 4, 5))
          .isInstanceOf(ArithmeticException.class);
    }
  }

  @Test
  void shapesThatDoNotFitAreRefused() {
    assertThatThrownBy(() -> UpsampleArgmax.of(new float[7], 2, 2, 2, 4, 4))
        .hasMessageContaining("7 logits are not those of 2 classes of 2x2");
    assertThatThrownBy(() -> UpsampleArgmax.of(new float[257], 257, 1, 1, 1, 1))
        .hasMessageContaining("257 classes");
    assertThatThrownBy(() -> UpsampleArgmax.of(new float[0], 1, 0, 1, 1, 1))
        .hasMessageContaining("at least 1");
  }
}
