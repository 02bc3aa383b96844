package org.efrnet.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.efrnet.bundle.BundleConfig;
import org.efrnet.bundle.Calibration;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.engine.OneDnnEngine;
import org.efrnet.graph.Passes;
import org.efrnet.images.Pictures;
import org.efrnet.images.ReadOptions;
import org.efrnet.readings.Cost;
import org.efrnet.readings.Shape;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The form of what is measured; how long anything takes is no matter of tests. */
class BenchCommandTest {
  @TempDir private Path dir;

  /** The smallest that can be measured, by the engine that is always there. */
  private static Run small(String... words) {
    return small("reference", words);
  }

  private static Run small(String engine, String[] words) {
    List<String> all =
        new ArrayList<>(List.of("bench", "--network", "enet", "--size", "32x24", "--classes", "3"));
    all.addAll(List.of("--engine", engine, "--threads", "1", "--rounds", "3"));
    all.addAll(List.of("--warm-up", "0"));
    all.addAll(Arrays.asList(words));
    return Run.of(all.toArray());
  }

  @Test
  void printsWhatItMeasuredAsJson() throws IOException {
    Run result = small("--format", "json", "--against", "reference");
    assertThat(result.code()).as(result.err()).isZero();
    JsonNode json = new ObjectMapper().readTree(result.out());
    assertThat(json.properties().stream().map(Map.Entry::getKey))
        .containsExactly(
            "network",
            "model",
            "trained",
            "width",
            "height",
            "classes",
            "threads",
            "rounds",
            "convGflop",
            "machine",
            "peakGflops",
            "engines",
            "frames");
    JsonNode machine = json.get("machine");
    for (String text : List.of("cpu", "os", "arch", "kernel", "java")) {
      assertThat(machine.get(text).textValue()).as(text).isNotBlank();
    }
    assertThat(machine.get("flags").isArray()).isTrue();
    assertThat(machine.get("cores").intValue()).isPositive();
    assertThat(machine.get("threads").intValue()).isEqualTo(1);
    assertThat(machine.get("memoryBytes").longValue()).isGreaterThan(1 << 20);
    assertThat(machine.get("engines").get("reference").isTextual()).isTrue();
    assertThat(json.get("peakGflops").properties().stream().map(Map.Entry::getKey))
        .containsExactly("fp32", "bf16", "int8");

    double gflop = json.get("convGflop").doubleValue();
    ModelBundle bundle = RandomBundle.of("enet", 3, 1);
    Cost cost =
        Cost.of(Passes.apply(Passes.inference(), bundle.model()).graph(), Shape.image(1, 24, 32));
    assertThat(gflop).isEqualTo(2 * cost.convGmac());
    assertThat(json.get("trained").booleanValue()).isFalse();
    assertThat(json.get("engines")).as("an engine is no rival of its own").hasSize(1);
    JsonNode entry = json.get("engines").get(0);
    assertThat(entry.get("name").textValue()).isEqualTo("reference");
    assertThat(entry.get("precision").textValue()).isEqualTo("fp32");
    requireSpread(entry);
    assertThat(entry.get("gflops").doubleValue())
        .isCloseTo(gflop / entry.get("p50").doubleValue() * 1e3, offset(0.01));
    assertThat(entry.get("timesFp32").doubleValue()).isEqualTo(1);
    assertThat(entry.get("timesBest").doubleValue()).isEqualTo(1);

    JsonNode frames = json.get("frames");
    assertThat(frames).hasSize(1);
    assertThat(frames.get(0).get("pictureWidth").intValue()).isEqualTo(751);
    JsonNode stages = frames.get(0).get("stages");
    assertThat(stages.properties().stream().map(Map.Entry::getKey))
        .containsExactly("decode", "prepare", "network", "finish", "total");
    stages.forEach(BenchCommandTest::requireSpread);
    assertThat(stages.get("total").get("min").doubleValue())
        .isGreaterThanOrEqualTo(stages.get("network").get("min").doubleValue());
  }

  private static void requireSpread(JsonNode node) {
    double min = node.get("min").doubleValue();
    double p50 = node.get("p50").doubleValue();
    double p95 = node.get("p95").doubleValue();
    double p99 = node.get("p99").doubleValue();
    assertThat(min).isPositive().isLessThanOrEqualTo(p50);
    assertThat(p50).isLessThanOrEqualTo(p95);
    assertThat(p95).isLessThanOrEqualTo(p99);
  }

  @Test
  void writesATableIntoAFile() throws IOException {
    Path file = dir.resolve("bench.txt");
    Run result = small("-o", file.toString());
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(result.out()).isEmpty();
    assertThat(result.err()).contains("percentiles of 3 rounds say little");
    assertThat(Files.readString(file))
        .contains("enet (random weights of seed 1) at 32x24, 3 classes", "1 threads, 3 rounds")
        .containsPattern("reference +fp32( +[0-9.]+){4} +1\\.00 +1\\.00 +[0-9.]+ +")
        .contains("a multiple of that of reference in fp32")
        .containsPattern("\nnetwork( +[0-9.]+){4}")
        .contains("class maps of random weights are noise", "--model efrnet.camvid");
  }

