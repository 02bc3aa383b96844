package org.efrnet.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.bytedeco.pytorch.AbstractTensor;
import org.bytedeco.pytorch.Tensor;
import org.efrnet.bundle.Bundles;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.conformance.OpsConformance;
import org.efrnet.conformance.RandomModels;
import org.efrnet.graph.Model;
import org.efrnet.images.Mask;
import org.efrnet.images.Picture;
import org.efrnet.networks.EfrNet;
import org.efrnet.networks.Networks;
import org.efrnet.readings.Reference;
import org.efrnet.readings.Shape;
import org.efrnet.readings.Shapes;
import org.efrnet.segment.EngineOptions;
import org.efrnet.segment.Engines;
import org.efrnet.segment.Executable;
import org.efrnet.segment.GoldenCheck;
import org.efrnet.segment.GoldenException;
import org.efrnet.segment.Segmenter;
import org.efrnet.segment.SizePolicy;
import org.efrnet.text.Sha256;
import org.efrnet.weights.FloatTensor;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LibtorchEngineTest {
  private static final EngineOptions TWO_THREADS = new EngineOptions(2);
  private static final Segmenter.Options SMALL = Segmenter.Options.DEFAULT.withThreads(1);

  @TempDir private Path folder;

  private static Picture random(int width, int height, long seed) {
    byte[] rgb = new byte[3 * width * height];
    new Random(seed).nextBytes(rgb);
    return new Picture(width, height, rgb);
  }

  private static ModelBundle bundle(String network, int height) {
    ModelBundle untrained = Bundles.untrained(network, height, 1);
    return ModelBundle.of(untrained.config(), RandomModels.of(untrained.network(), 5).weights());
  }

  @Test
  void isFirstOfTheClassPath() {
    assertThat(Engines.first()).isInstanceOf(LibtorchEngine.class);
    assertThat(Engines.names()).containsExactly("libtorch", "reference");
  }

  @Test
  void givesTheReferencesLogitsAfterItsRewriting() {
    Model model = RandomModels.of(EfrNet.of(11), 3);
    FloatTensor image = RandomModels.image(1, 3, 37, 53, 4);
    float[] expected = Reference.logits(model, image).values();
    try (Executable executable = new LibtorchEngine().prepare(model, TWO_THREADS)) {
      assertThat(executable.classes()).isEqualTo(11);
      float[] logits = executable.logits(image.values(), 37, 53);
      assertThat(logits).hasSameSizeAs(expected);
      double scale = 0;
      double most = 0;
      for (int i = 0; i < logits.length; i++) {
        scale = Math.max(scale, Math.abs(expected[i]));
        most = Math.max(most, Math.abs(logits[i] - expected[i]));
      }
      assertThat(most).isLessThan(1e-4 * scale);
    }
  }

  @Test
  void computesInBfloat16Too() {
    ModelBundle bundle = bundle("efrnet", 48);
    try (Segmenter segmenter =
        Segmenter.load(bundle, SMALL.withPrecision("bf16").with(GoldenCheck.ALWAYS))) {
      assertThat(segmenter.precision()).isEqualTo("bf16");
      // As far away as 8 bits of a fraction bring it, and no nearer: it is no fp32 in disguise.
      assertThat(segmenter.golden().difference()).isBetween(1e-4, segmenter.golden().tolerance());
    }
    assertThatThrownBy(() -> Segmenter.load(bundle, SMALL.withPrecision("int8")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("int8");
  }

  /** A tenth of what a bundle allows, for every network: other processors round otherwise. */
  @Test
  void givesEveryNetworksGoldenLogits() {
    for (String network : Networks.names()) {
      try (Segmenter segmenter =
          Segmenter.load(bundle(network, 48), SMALL.with(GoldenCheck.ALWAYS))) {
        Segmenter.Golden golden = segmenter.golden();
        assertThat(golden.precision()).isEqualTo("fp32");
        assertThat(golden.difference())
            .as(network)
            .isPositive()
            .isLessThan(golden.tolerance() / 10);
        assertThat(segmenter.golden()).isEqualTo(golden);
      }
    }
  }

  @Test
  void isRefusedWhereTheWeightsAreOthers() throws IOException {
    ModelBundle good = bundle("efrnet", 48);
    good.write(folder.resolve("good"));
    String name = good.weights().names().last();
    float[] values = good.weights().get(name).values().clone();
    values[0] += 0.05f;
    FloatTensor other = new FloatTensor(good.weights().get(name).shape(), values);
    ModelBundle.of(good.config(), good.weights().with(Map.of(name, other)))
        .write(folder.resolve("other"));
    // Weights and checksums of the one, golden logits of the other.
    Path golden = folder.resolve("other/golden.safetensors");
    String before = sha256(golden);
    Files.copy(
        folder.resolve("good/golden.safetensors"), golden, StandardCopyOption.REPLACE_EXISTING);
    Path sums = folder.resolve("other/SHA256SUMS");
    Files.writeString(sums, Files.readString(sums).replace(before, sha256(golden)));
    ModelBundle mixed = ModelBundle.read(folder.resolve("other"));
    LeakCheck check =
        LeakCheck.of(
            2,
            5,
            i ->
                assertThatThrownBy(() -> Segmenter.load(mixed, SMALL))
                    .isInstanceOf(GoldenException.class)
                    .hasMessageContaining("engine libtorch in fp32")
                    .hasMessageContaining("there are libtorch, reference"));
    assertThat(check.liveGrowth()).isZero();
    Segmenter.load(mixed, SMALL.with(GoldenCheck.NEVER)).close();
  }

  private static String sha256(Path file) throws IOException {
    return Sha256.of(Files.readAllBytes(file));
  }

  @ParameterizedTest
  @ValueSource(strings = {"enet", "efrnet", "efrnet-s"})
  void segmentsOddSizesAsTheReferenceDoes(String network) {
    ModelBundle bundle = bundle(network, 40);
    Picture picture = random(333, 251, 6);
    try (Segmenter segmenter = Segmenter.load(bundle, SMALL);
        Segmenter reference = Segmenter.load(bundle, SMALL.withEngine("reference"))) {
      Mask mask = segmenter.segment(picture).mask();
      Mask expected = reference.segment(picture).mask();
      assertThat(mask.width()).isEqualTo(333);
      assertThat(mask.height()).isEqualTo(251);
      int equal = 0;
      for (int i = 0; i < mask.ids().length; i++) {
        equal += mask.ids()[i] == expected.ids()[i] ? 1 : 0;
      }
      assertThat((double) equal / mask.ids().length).isGreaterThan(0.999);
      // A map of one class would agree whatever was computed.
      assertThat(segmenter.segment(picture).shares()).hasSizeGreaterThan(1);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"enet", "efrnet"})
  void takesASinglePixel(String network) {
    try (Segmenter segmenter = Segmenter.load(bundle(network, 24), SMALL)) {
      assertThat(segmenter.segment(random(1, 1, 1)).mask().ids()).hasSize(1);
    }
  }

  @Test
  void saysWhenAPictureAsItIsIsTooSmall() {
    Segmenter.Options asItIs = SMALL.with(new SizePolicy.Native());
    try (Segmenter segmenter = Segmenter.load(bundle("efrnet", 24), asItIs)) {
      assertThatThrownBy(() -> segmenter.segment(random(1, 1, 1)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("1x1 pixels, scaled to 1x1")
          .hasMessageContaining("choose a larger size");
      assertThat(segmenter.segment(random(9, 9, 1)).mask().ids()).hasSize(81);
    }
  }

  @Test
  void manyCallersGetWhatOneGets() throws Exception {
    List<Picture> pictures = List.of(random(64, 48, 1), random(33, 25, 2), random(20, 90, 3));
    ExecutorService callers = Executors.newFixedThreadPool(32);
    try (Segmenter segmenter = Segmenter.load(bundle("efrnet", 32), SMALL)) {
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
  }

  @Test
  void callsLeaveNothingBehind() {
    Picture picture = random(48, 32, 1);
    try (Segmenter segmenter = Segmenter.load(bundle("efrnet", 32), SMALL)) {
      LeakCheck check = LeakCheck.of(20, 200, i -> segmenter.segment(picture));
      assertThat(check.liveGrowth()).isZero();
      assertThat(check.leaks()).as(check.toString()).isFalse();
    }
  }

  @Test
  void loadingAndClosingLeavesNothingBehind() {
    ModelBundle bundle = bundle("enet", 16);
    Picture picture = random(16, 16, 1);
    LeakCheck check =
        LeakCheck.of(
            3,
            10,
            i -> {
              try (Segmenter segmenter = Segmenter.load(bundle, SMALL)) {
                segmenter.segment(picture);
              }
            });
    assertThat(check.liveGrowth()).isZero();
    assertThat(check.leaks()).as(check.toString()).isFalse();
  }

  @Test
  void aTensorKeptOutsideOfAnyScopeIsCaught() {
    Picture picture = random(16, 16, 1);
    List<Tensor> kept = new ArrayList<>();
    try (Segmenter segmenter = Segmenter.load(bundle("enet", 16), SMALL)) {
      LeakCheck check =
          LeakCheck.of(
              5,
              20,
              i -> {
                segmenter.segment(picture);
                kept.add(AbstractTensor.create(new float[1000], 1000));
              });
      assertThat(check.leaks()).as(check.toString()).isTrue();
    }
    kept.forEach(Tensor::close);
  }

  @Test
  void misuseIsAnExceptionOfJava() {
    Model model = RandomModels.of(EfrNet.of(3), 1);
    Executable executable = new LibtorchEngine().prepare(model, TWO_THREADS);
    assertThatThrownBy(() -> executable.logits(new float[5], 8, 8))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("5 values")
        .hasMessageContaining("8x8");
    executable.close();
    executable.close();
    assertThatThrownBy(() -> executable.logits(new float[192], 8, 8))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
  }

  /** The engine, passes included, under the suite that every reading of operations inherits. */
  @Nested
  class Conformance extends OpsConformance {
    /**
     * Where several values are unpooled to one place, libtorch's threads race in channels-last
     * maps. Pools that do not overlap, as all of our networks have, never meet this.
     */
    private static final EngineOptions ONE_THREAD = new EngineOptions(1);

    @Override
    protected FloatTensor logits(Model model, FloatTensor image) {
      int[] s = image.shape();
      int pixels = 3 * s[2] * s[3];
      // The suite's single operations shrink what they are given, as no network does.
      Shape one = model.graph().logits(new Shapes(), Shape.image(1, s[2], s[3]));
      float[] all = new float[Math.toIntExact(s[0] * one.count())];
      try (Executable executable = new LibtorchEngine().prepare(model, ONE_THREAD)) {
        for (int n = 0; n < s[0]; n++) {
          float[] picture = Arrays.copyOfRange(image.values(), n * pixels, (n + 1) * pixels);
          float[] logits = executable.logits(picture, s[2], s[3]);
          System.arraycopy(logits, 0, all, n * logits.length, logits.length);
        }
      }
      return new FloatTensor(new int[] {s[0], one.channels(), one.height(), one.width()}, all);
    }
  }
}
