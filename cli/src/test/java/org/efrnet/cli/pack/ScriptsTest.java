package org.efrnet.cli.pack;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The script train-all, with a program in Java's place that only pretends to train. */
@EnabledOnOs(OS.LINUX)
class ScriptsTest {
  /**
   * Writes down its words. A recipe with {@code wait} trains until it is asked to stop and then
   * leaves a checkpoint; one with {@code broken} fails; others finish.
   */
  private static final String TRAINER =
      """
      recipe=$2
      words="$*"
      while [ $# -gt 0 ]; do [ "$1" = --out ] && out=$2; shift; done
      echo "$words" >> "$(dirname "$0")/calls"
      case $recipe in
        *broken*) echo 'efrnet: it is broken'; exit 1 ;;
        *wait*)
          case $words in *--resume*) ;; *)
            trap 'echo state > "$out/checkpoint-7.safetensors"; echo state > "$out/checkpoint-10.safetensors"; exit 1' TERM
            while :; do sleep 0.1; done ;;
          esac ;;
      esac
      mkdir "$out/bundle"
      echo weights > "$out/bundle/model.safetensors"
      echo sum > "$out/bundle/SHA256SUMS"
      """;

  @TempDir private Path dir;

  private Path pack;
  private Path programs;
  private Map<String, String> environment;

  @BeforeEach
  void make() throws IOException {
    pack = Files.createDirectory(dir.resolve("pack"));
    programs = Shell.programs(dir.resolve("bin"));
    environment = new HashMap<>();
    for (String name : List.of("train-all", "libraries.sh")) {
      Scripts.write(name, pack);
    }
    Shell.script(pack.resolve("efrnet"), TRAINER);
    Files.writeString(pack.resolve("PACK"), "version=1\ndevice=cpu\n");
    Files.writeString(pack.resolve("needed-libraries"), "");
    Files.createDirectory(pack.resolve("recipes"));
    for (String recipe : List.of("quick", "wait", "broken")) {
      Files.writeString(pack.resolve("recipes/" + recipe + ".yaml"), "name: x\n");
    }
  }

  private Shell.Result trainAll(Object... words) throws Exception {
    List<Object> command = new ArrayList<>(List.of(pack.resolve("train-all")));
    command.addAll(List.of(words));
    return Shell.run(programs, environment, command.toArray());
  }

  private Path out() {
    return dir.resolve("runs");
  }

  private List<String> calls() throws IOException {
    return Files.readAllLines(pack.resolve("calls"));
  }

  private List<String> archived(String name) throws Exception {
    return Shell.run(
            programs,
            Map.of(),
            programs.resolve("tar"),
            "-tzf",
            dir.resolve("results").resolve(name + ".tar.gz"))
        .out()
        .lines()
        .toList();
  }

  @Test
  void trainsAListAndSkipsWhatIsFinished() throws Exception {
    Path list = dir.resolve("list.txt");
    Files.writeString(
        list,
        "# name recipe changes\n\none quick seed=2 phases.0.scale=[0.5,2.0]  # why\r\n"
            + "two recipes/broken.yaml\nthree quick.yaml");
    Path data = Files.createDirectory(dir.resolve("my data"));
    Object[] words = {
      "--list", list, "--out", out(), "--data", data, "--results", dir.resolve("results")
    };
    Shell.Result first = trainAll(words);
    assertThat(first.out())
        .contains("one: finished")
        .contains("two: failed with code 1: efrnet: it is broken")
        .contains("three: finished")
        .contains("2 of 3 finished, 1 failed");
    assertThat(first.code()).isEqualTo(1);
    Path recipe = pack.resolve("recipes/quick.yaml");
    assertThat(calls())
        .hasSize(3)
        .first()
        .isEqualTo(
            "train %s seed=2 phases.0.scale=[0.5,2.0] --out %s/one --data %s"
                .formatted(recipe, out(), data));
    assertThat(archived("one"))
        .contains("one/bundle/model.safetensors", "one/bundle/SHA256SUMS", "one/console.log");

    assertThat(trainAll(words).out()).contains("one: is finished").contains("three: is finished");
    assertThat(calls()).hasSize(4);
  }

