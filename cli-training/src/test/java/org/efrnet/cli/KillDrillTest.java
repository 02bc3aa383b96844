package org.efrnet.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.training.Trainer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A training that is killed without warning, again and again, comes to the same weights as one that
 * is left alone. {@code -Dkills=20} kills more often, {@code -Dseed=N} at other moments.
 */
class KillDrillTest {
  private static final int KILLS = Integer.getInteger("kills", 2);
  private static final long SEED = Long.getLong("seed", System.nanoTime());
  private static final int STEPS = 40;

  @TempDir private Path dir;

  private Process train(Path run, boolean resume) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx1g", "-cp", System.getProperty("java.class.path")));
    command.add(Main.class.getName());
    command.addAll(List.of("train", Path.of("..", "recipes", "smoke.yaml").toString()));
    command.addAll(List.of("precision=fp32", "data.count=8", "data.width=96", "data.height=64"));
    command.addAll(
        List.of("phases.0.epochs=" + STEPS / 4, "phases.0.batch=2", "phases.0.crop=64x48"));
    // A checkpoint at every step: many kills then fall into the middle of writing one.
    command.addAll(List.of("--checkpoint-every", "0", "--threads", "1", "--out", run.toString()));
    if (resume) {
      command.add("--resume");
    }
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("OMP_NUM_THREADS", "1");
    return builder.redirectOutput(dir.resolve(run.getFileName() + ".out").toFile()).start();
  }

  private void finish(Path run, boolean resume) throws Exception {
    Process process = train(run, resume);
    assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
    assertThat(process.exitValue())
        .as(Files.readString(dir.resolve(run.getFileName() + ".out")))
        .isZero();
  }

  private static boolean finished(Path run) {
    return Files.exists(run.resolve("bundle"));
  }

  @Test
  void killedAtAnyMomentItEndsWhereAnUndisturbedOneDoes() throws Exception {
    Path straight = dir.resolve("straight");
    finish(straight, false);
    String expected = ModelBundle.read(straight.resolve("bundle")).weights().digest();

    System.out.println("kill drill: seed " + SEED + ", repeat with -Dseed=" + SEED);
    SplittableRandom random = new SplittableRandom(SEED);
    int kills = 0;
    for (int run = 0; kills < KILLS; run++) {
      Path folder = dir.resolve("run-" + run);
      // As many kills in one run as fit: each must lose at most the step in progress.
      while (kills < KILLS && !finished(folder)) {
        boolean resume = Trainer.hasCheckpoint(folder);
        long before = newest(folder);
        Process process = train(folder, resume);
        long seen = before + 1 + random.nextInt(STEPS / 3);
        long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(5);
        while (process.isAlive() && newest(folder) < seen && System.nanoTime() < deadline) {
          Thread.sleep(1);
        }
        // Somewhere in a step or in the writing of its checkpoint.
        Thread.sleep(random.nextInt(60));
        if (process.isAlive()) {
          process.destroyForcibly();
          kills++;
        }
        process.waitFor();
        assertThat(newest(folder)).isGreaterThanOrEqualTo(before);
        System.out.println("kill drill: " + kills + " kills, run " + run + " at " + newest(folder));
      }
      if (!finished(folder)) {
        finish(folder, Trainer.hasCheckpoint(folder));
      }
      assertThat(ModelBundle.read(folder.resolve("bundle")).weights().digest())
          .as("run " + run + ", seed " + SEED)
          .isEqualTo(expected);
      assertThat(loggedSteps(folder)).isEqualTo(loggedSteps(straight));
    }
  }

  private static List<String> loggedSteps(Path run) throws IOException {
    return Files.readAllLines(run.resolve("train.jsonl")).stream()
        .map(line -> line.replaceAll("\\D*(\\d+).*", "$1"))
        .toList();
  }

  /** The step of the newest checkpoint; 0 if there is none. */
  static long newest(Path run) throws IOException {
    if (!Files.isDirectory(run)) {
      return 0;
    }
    try (var files = Files.list(run)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.matches("checkpoint-[0-9]+\\.safetensors"))
          .mapToLong(name -> Long.parseLong(name.replaceAll("[^0-9]", "")))
          .max()
          .orElse(0);
    }
  }
}
