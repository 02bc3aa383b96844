package org.efrnet.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BmpTest {
  private static Picture read(byte[] file) throws PictureException {
    return Pictures.read(file, "test.bmp", ReadOptions.DEFAULT);
  }

  @Test
  void equalsTheJdkForWhatItWrites() throws Exception {
    for (int type :
        new int[] {
          BufferedImage.TYPE_3BYTE_BGR,
          BufferedImage.TYPE_USHORT_555_RGB,
          BufferedImage.TYPE_USHORT_565_RGB,
          BufferedImage.TYPE_BYTE_INDEXED,
          BufferedImage.TYPE_BYTE_BINARY
        }) {
      for (long seed = 0; seed < 4; seed++) {
        JdkPictures.assertReadsWhatItWrote("bmp", "", JdkPictures.noise(type, seed), seed);
      }
    }
    for (long seed = 0; seed < 8; seed++) {
      JdkPictures.assertReadsWhatItWrote("bmp", "BI_RLE8", JdkPictures.runs(8, seed), seed);
    }
  }

  /** By hand: what the JDK writes as runs of four bits it cannot read itself. */
  @Test
  void runsOfFourBitsAlternateTwoColours() throws Exception {
    byte[] palette = BmpBytes.words(0x000000, 0x010101, 0x020202, 0x030303);
    // Five of 1 and 2 in turn; end of row; 3, 1, 2 as they are, in two bytes; end of the picture.
    byte[] runs = BmpBytes.bytes(5, 0x12, 0, 0, 0, 3, 0x31, 0x20, 0, 1);
    Picture picture = read(BmpBytes.of(5, 2, 4, 2, palette, runs));
    int[] indices = new int[10];
    for (int i = 0; i < 10; i++) {
      indices[i] = picture.at(i % 5, i / 5, 0);
    }
    assertThat(indices).containsExactly(3, 1, 2, 0, 0, 1, 2, 1, 2, 1);
  }

  @Test
  void rowsFromTheTopAndFromTheBottom() throws Exception {
    byte[] rows = BmpBytes.bytes(1, 2, 3, 0, 4, 5, 6, 0);
    assertThat(read(BmpBytes.of(1, 2, 24, 0, new byte[0], rows)).rgb())
        .containsExactly(6, 5, 4, 3, 2, 1);
    assertThat(read(BmpBytes.of(1, -2, 24, 0, new byte[0], rows)).rgb())
        .containsExactly(3, 2, 1, 6, 5, 4);
  }

  @Test
  void masksOfEveryLengthGiveTheHighByteAndAlphaIsDropped() throws Exception {
    byte[] masks = BmpBytes.words(0x3ff00000, 0x000ff000, 0x0000003f);
    byte[] wide = BmpBytes.of(1, 1, 32, 3, masks, BmpBytes.words(0xffffffff));
    assertThat(read(wide).rgb()).containsExactly(255, 255, 255);
    byte[] some =
        BmpBytes.of(1, 1, 32, 3, masks, BmpBytes.words(0x80 << 22 | 3 << 20 | 0x7f << 12 | 21));
    assertThat(read(some).rgb()).containsExactly(0x80, 0x7f, 85);
    byte[] clear = BmpBytes.of(1, 1, 32, 0, new byte[0], BmpBytes.words(0x00102030));
    assertThat(read(clear).rgb()).containsExactly(0x10, 0x20, 0x30);
    byte[] gap = BmpBytes.words(0xff00ff, 0xff00, 0xff);
    assertThatThrownBy(() -> read(BmpBytes.of(1, 1, 32, 3, gap, new byte[4])))
        .hasMessageContaining("0xff00ff are apart");
  }

  @Test
  void runsThatSkipPixelsLeaveTheFirstColour() throws Exception {
    byte[] palette = BmpBytes.words(0x010203, 0x040506);
    // Right by 1 and up by 1, one pixel of colour 1, end of the picture.
    byte[] runs = BmpBytes.bytes(0, 2, 1, 1, 1, 1, 0, 1);
    assertThat(read(BmpBytes.of(2, 2, 8, 1, palette, runs)).rgb())
        .containsExactly(1, 2, 3, 4, 5, 6, 1, 2, 3, 1, 2, 3);
    byte[] outside = BmpBytes.bytes(3, 0, 0, 1);
    assertThatThrownBy(() -> read(BmpBytes.of(2, 2, 8, 1, palette, outside)))
        .hasMessageContaining("a run of pixels leaves its 2x2 pixels");
    byte[] unended = BmpBytes.bytes(2, 0, 0, 0, 2, 0);
    assertThatThrownBy(() -> read(BmpBytes.of(2, 2, 8, 1, palette, unended)))
        .hasMessageContaining("truncated BMP");
  }

  @Test
  void impossibleSizesAreRefusedByTheirHeader() {
    assertRefused(1, Integer.MIN_VALUE, 24, "sides go up to");
    assertRefused(1, Integer.MAX_VALUE, 24, "sides go up to");
    assertRefused(-5, 3, 24, "-5x3 pixels");
    assertRefused(60000, 60000, 1, "budget");
    assertRefused(9000, -9000, 1, "truncated BMP");
    assertRefused(3, 3, 7, "7 bits a pixel");
  }

  private static void assertRefused(int width, int height, int bits, String message) {
    byte[] file = BmpBytes.of(width, height, bits, 0, BmpBytes.words(0, 1), new byte[8]);
    JdkPictures.assertRefusedWithin(1 << 20, file, message);
  }

  @Test
  void everyTruncationIsAnError() throws Exception {
    byte[] palette = BmpBytes.words(new Random(1).ints(256, 0, 1 << 24).toArray());
    byte[] runs = BmpBytes.bytes(3, 9, 0, 0, 0, 3, 1, 2, 3, 0, 0, 1);
    for (byte[] file :
        new byte[][] {
          BmpBytes.of(3, 2, 24, 0, new byte[0], new byte[24]),
          BmpBytes.of(3, 2, 8, 0, palette, new byte[8]),
          BmpBytes.of(3, 2, 8, 1, palette, runs)
        }) {
      assertThat(read(file).width()).isEqualTo(3);
      for (int length = 0; length < file.length; length++) {
        byte[] part = Arrays.copyOf(file, length);
        assertThatThrownBy(() -> read(part)).isInstanceOf(PictureException.class);
      }
    }
  }

  @Test
  void aMissingPaletteColourIsNamed() {
    byte[] file = BmpBytes.of(2, 1, 8, 0, BmpBytes.words(1, 2), BmpBytes.bytes(1, 2, 0, 0));
    assertThatThrownBy(() -> read(file))
        .hasMessageContaining("pixel (1, 0) has index 2, its palette 2 colours");
  }
}
