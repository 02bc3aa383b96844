package org.efrnet.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InstanceMapTest {
  @TempDir Path dir;

  private InstanceMap read(byte[] png) throws IOException {
    Path file = dir.resolve("instances.png");
    Files.write(file, png);
    return InstanceMap.read(file);
  }

  @Test
  void valuesOfEveryDepthAreThoseStored() throws IOException {
    for (int depth : new int[] {1, 2, 4, 8, 16}) {
      int[] samples = new Random(depth).ints(11 * 6, 0, 1 << depth).toArray();
      for (boolean adam7 : new boolean[] {false, true}) {
        InstanceMap map = read(PngBytes.of(samples, 11, 6, PngBytes.GREY, depth, adam7));
        assertThat(map.width()).isEqualTo(11);
        assertThat(map.height()).isEqualTo(6);
        for (int i = 0; i < samples.length; i++) {
          assertThat((int) map.ids()[i]).isEqualTo(samples[i]);
        }
      }
    }
  }

  @Test
  void aTurnedFileIsTurnedAsMasksAre() throws IOException {
    byte[] exif = PngBytes.chunk("eXIf", PngBytes.exif(6, true));
    int[] large = {1000, 24001, 24002, 26000, 300, 7};
    InstanceMap turned = read(PngBytes.of(large, 3, 2, PngBytes.GREY, 16, false, exif));
    int[] small = {0, 1, 2, 3, 4, 5};
    Mask mask =
        Masks.read(
            PngBytes.of(small, 3, 2, PngBytes.GREY, 8, false, exif), "m", ReadOptions.DEFAULT);
    assertThat(turned.width()).isEqualTo(mask.width());
    for (int i = 0; i < 6; i++) {
      assertThat((int) turned.ids()[i]).isEqualTo(large[mask.ids()[i]]);
    }
  }

  @Test
  void coloursAreNoInstances() {
    assertThatThrownBy(() -> read(PngBytes.of(new int[3], 1, 1, PngBytes.RGB, 16, false)))
        .isInstanceOf(PictureException.class)
        .hasMessageContaining("not a map of instances");
    assertThatThrownBy(() -> read(PngBytes.of(new int[3], 1, 1, PngBytes.RGB, 8, false)))
        .hasMessageContaining("RGB");
    assertThatThrownBy(() -> read(new byte[] {1, 2, 3})).hasMessageContaining("not a PNG");
    assertThatThrownBy(() -> InstanceMap.read(dir.resolve("none")))
        .hasMessageContaining("no such file");
    assertThatThrownBy(() -> new InstanceMap(2, 2, new char[3]))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
