package org.efrnet.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.IntBuffer;
import java.util.List;
import java.util.SplittableRandom;
import org.efrnet.ops.Pool;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Maxima and their places, against a search that compares values one by one. */
class PlainPoolingTest {
  private static final int CHANNELS = 3;
  private static final int HEIGHT = 9;
  private static final int WIDTH = 12;

  static List<Pool> windows() {
    return List.of(
        Pool.HALVE,
        new Pool(2, 2, 0, true),
        new Pool(3, 2, 1, false),
        new Pool(3, 2, 1, true),
        new Pool(5, 3, 2, true));
  }

  @ParameterizedTest
  @MethodSource("windows")
  void findsTheFirstOfTheGreatest(Pool window) {
    // Few values, so that most windows hold equal ones, and zeros of both signs.
    float[] few = {-0f, 0f, -1.5f, 2f, Float.NEGATIVE_INFINITY, -Float.MIN_VALUE, Float.MAX_VALUE};
    SplittableRandom random = new SplittableRandom(7);
    for (int round = 0; round < 40; round++) {
      float[] map = new float[CHANNELS * HEIGHT * WIDTH];
      boolean any = round % 2 == 0;
      for (int i = 0; i < map.length; i++) {
        map[i] = any ? (float) random.nextDouble(-1, 1) : few[random.nextInt(few.length)];
      }
      check(map, window);
    }
  }

  private static void check(float[] map, Pool window) {
    int rows = window.out(HEIGHT);
    int columns = window.out(WIDTH);
    int[] bits = new int[map.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = Float.floatToRawIntBits(map[i]);
    }
    int[] maxima = new int[CHANNELS * rows * columns];
    int[] places = new int[maxima.length];
    new PlainPooling(CHANNELS, HEIGHT, WIDTH, window)
        .pool(IntBuffer.wrap(bits), IntBuffer.wrap(maxima), places);
    for (int i = 0; i < maxima.length; i++) {
      int channel = i % CHANNELS;
      int expected = place(map, window, i / CHANNELS / columns, i / CHANNELS % columns, channel);
      assertThat(places[i]).isEqualTo(expected);
      assertThat(Float.intBitsToFloat(maxima[i]))
          .isEqualTo(map[expected * CHANNELS + channel] + 0f);
    }
  }

  private static int place(float[] map, Pool window, int y, int x, int channel) {
    int best = -1;
    for (int i = 0; i < window.kernel(); i++) {
      for (int j = 0; j < window.kernel(); j++) {
        int row = y * window.stride() - window.padding() + i;
        int column = x * window.stride() - window.padding() + j;
        int pixel = row * WIDTH + column;
        boolean inside = row >= 0 && row < HEIGHT && column >= 0 && column < WIDTH;
        if (inside
            && (best < 0 || map[pixel * CHANNELS + channel] > map[best * CHANNELS + channel])) {
          best = pixel;
        }
      }
    }
    return best;
  }

  @Test
  void givesBackWhatItDoesNotChange() {
    int[] values = {
      Float.floatToRawIntBits(-3.25f), Float.floatToRawIntBits(Float.MIN_VALUE), 0, 0x7f800000
    };
    int[] same = new int[values.length];
    new PlainPooling(4, 1, 1, new Pool(1, 1, 0, false))
        .pool(IntBuffer.wrap(values), IntBuffer.wrap(same), new int[4]);
    assertThat(same).isEqualTo(values);
  }
}
