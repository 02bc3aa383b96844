package org.efrnet.segment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.efrnet.bundle.BundleConfig;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.graph.Graph;
import org.efrnet.graph.Model;
import org.efrnet.images.Mask;
import org.efrnet.images.Normalization;
import org.efrnet.images.Picture;
import org.efrnet.labels.ClassTable;
import org.efrnet.networks.ENet;
import org.efrnet.readings.Parameters;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ScoredRowsTest {
  private static final int CHANNELS = 12;

  /**
   * Gives logits of its own for any picture: noise, and far above it the channel that is no class.
   */
  private record Loud(int unscored) implements Engine {
    /** Planar (12, height, width). */
    float[] logits(int height, int width) {
      Random random = new Random(7);
      float[] logits = new float[CHANNELS * height * width];
      for (int i = 0; i < logits.length; i++) {
        boolean loud = i / (height * width) == unscored;
        logits[i] = (float) random.nextGaussian() + (loud ? 1000 : 0);
      }
      return logits;
    }

    /** The same without that channel. */
    float[] scored(int height, int width) {
      int pixels = height * width;
      float[] all = logits(height, width);
      float[] kept = new float[all.length - pixels];
      System.arraycopy(all, 0, kept, 0, unscored * pixels);
      System.arraycopy(
          all, (unscored + 1) * pixels, kept, unscored * pixels, kept.length - unscored * pixels);
      return kept;
    }

    @Override
    public String name() {
      return "loud";
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
      return new Executable() {
        @Override
        public LogitRows run(float[] planes, int height, int width) {
          return LogitRows.planar(logits(planes, height, width), CHANNELS, height, width);
        }

        @Override
        public float[] logits(float[] planes, int height, int width) {
          return Loud.this.logits(height, width);
        }

        @Override
        public String precision() {
          return "fp32";
        }

        @Override
        public int classes() {
          return CHANNELS;
        }

        @Override
        public void close() {}
      };
    }
  }

  private static ModelBundle bundle(int unscored) {
    ClassTable table = ClassTable.named("camvid-11");
    return ModelBundle.of(
        BundleConfig.of(
            "twelve",
            new BundleConfig.Architecture("enet", CHANNELS, List.of(unscored)),
            table,
            Normalization.IMAGENET,
            16,
            new BundleConfig.TrainingSize(32, 16),
            new BundleConfig.Licence("CC0-1.0", "random numbers"),
            Map.of()),
        Parameters.initial(Graph.of(new ENet(CHANNELS)), 1));
  }

  /**
   * Whoever is greatest everywhere and no class is given to no pixel; the others are as if alone.
   */
  @ParameterizedTest
  @ValueSource(ints = {0, 5, 11})
  void noPixelIsGivenWhatIsNoClass(int unscored) {
    Loud engine = new Loud(unscored);
    // The second is large enough for two threads, and smaller than the logits.
    for (int[] size : new int[][] {{70, 33}, {400, 200}, {32, 16}}) {
      Picture picture = new Picture(size[0], size[1], new byte[3 * size[0] * size[1]]);
      Segmenter.Options options =
          Segmenter.Options.DEFAULT
              .with(GoldenCheck.NEVER)
              .with(SizePolicy.parse("32x16"))
              .withThreads(2)
              .withConfidence();
      try (Segmenter segmenter =
          new Segmenter(bundle(unscored), options, engine, new GoldenMemory(Optional.empty()))) {
        Segmentation s = segmenter.segment(picture);
        Mask alone = UpsampleArgmax.of(engine.scored(16, 32), 11, 16, 32, size[1], size[0]);
        assertThat(s.mask()).isEqualTo(alone);
        assertThat(s.shares().stream().mapToDouble(Segmentation.Share::fraction).sum())
            .isCloseTo(1, within(1e-9));
        // Were that channel part of the softmax, it would leave nothing to the others.
        byte[] confidence = new byte[alone.ids().length];
        new Confidence(11, 16, 32, size[1], size[0])
            .into(
                LogitRows.planar(engine.scored(16, 32), 11, 16, 32),
                alone.ids(),
                confidence,
                0,
                size[1]);
        assertThat(s.confidence()).contains(confidence);
        assertThat(confidence[0] & 0xff).isGreaterThan(0);
        s.overlay(0.5);
        assertThat(segmenter.segment(picture, Protocol.PLAIN)).isEqualTo(alone);
        Protocol both = new Protocol(Optional.empty(), List.of(1.0), true);
        Protocol windows =
            new Protocol(Optional.of(new Protocol.Window(20, 12, 10, 6)), List.of(1.0), false);
        for (Protocol protocol : List.of(both, windows)) {
          Set<Integer> given = new TreeSet<>();
          for (byte id : segmenter.segment(picture, protocol).ids()) {
            given.add((int) id);
          }
          // Noise gives all eleven somewhere, and more than a few in any part.
          assertThat(given).hasSizeGreaterThan(5).allMatch(id -> id >= 0 && id < 11);
        }
      }
    }
    // Plain argmax gives it to every pixel: the test would see it.
    Mask plain = UpsampleArgmax.of(engine.logits(16, 32), CHANNELS, 16, 32, 16, 32);
    assertThat(plain.ids()).containsOnly(unscored);
  }

  @Test
  void withoutSuchChannelsRowsAreTheEnginesOwn() {
    LogitRows rows = LogitRows.planar(new float[12], 3, 2, 2);
    assertThat(new ScoredRows(3, List.of(), 2).of(rows)).isSameAs(rows);
  }

  @Test
  void aShorterRowIsItsBeginning() {
    float[] planar = {1, 2, 10, 20, 100, 200};
    LogitRows rows = new ScoredRows(3, List.of(1), 2).of(LogitRows.planar(planar, 3, 1, 2));
    float[] whole = new float[4];
    rows.read(0, whole);
    assertThat(whole).containsExactly(1, 100, 2, 200);
    float[] begin = new float[3];
    rows.read(0, begin);
    assertThat(begin).containsExactly(1, 100, 2);
  }
}
