package org.efrnet.segment;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.function.IntConsumer;
import org.efrnet.images.Picture;
import org.junit.jupiter.api.Test;

/**
 * Thousands of pictures of changing sizes through one segmenter, as a service gets them: nothing
 * stays behind. A module with an engine inherits it. {@code -Dlong} runs the long form.
 *
 * <p>Resident memory must not depend on how far Java's heap has been touched: let the module's
 * tests run with {@code -Xms} equal to {@code -Xmx} and {@code -XX:+AlwaysPreTouch}.
 */
public abstract class SegmenterSoak {
  private static final boolean LONG = System.getProperty("long") != null;

  private static final int[][] SIZES = {
    {320, 180}, {160, 90}, {64, 64}, {320, 179}, {97, 41}, {240, 180}, {8, 8}, {180, 120}
  };

  /** Frames of a size, one after the other, are this many on average. */
  private static final int RUN = 5;

  /** What the whole of the measured frames may seem to take, by their slope. */
  private static final double TOLERATED_BYTES = 24 << 20;

  /**
   * A segmenter of this module's engine; small and quick networks do.
   *
   * @return closed by this test
   */
  protected abstract Segmenter open();

  /** How many frames are measured: fewer where an engine is slow. */
  protected int frames() {
    return LONG ? 10_000 : 2_500;
  }

  /** Native objects that Java still refers to. */
  protected abstract long live();

  /** Bytes outside Java's heap, or of the whole process: what must not grow. */
  protected abstract long residentBytes();

  /** Takes so many native bytes and keeps them: what these checks must catch. */
  protected abstract void leak(int bytes);

  /**
   * Hands freed memory back to the system where an allocator keeps it: what other tests of this
   * process freed would take in a leak, and nobody would see it.
   */
  protected abstract void trim();

  /** Gives back what {@link #leak} took. */
  protected abstract void mend();

  /** Memory of this process that is in RAM, of Linux alone. */
  protected static long residentOfProcess() {
    try {
      return 4096 * Long.parseLong(Files.readString(Path.of("/proc/self/statm")).split(" ")[1]);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * How memory went while frames were segmented.
   *
   * @param live native objects more at the end than after the warm-up
   * @param bytes by how much resident memory grew from the first measured frame to the last, along
   *     the straight line that fits best
   */
  record Growth(long live, double bytes) {
    boolean leaks() {
      return live > 0 || bytes > TOLERATED_BYTES;
    }
  }

  private Growth growth(int frames, IntConsumer besides) {
    Random random = new Random(frames);
    int warmUp = frames / 5;
    int every = Math.max(1, frames / 100);
    trim();
    try (Segmenter segmenter = open()) {
      int size = 0;
      long live = 0;
      double n = 0;
      double sumX = 0;
      double sumY = 0;
      double sumXx = 0;
      double sumXy = 0;
      Segmentation last = segmenter.segment(picture(SIZES[0], random));
      for (int i = 0; i < warmUp + frames; i++) {
        // All sizes come by in the warm-up: work memory is as large as it gets.
        size = i < SIZES.length ? i : random.nextInt(RUN) > 0 ? size : random.nextInt(SIZES.length);
        last = segmenter.segment(picture(SIZES[size], random), last);
        besides.accept(i);
        if (i == warmUp) {
          live = liveAfterAllSizes(segmenter, random);
        }
        if (i >= warmUp && i % every == 0) {
          double y = residentBytes();
          n++;
          sumX += i;
          sumY += y;
          sumXx += (double) i * i;
          sumXy += i * y;
        }
      }
      long atEnd = liveAfterAllSizes(segmenter, random);
      double slope = (n * sumXy - sumX * sumY) / (n * sumXx - sumX * sumX);
      return new Growth(atEnd - live, slope * frames);
    }
  }

  /** What an engine keeps for the last few sizes is then the same each time. */
  private long liveAfterAllSizes(Segmenter segmenter, Random random) {
    for (int[] size : SIZES) {
      segmenter.segment(picture(size, random));
    }
    System.gc();
    return live();
  }

  private static Picture picture(int[] size, Random random) {
    byte[] rgb = new byte[3 * size[0] * size[1]];
    int shift = random.nextInt(256);
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) (i / 7 + i % 3 * shift);
    }
    return new Picture(size[0], size[1], rgb);
  }

  @Test
  void framesOfManySizesLeaveNothingBehind() {
    Growth growth = growth(frames(), i -> {});
    assertThat(growth.live()).as("native objects").isZero();
    assertThat(growth.leaks()).as(growth.toString()).isFalse();
  }

  /** A check that cannot fail proves nothing. */
  @Test
  void aPlantedLeakIsCaught() {
    int frames = 300;
    try {
      // A dozen times what is tolerated, a little with each frame: what the warm-up freed is filled
      // first.
      Growth growth = growth(frames, i -> leak((int) (12 * TOLERATED_BYTES / frames)));
      assertThat(growth.leaks()).as(growth.toString()).isTrue();
      assertThat(growth.bytes()).as("seen in memory too").isGreaterThan(TOLERATED_BYTES);
    } finally {
      mend();
    }
  }
}
