package org.efrnet.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MasksTest {
  @TempDir Path folder;

  @Test
  void everyIdSurvivesWhateverThePalette() throws Exception {
    for (long seed = 0; seed < 30; seed++) {
      Random random = new Random(seed);
      int width = 1 + random.nextInt(50);
      int height = 1 + random.nextInt(50);
      byte[] ids = new byte[width * height];
      random.nextBytes(ids);
      Mask mask = new Mask(width, height, ids);
      int[] palette = random.ints(random.nextInt(257), 0, 1 << 24).toArray();
      Path file = folder.resolve("mask.png");
      Masks.write(file, mask, palette);
      assertThat(Masks.read(file)).as("seed %d", seed).isEqualTo(mask);
      var shown = ImageIO.read(file.toFile());
      for (int i = 0; i < ids.length; i++) {
        int id = ids[i] & 0xff;
        assertThat(shown.getRGB(i % width, i / width) & 0xffffff)
            .as("seed %d: the colour that a viewer shows", seed)
            .isEqualTo(id < palette.length ? palette[id] : 0);
      }
    }
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).as("no parts left behind").hasSize(1);
    }
  }

  @Test
  void greyValuesAreWhatViewersShow() throws Exception {
    for (long seed = 0; seed < 20; seed++) {
      Random random = new Random(seed);
      byte[] values = new byte[(1 + random.nextInt(40)) * 13];
      for (int i = 1; i < values.length; i++) {
        // Smooth in part, so that every filter has its lines.
        values[i] = (byte) (seed % 2 == 0 ? random.nextInt() : values[i - 1] + random.nextInt(3));
      }
      Mask mask = new Mask(13, values.length / 13, values);
      Path file = folder.resolve("grey.png");
      Masks.writeGrey(file, mask);
      assertThat(Masks.read(file)).as("seed %d", seed).isEqualTo(mask);
      assertThat(ImageIO.read(file.toFile()).getRaster().getSamples(0, 0, 13, 1, 0, new int[13]))
          .containsExactly(IntStream.range(0, 13).map(x -> mask.at(x, 0)).toArray());
    }
  }

  @Test
  void storedValuesOfFewBitsAreNotScaled() throws Exception {
    for (int depth : new int[] {1, 2, 4, 8}) {
      int[] samples = new Random(depth).ints(35, 0, 1 << depth).toArray();
      for (int type : new int[] {PngBytes.GREY, PngBytes.PALETTE}) {
        byte[] plte = type == PngBytes.PALETTE ? PngBytes.chunk("PLTE", new byte[3]) : new byte[0];
        byte[] file = PngBytes.of(samples, 7, 5, type, depth, depth == 4, plte);
        Mask mask = Masks.read(file, "mask.png", ReadOptions.DEFAULT);
        for (int i = 0; i < samples.length; i++) {
          assertThat(mask.at(i % 7, i / 7)).isEqualTo(samples[i]);
        }
      }
    }
  }

  @Test
  void whatIsNoMapOfIdsIsRefused() {
    assertRefused(PngBytes.of(new int[3], 1, 1, PngBytes.RGB, 8, false), "RGB-coloured");
    assertRefused(PngBytes.of(new int[4], 1, 1, PngBytes.RGB_ALPHA, 8, false), "RGB-coloured");
    assertRefused(PngBytes.of(new int[2], 1, 1, PngBytes.GREY_ALPHA, 8, false), "with alpha");
    assertRefused(PngBytes.of(new int[1], 1, 1, PngBytes.GREY, 16, false), "16-bit");
    assertRefused(new byte[] {(byte) 0xff, (byte) 0xd8, (byte) 0xff}, "a JPEG is not a mask");
    assertRefused(new byte[0], "empty");
    assertRefused(new byte[] {'G', 'I', 'F', '8', '9', 'a'}, "a GIF is not read as a mask");
  }

  @Test
  void storedIdsAndColoursAreToldApart() throws Exception {
    Path file = folder.resolve("mask.png");
    Mask ids = new Mask(2, 1, new byte[] {3, 9});
    Masks.write(file, ids, new int[] {0xff0000});
    List<Integer> palette = new ArrayList<>(Collections.nCopies(256, 0));
    palette.set(0, 0xff0000);
    assertThat(Masks.readStored(file)).isEqualTo(new Masks.Stored.Ids(ids, palette));
    Files.write(file, PngBytes.of(new int[] {3, 9}, 2, 1, PngBytes.GREY, 8, false));
    assertThat(Masks.readStored(file)).isEqualTo(new Masks.Stored.Ids(ids, List.of()));
    Pictures.writePng(file, new Picture(2, 1, new byte[] {1, 2, 3, 4, 5, 6}));
    assertThat(((Masks.Stored.Colours) Masks.readStored(file)).picture().rgb())
        .containsExactly(1, 2, 3, 4, 5, 6);
    Files.write(file, PngBytes.of(new int[4], 1, 1, PngBytes.RGB_ALPHA, 8, false));
    assertThatThrownBy(() -> Masks.readStored(file))
        .isInstanceOf(PictureException.class)
        .hasMessageContaining("mask.png: an RGB-coded mask with alpha");
    Files.write(file, PngBytes.of(new int[3], 1, 1, PngBytes.RGB, 16, false));
    assertThatThrownBy(() -> Masks.readStored(file)).hasMessageContaining("16 bits a channel");
    Files.write(file, new byte[] {(byte) 0xff, (byte) 0xd8, (byte) 0xff});
    assertThatThrownBy(() -> Masks.readStored(file)).hasMessageContaining("a JPEG is not a mask");
  }

  private static void assertRefused(byte[] file, String why) {
    assertThatThrownBy(() -> Masks.read(file, "mask.png", ReadOptions.DEFAULT))
        .isInstanceOf(PictureException.class)
        .hasMessageContaining("mask.png: ")
        .hasMessageContaining(why);
  }

  @Test
  void writingReplacesOrSaysWhyNot() throws Exception {
    Mask mask = new Mask(1, 1, new byte[1]);
    assertThatThrownBy(() -> Masks.write(folder.resolve("a").resolve("b.png"), mask, new int[0]))
        .isInstanceOf(PictureException.class)
        .hasMessageContaining("its folder does not exist; make ");
    assertThatThrownBy(() -> Masks.write(folder, mask, new int[0]))
        .isInstanceOf(PictureException.class)
        .hasMessageContaining("a folder");
    assertThatThrownBy(() -> Masks.write(folder.resolve("c.png"), mask, new int[257]))
        .hasMessageContaining("257 colours");
    Path file = Files.writeString(folder.resolve("old.png"), "old");
    Masks.write(file, mask, new int[0]);
    assertThat(Masks.read(file)).isEqualTo(mask);
  }
}