  /** An engine of which only some precisions are asked for meets every form of its rivals. */
  @Test
  void rivalsComputeInAllTheirPrecisions() throws IOException {
    Run result = small("--precision", "fp32", "--against", "onednn", "--format", "json");
    assertThat(result.code()).as(result.err()).isZero();
    JsonNode json = new ObjectMapper().readTree(result.out());
    List<String> offered = new OneDnnEngine().precisions();
    List<String> expected = new ArrayList<>(List.of("reference fp32"));
    BundleConfig.PRECISION_NAMES.stream()
        .filter(offered::contains)
        .forEach(precision -> expected.add("onednn " + precision));
    JsonNode engines = json.get("engines");
    assertThat(engines)
        .extracting(e -> e.get("name").textValue() + " " + e.get("precision").textValue())
        .containsExactlyElementsOf(expected);
    double own = engines.get(0).get("p50").doubleValue();
    for (JsonNode entry : engines) {
      double times = entry.get("p50").doubleValue() / own;
      assertThat(entry.get("timesFp32").doubleValue()).isCloseTo(times, offset(0.002));
      assertThat(entry.get("timesBest").doubleValue()).isCloseTo(times, offset(0.002));
    }
    assertThat(json.get("frames")).as("of the engine in question alone").hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"fp32", "int8"})
  void aPrecisionAloneHasItsTimesAndItsNodes(String precision) {
    assumeTrue(new OneDnnEngine().precisions().contains(precision), precision + " is not here");
    Run result = small("onednn", new String[] {"--precision", precision, "--nodes"});
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(result.out())
        .containsPattern(
            "engine, ms.*\\R"
                + ("onednn +" + precision + "( +[0-9.]+){4}")
                + (precision.equals("fp32") ? " +1\\.00 +1\\.00 " : " +- +1\\.00 "))
        .contains("by onednn in " + precision + ", ms")
        .containsPattern(
            "nodes of onednn in "
                + precision
                + "\\R +ms .*\\R +[0-9.]+ +[0-9.]+ % +[0-9.]+ % +[0-9.]+  [^:\\n]+: ");
  }

  @Test
  void aTrainedModelHasRealMaps() {
    List<String> words =
        List.of(
            "bench",
            "--model",
            "efrnet.camvid",
            "--size",
            "64x48",
            "--precision",
            "fp32",
            "--threads",
            "1",
            "--rounds",
            "3",
            "--warm-up",
            "0");
    Run result = Run.of(words.toArray());
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(result.out()).contains("efrnet (efrnet.camvid) at 64x48").doesNotContain("noise");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--network efrnot",
        "--network enet --model efrnet.camvid",
        "--model efrnet.camvid --classes 3",
        "--classes 0",
        "--rounds 0",
        "--warm-up -1",
        "--precision fp64",
        "--size 640"
      })
  void wrongUsageIsCode2(String words) {
    Run result = Run.of((Object[]) ("bench " + words).split(" "));
    assertThat(result.code()).isEqualTo(2);
    assertThat(result.err().strip()).startsWith("efrnet: ").doesNotContain("\n");
  }

  @Test
  void saysWhatIsNotPossible() {
    assertThat(small("--precision", "bf16").err())
        .contains("engine reference does not compute in bf16", "but in fp32");
    assertThat(small("--against", "onnxrutime").err()).contains("no engine is named 'onnxrutime'");
    assertThat(Run.of((Object[]) "bench --network enet --size 30x24 --engine reference".split(" ")))
        .satisfies(r -> assertThat(r.code()).isEqualTo(1))
        .satisfies(r -> assertThat(r.err()).contains("enet at 30x24", "multiples of 8"));
    assertThat(small("--nodes").err()).contains("engine reference cannot say where");
  }

  @Test
  void aRandomModelIsCalibratedAndAMeasuredOneKeepsItsOwn() {
    ModelBundle bundle = RandomBundle.of("enet", 3, 1);
    Calibration measured = RandomBundle.calibration(bundle);
    assertThat(measured.isEmpty()).isFalse();
    assertThat(RandomBundle.calibration(bundle.with(measured))).isSameAs(measured);
  }

  @Test
  void aSceneIsDrawnWhereThereIsNoPhotograph() throws IOException {
    var picture = Pictures.read(SampleJpeg.draw(), "drawn", ReadOptions.DEFAULT);
    assertThat(picture.width()).isEqualTo(751);
    assertThat(picture.height()).isEqualTo(563);
  }
}
