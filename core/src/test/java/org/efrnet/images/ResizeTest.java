package org.efrnet.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;

class ResizeTest {
  // By an implementation of the javadoc's formula in another language, in unbounded integers.
  private static final long GOLDEN_UP = 2779224653L;
  private static final long GOLDEN_DOWN = 2210144919L;
  private static final long GOLDEN_CROP = 935833094L;

  private static Picture random(Random random, int width, int height) {
    byte[] rgb = new byte[3 * width * height];
    random.nextBytes(rgb);
    return new Picture(width, height, rgb);
  }

  private static Picture mirrored(Picture p, boolean leftRight) {
    byte[] rgb = new byte[p.rgb().length];
    for (int y = 0, t = 0; y < p.height(); y++) {
      for (int x = 0; x < p.width(); x++) {
        for (int c = 0; c < 3; c++) {
          rgb[t++] =
              (byte) (leftRight ? p.at(p.width() - 1 - x, y, c) : p.at(x, p.height() - 1 - y, c));
        }
      }
    }
    return new Picture(p.width(), p.height(), rgb);
  }

  private static Picture crop(Picture p, Region r) {
    byte[] rgb = new byte[3 * r.width() * r.height()];
    for (int y = 0, t = 0; y < r.height(); y++) {
      for (int x = 0; x < r.width(); x++) {
        for (int c = 0; c < 3; c++) {
          rgb[t++] = (byte) p.at(r.x() + x, r.y() + y, c);
        }
      }
    }
    return new Picture(r.width(), r.height(), rgb);
  }

  private static Region regionIn(Random random, int width, int height) {
    int w = 1 + random.nextInt(width);
    int h = 1 + random.nextInt(height);
    return new Region(random.nextInt(width - w + 1), random.nextInt(height - h + 1), w, h);
  }

  private static int[] red(Picture p) {
    int[] values = new int[p.width() * p.height()];
    for (int i = 0; i < values.length; i++) {
      values[i] = p.rgb()[3 * i] & 0xff;
    }
    return values;
  }

  private static Picture redRow(int... values) {
    byte[] rgb = new byte[3 * values.length];
    for (int i = 0; i < values.length; i++) {
      rgb[3 * i] = (byte) values[i];
    }
    return new Picture(values.length, 1, rgb);
  }

  @Test
  void goldenVectorsByHand() {
    // Enlarging twice: weights 3/4 and 1/4, the border pixel alone outside the first centre.
    assertThat(red(Resize.bilinear(redRow(0, 100, 200), 6, 1)))
        .containsExactly(0, 25, 75, 125, 175, 200);
    // Halving: triangle of support 2 with weights 1 3 3 1 of 8, and 3 3 1 of 7 at the border.
    assertThat(red(Resize.bilinear(redRow(0, 0, 0, 255, 0, 0), 3, 1))).containsExactly(0, 96, 36);
    // Four to three: weights 7 3, 5 5 and 3 7 of 10.
    assertThat(red(Resize.bilinear(redRow(10, 20, 30, 40), 3, 1))).containsExactly(13, 25, 37);
    assertThat(red(Resize.bilinear(redRow(7, 9), 1, 1))).containsExactly(8);
    assertThat(red(Resize.bilinear(redRow(200), 4, 1))).containsExactly(200, 200, 200, 200);
  }

  /** The stored checksums: any change of a single byte breaks trained models. */
  @Test
  void goldenChecksums() {
    Picture source = random(new Random(20240731), 37, 23);
    assertThat(crc(Resize.bilinear(source, 61, 41).rgb())).isEqualTo(GOLDEN_UP);
    assertThat(crc(Resize.bilinear(source, 17, 9).rgb())).isEqualTo(GOLDEN_DOWN);
    assertThat(crc(Resize.bilinear(source, 50, 11, new Region(5, 2, 30, 7)).rgb()))
        .isEqualTo(GOLDEN_CROP);
  }

  private static long crc(byte[] bytes) {
    CRC32 crc = new CRC32();
    crc.update(bytes);
    return crc.getValue();
  }

  @Test
  void equalsTheFormulaInFloatingPointToWithinRounding() {
    for (long seed = 0; seed < 40; seed++) {
      Random random = new Random(seed);
      Picture source = random(random, 1 + random.nextInt(40), 1);
      int out = 1 + random.nextInt(60);
      int[] got = red(Resize.bilinear(source, out, 1));
      int[] in = red(source);
      double scale = (double) in.length / out;
      double support = Math.max(scale, 1);
      for (int i = 0; i < out; i++) {
        double sum = 0;
        double total = 0;
        for (int j = 0; j < in.length; j++) {
          double w = Math.max(0, 1 - Math.abs(j + 0.5 - (i + 0.5) * scale) / support);
          sum += w * in[j];
          total += w;
        }
        assertThat((double) got[i])
            .as("seed %d, %d to %d, result %d", seed, in.length, out, i)
            .isBetween(sum / total - 0.501, sum / total + 0.501);
      }
    }
  }

