package org.efrnet.cli.pack;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
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
   * leaves a checkpoint; one with {@code stubborn} leaves one and does not stop; one with {@code
   * broken} fails; one with {@code staged} is stopped in its second stage the first time, which has
   * no checkpoint yet; others finish.
   */
  private static final String TRAINER =
      """
      recipe=$2
      words="$*"
      while [ $# -gt 0 ]; do [ "$1" = --out ] && out=$2; shift; done
      echo "$words" >> "$(dirname "$0")/calls"
      case $recipe in
        *staged*)
          case $words in *--resume*) ;; *)
            mkdir -p "$out/stage-1/bundle"
            echo sum > "$out/stage-1/bundle/SHA256SUMS"
            for file in checkpoint-9.safetensors checkpoint-12.safetensors train.jsonl; do
              echo text > "$out/stage-1/$file"
            done
            echo text > "$out/train.jsonl"
            exit 1
          esac
          echo state > "$out/checkpoint-5.safetensors" ;;
        *broken*) echo 'efrnet: it is broken'; exit 1 ;;
        *stubborn*)
          echo state > "$out/checkpoint-3.safetensors"
          trap '' TERM
          while :; do sleep 0.1; done ;;
        *wait*)
          case $words in *--resume*) ;; *)
            trap 'echo state > "$out/checkpoint-7.safetensors"; echo state > "$out/checkpoint-10.safetensors"; exit 1' TERM
            while :; do sleep 0.1; done ;;
          esac ;;
      esac
      mkdir -p "$out/bundle"
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
    for (String recipe : List.of("quick", "wait", "stubborn", "broken", "staged")) {
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
        "# the paper's recipe\n\n \t# and \"another\"\none quick seed=2 phases.0.scale=[0.5,2.0] bundle.note=no#1  # it's why\r\n"
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
            "train %s seed=2 phases.0.scale=[0.5,2.0] bundle.note=no#1 --out %s/one --data %s"
                .formatted(recipe, out(), data));
    assertThat(archived("one"))
        .contains("one/bundle/model.safetensors", "one/bundle/SHA256SUMS", "one/console.log");

    assertThat(trainAll(words).out()).contains("one: is finished").contains("three: is finished");
    assertThat(calls()).hasSize(4);
  }

  @Test
  void aRunInStagesIsArchivedAndGoesOn() throws Exception {
    Object[] words = {"--run", "two staged", "--out", out(), "--results", dir.resolve("results")};
    assertThat(trainAll(words).out()).contains("two: begins", "0 of 1 finished");
    assertThat(archived("two"))
        .contains(
            "two/train.jsonl",
            "two/stage-1/train.jsonl",
            "two/stage-1/bundle/SHA256SUMS",
            "two/stage-1/checkpoint-12.safetensors")
        .doesNotContain("two/stage-1/checkpoint-9.safetensors");
    assertThat(trainAll(words).out()).contains("two: goes on", "1 of 1 finished");
    assertThat(calls().get(1)).contains("--resume");
    assertThat(archived("two"))
        .contains(
            "two/bundle/SHA256SUMS", "two/checkpoint-5.safetensors", "two/stage-1/train.jsonl")
        .doesNotContain("two/stage-1/bundle/SHA256SUMS");
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
  void whatDoesNotStopInTimeIsEndedAndArchived() throws Exception {
    environment.put("SECONDS", "1000"); // bash would count on from there
    Shell.Result result =
        trainAll(
            "--run",
            "slow stubborn",
            "--out",
            out(),
            "--results",
            dir.resolve("results"),
            "--minutes",
            "0.1");
    assertThat(result.out())
        .contains("slow: did not stop in time and is ended; its last checkpoint stands")
        .contains("slow: stopped; it goes on")
        .contains("0 of 1 finished, 0 failed")
        .doesNotContain("Killed");
    assertThat(result.code()).isEqualTo(1);
    assertThat(archived("slow")).contains("slow/checkpoint-3.safetensors");
  }

  /** The call that finished the run may have been killed before it archived it. */
  @Test
  void anArchiveOlderThanTheBundleIsMadeAnew() throws Exception {
    Path archive = dir.resolve("results/one.tar.gz");
    Object[] words = {"--run", "one quick", "--out", out(), "--results", dir.resolve("results")};
    trainAll(words);
    FileTime finished = Files.getLastModifiedTime(out().resolve("one/bundle/SHA256SUMS"));
    Files.writeString(archive, "of a checkpoint");
    Files.setLastModifiedTime(archive, FileTime.fromMillis(finished.toMillis() - 5000));
    assertThat(trainAll(words).code()).isZero();
    assertThat(archived("one")).contains("one/bundle/SHA256SUMS");

    Files.writeString(archive, "made after the bundle");
    Files.setLastModifiedTime(archive, FileTime.fromMillis(finished.toMillis() + 5000));
    assertThat(trainAll(words).code()).isZero();
    assertThat(archive).hasContent("made after the bundle");
  }

  @Test
  void aFinishedRunThatWasTrainedFurtherIsNotFinished() throws Exception {
    Object[] words = {"--run", "one quick", "--out", out()};
    trainAll(words);
    Path sums = out().resolve("one/bundle/SHA256SUMS");
    Path checkpoint = Files.writeString(out().resolve("one/checkpoint-9.safetensors"), "state");
    Files.setLastModifiedTime(checkpoint, Files.getLastModifiedTime(sums));
    assertThat(trainAll(words).out()).contains("one: is finished");

    FileTime later = FileTime.fromMillis(Files.getLastModifiedTime(sums).toMillis() + 5000);
    Files.setLastModifiedTime(checkpoint, later);
    assertThat(trainAll(words).out()).contains("one: goes on", "one: finished", "1 of 1 finished");
    assertThat(calls()).hasSize(2).last().asString().endsWith("--resume");
  }

  @Test
  void aRunIsRestoredWholeOrNotAtAll() throws Exception {
    Path results = dir.resolve("results");
    trainAll("--run", "one quick", "--out", out(), "--results", results);
    byte[] good = Files.readAllBytes(results.resolve("one.tar.gz"));
    Path elsewhere = dir.resolve("fresh host");
    Object[] words = {
      "--run", "one quick", "--out", elsewhere, "--restore", results, "--results", results
    };
    byte[] half = Arrays.copyOf(good, good.length - 40);
    Files.write(results.resolve("one.tar.gz"), half);
    Shell.Result cut = trainAll(words);
    assertThat(cut.code()).isEqualTo(1);
    assertThat(cut.out()).contains("one.tar.gz cannot be unpacked into");
    assertThat(elsewhere).isEmptyDirectory();
    assertThat(results.resolve("one.tar.gz")).hasBinaryContent(half);

    // What a call leaves that is killed while it unpacks.
    Path killed = Files.createDirectories(elsewhere.resolve(".one.restoring/one"));
    Files.writeString(killed.resolve("checkpoint-99.safetensors"), "half");
    Files.write(results.resolve("one.tar.gz"), good);
    assertThat(trainAll(words).out()).contains("one: fetched from", "one: is finished");
    assertThat(elsewhere).isDirectoryNotContaining("glob:**/.*");
    assertThat(elsewhere.resolve("one")).isDirectoryNotContaining("glob:**/checkpoint-*");
    assertThat(calls()).hasSize(1);
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
                out(),
                "--results",
                dir.resolve("results"))
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
    assertThat(archived("slow")).contains("slow/checkpoint-10.safetensors");
  }

  /** As when the connection to a host breaks. */
  @Test
  void aRunIsArchivedThoughNobodyReadsWhatIsSaid() throws Exception {
    Process process =
        Shell.builder(
                programs,
                environment,
                pack.resolve("train-all"),
                "--run",
                "slow wait",
                "--out",
                out(),
                "--results",
                dir.resolve("results"))
            .start();
    while (!Files.exists(pack.resolve("calls"))) {
      assertThat(process.isAlive()).isTrue();
      Thread.sleep(20);
    }
    process.getInputStream().close();
    process.destroy();
    assertThat(process.waitFor()).isEqualTo(1);
    assertThat(archived("slow")).contains("slow/checkpoint-10.safetensors");
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
            new Object[] {"--run", "one quick", "--restore", dir.resolve("none")},
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
    Shell.Result tooMany = trainAll("--check", "--device", "cuda:100");
    assertThat(tooMany.code()).isEqualTo(2);
    assertThat(tooMany.out()).contains("must be cpu, cuda or cuda:N");
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
    Shell.Result old = trainAll("--check", "--cuda-libs", second.getParent());
    assertThat(old.out()).contains("note     card: Card X, 81559 MiB, 535.10; CUDA 13 takes");
    assertThat(old.code()).isZero();
    Files.delete(programs.resolve("nvidia-smi"));
    Shell.Result unnamed = trainAll("--check", "--cuda-libs", second.getParent());
    assertThat(unnamed.out())
        .contains("note     nvidia-smi names no card, but")
        .contains("has all");
    assertThat(unnamed.code()).isZero();

    Files.delete(driver);
    assertThat(trainAll("--check", "--cuda-libs", second.getParent()).out())
        .contains("MISSING  an NVIDIA card", "MISSING  libdriver-fake.so.1");
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
