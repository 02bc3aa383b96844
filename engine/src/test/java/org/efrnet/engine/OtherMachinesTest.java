package org.efrnet.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.efrnet.conformance.Oracle;
import org.efrnet.segment.EngineOptions;
import org.efrnet.segment.Executable;
import org.efrnet.weights.FloatTensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Processors without the newest instructions, an interpreter, an empty cache: in a Java each. */
class OtherMachinesTest {
  @TempDir private Path folder;

  /** What runs there: EFRNet in 32 bits, held against what was recorded. */
  public static void main(String[] args) {
    System.out.println("precisions " + new OneDnnEngine().precisions());
    Oracle oracle = Oracle.efrnet();
    FloatTensor input = oracle.tensor("input");
    float[] expected = oracle.tensor("logits").values();
    try (Executable executable = new OneDnnEngine().prepare(oracle.model(), new EngineOptions(2))) {
      float[] logits = executable.logits(input.values(), input.shape()[2], input.shape()[3]);
      double largest = 0;
      double difference = 0;
      for (int i = 0; i < expected.length; i++) {
        largest = Math.max(largest, Math.abs(expected[i]));
        difference = Math.max(difference, Math.abs(expected[i] - logits[i]));
      }
      System.out.println(difference < 1e-4 * largest ? "agrees" : "differs by " + difference);
    }
  }

  private static String run(Map<String, String> environment, List<String> options)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.add("-cp");
    // Surefire's own class path is one jar that names the others.
    command.add(
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
    command.add(OtherMachinesTest.class.getName());
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(environment);
    Process process = builder.start();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(text).isZero();
    assertThat(text).contains("agrees");
    return text;
  }

  @Test
  void withoutVectorInstructionsOf512Bits() throws Exception {
    String text = run(Map.of("ONEDNN_MAX_CPU_ISA", "AVX2"), List.of());
    assertThat(text).contains("precisions [fp32]");
  }

  @Test
  void withoutAmxAndBf16() throws Exception {
    String text = run(Map.of("ONEDNN_MAX_CPU_ISA", "AVX512_CORE"), List.of());
    assertThat(text).contains("precisions [fp32]");
  }

  @Test
  void withTheOldestInstructionsThatOneDnnKnows() throws Exception {
    String text = run(Map.of("ONEDNN_MAX_CPU_ISA", "SSE41"), List.of());
    assertThat(text).contains("precisions [fp32]");
  }

  @Test
  void interpreted() throws Exception {
    run(Map.of(), List.of("-Xint"));
  }

  @Test
  void fromAnEmptyCacheOfNatives() throws Exception {
    run(Map.of(), List.of("-Dorg.bytedeco.javacpp.cachedir=" + folder.resolve("cache")));
    assertThat(folder.resolve("cache")).isDirectoryContaining("glob:**dnnl*");
  }
}
