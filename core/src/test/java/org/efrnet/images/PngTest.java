package org.efrnet.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.util.Arrays;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

class PngTest {
  private static final int[][] KINDS = {
    {PngBytes.GREY, 1},
    {PngBytes.GREY, 2},
    {PngBytes.GREY, 4},
    {PngBytes.GREY, 8},
    {PngBytes.GREY, 16},
    {PngBytes.RGB, 8},
    {PngBytes.RGB, 16},
    {PngBytes.PALETTE, 1},
    {PngBytes.PALETTE, 2},
    {PngBytes.PALETTE, 4},
    {PngBytes.PALETTE, 8},
    {PngBytes.GREY_ALPHA, 8},
    {PngBytes.GREY_ALPHA, 16},
    {PngBytes.RGB_ALPHA, 8},
    {PngBytes.RGB_ALPHA, 16}
  };

  private static Picture read(byte[] file) throws PictureException {
    return Pictures.read(file, "test.png", ReadOptions.DEFAULT);
  }

  private static int[] randomSamples(Random random, int count, int depth) {
    return random.ints(count, 0, 1 << depth).toArray();
  }

  private static byte[] palette(Random random, int depth) {
    byte[] colours = new byte[3 << depth];
    random.nextBytes(colours);
    return colours;
  }

  @Test
  void everyColourTypeAndDepthInterlacedOrNot() throws Exception {
    for (long seed = 0; seed < 6; seed++) {
      Random random = new Random(seed);
      for (int[] kind : KINDS) {
        int type = kind[0];
        int depth = kind[1];
        int width = 1 + random.nextInt(21);
        int height = 1 + random.nextInt(21);
        int channels = PngBytes.channels(type);
        int[] samples = randomSamples(random, width * height * channels, depth);
        byte[] colours = palette(random, Math.min(depth, 8));
        byte[] plte = type == PngBytes.PALETTE ? PngBytes.chunk("PLTE", colours) : new byte[0];
        byte[] expected = new byte[3 * width * height];
        for (int i = 0; i < width * height; i++) {
          for (int c = 0; c < 3; c++) {
            int sample = samples[i * channels + (channels >= 3 ? c : 0)];
            expected[3 * i + c] =
                type == PngBytes.PALETTE
                    ? colours[3 * sample + c]
                    : (byte) (depth == 16 ? sample >> 8 : sample * 255 / ((1 << depth) - 1));
          }
        }
        for (boolean adam7 : new boolean[] {false, true}) {
          String what =
              String.format(
                  "seed %d: type %d, %d bits, %dx%d, interlaced %s",
                  seed, type, depth, width, height, adam7);
          Picture picture = read(PngBytes.of(samples, width, height, type, depth, adam7, plte));
          assertThat(picture.width()).as(what).isEqualTo(width);
          assertThat(picture.height()).as(what).isEqualTo(height);
          assertThat(picture.rgb()).as(what).isEqualTo(expected);
        }
      }
    }
  }

  @Test
  void exifOrientationIsAppliedOnce() throws Exception {
    int[] stored = {1, 2, 3, 4, 5, 6};
    int[][] upright = {
      {1, 2, 3, 4, 5, 6}, {3, 2, 1, 6, 5, 4}, {6, 5, 4, 3, 2, 1}, {4, 5, 6, 1, 2, 3},
      {1, 4, 2, 5, 3, 6}, {4, 1, 5, 2, 6, 3}, {6, 3, 5, 2, 4, 1}, {3, 6, 2, 5, 1, 4}
    };
    for (int orientation = 1; orientation <= 8; orientation++) {
      byte[] exif = PngBytes.chunk("eXIf", PngBytes.exif(orientation, orientation % 2 == 0));
      byte[] file = PngBytes.of(stored, 3, 2, PngBytes.GREY, 8, false, exif);
      Picture picture = read(file);
      Mask mask = Masks.read(file, "mask.png", ReadOptions.DEFAULT);
      int[] values = new int[6];
      for (int i = 0; i < 6; i++) {
        values[i] = picture.rgb()[3 * i];
        assertThat((int) mask.ids()[i]).isEqualTo(values[i]);
      }
      assertThat(values).as("orientation %d", orientation).isEqualTo(upright[orientation - 1]);
      assertThat(picture.width()).isEqualTo(orientation > 4 ? 2 : 3);
      assertThat(mask.width()).isEqualTo(orientation > 4 ? 2 : 3);
    }
  }

