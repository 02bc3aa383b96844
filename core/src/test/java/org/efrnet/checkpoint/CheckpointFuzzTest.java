package org.efrnet.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Whatever a file holds, it is read or refused in one line. As a test this runs over the inputs in
 * {@code CheckpointFuzzTestInputs}. Without the line of {@code junit-platform.properties}, and with
 * {@code JAZZER_FUZZ=1} in the environment, Jazzer looks for others; what it finds belongs there.
 */
class CheckpointFuzzTest {
  @FuzzTest(maxDuration = "10m")
  void isReadOrRefused(byte[] bytes) throws IOException {
    Path dir = Files.createTempDirectory("efrnet-fuzz");
    Path file = Files.write(dir.resolve("weights.pth"), bytes);
    try {
      CheckpointTest.tensors(file);
    } catch (CheckpointException e) {
      assertThat(e).message().startsWith("checkpoint ").doesNotContain("\n");
    } finally {
      Files.delete(file);
      Files.delete(dir);
    }
  }
}
