package org.efrnet.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.efrnet.data.Example;
import org.efrnet.images.Mask;
import org.efrnet.images.Picture;
import org.efrnet.images.Pictures;
import org.efrnet.labels.ClassTable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SamplesTest {
  private static final ClassTable CLASSES = ClassTable.named("camvid-11");

  @TempDir private Path run;

  private static Mask mask(int width, int height, int id) {
    byte[] ids = new byte[width * height];
    Arrays.fill(ids, (byte) id);
    return new Mask(width, height, ids);
  }

  private static Example example(String name, int width, int height, int truth) {
    byte[] rgb = new byte[3 * width * height];
    Arrays.fill(rgb, (byte) 77);
    return new Example(name, new Picture(width, height, rgb), mask(width, height, truth));
  }

  private static int rgb(Picture picture, int x, int y) {
    int t = 3 * (y * picture.width() + x);
    return (picture.rgb()[t] & 0xff) << 16
        | (picture.rgb()[t + 1] & 0xff) << 8
        | (picture.rgb()[t + 2] & 0xff);
  }

  @Test
  void standSideBySideInTheClassesColours() {
    Picture strip = Samples.strip(example("a", 200, 150, 3), mask(200, 150, 8), CLASSES);
    assertThat(strip.width()).isEqualTo(3 * 200 + 2 * 8);
    assertThat(strip.height()).isEqualTo(20 + 150);
    assertThat(rgb(strip, 100, 90)).isEqualTo(0x4d4d4d);
    assertThat(rgb(strip, 208 + 100, 90)).isEqualTo(CLASSES.classes().get(3).colour().rgb());
    assertThat(rgb(strip, 416 + 100, 90)).isEqualTo(CLASSES.classes().get(8).colour().rgb());
    // The captions.
    for (int panel = 0; panel < 3; panel++) {
      int left = panel * 208;
      long text = 0;
      for (int y = 0; y < 20; y++) {
        for (int x = left; x < left + 200; x++) {
          text += rgb(strip, x, y) == 0xd5dae0 ? 1 : 0;
        }
      }
      assertThat(text).as("caption %d", panel).isGreaterThan(50);
    }
  }

  @Test
  void voidIsGreyAndNoClassesColour() {
    Picture strip = Samples.strip(example("a", 60, 40, 255), mask(60, 40, 0), CLASSES);
    for (int y = 20; y < 60; y++) {
      for (int x = 68; x < 128; x++) {
        int rgb = rgb(strip, x, y);
        assertThat(rgb >> 16).isEqualTo(rgb & 0xff).isEqualTo(rgb >> 8 & 0xff);
        assertThat(CLASSES.classes()).noneMatch(entry -> entry.colour().rgb() == rgb);
      }
    }
  }

  @Test
  void panelsAreAtMost480Wide() {
    Picture wide = Samples.strip(example("a", 2048, 1024, 0), mask(2048, 1024, 0), CLASSES);
    assertThat(wide.width()).isEqualTo(3 * 480 + 16);
    assertThat(wide.height()).isEqualTo(20 + 240);
    Picture flat = Samples.strip(example("a", 3000, 1, 0), mask(3000, 1, 0), CLASSES);
    assertThat(flat.height()).isEqualTo(21);
    for (int side : new int[] {1, 2, 9, 33}) {
      Picture small = Samples.strip(example("a", side, side, 0), mask(side, side, 0), CLASSES);
      assertThat(small.width()).isEqualTo(3 * side + 16);
    }
  }

  @Test
  void refusesAnotherSizeAndNegativeNumbers() {
    assertThatThrownBy(() -> Samples.strip(example("a", 4, 3, 0), mask(3, 4, 0), CLASSES))
        .hasMessage(
            "sample a: its prediction is 3x4, its picture 4x3; both must have the same size");
    assertThatThrownBy(
            () -> Samples.write(run, -1, 0, example("a", 4, 3, 0), mask(4, 3, 0), CLASSES))
        .hasMessageContaining("epoch -1");
  }

  @Test
  void areWrittenUnderSafeNamesOfTheirOwn() throws IOException {
    List<String> names = List.of("a", "../../etc/passwd", "b\u00fc:*?\n", "", "x".repeat(300), "a");
    for (int i = 0; i < names.size(); i++) {
      Samples.write(run, 5, i, example(names.get(i), 8, 6, 0), mask(8, 6, 1), CLASSES);
    }
    Samples.write(run, 12345, 0, example("a", 8, 6, 0), mask(8, 6, 1), CLASSES);
    Files.createDirectories(run.resolve("samples/epoch-x"));
    Files.writeString(run.resolve("samples/epoch-0005/.00-a.png.1.part"), "");
    assertThat(Samples.byEpoch(run).keySet()).containsExactly(5, 12345);
    assertThat(Samples.byEpoch(run).get(5))
        .extracting(file -> String.valueOf(file.getFileName()))
        .containsExactly(
            "00-a.png",
            "01-.._.._etc_passwd.png",
            "02-b_____.png",
            "03-.png",
            "04-" + "x".repeat(80) + ".png",
            "05-a.png");
    assertThat(Pictures.read(run.resolve("samples/epoch-0005/00-a.png")).rgb())
        .isEqualTo(Samples.strip(example("a", 8, 6, 0), mask(8, 6, 1), CLASSES).rgb());
    assertThat(Samples.byEpoch(run.resolve("missing"))).isEmpty();
  }
}