  @Test
  void senselessExifIsNoOrientation() {
    byte[] good = PngBytes.exif(6, true);
    assertThat(Exif.orientation(good, 0, good.length)).isEqualTo(6);
    for (int length = 0; length < 20; length++) {
      assertThat(Exif.orientation(good, 0, length)).isEqualTo(Exif.UPRIGHT);
    }
    byte[] nine = PngBytes.exif(9, false);
    assertThat(Exif.orientation(nine, 0, nine.length)).isEqualTo(Exif.UPRIGHT);
    for (long seed = 0; seed < 2000; seed++) {
      byte[] wild = good.clone();
      Random random = new Random(seed);
      for (int i = 0; i < 3; i++) {
        wild[2 + random.nextInt(24)] = (byte) random.nextInt(256);
      }
      assertThat(Exif.orientation(wild, 0, wild.length)).as("seed %d", seed).isBetween(1, 8);
    }
  }

  @Test
  void everyTruncationIsAnError() {
    byte[] file =
        PngBytes.of(randomSamples(new Random(3), 3 * 9 * 7, 8), 9, 7, PngBytes.RGB, 8, false);
    for (int length = 0; length < file.length; length++) {
      byte[] part = Arrays.copyOf(file, length);
      assertThatThrownBy(() -> read(part))
          .as("%d of %d bytes", length, file.length)
          .isInstanceOf(PictureException.class)
          .hasMessageContaining("test.png: ");
    }
  }

  @Test
  void pixelsThatEndEarlyAreAnErrorThoughTheFileIsWhole() {
    byte[] lines = PngBytes.lines(new int[12], 4, 3, PngBytes.GREY, 8, false);
    byte[] file =
        PngBytes.file(
            PngBytes.chunk("IHDR", PngBytes.header(4, 3, PngBytes.GREY, 8, false)),
            PngBytes.chunk("IDAT", PngBytes.deflated(Arrays.copyOf(lines, lines.length - 1))),
            PngBytes.chunk("IEND", new byte[0]));
    assertThatThrownBy(() -> read(file)).hasMessageContaining("truncated PNG");
  }

  @Test
  void damagedBytesGiveAPictureOrAPictureException() {
    byte[] file =
        PngBytes.of(
            randomSamples(new Random(3), 9 * 7, 4),
            9,
            7,
            PngBytes.PALETTE,
            4,
            true,
            PngBytes.chunk("PLTE", palette(new Random(1), 4)));
    int errors = 0;
    for (long seed = 0; seed < 3000; seed++) {
      Random random = new Random(seed);
      byte[] wild = file.clone();
      wild[random.nextInt(wild.length)] = (byte) random.nextInt(256);
      try {
        assertThat(read(wild).width()).as("seed %d", seed).isPositive();
      } catch (PictureException e) {
        errors++;
      }
    }
    assertThat(errors).isGreaterThan(2000);
  }