  @Test
  void theTimeLimitLeavesACheckpointAndTheNextCallGoesOn() throws Exception {
    Object[] words = {
      "--run",
      "slow wait",
      "--run",
      "after quick",
      "--out",
      out(),
      "--results",
      dir.resolve("results"),
      "--minutes",
      "0.1"
    };
    Shell.Result first = trainAll(words);
    assertThat(first.code()).isEqualTo(1);
    assertThat(first.out())
        .contains("slow: begins")
        .contains("slow: stopped; it goes on")
        .doesNotContain("after: begins")
        .contains("0 of 2 finished, 0 failed");
    assertThat(archived("slow"))
        .contains("slow/checkpoint-10.safetensors")
        .doesNotContain("slow/checkpoint-7.safetensors");

    Path elsewhere = dir.resolve("fresh host");
    Shell.Result second =
        trainAll(
            "--run",
            "slow wait",
            "--run",
            "after quick",
            "--out",
            elsewhere,
            "--restore",
            dir.resolve("results"));
    assertThat(second.out())
        .contains("slow: fetched from")
        .contains("slow: goes on")
        .contains("2 of 2 finished");
    assertThat(second.code()).isZero();
    assertThat(calls().get(1)).endsWith("--resume");
  }

  @Test
  void aSignalStopsTheTrainingToo() throws Exception {
    Process process =
        Shell.builder(
                programs,
                environment,
                pack.resolve("train-all"),
                "--run",
                "slow wait",
                "--run",
                "after quick",
                "--out",
                out())
            .redirectOutput(dir.resolve("said").toFile())
            .start();
    while (!Files.exists(pack.resolve("calls"))) {
      assertThat(process.isAlive()).isTrue();
      Thread.sleep(20);
    }
    process.destroy();
    int code = process.waitFor();
    String said = Files.readString(dir.resolve("said"));
    assertThat(code).as(said).isEqualTo(1);
    assertThat(said).contains("slow: stopped").doesNotContain("after: begins");
    assertThat(out().resolve("slow/checkpoint-10.safetensors")).exists();
  }

  @Test
  void wrongWordsAreOneLineAndCode2() throws Exception {
    Path list = dir.resolve("list.txt");
    Files.writeString(list, "one quick\none quick seed=3\n");
    for (Object[] words :
        List.<Object[]>of(
            new Object[] {},
            new Object[] {"--list", dir.resolve("none.txt")},
            new Object[] {"--list", list},
            new Object[] {"--run", "one"},
            new Object[] {"--run", "../one quick"},
            new Object[] {"--run", "one nowhere"},
            new Object[] {"--run", "one quick seed"},
            new Object[] {"--run", "one quick bundle.note=\"a b\""},
            new Object[] {"--run", "one quick", "--minutes", "0"},
            new Object[] {"--run", "one quick", "--minutes", "soon"},
            new Object[] {"--run", "one quick", "--device", "gpu"},
            new Object[] {"--run", "one quick", "--device", "cuda"},
            new Object[] {"--run", "one quick", "--out"},
            new Object[] {"--rum", "one quick"})) {
      Shell.Result result = trainAll(words);
      assertThat(result.code()).as(List.of(words) + result.out()).isEqualTo(2);
      assertThat(result.out().strip()).startsWith("train-all: ").doesNotContain("\n");
    }
    assertThat(pack.resolve("calls")).doesNotExist();
  }

  private void forCuda() throws IOException {
    Files.writeString(pack.resolve("PACK"), "version=1\ndevice=cuda\n");
    Files.writeString(
        pack.resolve("needed-libraries"),
        """
        GLIBC version 2.4
        libfirst-fake.so.13 cuda nvidia-first
        libsecond-fake.so.12 cuda nvidia-second
        libdriver-fake.so.1 driver -
        libfourth-fake.so.4 system -
        """);
  }

