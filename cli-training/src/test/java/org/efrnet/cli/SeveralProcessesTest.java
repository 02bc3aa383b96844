package org.efrnet.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.efrnet.cli.CommandLineTest.Result;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code train --processes}: real processes, of which one is killed. */
class SeveralProcessesTest {
  private static final int STEPS = 40;

  @TempDir private Path dir;

  private static List<String> words(Path run, int steps) {
    return List.of(
        "train",
        Path.of("..", "recipes", "smoke.yaml").toString(),
        "precision=fp64",
        "data.count=8",
        "data.width=96",
        "data.height=64",
        "phases.0.epochs=" + steps / 2,
        "phases.0.batch=4",
        "phases.0.crop=64x48",
        "--engine=libtorch",
        "--threads=1",
        "--checkpoint-every=0",
        "--out=" + run);
  }

  private Process start(List<String> words, Map<String, String> environment) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    // Short runs: the time to start counts for more than the code that a second compiler makes.
    command.addAll(List.of("-Xmx700m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp"));
    command.add(System.getProperty("java.class.path"));
    command.add(Main.class.getName());
    command.addAll(words);
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().keySet().removeAll(List.of("WORLD_SIZE", "RANK", "LOCAL_RANK"));
    builder.environment().putAll(environment);
    return builder.redirectOutput(output().toFile()).start();
  }

  private Path output() {
    return dir.resolve("output");
  }

  private static List<String> with(List<String> words, String... more) {
    List<String> all = new ArrayList<>(words);
    all.addAll(List.of(more));
    return all;
  }

  private List<String> complaints() throws IOException {
    return Files.readAllLines(output()).stream()
        .filter(line -> line.startsWith("efrnet: "))
        .toList();
  }

  private static Map<Long, Double> losses(Path run) throws IOException {
    Map<Long, Double> losses = new TreeMap<>();
    for (String line : Files.readAllLines(run.resolve("train.jsonl"))) {
      JsonNode node = new ObjectMapper().readTree(line);
      losses.put(node.path("step").asLong(), node.path("loss").asDouble());
    }
    return losses;
  }

  @Test
  void aKilledRankEndsTheOthersAndOneProcessGoesOn() throws Exception {
    Path straight = dir.resolve("straight");
    assertThat(CommandLineTest.run(words(straight, STEPS).toArray()).code()).isZero();

    Path run = dir.resolve("run");
    Process launcher = start(with(words(run, STEPS), "--processes=2", "--wait=300"), Map.of());
    try {
      long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(8);
      while (launcher.isAlive() && KillDrillTest.newest(run) < 2 && System.nanoTime() < deadline) {
        Thread.sleep(5);
      }
      assertThat(KillDrillTest.newest(run))
          .as(Files.readString(output()))
          .isGreaterThanOrEqualTo(2);
      rank(launcher, 1).destroyForcibly();
      assertThat(launcher.waitFor(5, TimeUnit.MINUTES)).isTrue();
    } finally {
      launcher.destroyForcibly();
    }
    assertThat(launcher.exitValue()).isEqualTo(1);
    long left = KillDrillTest.newest(run);
    // The line of step 40 is then the mean of the same steps in both runs.
    assertThat(left).isLessThan(STEPS / 2);
    assertThat(complaints())
        .singleElement()
        .asString()
        .contains("rank 1 of 2 was lost")
        .contains("the checkpoint of step " + left + " is good: go on with --resume");
    assertThat(run.resolve("bundle")).doesNotExist();

    Result resumed = CommandLineTest.run(with(words(run, STEPS), "--resume").toArray());
    assertThat(resumed.code()).as(resumed.err()).isZero();
    Map<Long, Double> expected = losses(straight);
    Map<Long, Double> losses = losses(run);
    assertThat(losses).containsOnlyKeys(expected.keySet());
    // A checkpoint rounds to 32 bits.
    long last = STEPS;
    assertThat(losses.get(last)).isCloseTo(expected.get(last), within(0.02));
  }

  private static ProcessHandle rank(Process launcher, int rank) {
    // They are started by rank.
    return launcher
        .children()
        .sorted(Comparator.comparing(ProcessHandle::pid))
        .skip(rank)
        .findFirst()
        .orElseThrow();
  }

  @Test
  void whoeverFindsNobodySaysSoInOneLine() throws Exception {
    // Nobody listens at port 1, and nobody but root could.
    Process alone =
        start(
            with(words(dir.resolve("run"), STEPS), "--wait=1"),
            Map.of("WORLD_SIZE", "2", "RANK", "1", "MASTER_ADDR", "127.0.0.1", "MASTER_PORT", "1"));
    assertThat(alone.waitFor(5, TimeUnit.MINUTES)).isTrue();
    assertThat(alone.exitValue()).isEqualTo(1);
    assertThat(Files.readAllLines(output()))
        .singleElement()
        .asString()
        .contains("efrnet: rank 1 cannot reach rank 0 at 127.0.0.1:1 within 1 s");
    assertThat(dir.resolve("run")).doesNotExist();
  }

  @ParameterizedTest
  @CsvSource({
    "--processes=0, must be 1..1024",
    "--wait=0, must be 1..86400",
  })
  void refusesWrongNumbers(String word, String message) {
    Result result = CommandLineTest.run(with(words(dir.resolve("run"), STEPS), word).toArray());
    assertThat(result.code()).isEqualTo(2);
    assertThat(result.complaint()).contains(message);
  }

  @Test
  void refusesWhatGoesWithOneProcessAlone() {
    List<String> two = with(words(dir.resolve("run"), STEPS), "--processes=2");
    assertThat(CommandLineTest.run(with(two, "--seeds=2").toArray()).complaint())
        .contains("--seeds: goes with one process");
    List<String> oneDnn = new ArrayList<>(two);
    oneDnn.replaceAll(word -> word.replace("libtorch", "onednn"));
    assertThat(CommandLineTest.run(oneDnn.toArray()).complaint())
        .contains("engine onednn learns in one process: its batch norm sees");
    assertThat(dir.resolve("run")).doesNotExist();
  }
}