  @Test
  void sizeIsCheckedBeforeAnythingIsAllocated() {
    byte[] data = PngBytes.chunk("IDAT", PngBytes.deflated(new byte[100]));
    byte[] end = PngBytes.chunk("IEND", new byte[0]);
    byte[] bomb =
        PngBytes.file(
            PngBytes.chunk("IHDR", PngBytes.header(60000, 60000, PngBytes.RGB, 8, false)),
            data,
            end);
    assertThatThrownBy(() -> read(bomb))
        .hasMessageContaining("60000x60000 pixels, more than the budget of 100000000");
    // Twelve gigabytes of claim within a budget raised on purpose: refused for the data's length.
    byte[] claim =
        PngBytes.file(
            PngBytes.chunk("IHDR", PngBytes.header(22000, 22000, PngBytes.RGB_ALPHA, 16, false)),
            data,
            end);
    assertThatThrownBy(
            () -> Pictures.read(claim, "test.png", new ReadOptions(Long.MAX_VALUE, false)))
        .hasMessageContaining("truncated PNG");
    byte[] thread =
        PngBytes.file(
            PngBytes.chunk("IHDR", PngBytes.header(100_000_000, 1, PngBytes.RGB, 8, false)),
            data,
            end);
    assertThatThrownBy(() -> read(thread)).hasMessageContaining("sides go up to");
    byte[] none =
        PngBytes.file(
            PngBytes.chunk("IHDR", PngBytes.header(0, 5, PngBytes.RGB, 8, false)), data, end);
    assertThatThrownBy(() -> read(none)).hasMessageContaining("0x5");
    byte[] small = PngBytes.of(new int[6], 3, 2, PngBytes.GREY, 8, false);
    assertThatThrownBy(() -> Pictures.read(small, "test.png", new ReadOptions(5, false)))
        .hasMessageContaining("budget of 5 pixels");
  }

  @Test
  void structuralDamageIsNamed() {
    int[] samples = {0, 1, 2, 3};
    byte[] wrongIndex =
        PngBytes.of(samples, 2, 2, PngBytes.PALETTE, 8, false, PngBytes.chunk("PLTE", new byte[6]));
    assertThatThrownBy(() -> read(wrongIndex))
        .hasMessageContaining("pixel (0, 1) has index 2, its palette 2 colours");
    byte[] noPalette = PngBytes.of(samples, 2, 2, PngBytes.PALETTE, 8, false);
    assertThatThrownBy(() -> read(noPalette)).hasMessageContaining("no palette");
    byte[] unknown =
        PngBytes.of(samples, 2, 2, PngBytes.GREY, 8, false, PngBytes.chunk("ABCD", new byte[0]));
    assertThatThrownBy(() -> read(unknown)).hasMessageContaining("unknown critical chunk ABCD");
    byte[] twice =
        PngBytes.of(
            samples,
            2,
            2,
            PngBytes.GREY,
            8,
            false,
            PngBytes.chunk("IHDR", PngBytes.header(2, 2, PngBytes.GREY, 8, false)));
    assertThatThrownBy(() -> read(twice)).hasMessageContaining("IHDR");
    byte[] depth = PngBytes.of(new int[12], 2, 2, PngBytes.RGB, 4, false);
    assertThatThrownBy(() -> read(depth)).hasMessageContaining("colour type 2 with 4 bits");
  }

  @Test
  void textAndProfilesAreNeverOpened() throws Exception {
    byte[] junk = new byte[500];
    Arrays.fill(junk, (byte) 0xff);
    byte[] file =
        PngBytes.of(
            new int[] {9},
            1,
            1,
            PngBytes.GREY,
            8,
            false,
            PngBytes.chunk("iCCP", junk),
            PngBytes.chunk("zTXt", junk),
            PngBytes.chunk("tRNS", new byte[] {0, 9}));
    assertThat(read(file).rgb()).containsExactly(9, 9, 9);
  }

  @Test
  void whatWeWriteAnotherReaderReadsAndSoDoWe() throws Exception {
    for (long seed = 0; seed < 10; seed++) {
      Random random = new Random(seed);
      int width = 1 + random.nextInt(40);
      int height = 1 + random.nextInt(40);
      byte[] rgb = new byte[3 * width * height];
      for (int i = 0; i < rgb.length; i++) {
        rgb[i] = (byte) (seed % 2 == 0 ? random.nextInt() : i / 7 + random.nextInt(3));
      }
      byte[] file = PngEncoder.encode(new Picture(width, height, rgb));
      assertThat(read(file).rgb()).as("seed %d", seed).isEqualTo(rgb);
      var other = ImageIO.read(new ByteArrayInputStream(file));
      for (int i = 0; i < width * height; i++) {
        assertThat(other.getRGB(i % width, i / width) & 0xffffff)
            .isEqualTo(
                (rgb[3 * i] & 0xff) << 16 | (rgb[3 * i + 1] & 0xff) << 8 | (rgb[3 * i + 2] & 0xff));
      }
    }
  }
}
