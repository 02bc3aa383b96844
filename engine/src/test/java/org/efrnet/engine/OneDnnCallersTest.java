package org.efrnet.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.efrnet.bundle.Bundles;
import org.efrnet.images.Picture;
import org.efrnet.segment.GoldenCheck;
import org.efrnet.segment.Segmenter;
import org.efrnet.segment.SizePolicy;
import org.efrnet.text.Sha256;
import org.junit.jupiter.api.Test;

/** Many threads share a segmenter: each picture's map is that of a single caller. */
class OneDnnCallersTest {
  private static final int CALLERS = 32;
  private static final int PICTURES =
      System.getProperty("long") != null || "true".equals(System.getenv("CI")) ? 200 : 20;

  private static Picture picture(int seed) {
    Random random = new Random(seed % 7);
    int width = 40 + 8 * (seed % 3);
    byte[] rgb = new byte[3 * width * 32];
    random.nextBytes(rgb);
    return new Picture(width, 32, rgb);
  }

  private static String digest(Segmenter segmenter, int seed) {
    return Sha256.of(segmenter.segment(picture(seed)).mask().ids());
  }

  /** Threads of this process, those of natives included; Linux alone counts them. */
  private static long threads() throws Exception {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("Threads:"))
        .mapToLong(line -> Long.parseLong(line.substring(8).strip()))
        .findFirst()
        .orElse(0);
  }

  @Test
  void getWhatASingleCallerGets() throws Exception {
    Segmenter.Options options =
        Segmenter.Options.DEFAULT
            .withEngine(OneDnnEngine.NAME)
            .withThreads(2)
            .with(new SizePolicy.Native())
            .with(GoldenCheck.NEVER);
    ExecutorService callers = Executors.newFixedThreadPool(CALLERS);
    try (Segmenter segmenter = Segmenter.load(Bundles.untrained("efrnet", 32, 1), options)) {
      List<String> alone = new ArrayList<>();
      for (int seed = 0; seed < 21; seed++) {
        alone.add(digest(segmenter, seed));
      }
      // All callers are there before threads are counted.
      List<Future<List<String>>> begun = new ArrayList<>();
      for (int caller = 0; caller < CALLERS; caller++) {
        int first = caller;
        begun.add(
            callers.submit(
                () -> {
                  List<String> digests = new ArrayList<>();
                  for (int i = 0; i < PICTURES; i++) {
                    digests.add(digest(segmenter, (first + i) % 21));
                  }
                  return digests;
                }));
      }
      long most = threads();
      for (int caller = 0; caller < CALLERS; caller++) {
        List<String> digests = begun.get(caller).get();
        for (int i = 0; i < PICTURES; i++) {
          assertThat(digests.get(i))
              .as("caller %d, picture %d", caller, i)
              .isEqualTo(alone.get((caller + i) % 21));
        }
        // Java's own compilers come and go.
        assertThat(threads()).isLessThanOrEqualTo(most + 4);
      }
      assertThat(
              Thread.getAllStackTraces().keySet().stream()
                  .filter(thread -> thread.getName().startsWith("efrnet-segmenter")))
          .hasSizeLessThanOrEqualTo(2);
    } finally {
      callers.shutdownNow();
    }
  }
}