  private Path library(String folder, String name) throws IOException {
    Path file = dir.resolve(folder).resolve(name);
    Files.createDirectories(file.getParent());
    return Files.write(file, ElfBytes.of(List.of(), List.of()));
  }

  @Test
  void whatTheHostLacksIsNamedWithItsRemedy() throws Exception {
    forCuda();
    Shell.Result check = trainAll("--check");
    assertThat(check.code()).isEqualTo(1);
    assertThat(check.out().lines())
        .anyMatch(line -> line.startsWith("ok       glibc"))
        .anyMatch(line -> line.startsWith("MISSING  an NVIDIA card"))
        .anyMatch(
            line -> line.matches("MISSING  libfirst-fake.so.13: .*pip install nvidia-first;.*"))
        .anyMatch(line -> line.matches("MISSING  libdriver-fake.so.1: the NVIDIA driver.*"))
        .anyMatch(line -> line.matches("MISSING  libfourth-fake.so.4: the system's package.*"));
    Shell.Result run = trainAll("--run", "one quick", "--out", out());
    assertThat(run.code()).isEqualTo(1);
    assertThat(run.out()).contains("MISSING  libsecond-fake.so.12").contains("this host lacks");
    assertThat(pack.resolve("calls")).doesNotExist();
  }

  @Test
  void librariesAreFoundWhereHostsHaveThem() throws Exception {
    forCuda();
    Path first = library("site/nvidia/first/lib", "libfirst-fake.so.13");
    Path second = library("given", "libsecond-fake.so.12");
    Path driver = library("path", "libdriver-fake.so.1");
    library("path", "libfourth-fake.so.4");
    Shell.script(programs.resolve("python3"), "echo \"" + dir.resolve("site") + "\"\n");
    Shell.script(programs.resolve("nvidia-smi"), "echo 'Card X, 81559 MiB, 580.95.05'\n");
    environment.put("LD_LIBRARY_PATH", driver.getParent().toString());
    Shell.Result check = trainAll("--check", "--cuda-libs", second.getParent());
    assertThat(check.out())
        .contains("ok       card: Card X, 81559 MiB, 580.95.05")
        .contains("ok       libfirst-fake.so.13  " + first)
        .contains("ok       libsecond-fake.so.12  " + second)
        .contains("ok       libdriver-fake.so.1  " + driver)
        .contains("this host has all that cuda takes");
    assertThat(check.code()).isZero();
    assertThat(
            trainAll(
                    "--run",
                    "one quick",
                    "--out",
                    out(),
                    "--device",
                    "cuda:1",
                    "--cuda-libs",
                    second.getParent())
                .code())
        .isZero();
    assertThat(calls()).singleElement().asString().endsWith("--device cuda:1");

    Shell.script(programs.resolve("nvidia-smi"), "echo 'Card X, 81559 MiB, 535.10'\n");
    assertThat(trainAll("--check", "--cuda-libs", second.getParent()).out())
        .contains("MISSING  a driver for CUDA 13, which begins with 580; this one is 535.10");
  }

  @Test
  void whatLibrariesNeedInTheirTurnIsLookedForToo() throws Exception {
    forCuda();
    Files.writeString(pack.resolve("needed-libraries"), "libfirst-fake.so.13 cuda nvidia-first\n");
    library("given", "libfirst-fake.so.13");
    Files.delete(programs.resolve("ldd"));
    Shell.script(programs.resolve("ldd"), "echo '\tlibinner-fake.so.3 => not found'\n");
    Shell.script(programs.resolve("nvidia-smi"), "echo 'Card X, 81559 MiB, 590.1'\n");
    assertThat(trainAll("--check", "--cuda-libs", dir.resolve("given")).out())
        .contains("MISSING  libinner-fake.so.3, which libfirst-fake.so.13 needs: ");
    Path inner = library("given", "libinner-fake.so.3");
    assertThat(trainAll("--check", "--cuda-libs", dir.resolve("given")).out())
        .contains("ok       libinner-fake.so.3  " + inner)
        .contains("this host has all");
  }
}
