package org.efrnet.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.cli.CommandLineTest.Result;
import org.efrnet.disk.SmallDisk;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code train} from the outside: seeds, a full disk, devices, wrong words. */
class TrainCommandTest {
  @TempDir private Path dir;

  private static Result train(Path out, Object... more) {
    List<Object> words = new ArrayList<>();
    words.addAll(List.of("train", Path.of("..", "recipes", "smoke.yaml")));
    words.addAll(List.of("precision=fp32", "data.count=6", "data.width=96", "data.height=64"));
    words.addAll(List.of("phases.0.epochs=3", "phases.0.batch=2", "phases.0.crop=64x48"));
    words.addAll(List.of("--threads", 1, "--out", out));
    words.addAll(List.of(more));
    return CommandLineTest.run(words.toArray());
  }

  private static String digest(Path run) throws IOException {
    return ModelBundle.read(run.resolve("bundle")).weights().digest();
  }

  @Test
  void severalSeedsAreTrainedAndCompared() throws IOException {
    Path out = dir.resolve("runs");
    Object[] words = {"--seeds", 2, "watch.split=val", "watch.everyEpochs=2", "watch.pictures=3"};
    Result result = train(out, words);
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(digest(out.resolve("seed-1"))).isNotEqualTo(digest(out.resolve("seed-2")));
    assertThat(Files.readString(out.resolve("seed-2/recipe.yaml"))).contains("seed: 2");
    JsonNode summary = new ObjectMapper().readTree(out.resolve("summary.json").toFile());
    assertThat(summary.path("runs")).hasSize(2);
    assertThat(out.resolve("index.html")).exists();
    assertThat(out.resolve("summary.md")).exists();

    // Finished ones are left alone; one that is missing is trained.
    byte[] first = Files.readAllBytes(out.resolve("seed-1/train.jsonl"));
    Files.move(out.resolve("seed-2"), dir.resolve("lost"));
    List<Object> again = new ArrayList<>(List.of(words));
    again.add("--resume");
    assertThat(train(out, again.toArray()).code()).isZero();
    assertThat(Files.readAllBytes(out.resolve("seed-1/train.jsonl"))).isEqualTo(first);
    assertThat(digest(out.resolve("seed-2"))).isEqualTo(digest(dir.resolve("lost")));

    // What is compared differs in its seed alone.
    again.add("schedule.rate=0.05");
    Result mixed = train(out, again.toArray());
    assertThat(mixed.code()).isEqualTo(1);
    assertThat(mixed.err())
        .contains("seed-1 was trained by another recipe: schedule.rate", "-> 0.05");
  }

  @Test
  void aFullDiskEndsTheRunWithOneLineAndNothingIsLost() throws Exception {
    Path straight = dir.resolve("straight");
    assertThat(train(straight).code()).isZero();
    // Room for two checkpoints of six megabytes, not for the third that is written beside them.
    Path small = Files.createDirectory(dir.resolve("small"));
    try (SmallDisk disk = SmallDisk.mount(small, 16 << 10)) {
      Path run = disk.root().resolve("run");
      Result full = train(run, "--checkpoint-every=0");
      assertThat(full.code()).isEqualTo(1);
      List<String> complaints =
          full.err().lines().filter(line -> line.startsWith("efrnet: ")).toList();
      assertThat(complaints)
          .singleElement()
          .asString()
          .contains("cannot be saved", "checkpoint of step 2 is good", "--resume");
      assertThat(full.err()).doesNotContain("\tat ");
      assertThat(run.resolve("checkpoint-2.safetensors")).exists();
      assertThat(run.resolve("bundle")).doesNotExist();

      Path larger = dir.resolve("larger");
      copy(run, larger);
      Result resumed = train(larger, "--resume");
      assertThat(resumed.code()).as(resumed.err()).isZero();
      assertThat(digest(larger)).isEqualTo(digest(straight));
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    try (var files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(from.relativize(file).toString()));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "--seeds=0, must be 1..100",
    "--keep=0, must be at least 1",
    "--checkpoint-every=-1, at least 0 seconds",
    "--changed-recipe, goes with --resume",
    "--device=gpu, 'none of cpu, cuda and cuda:N'",
  })
  void refusesWrongWords(String word, String message) {
    Result result = train(dir.resolve("run"), word);
    assertThat(result.code()).isEqualTo(2);
    assertThat(result.complaint()).contains(message);
    assertThat(dir.resolve("run")).doesNotExist();
  }

  @Test
  void aCardThatIsNotThereIsSaidInOneLine() {
    Result result = train(dir.resolve("run"), "--device", "cuda");
    assertThat(result.code()).isEqualTo(1);
    assertThat(result.complaint()).contains("device cuda: libtorch sees no CUDA card");
  }
}