  @Test
  void sameSizeIsTheSourceItself() {
    Picture picture = random(new Random(1), 7, 5);
    assertThat(Resize.bilinear(picture, 7, 5)).isSameAs(picture);
    Mask mask = new Mask(2, 1, new byte[] {1, 2});
    assertThat(Resize.nearest(mask, 2, 1)).isSameAs(mask);
  }

  @Test
  void constantStaysConstant() {
    for (long seed = 0; seed < 60; seed++) {
      Random random = new Random(seed);
      byte value = (byte) random.nextInt(256);
      int width = 1 + random.nextInt(70);
      int height = 1 + random.nextInt(70);
      byte[] rgb = new byte[3 * width * height];
      Arrays.fill(rgb, value);
      Picture result =
          Resize.bilinear(
              new Picture(width, height, rgb), 1 + random.nextInt(90), 1 + random.nextInt(90));
      assertThat(result.rgb()).as("seed %d", seed).containsOnly(value);
    }
    byte[] wide = new byte[3 * 60_000];
    Arrays.fill(wide, (byte) 201);
    assertThat(Resize.bilinear(new Picture(60_000, 1, wide), 1, 1).rgb()).containsOnly(201);
    assertThat(Resize.bilinear(new Picture(1, 60_000, wide), 1, 7).rgb()).containsOnly(201);
  }

  @Test
  void cropIsTheCropOfTheFullResult() {
    for (long seed = 0; seed < 150; seed++) {
      Random random = new Random(seed);
      Picture source = random(random, 1 + random.nextInt(50), 1 + random.nextInt(50));
      int width = random.nextInt(5) == 0 ? source.width() : 1 + random.nextInt(80);
      int height = random.nextInt(5) == 0 ? source.height() : 1 + random.nextInt(80);
      Region region = regionIn(random, width, height);
      assertThat(Resize.bilinear(source, width, height, region).rgb())
          .as(
              "seed %d: %dx%d to %dx%d, %s",
              seed, source.width(), source.height(), width, height, region)
          .isEqualTo(crop(Resize.bilinear(source, width, height), region).rgb());
    }
  }

  @Test
  void mirroringCommutesWithResizing() {
    for (long seed = 0; seed < 80; seed++) {
      Random random = new Random(seed);
      Picture source = random(random, 1 + random.nextInt(50), 1 + random.nextInt(50));
      int width = 1 + random.nextInt(80);
      int height = 1 + random.nextInt(80);
      for (boolean leftRight : new boolean[] {true, false}) {
        assertThat(Resize.bilinear(mirrored(source, leftRight), width, height).rgb())
            .as("seed %d", seed)
            .isEqualTo(mirrored(Resize.bilinear(source, width, height), leftRight).rgb());
      }
    }
  }

  @Test
  void nearestTakesTheSampleUnderTheCentre() {
    Mask source = new Mask(3, 1, new byte[] {1, (byte) 255, 7});
    assertThat(Resize.nearest(source, 6, 1).ids()).containsExactly(1, 1, -1, -1, 7, 7);
    assertThat(Resize.nearest(source, 2, 1).ids()).containsExactly(1, 7);
    assertThat(Resize.nearest(source, 1, 2).ids()).containsExactly(-1, -1);
    for (long seed = 0; seed < 60; seed++) {
      Random random = new Random(seed);
      byte[] ids = new byte[31 * 17];
      random.nextBytes(ids);
      Mask mask = new Mask(31, 17, ids);
      int width = 1 + random.nextInt(70);
      int height = 1 + random.nextInt(70);
      Region region = regionIn(random, width, height);
      Mask part = Resize.nearest(mask, width, height, region);
      for (int y = 0; y < part.height(); y++) {
        for (int x = 0; x < part.width(); x++) {
          int sourceX = (2 * (region.x() + x) + 1) * 31 / (2 * width);
          int sourceY = (2 * (region.y() + y) + 1) * 17 / (2 * height);
          assertThat(part.at(x, y)).as("seed %d", seed).isEqualTo(mask.at(sourceX, sourceY));
        }
      }
    }
  }

  @Test
  void sizesAndRegionsThatMakeNoSenseAreRefused() {
    Picture picture = random(new Random(1), 4, 4);
    assertThatThrownBy(() -> Resize.bilinear(picture, 0, 4)).hasMessageContaining("result 0x4");
    assertThatThrownBy(() -> Resize.bilinear(picture, 40_000, 40_000))
        .hasMessageContaining("more bytes than an array");
    assertThatThrownBy(() -> Resize.bilinear(picture, 8, 8, new Region(5, 0, 4, 4)))
        .hasMessageContaining("region 4x4 at (5, 0) does not lie inside 8x8");
    assertThatThrownBy(() -> new Region(-1, 0, 1, 1)).hasMessageContaining("at (-1, 0)");
  }
}
