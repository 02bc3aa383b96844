package org.efrnet.cli.pack;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * A pack for the processor on its whole way: made of the built jars, split, joined in another
 * folder, and used there with no Java, no Maven and no variable but a PATH of coreutils.
 */
@EnabledOnOs(OS.LINUX)
class PackIT {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

  /** The shipped recipe, so short that it takes seconds, and long enough to be stopped. */
  private static final List<String> SHORT =
      List.of(
          "phases.0.epochs=40",
          "data.count=16",
          "data.width=96",
          "data.height=64",
          "phases.0.crop=64x48",
          "phases.0.batch=4",
          "precision=fp32");

  /** Threads that wait for one another take minutes where other work has the cores. */
  private static final Map<String, String> ENVIRONMENT = Map.of("OMP_NUM_THREADS", "1");

  @TempDir private static Path dir;

  private static Path pack;
  private static Path programs;

  /** Packs twice, as a folder and in pieces, and unpacks the pieces. */
  @BeforeAll
  static void packAndJoin() throws Exception {
    programs = Shell.programs(dir.resolve("bin"));
    String folder = pack("folder");
    assertThat(folder).contains("100 %", "packed: " + dir.resolve("folder"));
    pack("pieces", "--split", "40MiB");
    Shell.Result joined =
        Shell.run(programs, Map.of(), dir.resolve("pieces/join.sh"), dir.resolve("else where"));
    assertThat(joined.code()).as(joined.out()).isZero();
    pack = Path.of(joined.out().strip().replaceFirst("joined: ", ""));
    Folders.remove(dir.resolve("pieces"));
  }

  private static String pack(String name, String... words) throws Exception {
    Process process = packing(name, words);
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(out).isZero();
    return out;
  }

  private static Process packing(String name, String... words) throws IOException {
    Path launcher = Path.of(System.getProperty("efrnet.launcher"));
    String classPath =
        Arrays.stream(Files.readString(launcher.resolve("classpath")).strip().split(":", -1))
            .map(entry -> launcher.resolve(entry).toString())
            .collect(
                Collectors.joining(":", launcher.resolve("efrnet-cli-training.jar") + ":", ""));
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Defrnet.home=" + ROOT,
                "-cp",
                classPath,
                "org.efrnet.cli.Main",
                "pack",
                "--device",
                "cpu",
                "-o",
                dir.resolve(name).toString()));
    command.addAll(List.of(words));
    return new ProcessBuilder(command).redirectErrorStream(true).start();
  }

  private static Shell.Result bare(Object... words) throws Exception {
    return Shell.run(programs, ENVIRONMENT, words);
  }

  private static String recipe(String name) {
    return name + " smoke " + String.join(" ", SHORT);
  }

  private static Object[] training(String name) {
    return new Object[] {
      pack.resolve("train-all"),
      "--run",
      recipe(name),
      "--out",
      dir.resolve("runs"),
      "--results",
      dir.resolve("results")
    };
  }

  @Test
  void stoppedItSaysSoAndLeavesNothing() throws Exception {
    Path parent = Files.createDirectory(dir.resolve("stopping"));
    Process process = packing("stopping/pack");
    while (isEmpty(parent)) {
      assertThat(process.isAlive()).isTrue();
      Thread.sleep(20);
    }
    // Unlike the process's own destroy(), this leaves its output to be read.
    process.toHandle().destroy();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(out).isEqualTo(143);
    assertThat(out.lines().filter(line -> line.startsWith("efrnet: ")))
        .containsExactly("efrnet: stopped; nothing is left behind");
    assertThat(parent).isEmptyDirectory();
  }

  private static boolean isEmpty(Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.findAny().isEmpty();
    }
  }

  /** Two packings, one of them split and joined, hold the same bytes. */
  @Test
  void packedTwiceAndCarriedItIsTheSame() throws Exception {
    assertThat(pack.resolve("SHA256SUMS")).hasSameBinaryContentAs(dir.resolve("folder/SHA256SUMS"));
    Process check =
        Shell.builder(programs, Map.of(), "sha256sum", "-c", "--quiet", "SHA256SUMS")
            .directory(pack.toFile())
            .start();
    assertThat(new String(check.getInputStream().readAllBytes(), StandardCharsets.UTF_8)).isEmpty();
    assertThat(check.waitFor()).isZero();
  }

  @Test
  void itHasWhatItTakes() throws Exception {
    Shell.Result check = bare(pack.resolve("train-all"), "--check");
    assertThat(check.out()).contains("this host has all that cpu takes").doesNotContain("MISSING");
    assertThat(check.code()).isZero();
    assertThat(bare(pack.resolve("efrnet"), "--version").out()).contains("efrnet 0.");
    assertThat(Files.readString(pack.resolve("needed-libraries")))
        .contains("GLIBC version 2.")
        .doesNotContain("libtorch", "libgomp", "libopenblas", "libjvm", "libc.so");
  }

  /** JPEG is what needs more of Java than its base. */
  @Test
  void itSegmentsAJpeg() throws Exception {
    Shell.Result result =
        bare(
            pack.resolve("efrnet"),
            "segment",
            ROOT.resolve("samples/street.jpg"),
            "-o",
            dir.resolve("segmented"));
    assertThat(result.code()).as(result.out()).isZero();
    assertThat(dir.resolve("segmented/street.overlay.png")).isNotEmptyFile();
  }

  @Test
  void aTrainingStoppedAndResumedEndsAsOneThatWasNot() throws Exception {
    Process stopped =
        Shell.builder(programs, ENVIRONMENT, training("stopped"))
            .redirectOutput(dir.resolve("first-call").toFile())
            .start();
    Path log = dir.resolve("runs/stopped/train.jsonl");
    while (!Files.exists(log) || Files.size(log) == 0) {
      assertThat(stopped.isAlive()).as(Files.readString(dir.resolve("first-call"))).isTrue();
      Thread.sleep(20);
    }
    stopped.destroy();
    int code = stopped.waitFor();
    String said = Files.readString(dir.resolve("first-call"));
    assertThat(said).contains("stopped: stopped; it goes on at the next call");
    assertThat(code).isEqualTo(1);
    assertThat(dir.resolve("runs/stopped/bundle")).doesNotExist();

    Shell.Result resumed = bare(training("stopped"));
    assertThat(resumed.out()).contains("stopped: goes on", "stopped: finished");
    assertThat(resumed.code()).isZero();
    Shell.Result whole = bare(training("whole"));
    assertThat(whole.out()).contains("whole: begins", "whole: finished");
    assertThat(weights("stopped")).isEqualTo(weights("whole"));

    Shell.Result listed =
        bare(programs.resolve("tar"), "-tzf", dir.resolve("results/stopped.tar.gz"));
    assertThat(listed.out())
        .contains("stopped/bundle/model.safetensors", "stopped/train.jsonl", "stopped/checkpoint-");
  }

  private static String weights(String run) throws IOException {
    return Files.readAllLines(dir.resolve("runs").resolve(run).resolve("bundle/SHA256SUMS"))
        .stream()
        .filter(line -> line.endsWith("  model.safetensors"))
        .collect(Collectors.joining());
  }
}
