package org.efrnet.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class GifTest {
  private static Picture read(byte[] file) throws PictureException {
    return Pictures.read(file, "test.gif", ReadOptions.DEFAULT);
  }

  /** The palette index of each pixel, told from its red value. */
  private static int[] indices(Picture picture) {
    int[] indices = new int[picture.width() * picture.height()];
    for (int i = 0; i < indices.length; i++) {
      indices[i] = picture.rgb()[3 * i] / 16;
      assertThat(picture.rgb()[3 * i + 2]).isEqualTo((byte) (16 * indices[i] + 3));
    }
    return indices;
  }

  @Test
  void equalsTheJdkForWhatItWrites() throws Exception {
    for (int bits : new int[] {1, 2, 4, 8}) {
      for (long seed = 0; seed < 12; seed++) {
        JdkPictures.assertReadsWhatItWrote("gif", "", JdkPictures.runs(bits, seed), seed);
      }
    }
  }

  @Test
  void theFirstFrameLiesOnTheBackground() throws Exception {
    byte[] frame = GifBytes.frame(1, 1, 2, 1, false, 3, 1);
    byte[] second = GifBytes.frame(0, 0, 1, 1, false, 2);
    byte[] comment =
        GifBytes.file(new byte[] {0x21, (byte) 0xfe}, GifBytes.subBlocks(new byte[600]));
    byte[] file =
        GifBytes.file(
            GifBytes.header(3, 2, 2), Arrays.copyOf(comment, comment.length - 1), frame, second);
    assertThat(indices(read(file))).containsExactly(2, 2, 2, 2, 3, 1);
  }

  @Test
  void aTransparentPixelKeepsItsColour() throws Exception {
    byte[] control = {0x21, (byte) 0xf9, 4, 1, 0, 0, 3, 0};
    byte[] file =
        GifBytes.file(GifBytes.header(2, 1, 0), control, GifBytes.frame(0, 0, 2, 1, false, 3, 1));
    assertThat(indices(read(file))).containsExactly(3, 1);
  }

  @Test
  void interlacedRowsGoWhereTheyBelong() throws Exception {
    // Rows 0 and 8, then 4, then 2 and 6, then the odd ones.
    byte[] frame = GifBytes.frame(0, 0, 1, 9, true, 0, 1, 2, 3, 0, 1, 2, 3, 0);
    assertThat(indices(read(GifBytes.file(GifBytes.header(1, 9, 0), frame))))
        .containsExactly(0, 1, 3, 2, 2, 3, 0, 0, 1);
  }

  @Test
  void everyTruncationIsAnErrorAlsoInALaterFrame() throws Exception {
    byte[] file =
        GifBytes.file(
            GifBytes.header(2, 2, 0),
            GifBytes.frame(0, 0, 2, 2, false, 3, 2, 1, 0),
            GifBytes.frame(0, 0, 1, 1, false, 2));
    assertThat(indices(read(file))).containsExactly(3, 2, 1, 0);
    for (int length = 0; length < file.length; length++) {
      byte[] part = Arrays.copyOf(file, length);
      assertThatThrownBy(() -> read(part))
          .as("%d of %d bytes", length, file.length)
          .isInstanceOf(PictureException.class);
    }
  }

  @Test
  void pixelsThatEndEarlyAreAnErrorThoughTheFileIsWhole() {
    byte[] frame = GifBytes.frame(0, 0, 2, 2, false, 3, 2, 1);
    assertThatThrownBy(() -> read(GifBytes.file(GifBytes.header(2, 2, 0), frame)))
        .hasMessageContaining("truncated GIF");
  }

  @Test
  void impossibleSizesAreRefusedByTheirHeader() {
    byte[] pixel = GifBytes.frame(0, 0, 1, 1, false, 0);
    JdkPictures.assertRefusedWithin(
        1 << 20, GifBytes.file(GifBytes.header(65535, 65535, 0), pixel), "65535x65535 pixels");
    JdkPictures.assertRefusedWithin(
        1 << 20, GifBytes.file(GifBytes.header(0, 5, 0), pixel), "0x5 pixels");
    byte[] claim = GifBytes.frame(0, 0, 9000, 9000, false, 0);
    JdkPictures.assertRefusedWithin(
        1 << 20, GifBytes.file(GifBytes.header(9000, 9000, 0), claim), "truncated GIF");
    byte[] outside = GifBytes.frame(1, 0, 65535, 9, false, 0);
    JdkPictures.assertRefusedWithin(
        1 << 20,
        GifBytes.file(GifBytes.header(32, 32, 0), outside),
        "first frame of 65535x9 at (1, 0) is not inside its 32x32 pixels");
    assertThatThrownBy(() -> read(GifBytes.file(GifBytes.header(3, 3, 0))))
        .hasMessageContaining("holds no picture");
  }
}
