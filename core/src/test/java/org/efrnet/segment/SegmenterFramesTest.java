package org.efrnet.segment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.efrnet.bundle.Bundles;
import org.efrnet.images.Mask;
import org.efrnet.images.Normalization;
import org.efrnet.images.Picture;
import org.efrnet.images.Resize;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a segmenter does around its engine, frame after frame. */
class SegmenterFramesTest {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private static Segmenter segmenter(Segmenter.Options options) {
    return new Segmenter(
        Bundles.untrained("enet", 90, 1),
        options.with(GoldenCheck.NEVER),
        new Steady(),
        new GoldenMemory(Optional.empty()));
  }

  private static Segmenter.Options threads(int count) {
    return Segmenter.Options.DEFAULT.withThreads(count);
  }

  private static Picture picture(int width, int height, long seed) {
    byte[] rgb = new byte[3 * width * height];
    Random random = new Random(seed);
    int[] phase = {random.nextInt(50), random.nextInt(50), random.nextInt(50)};
    for (int i = 0; i < rgb.length; i++) {
      int x = i / 3 % width + phase[i % 3];
      int y = i / 3 / width;
      rgb[i] = (byte) (128 + 100 * Math.sin(x / 9.0 + phase[i % 3]) * Math.cos(y / 7.0));
    }
    return new Picture(width, height, rgb);
  }

  /** The logits that the engine gives for the scaled picture, planar, without padding. */
  private static float[] logits(Picture picture, int width, int height) {
    float[] planes = new float[3 * width * height];
    Normalization.IMAGENET.planes(Resize.bilinear(picture, width, height), planes, 0);
    float[] logits = new float[Steady.CLASSES * width * height];
    int plane = width * height;
    for (int i = 0; i < logits.length; i++) {
      int at = i % plane;
      logits[i] = Steady.logit(planes[at], planes[plane + at], planes[2 * plane + at], i / plane);
    }
    return logits;
  }

  @ParameterizedTest
  @CsvSource({"1, 160, 90", "2, 160, 90", "1, 533, 300", "2, 533, 300", "3, 1000, 70", "2, 9, 700"})
  void bandsMakeTheWholeMap(int threads, int width, int height) {
    Picture picture = picture(width, height, 3);
    int columns = (int) Math.max(1, Math.round(width * 90.0 / height));
    Mask expected =
        UpsampleArgmax.of(logits(picture, columns, 90), Steady.CLASSES, 90, columns, height, width);
    assertThat(Arrays.stream(expected.histogram()).filter(n -> n > 0).count()).isGreaterThan(2);
    try (Segmenter segmenter = segmenter(threads(threads))) {
      for (int i = 0; i < 3; i++) {
        assertThat(segmenter.segment(picture).mask()).isEqualTo(expected);
      }
    }
  }

  @Test
  void writesIntoTheSegmentationThatIsReused() {
    Picture one = picture(320, 180, 1);
    Picture two = picture(320, 180, 2);
    Picture other = picture(180, 90, 3);
    try (Segmenter segmenter = segmenter(threads(2).withConfidence())) {
      Segmentation expected = segmenter.segment(two);
      Segmentation first = segmenter.segment(one);
      assertThat(first.mask()).isNotEqualTo(expected.mask());
      Segmentation second = segmenter.segment(two, first);
      assertThat(second.mask().ids()).isSameAs(first.mask().ids());
      assertThat(second.confidence().orElseThrow()).isSameAs(first.confidence().orElseThrow());
      assertThat(second.mask()).isEqualTo(expected.mask());
      assertThat(second.confidence().orElseThrow()).isEqualTo(expected.confidence().orElseThrow());
      assertThat(second.picture()).isSameAs(two);

      Segmentation smaller = segmenter.segment(other, second);
      assertThat(smaller.mask()).isEqualTo(segmenter.segment(other).mask());
      assertThat(second.mask()).as("of another size, left alone").isEqualTo(expected.mask());
    }
    try (Segmenter without = segmenter(threads(1));
        Segmenter with = segmenter(threads(1).withConfidence())) {
      Segmentation plain = without.segment(one);
      assertThat(plain.confidence()).isEmpty();
      assertThat(with.segment(one, plain).confidence()).isPresent();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void allocatesLessThanAKilobyteForAFrame(int threads) {
    int frames = 300;
    Picture[] pictures = {picture(640, 360, 1), picture(640, 360, 2)};
    try (Segmenter segmenter = segmenter(threads(threads).withConfidence())) {
      Segmentation s = segmenter.segment(pictures[0]);
      for (int i = 0; i < 50; i++) {
        s = segmenter.segment(pictures[i % 2], s);
      }
      long[] ids = ownThreads();
      assertThat(ids).hasSize(1 + threads);
      long before = allocated(ids);
      for (int i = 0; i < frames; i++) {
        s = segmenter.segment(pictures[i % 2], s);
      }
      assertThat((allocated(ids) - before) / frames).isLessThan(1000);

      before = allocated(ids);
      for (int i = 0; i < 10; i++) {
        s = segmenter.segment(pictures[i % 2]);
      }
      assertThat((allocated(ids) - before) / 10).isBetween(2L * 640 * 360, 2L * 640 * 360 + 1000);
    }
  }

  /** The calling thread and those of segmenters. */
  private static long[] ownThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(t -> t == Thread.currentThread() || t.getName().startsWith("efrnet-segmenter-"))
        .mapToLong(Thread::getId)
        .toArray();
  }

  private static long allocated(long[] ids) {
    return Arrays.stream(THREADS.getThreadAllocatedBytes(ids)).sum();
  }

  @Test
  void manyCallersGetWhatOneGetsAndThreadsStayFew() throws Exception {
    List<Picture> pictures = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      pictures.add(picture(40 + 37 * i, 30 + 31 * i, i));
    }
    ExecutorService callers = Executors.newFixedThreadPool(32);
    try (Segmenter segmenter = segmenter(threads(2))) {
      List<Integer> alone =
          pictures.stream().map(p -> segmenter.segment(p).mask().hashCode()).toList();
      List<Future<Integer>> wrong = new ArrayList<>();
      for (int c = 0; c < 32; c++) {
        int caller = c;
        wrong.add(
            callers.submit(
                () -> {
                  int errors = 0;
                  Segmentation s = segmenter.segment(pictures.get(caller % 8));
                  for (int i = 0; i < 200; i++) {
                    // Runs of a size, as of a video, and changes, as of many videos.
                    int which = (caller + i / 10) % 8;
                    s = segmenter.segment(pictures.get(which), s);
                    errors += s.mask().hashCode() == alone.get(which) ? 0 : 1;
                  }
                  return errors;
                }));
      }
      for (Future<Integer> one : wrong) {
        assertThat(one.get()).isZero();
      }
      assertThat(ownThreads()).as("this one and the segmenter's two").hasSize(3);
    } finally {
      callers.shutdown();
    }
    assertThat(ownThreads()).hasSize(1);
  }

