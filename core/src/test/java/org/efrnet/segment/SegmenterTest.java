package org.efrnet.segment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.efrnet.bundle.BundleException;
import org.efrnet.bundle.Bundles;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.graph.Model;
import org.efrnet.images.Mask;
import org.efrnet.images.Normalization;
import org.efrnet.images.Picture;
import org.efrnet.images.Pictures;
import org.efrnet.images.Resize;
import org.efrnet.readings.Reference;
import org.efrnet.weights.FloatTensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SegmenterTest {
  private static final Segmenter.Options REFERENCE =
      Segmenter.Options.DEFAULT.withEngine("reference");

  /** Light pixels are class 1, dark ones class 0; what it is asked to do is written down. */
  private static final class Light implements Engine {
    final Set<String> threads = new ConcurrentSkipListSet<>();
    final List<String> sizes = new ArrayList<>();
    final AtomicInteger running = new AtomicInteger();
    final AtomicInteger closed = new AtomicInteger();
    UnaryOperator<float[]> change = logits -> logits;

    @Override
    public String name() {
      return "light";
    }

    @Override
    public String version() {
      return "1";
    }

    @Override
    public List<String> precisions() {
      return List.of("fp32");
    }

    @Override
    public Executable prepare(Model model, EngineOptions options) {
      threads.add(Thread.currentThread().getName());
      return new Executable() {
        @Override
        public LogitRows run(float[] planes, int height, int width) {
          return LogitRows.planar(logits(planes, height, width), 11, height, width);
        }

        @Override
        public float[] logits(float[] planes, int height, int width) {
          assertThat(running.incrementAndGet()).isEqualTo(1);
          threads.add(Thread.currentThread().getName());
          sizes.add(width + "x" + height);
          assertThat(planes).hasSize(3 * height * width);
          float[] logits = new float[11 * height * width];
          for (int i = 0; i < height * width; i++) {
            logits[height * width + i] = planes[i];
            for (int k = 2; k < 11; k++) {
              logits[k * height * width + i] = -100;
            }
          }
          running.decrementAndGet();
          return change.apply(logits);
        }

        @Override
        public String precision() {
          return "fp32";
        }

        @Override
        public int classes() {
          return 11;
        }

        @Override
        public void close() {
          threads.add(Thread.currentThread().getName());
          closed.incrementAndGet();
        }
      };
    }
  }

  /** With an engine that computes what it likes. */
  private static Segmenter light(ModelBundle bundle, Segmenter.Options options, Engine engine) {
    return new Segmenter(
        bundle, options.with(GoldenCheck.NEVER), engine, new GoldenMemory(Optional.empty()));
  }

  private static Picture random(int width, int height, long seed) {
    byte[] rgb = new byte[3 * width * height];
    new Random(seed).nextBytes(rgb);
    return new Picture(width, height, rgb);
  }

  private static Picture halves(int width, int height) {
    byte[] rgb = new byte[3 * width * height];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) (i / 3 % width < width / 2 ? 0 : 255);
    }
    return new Picture(width, height, rgb);
  }

  @ParameterizedTest
  @CsvSource({"enet, 29, 21", "efrnet, 29, 21", "enet, 24, 24", "enet, 1, 1"})
  void isTheReferenceOnTheResizedPaddedAndNormalisedPicture(String network, int width, int height) {
    ModelBundle bundle = Bundles.untrained(network, 17, 3);
    Picture picture = random(width, height, 5);
    int columns = Math.round(width * 17f / height);
    int multiple = bundle.network().sizeMultiple();
    int w = (columns + multiple - 1) / multiple * multiple;
    int h = (17 + multiple - 1) / multiple * multiple;
    Picture small = Resize.bilinear(picture, columns, 17);
    float[] planes = new float[3 * h * w];
    for (int c = 0; c < 3; c++) {
      for (int y = 0; y < h; y++) {
        for (int x = 0; x < w; x++) {
          double value = small.at(Math.min(x, columns - 1), Math.min(y, 16), c) / 255.0;
          planes[(c * h + y) * w + x] =
              (float)
                  ((value - Normalization.IMAGENET.mean()[c])
                      / Normalization.IMAGENET.deviation()[c]);
        }
      }
    }
    float[] logits =
        Reference.logits(bundle.model(), new FloatTensor(new int[] {1, 3, h, w}, planes)).values();
    float[] cropped = new float[11 * 17 * columns];
    for (int i = 0; i < cropped.length; i++) {
      int k = i / (17 * columns);
      cropped[i] = logits[(k * h + i / columns % 17) * w + i % columns];
    }
    Mask expected = UpsampleArgmax.of(cropped, 11, 17, columns, height, width);

    try (Segmenter segmenter = Segmenter.load(bundle, REFERENCE)) {
      Segmentation segmentation = segmenter.segment(picture);
      assertThat(segmentation.mask()).isEqualTo(expected);
      assertThat(segmentation.picture()).isSameAs(picture);
      // Work arrays are used again.
      assertThat(segmenter.segment(picture).mask()).isEqualTo(expected);
    }
  }

  @Test
  void classesStayWhereTheyAreThroughScalingAndPadding() {
    Light engine = new Light();
    Picture picture = halves(50, 30);
    ModelBundle bundle = Bundles.untrained("enet", 15, 1);
    for (String size : List.of("native", "15", "37", "23x19", "100x60")) {
      Segmenter.Options options = Segmenter.Options.DEFAULT.with(SizePolicy.parse(size));
      try (Segmenter segmenter = light(bundle, options, engine)) {
        Mask mask = segmenter.segment(picture).mask();
        for (int y = 0; y < 30; y++) {
          for (int x = 0; x < 50; x++) {
            if (Math.abs(x - 24.5) > 4) {
              assertThat(mask.at(x, y)).as(size + " at " + x + ", " + y).isEqualTo(x < 25 ? 0 : 1);
            }
          }
        }
      }
    }
    assertThat(engine.sizes).containsExactly("56x32", "32x16", "64x40", "24x24", "104x64");
    assertThat(engine.closed).hasValue(5);
  }

  @Test
  void oneThreadOfItsOwnDoesEverything() throws Exception {
    Light engine = new Light();
    List<Picture> pictures = List.of(halves(20, 15), random(31, 9, 1), random(8, 8, 2));
    ExecutorService callers = Executors.newFixedThreadPool(32);
    try (Segmenter segmenter =
        light(Bundles.untrained("enet", 16, 1), Segmenter.Options.DEFAULT, engine)) {
      List<Mask> alone = pictures.stream().map(p -> segmenter.segment(p).mask()).toList();
      List<Future<Mask>> together = new ArrayList<>();
      for (int i = 0; i < 96; i++) {
        Picture picture = pictures.get(i % 3);
        together.add(callers.submit(() -> segmenter.segment(picture).mask()));
      }
      for (int i = 0; i < together.size(); i++) {
        assertThat(together.get(i).get()).isEqualTo(alone.get(i % 3));
      }
    } finally {
      callers.shutdown();
    }
    assertThat(engine.threads).singleElement().asString().matches("efrnet-segmenter-[0-9]+");
  }

  @Test
  void closesOnceAndThenSaysSo() {
    Light engine = new Light();
    Segmenter segmenter =
        light(Bundles.untrained("enet", 16, 1), Segmenter.Options.DEFAULT, engine);
    segmenter.close();
    segmenter.close();
    assertThat(engine.closed).hasValue(1);
    assertThatThrownBy(() -> segmenter.segment(halves(4, 4)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("'test.untrained' is closed; load another one");
  }

  @Test
  void anInterruptedCallerGoesOnAtOnceAndTheSegmenterWorksOn() throws Exception {
    Light engine = new Light();
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch released = new CountDownLatch(1);
    engine.change =
        logits -> {
          begun.countDown();
          try {
            released.await();
          } catch (InterruptedException e) {
            throw new IllegalStateException("the engine was interrupted", e);
          }
          return logits;
        };
    Picture picture = halves(8, 8);
    try (Segmenter segmenter =
        light(Bundles.untrained("enet", 8, 1), Segmenter.Options.DEFAULT, engine)) {
      List<Object> outcome = new ArrayList<>();
      Thread caller =
          new Thread(
              () -> {
                try {
                  outcome.add(segmenter.segment(picture));
                } catch (CancellationException e) {
                  outcome.add(e);
                  outcome.add(Thread.currentThread().isInterrupted());
                }
              });
      caller.start();
      begun.await();
      caller.interrupt();
      caller.join();
      assertThat(outcome).hasSize(2).last().isEqualTo(true);
      released.countDown();
      assertThat(segmenter.segment(picture).mask().at(7, 0)).isEqualTo(1);
    }
  }

  @Test
  void notANumberIsAnErrorAndTheNextPictureIsNot() {
    Light engine = new Light();
    Picture picture = halves(8, 8);
    try (Segmenter segmenter =
        light(Bundles.untrained("enet", 8, 1), Segmenter.Options.DEFAULT, engine)) {
      engine.change =
          logits -> {
            logits[70] = Float.NaN;
            return logits;
          };
      assertThatThrownBy(() -> segmenter.segment(picture))
          .isInstanceOf(ArithmeticException.class)
          .hasMessageContaining("test.untrained")
          .hasMessageContaining("class 1 at (6, 0) is NaN");
      engine.change = logits -> new float[7];
      assertThatThrownBy(() -> segmenter.segment(picture))
          .hasMessageContaining("7 logits are not those of 11 classes of 8x8 pixels");
      engine.change = logits -> logits;
      assertThat(segmenter.segment(picture).mask().at(0, 0)).isZero();
    }
  }

  @Test
  void saysWhenAPictureIsTooLargeOrTooOblongForTheNetwork() {
    Light engine = new Light();
    ModelBundle bundle = Bundles.untrained("enet", 360, 1);
    Segmenter.Options huge = Segmenter.Options.DEFAULT.with(new SizePolicy.Exact(200_000, 200_000));
    try (Segmenter segmenter = light(bundle, huge, engine)) {
      assertThatThrownBy(() -> segmenter.segment(halves(4, 4)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("4x4 pixels, scaled to 200000x200000")
          .hasMessageContaining("choose a smaller size");
    }
    try (Segmenter segmenter = light(bundle, Segmenter.Options.DEFAULT, engine)) {
      assertThatThrownBy(() -> segmenter.segment(halves(5000, 1)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("1800000 wide");
    }
    assertThat(engine.sizes).isEmpty();
  }

  @Test
  void everyNetworkTakesASinglePixel() {
    for (String network : List.of("enet", "efrnet", "efrnet-s")) {
      ModelBundle bundle = Bundles.untrained(network, 20, 1);
      Segmenter.Options options = REFERENCE.with(new SizePolicy.Native());
      try (Segmenter segmenter = Segmenter.load(bundle, options)) {
        try {
          assertThat(segmenter.segment(halves(1, 1)).mask().ids()).hasSize(1);
        } catch (IllegalArgumentException e) {
          assertThat(e)
              .hasMessageContaining("1x1 pixels, scaled to 1x1")
              .hasMessageContaining("choose a larger size");
        }
      }
      try (Segmenter segmenter = Segmenter.load(bundle, REFERENCE)) {
        assertThat(segmenter.segment(halves(1, 1)).mask().ids()).hasSize(1);
      }
    }
  }

  @Test
  void sharesAreOfAllPixelsAndOverlaysShowThem() {
    Light engine = new Light();
    Picture picture = halves(80, 60);
    ModelBundle bundle = Bundles.untrained("enet", 60, 1);
    try (Segmenter segmenter = light(bundle, Segmenter.Options.DEFAULT, engine)) {
      Segmentation segmentation = segmenter.segment(picture);
      assertThat(segmentation.shares()).hasSize(2);
      assertThat(segmentation.shares().get(0).fraction()).isCloseTo(0.5, within(0.03));
      assertThat(segmentation.shares().stream().mapToDouble(Segmentation.Share::fraction).sum())
          .isCloseTo(1, within(1e-12));
      assertThat(segmentation.shares().toString()).matches("\\[\\w+ [0-9.]+ %, \\w+ [0-9.]+ %]");
      Picture overlay = segmentation.overlay(1);
      assertThat(overlay.width() * overlay.height()).isGreaterThan(80 * 60);
      int rgb = bundle.classes().classes().get(segmentation.mask().at(0, 0)).colour().rgb();
      assertThat(overlay.at(0, 0, 0) << 16 | overlay.at(0, 0, 1) << 8 | overlay.at(0, 0, 2))
          .isEqualTo(rgb);
      Segmentation.Millis millis = segmentation.millis();
      assertThat(millis.prepare() + millis.network() + millis.finish())
          .isCloseTo(millis.total(), within(1e-6));
    }
  }

  @Test
  void saysWhichEnginesThereAre() {
    ModelBundle bundle = Bundles.untrained("enet", 16, 1);
    assertThatThrownBy(
            () -> Segmenter.load(bundle, Segmenter.Options.DEFAULT.withEngine("referense")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("did you mean 'reference'?");
    // No engine but the reference is on core's own class path.
    assertThat(Engines.names()).containsExactly("reference");
    assertThatThrownBy(() -> Segmenter.load(bundle, Segmenter.Options.DEFAULT))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("efrnet-torch");
    assertThatThrownBy(() -> Segmenter.load("no/such/bundle")).isInstanceOf(BundleException.class);
  }

  @Test
  void anEngineThatFailsToPrepareIsTheCallersError() {
    Engine broken =
        new Engine() {
          @Override
          public String name() {
            return "broken";
          }

          @Override
          public String version() {
            return "1";
          }

          @Override
          public List<String> precisions() {
            return List.of("fp32");
          }

          @Override
          public Executable prepare(Model model, EngineOptions options) {
            throw new IllegalStateException("no natives; add them");
          }
        };
    ModelBundle bundle = Bundles.untrained("enet", 16, 1);
    assertThatThrownBy(() -> light(bundle, Segmenter.Options.DEFAULT, broken))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("no natives; add them");
  }

  @Test
  void fewLinesSuffice(@TempDir Path dir) throws IOException {
    Pictures.writePng(dir.resolve("street.png"), halves(24, 18));
    Bundles.untrained("enet", 18, 1).write(dir.resolve("model"));
    ModelBundle bundle = ModelBundle.of(dir.resolve("model").toString());
    try (Segmenter segmenter = Segmenter.load(bundle, REFERENCE)) {
      Segmentation s = segmenter.segment(Pictures.read(dir.resolve("street.png")));
      Pictures.writePng(dir.resolve("overlay.png"), s.overlay(0.5));
      assertThat(s.shares()).isNotEmpty();
    }
    assertThat(Pictures.read(dir.resolve("overlay.png")).width()).isGreaterThanOrEqualTo(24);
  }
}
