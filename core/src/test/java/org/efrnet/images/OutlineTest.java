package org.efrnet.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class OutlineTest {
  private static Mask mask(String... rows) {
    byte[] ids = new byte[rows.length * rows[0].length()];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = (byte) (rows[i / rows[0].length()].charAt(i % rows[0].length()) - '0');
    }
    return new Mask(rows[0].length(), rows.length, ids);
  }

  /** Fills the centres of pixels by the even-odd rule. */
  private static boolean[] filled(Outline outline, int width, int height) {
    List<Outline.Ring> rings = new ArrayList<>(outline.holes());
    rings.add(outline.outer());
    boolean[] inside = new boolean[width * height];
    for (Outline.Ring ring : rings) {
      for (int i = 0; i < ring.corners(); i++) {
        int j = (i + 1) % ring.corners();
        boolean upright = ring.x(i) == ring.x(j);
        assertThat(upright).as("edges are upright or level").isNotEqualTo(ring.y(i) == ring.y(j));
        for (int y = Math.min(ring.y(i), ring.y(j)); y < Math.max(ring.y(i), ring.y(j)); y++) {
          for (int x = ring.x(i); x < width; x++) {
            inside[y * width + x] ^= true;
          }
        }
      }
    }
    return inside;
  }

  /** Twice the area that a ring goes round, above 0 where that is clockwise on a screen. */
  private static long twiceArea(Outline.Ring ring) {
    long sum = 0;
    for (int i = 0; i < ring.corners(); i++) {
      int j = (i + 1) % ring.corners();
      sum += (long) ring.x(i) * ring.y(j) - (long) ring.x(j) * ring.y(i);
    }
    return sum;
  }

  @Test
  void filledTheyGiveTheMaskBack() {
    for (long seed = 0; seed < 300; seed++) {
      Random random = new Random(seed);
      int width = 1 + random.nextInt(24);
      int height = 1 + random.nextInt(24);
      int ids = 1 + random.nextInt(4);
      byte[] values = new byte[width * height];
      for (int i = 0; i < values.length; i++) {
        boolean asLeft = i % width > 0 && random.nextInt(3) > 0;
        values[i] = asLeft ? values[i - 1] : (byte) (255 - random.nextInt(ids));
      }
      Mask mask = new Mask(width, height, values);
      byte[] back = new byte[values.length];
      int[] times = new int[values.length];
      for (Outline outline : Outline.all(mask, 1)) {
        boolean[] inside = filled(outline, width, height);
        int area = 0;
        for (int i = 0; i < inside.length; i++) {
          if (inside[i]) {
            back[i] = (byte) outline.id();
            times[i]++;
            area++;
          }
        }
        assertThat(outline.area()).as("seed %d", seed).isEqualTo(area);
        assertThat(twiceArea(outline.outer())).as("seed %d", seed).isPositive();
        assertThat(outline.holes()).allMatch(hole -> twiceArea(hole) < 0);
      }
      assertThat(back).as("seed %d", seed).isEqualTo(values);
      assertThat(times).as("seed %d: each pixel once", seed).containsOnly(1);
    }
  }

  @Test
  void aRingWithAPixelInside() {
    List<Outline> outlines = Outline.all(mask("111", "121", "111"), 1);
    assertThat(outlines.toString())
        .isEqualTo(
            "[Outline[id=1, area=8, outer=[0 0, 3 0, 3 3, 0 3], holes=[[1 2, 2 2, 2 1, 1 1]]],"
                + " Outline[id=2, area=1, outer=[1 1, 2 1, 2 2, 1 2], holes=[]]]");
  }

  @Test
  void cornersDoNotConnect() {
    assertThat(Outline.all(mask("12", "21"), 1)).hasSize(4);
    // A hole of two pixels that touch at a corner is one ring, which touches itself.
    List<Outline> outlines = Outline.all(mask("1111", "1211", "1121", "1111"), 1);
    assertThat(outlines).hasSize(3);
    assertThat(outlines.get(0).area()).isEqualTo(14);
  }

  @Test
  void smallRegionsAreLeftOut() {
    Mask mask = mask("1122", "1132", "0000");
    assertThat(Outline.all(mask, 3).stream().map(Outline::id)).containsExactly(1, 2, 0);
    assertThat(Outline.all(mask, 4).stream().map(Outline::id)).containsExactly(1, 0);
    assertThatThrownBy(() -> Outline.all(mask, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("minimum area is 0");
  }

  @Test
  void theSameMaskGivesTheSameList() {
    byte[] ids = new byte[40 * 30];
    new Random(1).nextBytes(ids);
    for (int i = 0; i < ids.length; i++) {
      ids[i] &= 1;
    }
    List<Outline> once = Outline.all(new Mask(40, 30, ids), 1);
    assertThat(Outline.all(new Mask(40, 30, Arrays.copyOf(ids, ids.length)), 1)).isEqualTo(once);
  }
}
