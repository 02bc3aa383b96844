package org.efrnet.segment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.efrnet.bundle.BundleConfig;
import org.efrnet.bundle.BundleException;
import org.efrnet.bundle.Bundles;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.graph.Model;
import org.efrnet.weights.FloatTensor;
import org.efrnet.weights.Safetensors;
import org.efrnet.weights.Weights;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GoldenCheckTest {
  private static ModelBundle bundle;

  @TempDir Path folder;

  @BeforeAll
  static void make() {
    bundle = Bundles.untrained("enet", 36, 1);
  }

  /** Knows the golden logits by heart, but for an error; counts. */
  private static final class Parrot implements Engine {
    private final String version;
    private final String precision;
    private final ModelBundle taught;
    private float error;
    private int asked;
    private int open;

    Parrot(ModelBundle taught, String version, String precision) {
      this.taught = taught;
      this.version = version;
      this.precision = precision;
    }

    @Override
    public String name() {
      return "parrot";
    }

    @Override
    public String version() {
      return version;
    }

    @Override
    public List<String> precisions() {
      return List.of("fp32");
    }

    @Override
    public Executable prepare(Model model, EngineOptions options) {
      open++;
      return new Executable() {
        @Override
        public LogitRows run(float[] planes, int height, int width) {
          return LogitRows.planar(logits(planes, height, width), 11, height, width);
        }

        @Override
        public float[] logits(float[] planes, int height, int width) {
          asked++;
          assertThat(planes)
              .isEqualTo(taught.golden().image(taught.config().normalization()).values());
          float[] logits = taught.golden().logits().values().clone();
          float largest = 0;
          for (float logit : logits) {
            largest = Math.max(largest, Math.abs(logit));
          }
          logits[1000] += error * largest;
          return logits;
        }

        @Override
        public String precision() {
          return precision;
        }

        @Override
        public int classes() {
          return 11;
        }

        @Override
        public void close() {
          open--;
        }
      };
    }
  }

  private static Parrot parrot() {
    return new Parrot(bundle, "1", "fp32");
  }

  private GoldenMemory memory() {
    return new GoldenMemory(Optional.of(folder));
  }

  /** How often the engine computed while it was loaded. */
  private static int checks(Parrot engine, GoldenCheck when, GoldenMemory memory) {
    int before = engine.asked;
    new Segmenter(engine.taught, Segmenter.Options.DEFAULT.with(when), engine, memory).close();
    assertThat(engine.open).isZero();
    return engine.asked - before;
  }

  @Test
  void checksOnceForAllThatDecides() {
    Parrot engine = parrot();
    assertThat(checks(engine, GoldenCheck.ONCE, memory())).isEqualTo(1);
    assertThat(checks(engine, GoldenCheck.ONCE, memory())).isZero();
    assertThat(checks(parrot(), GoldenCheck.ONCE, memory())).isZero();
    assertThat(checks(new Parrot(bundle, "2", "fp32"), GoldenCheck.ONCE, memory())).isEqualTo(1);
    assertThat(checks(new Parrot(bundle, "1", "bf16"), GoldenCheck.ONCE, memory())).isEqualTo(1);
    ModelBundle other = Bundles.untrained("enet", 36, 2);
    assertThat(checks(new Parrot(other, "1", "fp32"), GoldenCheck.ONCE, memory())).isEqualTo(1);
    ModelBundle stricter =
        bundle.with(
            bundle.config().withPrecision("fp32", new BundleConfig.Precision(1e-5, Map.of())));
    assertThat(stricter.digest()).isEqualTo(bundle.digest());
    assertThat(checks(new Parrot(stricter, "1", "fp32"), GoldenCheck.ONCE, memory())).isEqualTo(1);
    // What decides nothing is no reason to check anew.
    ModelBundle judged = bundle.with(bundle.config().withMetrics(Map.of("miou", 70)));
    assertThat(checks(new Parrot(judged, "1", "fp32"), GoldenCheck.ONCE, memory())).isZero();
    assertThat(checks(engine, GoldenCheck.ALWAYS, memory())).isEqualTo(1);
    assertThat(checks(engine, GoldenCheck.NEVER, memory())).isZero();
  }

  @Test
  void neverChecksWhereItIsNotAsked() {
    Parrot engine = parrot();
    engine.error = 1;
    assertThat(checks(engine, GoldenCheck.NEVER, memory())).isZero();
    // Nor is it remembered as if it had passed.
    assertThatThrownBy(() -> checks(engine, GoldenCheck.ONCE, memory()))
        .isInstanceOf(GoldenException.class);
  }

  @ParameterizedTest
  @CsvSource({
    "fp32, 2e-4, 0.0002, 0.0001",
    "bf16, -0.11, 0.11, 0.10",
    "int8, 0.3, 0.30, 0.25",
    "fp32, NaN, Infinity, 0.0001"
  })
  void refusesAnEngineThatGivesOtherLogits(
      String precision, float error, String difference, String tolerance) {
    Parrot engine = new Parrot(bundle, "1", precision);
    engine.error = error;
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> checks(engine, GoldenCheck.ONCE, memory()))
          .isInstanceOf(GoldenException.class)
          .hasMessageContaining("bundle 'test.untrained': engine parrot in " + precision)
          .hasMessageContaining("up to " + difference)
          .hasMessageContaining("allowed are " + tolerance)
          .hasMessageContaining("get the bundle anew, or choose another engine")
          .message()
          .doesNotContain("\n");
      assertThat(engine.open).isZero();
      assertThat(engine.asked).isEqualTo(i + 1);
    }
    assertThat(folder).isEmptyDirectory();
    engine.error = 0;
    assertThat(checks(engine, GoldenCheck.ONCE, memory())).isEqualTo(1);
  }

  @Test
  void refusesAPrecisionOfWhichTheBundleSaysNothing() {
    assertThatThrownBy(() -> checks(new Parrot(bundle, "1", "fp8"), GoldenCheck.ONCE, memory()))
        .isInstanceOf(GoldenException.class)
        .hasMessageContaining("says nothing of precision fp8")
        .hasMessageContaining("known are fp32, bf16, int8");
  }

  @Test
  void tellsWhatThisProcessComputes() {
    Parrot engine = parrot();
    engine.error = 1e-5f;
    try (Segmenter segmenter = new Segmenter(bundle, Segmenter.Options.DEFAULT, engine, memory())) {
      Segmenter.Golden golden = segmenter.golden();
      assertThat(golden.precision()).isEqualTo("fp32");
      assertThat(golden.tolerance()).isEqualTo(1e-4);
      assertThat(golden.difference()).isCloseTo(1e-5, within(1e-7));
      assertThat(golden.digest()).hasSize(64);
      assertThat(segmenter.golden()).isEqualTo(golden);
      engine.error = 2e-5f;
      assertThat(segmenter.golden().digest()).isNotEqualTo(golden.digest());
    }
  }

  /** A thief who knows of the checksums, but not of what the network must give. */
  @Test
  void catchesWeightsThatWereChangedTogetherWithTheirChecksum() throws Exception {
    Path dir = folder.resolve("bundle");
    bundle.write(dir);
    Segmenter.Options reference =
        Segmenter.Options.DEFAULT.withEngine("reference").with(GoldenCheck.ALWAYS);
    Segmenter.load(ModelBundle.read(dir), reference).close();

    Path file = dir.resolve("model.safetensors");
    Safetensors.Contents contents = Safetensors.read(file);
    String name =
        contents.tensors().keySet().stream()
            .filter(n -> n.endsWith("weight"))
            .findFirst()
            .orElseThrow();
    FloatTensor tensor = contents.tensors().get(name);
    float[] values = tensor.values().clone();
    values[0] += 0.1f;
    Weights changed =
        contents.weights().with(Map.of(name, new FloatTensor(tensor.shape(), values)));
    String before = sha256(file);
    Safetensors.write(file, changed, contents.metadata());
    assertThatThrownBy(() -> ModelBundle.read(dir)).isInstanceOf(BundleException.class);
    Path sums = dir.resolve("SHA256SUMS");
    Files.writeString(sums, Files.readString(sums).replace(before, sha256(file)));

    ModelBundle tampered = ModelBundle.read(dir);
    assertThatThrownBy(() -> Segmenter.load(tampered, reference))
        .isInstanceOf(GoldenException.class)
        .hasMessageContaining("engine reference in fp32")
        .hasMessageContaining("the bundle's weights were changed");
  }

  private static String sha256(Path file) throws Exception {
    return HexFormat.of()
        .formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
  }

  @Test
  void aDamagedMemoryOnlyMeansCheckingAgain() throws IOException {
    Path file = folder.resolve(GoldenMemory.FILE);
    Random random = new Random(7);
    byte[] noise = new byte[5000];
    random.nextBytes(noise);
    for (byte[] content :
        List.of(
            noise, new byte[0], new byte[1 << 20], "\n\n \n".getBytes(StandardCharsets.UTF_8))) {
      Files.write(file, content);
      assertThat(checks(parrot(), GoldenCheck.ONCE, memory())).isEqualTo(1);
      assertThat(checks(parrot(), GoldenCheck.ONCE, memory())).isZero();
    }
    // One digit of the key is another key.
    String good =
        Files.readString(file)
            .lines()
            .filter(l -> l.endsWith(" test.untrained parrot 1 fp32"))
            .findFirst()
            .orElseThrow();
    Files.writeString(file, (good.charAt(0) == '0' ? "1" : "0") + good.substring(1) + "\n");
    assertThat(checks(parrot(), GoldenCheck.ONCE, memory())).isEqualTo(1);
    Files.writeString(file, good.substring(0, 63));
    assertThat(checks(parrot(), GoldenCheck.ONCE, memory())).isEqualTo(1);
  }

  @Test
  void aMemoryThatCannotBeKeptOnlyMeansCheckingAgain() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "");
    Files.createDirectories(folder.resolve("taken").resolve(GoldenMemory.FILE).resolve("x"));
    for (Optional<Path> place :
        List.of(
            Optional.<Path>empty(),
            Optional.of(file),
            Optional.of(file.resolve("below")),
            Optional.of(Path.of("/proc/efrnet")),
            Optional.of(folder.resolve("taken")))) {
      for (int i = 0; i < 2; i++) {
        assertThat(checks(parrot(), GoldenCheck.ONCE, new GoldenMemory(place))).isEqualTo(1);
      }
    }
    try (Stream<Path> left = Files.list(folder.resolve("taken"))) {
      assertThat(left).hasSize(1);
    }
  }

  @Test
  void manyMayRememberAtOnceAndTheFileStaysSmall() throws Exception {
    ExecutorService many = Executors.newFixedThreadPool(8);
    Parrot engine = parrot();
    try {
      List<Future<?>> all = new ArrayList<>();
      for (int t = 0; t < 8; t++) {
        String name = String.format("%064x", t);
        all.add(
            many.submit(
                () -> {
                  for (int i = 0; i < 60; i++) {
                    memory().add(i + name.substring(2), bundle.config(), engine, "fp32");
                  }
                }));
      }
      for (Future<?> one : all) {
        assertThatCode(one::get).doesNotThrowAnyException();
      }
    } finally {
      many.shutdown();
    }
    memory().add("newest", bundle.config(), engine, "fp32");
    assertThat(memory().remembers("newest")).isTrue();
    assertThat(memory().remembers("new")).isFalse();
    assertThat(Files.readAllLines(folder.resolve(GoldenMemory.FILE)))
        .hasSize(200)
        .allMatch(line -> line.matches("[0-9a-z]{6,64} test.untrained parrot 1 fp32"));
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left).hasSize(1);
    }
  }

  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {
        "/a, /b, /c, /d, Linux, /h, /a",
        "-, /b, /c, /d, Linux, /h, /b",
        "-, -, /c, /d, Linux, /h, /c",
        "-, -, -, /d, Linux, /h, /d/efrnet",
        "-, -, -, relative, Linux, /h, /h/.cache/efrnet",
        "'', ' ', -, -, Linux, /h, /h/.cache/efrnet",
        "-, -, -, -, Mac OS X, /h, /h/Library/Caches/efrnet",
        "-, -, -, -, Linux, ?, -",
        "-, -, -, -, Linux, -, -",
      })
  void isWhereCachesAre(
      String own, String launcher, String javacpp, String xdg, String os, String home, String at) {
    Map<String, String> environment = new HashMap<>();
    environment.put("EFRNET_CACHE", launcher);
    environment.put("XDG_CACHE_HOME", xdg);
    Map<String, String> properties = new HashMap<>();
    properties.put("efrnet.cache", own);
    properties.put("org.bytedeco.javacpp.cachedir", javacpp);
    properties.put("os.name", os);
    properties.put("user.home", home);
    assertThat(CacheFolder.of(properties::get, environment::get))
        .isEqualTo(Optional.ofNullable(at).map(Path::of));
  }
}
