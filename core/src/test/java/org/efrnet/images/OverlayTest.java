package org.efrnet.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class OverlayTest {
  private static Picture grey(int width, int height) {
    byte[] rgb = new byte[3 * width * height];
    Arrays.fill(rgb, (byte) 100);
    return new Picture(width, height, rgb);
  }

  private static List<LegendEntry> entries(int count) {
    List<LegendEntry> entries = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      entries.add(new LegendEntry("class " + i, 0xff0000 + i, 1.0 / count));
    }
    return entries;
  }

  private static int count(Picture picture, int colour) {
    int count = 0;
    for (int i = 0; i < picture.rgb().length; i += 3) {
      int rgb =
          (picture.rgb()[i] & 0xff) << 16
              | (picture.rgb()[i + 1] & 0xff) << 8
              | (picture.rgb()[i + 2] & 0xff);
      count += rgb == colour ? 1 : 0;
    }
    return count;
  }

  @Test
  void blendMixesByOpacityAndLeavesUnknownIdsAlone() {
    Mask mask = new Mask(3, 1, new byte[] {0, 1, -1});
    int[] palette = {0x000000, 0xff8000};
    assertThat(Overlay.blend(grey(3, 1), mask, palette, 0.5).rgb())
        .containsExactly(50, 50, 50, (byte) 178, 114, 50, 100, 100, 100);
    assertThat(Overlay.blend(grey(3, 1), mask, palette, 0).rgb()).containsOnly(100);
    assertThat(Overlay.blend(grey(3, 1), mask, palette, 1).rgb())
        .containsExactly(0, 0, 0, (byte) 255, (byte) 128, 0, 100, 100, 100);
  }

  @Test
  void blendMayTakeThePicturesOwnArray() {
    Mask mask = new Mask(3, 1, new byte[] {0, 1, -1});
    int[] palette = {0x000000, 0xff8000};
    Picture picture = grey(3, 1);
    byte[] expected = Overlay.blend(picture, mask, palette, 0.5).rgb();
    Overlay.blend(picture, mask, palette, 0.5, picture.rgb());
    assertThat(picture.rgb()).isEqualTo(expected);
    assertThatThrownBy(() -> Overlay.blend(picture, mask, palette, 0.5, new byte[8]))
        .hasMessage("an array of 8 bytes for a picture of 9");
  }

  @Test
  void blendRefusesOtherSizesAndOpacities() {
    Mask mask = new Mask(2, 1, new byte[2]);
    assertThatThrownBy(() -> Overlay.blend(grey(3, 1), mask, new int[1], 0.5))
        .hasMessageContaining("mask 2x1 over a picture 3x1");
    for (double opacity : new double[] {-0.1, 1.1, Double.NaN}) {
      assertThatThrownBy(() -> Overlay.blend(grey(2, 1), mask, new int[1], opacity))
          .hasMessageContaining("opacity " + opacity);
    }
    assertThatThrownBy(() -> new LegendEntry("a", 0, Double.NaN)).hasMessageContaining("NaN");
  }

  @Test
  void legendShowsEveryColourAtEverySizeAndKeepsThePicture() {
    for (int[] size : new int[][] {{480, 360}, {640, 100}, {20, 20}, {300, 2000}, {1600, 1100}}) {
      for (int classes : new int[] {1, 5, 11, 19, 60}) {
        Picture picture = grey(size[0], size[1]);
        Picture result = Overlay.legend(picture, entries(classes));
        String what = size[0] + "x" + size[1] + " with " + classes;
        int swatch = count(result, 0xff0000);
        assertThat(swatch).as(what).isGreaterThanOrEqualTo(64);
        for (int i = 1; i < classes; i++) {
          assertThat(count(result, 0xff0000 + i)).as(what).isEqualTo(swatch);
        }
        assertThat(count(result, 0x646464)).as(what).isEqualTo(size[0] * size[1]);
        assertThat(result.width() > size[0] || result.height() > size[1]).as(what).isTrue();
      }
    }
  }

  @Test
  void legendGrowsWithThePictureAndVanishesWithoutEntries() {
    int small = count(Overlay.legend(grey(480, 360), entries(3)), 0xff0000);
    int large = count(Overlay.legend(grey(2400, 1800), entries(3)), 0xff0000);
    assertThat(large).isEqualTo(25 * small);
    Picture picture = grey(4, 4);
    assertThat(Overlay.legend(picture, List.of())).isSameAs(picture);
  }

  @Test
  void namesOfAnyScriptAndLengthAreDrawn() {
    List<LegendEntry> entries =
        List.of(
            new LegendEntry("Stra\u00dfe \u00e9t\u00e9 \u9053 \ud83d\ude97", 1, 0),
            new LegendEntry("", 2, 1),
            new LegendEntry("x".repeat(5000), 3, 0.00001));
    assertThat(Overlay.legend(grey(480, 360), entries).width()).isBetween(481, 480 + 400);
    assertThat(PixelFont.width("\u00e9")).isEqualTo(PixelFont.width("e"));
    assertThat(PixelFont.width("\ud83d\ude97")).isEqualTo(PixelFont.width("?"));
  }

  @Test
  void everyPrintableCharacterOfClassNamesHasAGlyph() {
    String needed =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789%.,-_/()<:;!?'\"+&*=>#@~[]|";
    for (int i = 0; i < needed.length(); i++) {
      char c = needed.charAt(i);
      Canvas canvas = new Canvas(7, 9, 0);
      PixelFont.draw(canvas, String.valueOf(c), 0, 0, 1, 0x00ff00);
      int dots = count(canvas.picture(), 0x00ff00);
      Canvas question = new Canvas(7, 9, 0);
      PixelFont.draw(question, "?", 0, 0, 1, 0x00ff00);
      assertThat(dots).as("glyph of %s", c).isPositive();
      if (c != '?') {
        assertThat(canvas.picture().rgb())
            .as("glyph of %s", c)
            .isNotEqualTo(question.picture().rgb());
      }
    }
  }
}
