package org.efrnet.video;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import org.efrnet.images.Mask;
import org.efrnet.images.Picture;
import org.junit.jupiter.api.Test;

/** Stillness, and what rests on it: flicker and smoothing. 20x12 pixels are 3x2 blocks. */
class StillnessTest {
  private static final int WIDTH = 20;
  private static final int HEIGHT = 12;

  private final Stillness stillness = new Stillness(WIDTH, HEIGHT);
  private final Flicker flicker = new Flicker();
  private final Smoothing smoothing = new Smoothing();

  private static Picture grey(int level) {
    byte[] rgb = new byte[3 * WIDTH * HEIGHT];
    Arrays.fill(rgb, (byte) level);
    return new Picture(WIDTH, HEIGHT, rgb);
  }

  private static Picture with(Picture picture, int x, int y, int level) {
    byte[] rgb = picture.rgb().clone();
    Arrays.fill(rgb, 3 * (y * WIDTH + x), 3 * (y * WIDTH + x) + 3, (byte) level);
    return new Picture(WIDTH, HEIGHT, rgb);
  }

  private static Mask mask(int... idsOfAllPixels) {
    byte[] ids = new byte[WIDTH * HEIGHT];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = (byte) idsOfAllPixels[i % idsOfAllPixels.length];
    }
    return new Mask(WIDTH, HEIGHT, ids);
  }

  @Test
  void noiseIsStillAndMovementIsNot() {
    stillness.next(grey(100));
    assertThat(stillness.at(0, 0)).isFalse();
    Picture noisy = grey(100);
    Random random = new Random(1);
    for (int i = 0; i < noisy.rgb().length; i++) {
      noisy.rgb()[i] = (byte) (98 + random.nextInt(5));
    }
    stillness.next(noisy);
    assertThat(stillness.at(0, 0)).isTrue();
    assertThat(stillness.at(19, 11)).isTrue();
    // One pixel of the last block, which is 4x4.
    stillness.next(with(noisy, 18, 9, 130));
    assertThat(stillness.at(16, 8)).isFalse();
    assertThat(stillness.at(15, 8)).isTrue();
    assertThat(stillness.at(16, 7)).isTrue();
    // The whole picture becomes a little lighter.
    stillness.next(grey(110));
    assertThat(stillness.at(0, 0)).isFalse();
    assertThatThrownBy(() -> stillness.next(new Picture(1, 1, new byte[3])))
        .hasMessage("a picture of 1x1 among those of 20x12");
  }

  private void show(Picture picture, Mask mask) {
    stillness.next(picture);
    flicker.next(mask, stillness);
  }

  @Test
  void flickerIsAChangeOfClassWhereThePictureIsStill() {
    show(grey(100), mask(1));
    assertThat(flicker.share()).isEmpty();
    show(grey(100), mask(1, 2, 1, 1));
    assertThat(flicker.share().orElseThrow()).isEqualTo(0.25);
    assertThat(flicker.stillShare()).isEqualTo(1);
    // All classes change, but so does the picture.
    show(grey(200), mask(3));
    assertThat(flicker.share().orElseThrow()).isEqualTo(0.25);
    assertThat(flicker.stillShare()).isEqualTo(0.5);
    // The picture changes in the first block: 64 of 240 pixels are not judged.
    show(with(grey(200), 1, 1, 100), mask(3));
    assertThat(flicker.share().orElseThrow()).isEqualTo(60.0 / (240 + 176), within(1e-12));
  }

  private byte smoothed(Picture picture, Mask mask, Optional<byte[]> confidence) {
    stillness.next(picture);
    smoothing.next(mask, confidence, stillness);
    return mask.ids()[0];
  }

  @Test
  void aClassThatStoodLongGivesWayToTheFourthFrameOfAnother() {
    for (int i = 0; i < 20; i++) {
      assertThat(smoothed(grey(50), mask(1), Optional.empty())).isEqualTo((byte) 1);
    }
    for (int i = 0; i < 3; i++) {
      assertThat(smoothed(grey(50), mask(2), Optional.empty())).isEqualTo((byte) 1);
    }
    assertThat(smoothed(grey(50), mask(2), Optional.empty())).isEqualTo((byte) 2);
  }

  @Test
  void whereThePictureChangesTheNewClassShowsAtOnce() {
    for (int i = 0; i < 20; i++) {
      smoothed(grey(50), mask(1), Optional.empty());
    }
    assertThat(smoothed(grey(90), mask(2), Optional.empty())).isEqualTo((byte) 2);
  }

  @Test
  void aSureFrameOutweighsADoubtfulOne() {
    byte[] doubtful = new byte[WIDTH * HEIGHT];
    Arrays.fill(doubtful, (byte) 60);
    byte[] sure = new byte[WIDTH * HEIGHT];
    Arrays.fill(sure, (byte) 250);
    assertThat(smoothed(grey(50), mask(1), Optional.of(doubtful))).isEqualTo((byte) 1);
    assertThat(smoothed(grey(50), mask(2), Optional.of(sure))).isEqualTo((byte) 2);
    assertThat(smoothed(grey(50), mask(1), Optional.of(doubtful))).isEqualTo((byte) 2);
  }

  @Test
  void smoothingLessensFlicker() {
    Flicker before = new Flicker();
    Random random = new Random(2);
    for (int frame = 0; frame < 50; frame++) {
      byte[] ids = new byte[WIDTH * HEIGHT];
      for (int i = 0; i < ids.length; i++) {
        ids[i] = (byte) (random.nextInt(10) == 0 ? 2 : 1);
      }
      Mask mask = new Mask(WIDTH, HEIGHT, ids);
      stillness.next(grey(50));
      before.next(mask, stillness);
      smoothing.next(mask, Optional.empty(), stillness);
      flicker.next(mask, stillness);
    }
    // A pixel of 1 in 10 changes there and back: 2 * 0.1 * 0.9.
    assertThat(before.share().orElseThrow()).isCloseTo(0.18, within(0.02));
    assertThat(flicker.share().orElseThrow()).isLessThan(before.share().orElseThrow() / 5);
  }
}
