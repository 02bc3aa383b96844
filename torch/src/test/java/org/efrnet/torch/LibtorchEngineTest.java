package org.efrnet.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

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
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AbstractTensor;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.efrnet.bundle.Bundles;
import org.efrnet.bundle.Calibration;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.conformance.OpsConformance;
import org.efrnet.conformance.RandomModels;
import org.efrnet.conformance.SmallNetworks;
import org.efrnet.graph.Model;
import org.efrnet.graph.Passes;
import org.efrnet.images.Mask;
import org.efrnet.images.Picture;
import org.efrnet.learning.ParameterLayout;
import org.efrnet.learning.Precision;
import org.efrnet.networks.EfrNet;
import org.efrnet.networks.Networks;
import org.efrnet.ops.Conv;
import org.efrnet.ops.ConvTranspose;
import org.efrnet.ops.Name;
import org.efrnet.ops.Size;
import org.efrnet.readings.Parameter;
import org.efrnet.readings.Reference;
import org.efrnet.readings.Shape;
import org.efrnet.readings.Shapes;
import org.efrnet.segment.EngineOptions;
import org.efrnet.segment.Engines;
import org.efrnet.segment.Executable;
import org.efrnet.segment.GoldenCheck;
import org.efrnet.segment.GoldenException;
import org.efrnet.segment.LogitRows;
import org.efrnet.segment.Segmenter;
import org.efrnet.segment.SizePolicy;
import org.efrnet.text.Sha256;
import org.efrnet.weights.FloatTensor;
import org.efrnet.weights.Weights;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
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
  void bfloat16IsOfferedWhereTheProcessorHasIt() {
    assertThat(Processor.hasBfloat16(Stream.of("processor : 0", "flags : fpu avx512_bf16 sse")))
        .isTrue();
    assertThat(Processor.hasBfloat16(Stream.of("flags : amx_bf16 amx_tile"))).isTrue();
    assertThat(Processor.hasBfloat16(Stream.of("flags : fpu avx512f avx512_bf16x", "bugs : none")))
        .isFalse();
    assertThat(Processor.hasBfloat16(Stream.of("Features : fp asimd bf16"))).isFalse();
    assertThat(Processor.hasBfloat16(Stream.of())).isFalse();
    assertThat(new LibtorchEngine().precisions())
        .isEqualTo(Processor.hasBfloat16() ? List.of("bf16", "fp32") : List.of("fp32"));
  }

  @Test
  void computesIn32BitsUnlessAsked() {
    Model model = RandomModels.of(EfrNet.of(3), 1);
    try (Executable executable = new LibtorchEngine().prepare(model, TWO_THREADS)) {
      assertThat(executable.precision()).isEqualTo("fp32");
    }
    try (Segmenter segmenter = Segmenter.load(bundle("efrnet", 24), SMALL)) {
      assertThat(segmenter.precision())
          .as("nobody measured what bf16 costs this bundle")
          .isEqualTo("fp32");
    }
  }

  @Test
  void otherPrecisionsAreRefusedWithTheRemedy() {
    assertThatThrownBy(() -> Segmenter.load(bundle("efrnet", 24), SMALL.withPrecision("int8")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("int8");
    Model model = RandomModels.of(EfrNet.of(3), 1);
    EngineOptions options = new EngineOptions(1, "int8", Calibration.NONE);
    assertThatThrownBy(() -> new LibtorchEngine().prepare(model, options))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("libtorch does not compute in int8 on this processor, but in")
        .hasMessageContaining("fp32; choose one of these");
  }

  @Test
  void givesGoldenLogitsInBfloat16Too() {
    requireBfloat16();
    ModelBundle bundle = bundle("efrnet", 48);
    try (Segmenter segmenter =
        Segmenter.load(bundle, SMALL.withPrecision("bf16").with(GoldenCheck.ALWAYS))) {
      assertThat(segmenter.precision()).isEqualTo("bf16");
      Segmenter.Golden golden = segmenter.golden();
      assertThat(golden.precision()).isEqualTo("bf16");
      assertThat(golden.tolerance()).isEqualTo(0.1);
      // As far away as 8 bits of a fraction bring it, and no nearer: it is no fp32 in disguise.
      assertThat(golden.difference()).isBetween(1e-4, golden.tolerance());
      assertThat(segmenter.golden()).as("the same bytes again").isEqualTo(golden);
    }
  }

  private static void requireBfloat16() {
    assumeTrue(Processor.hasBfloat16(), "this processor has no instructions for bfloat16");
  }

  /** Root of the mean square of the difference, relative to that of the values. */
  private static double error(float[] actual, float[] expected) {
    assertThat(actual).hasSameSizeAs(expected);
    double difference = 0;
    double magnitude = 0;
    for (int i = 0; i < expected.length; i++) {
      difference += Math.pow(actual[i] - expected[i], 2);
      magnitude += Math.pow(expected[i], 2);
    }
    return Math.sqrt(difference / magnitude);
  }

  /**
   * Random weights are harder to round than trained ones, and rounding moves the maxima that ENet
   * and its like unpool: for them the bound only tells a network from another one.
   */
  @ParameterizedTest
  @MethodSource("org.efrnet.networks.Networks#names")
  void everyNetworkRunsInBfloat16(String network) {
    requireBfloat16();
    Model model = RandomModels.of(SmallNetworks.of(network, 4), 3);
    float[] planes = RandomModels.image(1, 3, 32, 40, 4).values();
    float[] expected =
        Reference.logits(model, new FloatTensor(new int[] {1, 3, 32, 40}, planes)).values();
    EngineOptions options = new EngineOptions(2, "bf16", Calibration.NONE);
    try (Executable executable = new LibtorchEngine().prepare(model, options)) {
      assertThat(executable.precision()).isEqualTo("bf16");
      assertThat(executable.classes()).isEqualTo(4);
      double error = error(executable.logits(planes, 32, 40), expected);
      assertThat(error).isBetween(1e-4, network.startsWith("efrnet") ? 0.05 : 0.5);
    }
  }

  static Stream<Conv> convolutions() {
    Name a = new Name("a");
    Size one = Size.square(1);
    return Stream.of(
        Conv.square(a, 1, 4, 3).biased(),
        Conv.pointwise(a, 1, 5),
        Conv.square(a, 3, 13, 3).strided(2),
        Conv.square(a, 4, 4, 3),
        Conv.vertical(a, 32, 32, 2),
        Conv.square(a, 32, 32, 3).dilated(8),
        Conv.square(a, 17, 5, 5).biased(),
        Conv.square(a, 24, 8, 5),
        Conv.square(a, 40, 16, 3).biased(),
        Conv.square(a, 72, 19, 3),
        Conv.pointwise(a, 40, 19),
        new Conv(a, 16, 16, Size.square(3), 1, one, one, 16, true),
        new Conv(a, 16, 32, Size.square(3), 1, one, one, 16, true),
        new Conv(a, 16, 32, Size.square(3), 1, one, one, 4, false));
  }

  /** Kernels of libtorch's that are wrong for some numbers of channels must not be met. */
  @ParameterizedTest
  @MethodSource("convolutions")
  void convolutionsInBfloat16AreRoundedAndNoMore(Conv c) {
    requireBfloat16();
    int[] weight = {c.out(), c.in() / c.groups(), c.kernel().height(), c.kernel().width()};
    requireRounded(weight, Parameter.Kind.CONV_WEIGHT, c.in(), c.out(), (ops, x) -> ops.conv(x, c));
  }

  static Stream<ConvTranspose> transposedConvolutions() {
    Name a = new Name("a");
    return Stream.of(
        new ConvTranspose(a, 3, 5, 3, 2, 1, false),
        new ConvTranspose(a, 17, 19, 2, 2, 0, true),
        new ConvTranspose(a, 16, 1, 3, 2, 1, true),
        new ConvTranspose(a, 16, 11, 3, 2, 1, false),
        new ConvTranspose(a, 16, 19, 3, 2, 1, true),
        new ConvTranspose(a, 32, 32, 3, 2, 1, true));
  }

  @ParameterizedTest
  @MethodSource("transposedConvolutions")
  void transposedConvolutionsInBfloat16AreRoundedAndNoMore(ConvTranspose c) {
    requireBfloat16();
    requireRounded(
        new int[] {c.in(), c.out(), c.kernel(), c.kernel()},
        Parameter.Kind.TRANSPOSED_WEIGHT,
        c.in(),
        c.out(),
        (ops, x) -> {
          try (Tensor like = AbstractTensor.create(new float[18 * 26], 1, 1, 18, 26)) {
            return ops.convTranspose(x, c, like);
          }
        });
  }

  /** One convolution of a 9x13 map, in bfloat16 and in 64 bits, plane after plane. */
  private static void requireRounded(
      int[] weight,
      Parameter.Kind kind,
      int in,
      int out,
      BiFunction<TorchOps, Tensor, Tensor> operation) {
    List<Parameter> parameters =
        List.of(
            new Parameter("a.weight", weight, kind),
            new Parameter("a.bias", new int[] {out}, Parameter.Kind.BIAS));
    Weights weights =
        Weights.of(
            Map.of(
                "a.weight",
                RandomModels.image(weight[0], weight[1], weight[2], weight[3], 1),
                "a.bias",
                new FloatTensor(new int[] {out}, RandomModels.image(1, 1, 1, out, 2).values())));
    float[] values = RandomModels.image(1, in, 9, 13, 3).values();
    List<float[]> results = new ArrayList<>();
    for (Execution execution :
        List.of(
            Execution.CPU.with(Precision.BF16),
            Execution.CPU.with(Precision.FP64).with(Execution.Layout.NCHW))) {
      try (PointerScope scope = new PointerScope();
          NoGradGuard guard = new NoGradGuard();
          ParameterStore store =
              new ParameterStore(ParameterLayout.of(parameters), weights, execution, false)) {
        Tensor x = AbstractTensor.create(values, 1, in, 9, 13).to(execution.mapType());
        Tensor laid =
            execution.layout() == Execution.Layout.CHANNELS_LAST
                ? x.contiguous(MemoryFormat.ChannelsLast)
                : x;
        TorchOps ops = new TorchOps(store, execution, new TorchOps.Mode.Inference());
        results.add(ParameterStore.download(operation.apply(ops, laid)));
      }
    }
    assertThat(error(results.get(0), results.get(1))).isBetween(1e-5, 0.01);
  }

  /** A map in another layout would be turned over before every convolution behind it. */
  @ParameterizedTest
  @MethodSource("org.efrnet.networks.Networks#names")
  void mapsStayChannelsLast(String network) {
    Model model =
        Passes.apply(Passes.inference(), RandomModels.of(SmallNetworks.of(network, 4), 3));
    for (Precision precision : List.of(Precision.FP32, Precision.BF16)) {
      Execution execution = Execution.CPU.with(precision);
      try (PointerScope scope = new PointerScope();
          NoGradGuard guard = new NoGradGuard();
          ParameterStore store =
              new ParameterStore(
                  ParameterLayout.of(model.graph()), model.weights(), execution, false)) {
        Tensor image =
            TorchOps.image(RandomModels.image(1, 3, 32, 40, 4).values(), 1, 32, 40, execution);
        TorchOps ops = new TorchOps(store, execution, new TorchOps.Mode.Inference());
        List<List<Tensor>> values = model.graph().values(ops, image);
        for (int i = 0; i < values.size(); i++) {
          for (Tensor map : values.get(i)) {
            assertThat(map.is_contiguous(MemoryFormat.ChannelsLast))
                .as("%s in %s", model.graph().nodes().get(i), precision)
                .isTrue();
          }
        }
        assertThat(values.get(0).get(0).element_size())
            .isEqualTo(precision == Precision.BF16 ? 2 : 4);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"fp32", "bf16"})
  void rowsAreTheLogitsUntilTheNextPicture(String precision) {
    if (precision.equals("bf16")) {
      requireBfloat16();
    }
    Model model = RandomModels.of(EfrNet.of(5), 3);
    float[] planes = RandomModels.image(1, 3, 24, 33, 4).values();
    Executable executable =
        new LibtorchEngine().prepare(model, new EngineOptions(2, precision, Calibration.NONE));
    float[] row = new float[5];
    LogitRows first = executable.run(planes, 24, 33);
    float[] planar = first.toPlanar(5, 24, 33);
    assertThat(executable.logits(planes, 24, 33)).isEqualTo(planar);
    assertThatThrownBy(() -> first.read(0, row))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("until the next picture");
    LogitRows second = executable.run(planes, 24, 33);
    assertThat(second.toPlanar(5, 24, 33)).isEqualTo(planar);
    executable.run(planes, 24, 33);
    assertThatThrownBy(() -> second.read(0, row)).isInstanceOf(IllegalStateException.class);
    LogitRows last = executable.run(planes, 24, 33);
    last.read(23, row);
    assertThat(row).contains(planar[23 * 33], planar[(4 * 24 + 23) * 33]);
    executable.close();
    assertThatThrownBy(() -> last.read(0, row)).isInstanceOf(IllegalStateException.class);
  }

  /**
   * A tenth of what a bundle allows, for every network: other processors round otherwise. Half of
   * it where untrained values grow by the million, Xception39's: a gate whose argument is such a
   * number near 0 magnifies rounding.
   */
  @Test
  void givesEveryNetworksGoldenLogits() {
    for (String network : Networks.names()) {
      try (Segmenter segmenter =
          Segmenter.load(
              bundle(network, 48), SMALL.withPrecision("fp32").with(GoldenCheck.ALWAYS))) {
        Segmenter.Golden golden = segmenter.golden();
        assertThat(golden.precision()).isEqualTo("fp32");
        assertThat(golden.difference())
            .as(network)
            .isPositive()
            .isLessThan(golden.tolerance() / (network.equals("bisenet-xception39") ? 2 : 10));
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

  @ParameterizedTest
  @ValueSource(strings = {"fp32", "bf16"})
  void callsLeaveNothingBehind(String precision) {
    if (precision.equals("bf16")) {
      requireBfloat16();
    }
    Picture picture = random(48, 32, 1);
    try (Segmenter segmenter =
        Segmenter.load(bundle("efrnet", 32), SMALL.withPrecision(precision))) {
      LeakCheck check = LeakCheck.of(20, 200, i -> segmenter.segment(picture));
      assertThat(check.liveGrowth()).isZero();
      assertThat(check.leaks()).as(check.toString()).isFalse();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"fp32", "bf16"})
  void loadingAndClosingLeavesNothingBehind(String precision) {
    if (precision.equals("bf16")) {
      requireBfloat16();
    }
    Segmenter.Options options = SMALL.withPrecision(precision).with(GoldenCheck.ALWAYS);
    ModelBundle bundle = bundle("efrnet", 16);
    Picture picture = random(16, 16, 1);
    LeakCheck check =
        LeakCheck.of(
            3,
            10,
            i -> {
              try (Segmenter segmenter = Segmenter.load(bundle, options)) {
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