  @Test
  void confidenceIsTheSoftmaxOfTheWinner() {
    for (int[] size : new int[][] {{160, 90}, {301, 211}, {50, 41}}) {
      Picture picture = picture(size[0], size[1], 5);
      int columns = (int) Math.round(size[0] * 90.0 / size[1]);
      float[] z = logits(picture, columns, 90);
      try (Segmenter segmenter = segmenter(threads(2).withConfidence())) {
        Segmentation s = segmenter.segment(picture);
        byte[] confidence = s.confidence().orElseThrow();
        for (int y = 0; y < size[1]; y++) {
          for (int x = 0; x < size[0]; x++) {
            double[] v = new double[Steady.CLASSES];
            double sum = 0;
            for (int k = 0; k < v.length; k++) {
              v[k] =
                  interpolated(
                      z,
                      k,
                      90,
                      columns,
                      (y + 0.5) * 90 / size[1] - 0.5,
                      (x + 0.5) * columns / size[0] - 0.5);
              sum += Math.exp(v[k]);
            }
            double p = Math.exp(v[s.mask().at(x, y)]) / sum;
            int byteOfIt = confidence[y * size[0] + x] & 0xff;
            assertThat(byteOfIt)
                .as("at %d, %d", x, y)
                .isBetween((int) (255 * p - 0.55), (int) (255 * p + 1.05));
          }
        }
      }
    }
  }

  private static double interpolated(float[] z, int k, int h, int w, double y, double x) {
    int y0 = (int) Math.max(0, Math.floor(y));
    int x0 = (int) Math.max(0, Math.floor(x));
    int y1 = Math.min(y0 + 1, h - 1);
    int x1 = Math.min(x0 + 1, w - 1);
    double fy = Math.max(0, y - y0);
    double fx = Math.max(0, x - x0);
    int p = k * h;
    double top = (1 - fx) * z[(p + y0) * w + x0] + fx * z[(p + y0) * w + x1];
    double bottom = (1 - fx) * z[(p + y1) * w + x0] + fx * z[(p + y1) * w + x1];
    return (1 - fy) * top + fy * bottom;
  }

  @Test
  void anEngineIsAskedForWhatItOffersOnly() {
    Steady engine = new Steady("steady", List.of("bf16", "fp32"));
    Segmenter.Options options = Segmenter.Options.DEFAULT.with(GoldenCheck.NEVER);
    GoldenMemory memory = new GoldenMemory(Optional.empty());
    try (Segmenter segmenter =
        new Segmenter(
            Bundles.untrained("enet", 90, 1), options.withPrecision("bf16"), engine, memory)) {
      assertThat(segmenter.precision()).isEqualTo("bf16");
    }
    assertThatThrownBy(
            () ->
                new Segmenter(
                    Bundles.untrained("enet", 90, 1),
                    options.withPrecision("int8"),
                    engine,
                    memory))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("engine steady does not compute in int8")
        .hasMessageContaining("but in bf16, fp32; choose one of these")
        .hasMessageNotContaining("\n");
    assertThat(engine.prepared).hasValue(1);
    assertThat(engine.closed).hasValue(1);
    assertThatThrownBy(() -> options.withPrecision("int7"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("did you mean 'int8'?");
  }

  @Test
  void theFirstEngineIsTheFastestThatRunsHere() {
    Engine other = new Steady("another", List.of("fp32"));
    Engine torch = new Steady("libtorch", List.of("fp32"));
    Engine onednn = new Steady("onednn", List.of("fp32"));
    Engine broken = new Steady("onednn", List.of());
    assertThat(Engines.first(List.of(other, torch, onednn))).isSameAs(onednn);
    assertThat(Engines.first(List.of(other, broken, torch))).isSameAs(torch);
    assertThat(Engines.first(List.of(other, broken))).isSameAs(other);
    assertThatThrownBy(() -> Engines.first(List.of(broken, new Steady("libtorch", List.of()))))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("onednn: no onednn here; add it; libtorch: no libtorch here")
        .hasMessageContaining("'reference'");
  }
}
