package org.efrnet.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class CanvasTest {
  @Test
  void putsColoursWhereTheyBelong() {
    Canvas canvas = new Canvas(3, 2, 0x102030);
    canvas.fill(1, 1, 2, 1, 0xff0000);
    canvas.paste(new Picture(1, 1, new byte[] {1, 2, 3}), 0, 1);
    canvas.blend(0, 0, 0x302010, 0.5);
    canvas.blend(2, 0, 0xffffff, 1);
    canvas.blend(1, 0, 0xffffff, 0);
    byte full = (byte) 255;
    assertThat(canvas.picture().rgb())
        .containsExactly(
            0x20, 0x20, 0x20, 0x10, 0x20, 0x30, full, full, full, 1, 2, 3, full, 0, 0, full, 0, 0);
  }

  @Test
  void refusesWhatLiesOutside() {
    Canvas canvas = new Canvas(3, 2, 0);
    assertThatThrownBy(() -> canvas.fill(2, 0, 2, 1, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("rectangle 2x1 at (2, 0) does not lie inside the canvas 3x2");
    assertThatThrownBy(() -> canvas.fill(1, 1, Integer.MAX_VALUE, 1, 0))
        .hasMessageContaining("3x2");
    assertThatThrownBy(() -> canvas.blend(-1, 0, 0, 1)).hasMessageContaining("pixel");
    assertThatThrownBy(() -> canvas.paste(new Picture(1, 3, new byte[9]), 0, 0))
        .hasMessageContaining("picture 1x3");
    assertThatThrownBy(() -> new Canvas(0, 1, 0)).hasMessageContaining("0x1");
    canvas.fill(3, 2, 0, 0, 0);
  }

  @Test
  void aTextIsShortenedToItsRoom() {
    assertThat(PixelFont.shortened("Road", PixelFont.width("Road"))).isEqualTo("Road");
    String shorter = PixelFont.shortened("Pavement and road", 50);
    assertThat(shorter).startsWith("Pav").endsWith("...");
    assertThat(PixelFont.width(shorter)).isBetween(35, 50);
    assertThat(PixelFont.shortened("Road", 3)).isEmpty();
    assertThat(PixelFont.shortened("x".repeat(100_000), 40)).hasSizeLessThan(12);
  }
}
