package org.efrnet.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.Point;
import java.awt.image.DataBuffer;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class JpegTest {
  private static final ReadOptions LENIENT = new ReadOptions(1_000_000, true);

  private static Picture read(byte[] file) throws PictureException {
    return Pictures.read(file, "test.jpg", ReadOptions.DEFAULT);
  }

  /** A file whose stored channels, before any colour conversion, are these constants. */
  private static byte[] flat(int width, int height, boolean progressive, int... stored)
      throws Exception {
    WritableRaster raster =
        Raster.createInterleavedRaster(
            DataBuffer.TYPE_BYTE, width, height, stored.length, new Point());
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        raster.setPixel(x, y, stored);
      }
    }
    return JpegBytes.encode(raster, progressive);
  }

  private static byte[] noise(int width, int height, boolean progressive) throws Exception {
    WritableRaster raster =
        Raster.createInterleavedRaster(DataBuffer.TYPE_BYTE, width, height, 3, new Point());
    Random random = new Random(8);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        raster.setPixel(x, y, random.ints(3, 0, 256).toArray());
      }
    }
    return JpegBytes.encode(raster, progressive);
  }

  private static byte[] adobe(int transform) {
    byte[] data = Arrays.copyOf("Adobe".getBytes(StandardCharsets.US_ASCII), 12);
    data[11] = (byte) transform;
    return data;
  }

  private static byte[] jfif() {
    return Arrays.copyOf("JFIF".getBytes(StandardCharsets.US_ASCII), 14);
  }

  private static void assertFlat(byte[] file, int red, int green, int blue) throws Exception {
    Picture picture = read(file);
    int[] expected = {red, green, blue};
    for (int i = 0; i < picture.rgb().length; i++) {
      assertThat(picture.rgb()[i] & 0xff).isBetween(expected[i % 3] - 2, expected[i % 3] + 2);
    }
  }

  @Test
  void storedColoursAreConvertedByTheMarkersAlone() throws Exception {
    byte[] three = flat(20, 12, false, 100, 90, 200);
    // R = 100 + 1.402·72, G = 100 + 0.34414·38 - 0.71414·72, B = 100 - 1.772·38
    assertFlat(JpegBytes.with(three, 0xe0, jfif()), 201, 62, 33);
    assertFlat(JpegBytes.with(three, 0xee, adobe(1)), 201, 62, 33);
    assertFlat(JpegBytes.with(three, 0xee, adobe(0)), 100, 90, 200);
    assertFlat(flat(9, 9, false, 77), 77, 77, 77);
    assertFlat(flat(9, 9, true, 77), 77, 77, 77);
  }

  @Test
  void fourInksInEachOfTheirThreeStorages() throws Exception {
    // Paper left 200, 100, 50 under black that leaves 128: products over 255.
    assertFlat(JpegBytes.with(flat(16, 8, false, 200, 100, 50, 128), 0xee, adobe(0)), 100, 50, 25);
    assertFlat(flat(16, 8, false, 55, 155, 205, 127), 100, 50, 25);
    // YCCK of the same: YCbCr of (55, 155, 205) is (131, 170, 74).
    assertFlat(JpegBytes.with(flat(16, 8, true, 131, 170, 74, 128), 0xee, adobe(2)), 100, 50, 25);
  }

  @Test
  void exifTurnsOnceAndOnlyByItsOwnSegment() throws Exception {
    byte[] file = JpegBytes.with(noise(24, 10, false), 0xe0, jfif());
    Picture stored = read(file);
    Picture turned = read(JpegBytes.with(file, 0xe1, JpegBytes.exif(6)));
    assertThat(turned.width()).isEqualTo(10);
    assertThat(turned.height()).isEqualTo(24);
    for (int y = 0; y < 24; y++) {
      for (int x = 0; x < 10; x++) {
        assertThat(turned.at(x, y, 0)).isEqualTo(stored.at(y, 9 - x, 0));
      }
    }
    byte[] xmp = "http://ns.adobe.com/xap/1.0/\0<x/>".getBytes(StandardCharsets.US_ASCII);
    assertThat(read(JpegBytes.with(file, 0xe1, xmp)).rgb()).isEqualTo(stored.rgb());
  }

  @Test
  void profilesThumbnailsAndCommentsChangeNothing() throws Exception {
    byte[] file = JpegBytes.with(noise(24, 10, false), 0xe0, jfif());
    byte[] junk = new byte[3000];
    new Random(2).nextBytes(junk);
    byte[] profile = junk.clone();
    System.arraycopy("ICC_PROFILE\0".getBytes(StandardCharsets.US_ASCII), 0, profile, 0, 12);
    byte[] dressed =
        JpegBytes.with(JpegBytes.with(JpegBytes.with(file, 0xe2, profile), 0xfe, junk), 0xed, junk);
    assertThat(read(dressed).rgb()).isEqualTo(read(file).rgb());
  }

  @Test
  void progressiveEqualsBaseline() throws Exception {
    assertThat(read(noise(33, 17, true)).rgb()).isEqualTo(read(noise(33, 17, false)).rgb());
  }

  @Test
  void everyTruncationIsAnErrorUnlessLenient() throws Exception {
    for (boolean progressive : new boolean[] {false, true}) {
      byte[] file = noise(24, 16, progressive);
      int read = 0;
      for (int length = 1; length < file.length; length += length < 700 ? 1 : 13) {
        byte[] part = Arrays.copyOf(file, length);
        assertThatThrownBy(() -> read(part))
            .as("%d of %d bytes", length, file.length)
            .isInstanceOf(PictureException.class);
        try {
          Picture picture = Pictures.read(part, "test.jpg", LENIENT);
          assertThat(picture.width()).isEqualTo(24);
          read++;
        } catch (PictureException e) {
          assertThat(e).hasMessageContaining("test.jpg: ");
        }
      }
      assertThat(read).isPositive();
    }
  }

  @Test
  void anEndMarkerAfterMissingPixelsDoesNotHideThem() throws Exception {
    byte[] file = noise(40, 40, false);
    byte[] part = Arrays.copyOf(file, file.length * 2 / 3);
    part[part.length - 2] = (byte) 0xff;
    part[part.length - 1] = (byte) 0xd9;
    assertThatThrownBy(() -> read(part)).hasMessageContaining("truncated JPEG");
    assertThat(Pictures.read(part, "test.jpg", LENIENT).height()).isEqualTo(40);
  }

  @Test
  void damagedBytesGiveAPictureOrAPictureException() throws Exception {
    byte[] file = noise(16, 16, true);
    int errors = 0;
    for (long seed = 0; seed < 600; seed++) {
      Random random = new Random(seed);
      byte[] wild = file.clone();
      wild[2 + random.nextInt(Math.min(400, wild.length - 2))] = (byte) random.nextInt(256);
      try {
        assertThat(Pictures.read(wild, "test.jpg", LENIENT).width()).isPositive();
      } catch (PictureException e) {
        assertThat(e.getMessage()).as("seed %d", seed).doesNotContain("\n");
        errors++;
      }
    }
    assertThat(errors).isPositive();
  }

  @Test
  void whatIsNotSupportedIsSaid() throws Exception {
    byte[] file = noise(16, 16, false);
    int frame = 0;
    while ((file[frame] & 0xff) != 0xff || (file[frame + 1] & 0xff) != 0xc0) {
      frame++;
    }
    byte[] arithmetic = file.clone();
    arithmetic[frame + 1] = (byte) 0xc9;
    assertThatThrownBy(() -> read(arithmetic)).hasMessageContaining("arithmetic-coded");
    byte[] twelve = file.clone();
    twelve[frame + 4] = 12;
    assertThatThrownBy(() -> read(twelve)).hasMessageContaining("12 bits");
    byte[] large = file.clone();
    Arrays.fill(large, frame + 5, frame + 9, (byte) 0xff);
    assertThatThrownBy(() -> read(large)).hasMessageContaining("65535x65535 pixels");
    byte[] flat = file.clone();
    Arrays.fill(flat, frame + 5, frame + 7, (byte) 0);
    assertThatThrownBy(() -> read(flat)).hasMessageContaining("16x0 pixels");
  }
}
