package org.efrnet.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TiffTest {
  private static final ByteOrder[] ORDERS = {ByteOrder.LITTLE_ENDIAN, ByteOrder.BIG_ENDIAN};

  private static Picture read(byte[] file) throws PictureException {
    return Pictures.read(file, "test.tif", ReadOptions.DEFAULT);
  }

  private static TiffBytes little(int width, int height, int photometric, int samples, int bits) {
    return new TiffBytes(ByteOrder.LITTLE_ENDIAN, width, height, photometric, samples, bits);
  }

  @Test
  void equalsTheJdkForWhatItWrites() throws Exception {
    for (String packing : new String[] {"", "LZW", "PackBits", "Deflate", "ZLib"}) {
      for (long seed = 0; seed < 6; seed++) {
        for (int type : new int[] {BufferedImage.TYPE_3BYTE_BGR, BufferedImage.TYPE_INT_RGB}) {
          JdkPictures.assertReadsWhatItWrote("tiff", packing, JdkPictures.noise(type, seed), seed);
        }
        for (int bits : new int[] {1, 4, 8}) {
          JdkPictures.assertReadsWhatItWrote("tiff", packing, JdkPictures.runs(bits, seed), seed);
        }
      }
    }
  }

  /** Random samples in strips or tiles, one plane or several, packed or not, in both orders. */
  @Test
  void everyArrangementOfSamplesGivesTheSamePixels() throws Exception {
    for (long seed = 0; seed < 120; seed++) {
      Random random = new Random(seed);
      ByteOrder order = ORDERS[random.nextInt(2)];
      int bytes = 1 + random.nextInt(2);
      int samples = 3 + random.nextInt(2);
      int width = 1 + random.nextInt(40);
      int height = 1 + random.nextInt(40);
      boolean planar = random.nextBoolean();
      boolean tiled = random.nextBoolean();
      int compression = new int[] {1, 8, 32946, 32773}[random.nextInt(4)];
      boolean differences = compression < 32773 && compression != 1 && random.nextBoolean();
      int[] values = random.ints((long) width * height * samples, 0, 1 << (8 * bytes)).toArray();
      int chunkWidth = tiled ? 16 * (1 + random.nextInt(2)) : width;
      int chunkHeight = tiled ? 16 : 1 + random.nextInt(height);
      TiffBytes tiff = new TiffBytes(order, width, height, 2, samples, 8 * bytes);
      tiff.set(259, compression).set(284, planar ? 2 : 1).set(317, differences ? 2 : 1);
      if (tiled) {
        tiff.set(322, chunkWidth).set(323, chunkHeight);
      } else {
        tiff.set(278, chunkHeight);
      }
      for (int plane = 0; plane < (planar ? samples : 1); plane++) {
        for (int top = 0; top < height; top += chunkHeight) {
          for (int left = 0; left < width; left += chunkWidth) {
            int rows = tiled ? chunkHeight : Math.min(chunkHeight, height - top);
            int first = planar ? plane : 0;
            int stop = planar ? plane + 1 : samples;
            byte[] part = new byte[rows * chunkWidth * (stop - first) * bytes];
            int t = 0;
            for (int y = top; y < top + rows; y++) {
              for (int x = left; x < left + chunkWidth; x++) {
                for (int c = first; c < stop; c++, t += bytes) {
                  int value = value(values, x, y, c, width, height, samples);
                  if (differences && x > left) {
                    value -= value(values, x - 1, y, c, width, height, samples);
                  }
                  boolean lowFirst = order == ByteOrder.LITTLE_ENDIAN;
                  part[t] = (byte) (bytes == 1 || lowFirst ? value : value >> 8);
                  if (bytes == 2) {
                    part[t + 1] = (byte) (lowFirst ? value >> 8 : value);
                  }
                }
              }
            }
            tiff.add(packed(compression, part));
          }
        }
      }
      byte[] expected = new byte[3 * width * height];
      for (int i = 0; i < expected.length; i++) {
        expected[i] = (byte) (values[i / 3 * samples + i % 3] >> (8 * (bytes - 1)));
      }
      String what = String.format("seed %d: %s, tags %s", seed, order, tiff.tags.keySet());
      Picture picture = read(tiff.file());
      assertThat(picture.width()).as(what).isEqualTo(width);
      assertThat(picture.rgb()).as(what).isEqualTo(expected);
    }
  }

  /** Tiles go beyond the picture's edge: zero there. */
  private static int value(int[] values, int x, int y, int c, int width, int height, int samples) {
    return x < width && y < height ? values[(y * width + x) * samples + c] : 0;
  }

  private static byte[] packed(int compression, byte[] part) {
    return switch (compression) {
      case 1 -> part;
      case 32773 -> packBits(part);
      default -> PngBytes.deflated(part);
    };
  }

  /** Runs of one byte and of up to three different ones, and the head that means nothing. */
  private static byte[] packBits(byte[] part) {
    byte[] packed = new byte[2 * part.length + 1];
    packed[0] = -128;
    int t = 1;
    for (int f = 0; f < part.length; ) {
      int run = 1;
      while (f + run < part.length && run < 128 && part[f + run] == part[f]) {
        run++;
      }
      if (run > 1) {
        packed[t++] = (byte) (1 - run);
        packed[t++] = part[f];
        f += run;
      } else {
        int count = Math.min(1 + f % 3, part.length - f);
        packed[t++] = (byte) (count - 1);
        System.arraycopy(part, f, packed, t, count);
        t += count;
        f += count;
      }
    }
    return Arrays.copyOf(packed, t);
  }

  @Test
  void greyOfEveryDepthAndBothWaysUp() throws Exception {
    assertThat(read(little(2, 1, 1, 1, 8).add(BmpBytes.bytes(7, 200)).file()).rgb())
        .isEqualTo(BmpBytes.bytes(7, 7, 7, 200, 200, 200));
    assertThat(read(little(2, 1, 0, 1, 8).add(BmpBytes.bytes(7, 200)).file()).rgb())
        .isEqualTo(BmpBytes.bytes(248, 248, 248, 55, 55, 55));
    assertThat(read(little(2, 1, 1, 1, 4).add(BmpBytes.bytes(0x3f)).file()).rgb())
        .isEqualTo(BmpBytes.bytes(51, 51, 51, 255, 255, 255));
    assertThat(read(little(2, 1, 0, 1, 1).add(BmpBytes.bytes(0x40)).file()).rgb())
        .isEqualTo(BmpBytes.bytes(255, 255, 255, 0, 0, 0));
    assertThat(read(little(1, 1, 1, 1, 16).add(BmpBytes.bytes(9, 80)).file()).rgb())
        .isEqualTo(BmpBytes.bytes(80, 80, 80));
    // Grey with alpha: dropped, not blended.
    assertThat(read(little(1, 1, 1, 2, 8).add(BmpBytes.bytes(90, 0)).file()).rgb())
        .isEqualTo(BmpBytes.bytes(90, 90, 90));
  }

  @Test
  void paletteColoursByTheirHighByteAndFourInks() throws Exception {
    byte[] palette =
        little(2, 1, 3, 1, 1)
            .set(320, 0x1100, 0x2200, 0x3300, 0x4400, 0x5500, 0x66ff)
            .add(BmpBytes.bytes(0x40))
            .file();
    assertThat(read(palette).rgb()).containsExactly(0x11, 0x33, 0x55, 0x22, 0x44, 0x66);
    byte[] inks = little(1, 1, 5, 4, 8).add(BmpBytes.bytes(55, 155, 205, 127)).file();
    assertThat(read(inks).rgb()).containsExactly(100, 50, 25);
  }

  @Test
  void orientationIsAppliedOnce() throws Exception {
    byte[] stored = {1, 2, 3, 4, 5, 6};
    for (int orientation = 1; orientation <= 8; orientation++) {
      Picture picture = read(little(3, 2, 1, 1, 8).set(274, orientation).add(stored).file());
      byte[] exif = PngBytes.chunk("eXIf", PngBytes.exif(orientation, true));
      int[] samples = {1, 2, 3, 4, 5, 6};
      byte[] png = PngBytes.of(samples, 3, 2, PngBytes.GREY, 8, false, exif);
      Picture same = Pictures.read(png, "test.png", ReadOptions.DEFAULT);
      assertThat(picture.width()).isEqualTo(same.width());
      assertThat(picture.rgb()).as("orientation %d", orientation).isEqualTo(same.rgb());
    }
  }

  @Test
  void everyTruncationIsAnErrorAndSoIsEveryShortStrip() throws Exception {
    for (int compression : new int[] {1, 8, 32773}) {
      byte[] part = new byte[90];
      new Random(compression).nextBytes(part);
      byte[] packed = packed(compression, part);
      byte[] file = little(6, 5, 2, 3, 8).set(259, compression).add(packed).file();
      assertThat(read(file).rgb()).isEqualTo(part);
      for (int length = 0; length < file.length; length++) {
        byte[] cut = Arrays.copyOf(file, length);
        assertThatThrownBy(() -> read(cut))
            .as("compression %d, %d of %d bytes", compression, length, file.length)
            .isInstanceOf(PictureException.class);
      }
      byte[] shortStrip = Arrays.copyOf(packed, packed.length * 2 / 3);
      byte[] other = little(6, 5, 2, 3, 8).set(259, compression).add(shortStrip).file();
      assertThatThrownBy(() -> read(other)).hasMessageContaining("truncated TIFF");
    }
    byte[] lzw = JdkPictures.write("tiff", "LZW", JdkPictures.noise(BufferedImage.TYPE_INT_RGB, 3));
    for (int length = 0; length < lzw.length; length += 13) {
      byte[] cut = Arrays.copyOf(lzw, length);
      assertThatThrownBy(() -> read(cut)).isInstanceOf(PictureException.class);
    }
  }

  @Test
  void impossibleSizesAreRefusedByTheirTags() {
    byte[] some = new byte[64];
    assertRefused(little(60000, 60000, 2, 3, 8).set(279, 0xffffffffL).add(some), "budget");
    assertRefused(little(9000, 9000, 2, 3, 8).set(279, 0xffffffffL).add(some), "truncated TIFF");
    for (int compression : new int[] {1, 5, 8, 32773}) {
      assertRefused(little(9000, 9000, 2, 3, 8).set(259, compression).add(some), "truncated TIFF");
    }
    assertRefused(little(100_000_000, 1, 1, 1, 8).add(some), "sides go up to");
    assertRefused(little(0, 1, 1, 1, 8).add(some), "0x1");
    assertRefused(
        little(3, 3, 1, 1, 8).set(259, 8).set(322, 1 << 30).set(323, 16).add(some),
        "tiles or strips of 1073741824x16");
    assertRefused(little(3, 9, 1, 1, 8).set(278, 1).add(some), "where its 9 tiles or strips are");
    assertRefused(little(3, 3, 1, 1, 8).set(278, 0).add(some), "tiles or strips of 3x0");
  }

  private static void assertRefused(TiffBytes tiff, String message) {
    JdkPictures.assertRefusedWithin(1 << 20, tiff.file(), message);
  }

  @Test
  void whatIsNotSupportedIsSaid() {
    byte[] some = new byte[64];
    assertRefused(little(3, 3, 2, 3, 8).set(259, 7).add(some), "compression 7 (JPEG)");
    assertRefused(little(3, 3, 6, 3, 8).add(some), "colour model YCbCr");
    assertRefused(little(3, 3, 1, 1, 32).add(some), "1 samples of 32 bits");
    assertRefused(little(3, 3, 1, 1, 8).set(339, 3).add(some), "floating-point");
    assertRefused(little(3, 3, 1, 1, 8).set(266, 2).add(some), "FillOrder");
    assertRefused(little(3, 3, 2, 3, 8).set(258, 8, 16, 8).add(some), "different sizes");
    assertRefused(little(3, 3, 1, 1, 8).set(254, 1).add(some), "preview");
    assertRefused(little(3, 3, 1, 1, 8).set(50706, 1).add(some), "raw file (DNG)");
    assertRefused(little(3, 3, 2, 2, 8).add(some), "2 samples a pixel, its colours take 3");
    byte[] big = little(3, 3, 1, 1, 8).add(some).file();
    big[2] = 43;
    assertThatThrownBy(() -> read(big)).hasMessageContaining("BigTIFF is not supported");
  }
}
