package org.efrnet.cli.pack;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the launchers of a pack and of a checkout tell Java, by a Java that only repeats it. */
@EnabledOnOs(OS.LINUX)
class LaunchersTest {
  private static final String LIMIT = "/sys/fs/cgroup/cpu.max";
  private static final String JAVA = "echo \"$OMP_NUM_THREADS threads, ${LD_LIBRARY_PATH:-}\"\n";

  @TempDir private Path dir;

  private Path programs;
  private Path pack;
  private Path checkout;
  private Map<String, String> environment;

  @BeforeEach
  void make() throws IOException {
    programs = Shell.programs(dir.resolve("bin"), "find", "head");
    Shell.script(programs.resolve("nproc"), "echo \"${OMP_NUM_THREADS:-3}\"\n");
    environment = new HashMap<>();

    pack = Files.createDirectory(dir.resolve("pack"));
    Scripts.write("efrnet", pack);
    Scripts.write("libraries.sh", pack);
    Files.writeString(pack.resolve("needed-libraries"), "");
    Files.writeString(pack.resolve("classpath"), "PACK\n");
    Files.writeString(pack.resolve("PACK"), "");
    java(pack.resolve("runtime"));

    checkout = Files.createDirectory(dir.resolve("checkout"));
    Files.copy(Path.of("..", "efrnet"), checkout.resolve("efrnet"));
    Files.writeString(checkout.resolve("pom.xml"), "");
    module("cli", "core.jar");
    // Newer than the class path and empty: this Java makes no archive.
    Files.writeString(checkout.resolve("cli/target/classes-17.jsa"), "");
    module("cli-onnx", "core.jar", "onnxruntime.jar");
    module("cli-server", "core.jar", "javalin.jar");
    module("cli-spark", "core.jar", "spark.jar");
    module("cli-video", "core.jar", "ffmpeg.jar");
    module("cli-training", "core.jar", "pytorch.jar");
    java(dir.resolve("jdk"));
    environment.put("JAVA_HOME", dir.resolve("jdk").toString());

    for (Path launcher : List.of(pack, checkout)) {
      Path file = launcher.resolve("efrnet");
      String text = Files.readString(file);
      assertThat(text).contains(LIMIT);
      Files.writeString(file, text.replace(LIMIT, "'" + dir.resolve("cpu.max") + "'"));
    }
  }

  /** A module as the build leaves it. */
  private void module(String name, String... jars) throws IOException {
    Path target = Files.createDirectories(checkout.resolve(name).resolve("target"));
    Files.createDirectory(target.resolve("lib"));
    for (String jar : jars) {
      Files.writeString(target.resolve("lib").resolve(jar), "");
    }
    Files.writeString(target.resolve("efrnet-" + name + ".jar"), "");
    Files.writeString(target.resolve("classpath"), "lib/" + String.join(":lib/", jars));
    Files.setLastModifiedTime(
        target.resolve("classpath"), FileTime.from(Instant.now().minusSeconds(9)));
    Files.setLastModifiedTime(
        checkout.resolve("pom.xml"), FileTime.from(Instant.now().minusSeconds(99)));
  }

  private static void java(Path home) throws IOException {
    Files.createDirectories(home.resolve("bin"));
    Shell.script(home.resolve("bin/java"), JAVA);
    Shell.script(home.resolve("bin/jlink"), "");
    Files.writeString(home.resolve("release"), "JAVA_VERSION=\"17.0.1\"\n");
  }

  /** Of both launchers, which must agree. */
  private String threads(String... words) throws Exception {
    String said = said(pack, words);
    assertThat(said(checkout, words)).isEqualTo(said);
    return said.replaceFirst(" threads,.*", "");
  }

  private String said(Path folder, String... words) throws Exception {
    Object[] command = new Object[words.length + 1];
    command[0] = folder.resolve("efrnet");
    System.arraycopy(words, 0, command, 1, words.length);
    Shell.Result result = Shell.run(programs, environment, command);
    assertThat(result.code()).as(result.out()).isZero();
    return result.out().strip();
  }

  @Test
  void threadsAreWhatIsSaidElseWhatThisProcessMayUse() throws Exception {
    assertThat(threads()).isEqualTo("3");
    assertThat(threads("train", "--threads", "7")).isEqualTo("7");
    environment.put("OMP_NUM_THREADS", "5");
    assertThat(threads()).isEqualTo("5");
    environment.put("OMP_NUM_THREADS", "4,2");
    assertThat(threads()).isEqualTo("4");
    assertThat(threads("train", "--threads=7")).isEqualTo("7");
    // Which nproc must not be asked about.
    environment.put("OMP_NUM_THREADS", "many");
    assertThat(threads()).isEqualTo("3");
  }

  @Test
  void aContainersShareOfTheProcessorsCounts() throws Exception {
    Path limit = dir.resolve("cpu.max");
    Map<String, String> shares =
        Map.of(
            "max 100000", "3",
            "900000 100000", "3",
            "200000 100000", "2",
            "190000 100000", "1",
            "50000 100000", "1",
            "50000 0", "3",
            "", "3");
    for (Map.Entry<String, String> share : shares.entrySet()) {
      Files.writeString(limit, share.getKey() + "\n");
      assertThat(threads()).as(share.getKey()).isEqualTo(share.getValue());
    }
    environment.put("OMP_NUM_THREADS", "6");
    assertThat(threads()).isEqualTo("6");
  }

  @Test
  void withoutNprocTheSystemIsAsked() throws Exception {
    Files.delete(programs.resolve("nproc"));
    Shell.script(programs.resolve("getconf"), "[ \"$1\" = _NPROCESSORS_ONLN ] && echo 8\n");
    assertThat(threads()).isEqualTo("8");
    Files.delete(programs.resolve("getconf"));
    assertThat(threads()).isEqualTo("1");
  }

  /** What needs libtorch, ONNX Runtime, FFmpeg or the service gets it, and nothing else does. */
  @ParameterizedTest
  @CsvSource({
    "--version, cli",
    "segment a.jpg, cli",
    "segment train --size 64, cli",
    "evaluate b --data d, cli",
    "doctor, cli cli-onnx cli-training cli-video",
    "train r.yaml, cli-training",
    "--help train, cli-training",
    "pack --device cpu, cli-training",
    "export b, cli-onnx",
    "serve --port 9000, cli-server",
    "serve --engine onnxruntime, cli-onnx cli-server",
    "video a.mp4, cli-video",
    "video a.mp4 --engine libtorch, cli-training cli-video",
    "label d -o m, cli-spark",
    "label d -o m --spark=local[2] --engine onnxruntime, cli-onnx cli-spark",
    "evaluate b --data d --spark local[2], cli-spark",
    "evaluate b --spark=local[2] --data d, cli-spark",
    "segment --spark a.jpg, cli",
    "segment label, cli",
    "segment --engine libtorch a.jpg, cli-training",
    "evaluate --engine=onnxruntime b, cli-onnx",
    "segment --engine onednn a.jpg, cli",
    "'bench --against libtorch,onnxruntime', cli-onnx cli-training",
    "bench --against=onnxruntime, cli-onnx",
    "bench --against reference --engine libtorch, cli-training",
  })
  void everyCommandGetsTheClassPathThatItNeeds(String words, String modules) throws Exception {
    Shell.script(dir.resolve("jdk/bin/java"), "echo \"$*\"\n");
    String said = said(checkout, words.split(" "));
    List<String> jars =
        Arrays.stream(said.replaceFirst(".* -cp (.*) org.efrnet.cli.Main .*", "$1").split(":"))
            .map(jar -> checkout.relativize(Path.of(jar)).toString())
            .toList();
    List<String> expected = new ArrayList<>();
    for (String module : modules.split(" ")) {
      expected.add(module + "/target/efrnet-" + module + ".jar");
      expected.add(module + "/target/lib/core.jar");
      String own =
          switch (module) {
            case "cli-onnx" -> "onnxruntime.jar";
            case "cli-server" -> "javalin.jar";
            case "cli-spark" -> "spark.jar";
            case "cli-video" -> "ffmpeg.jar";
            default -> "pytorch.jar";
          };
      expected.add(module + "/target/lib/" + own);
    }
    // A jar that several modules bring is there once, and cli brings none of its own.
    expected.removeIf(jar -> jar.startsWith("cli/target/lib/pytorch"));
    String first = modules.split(" ")[0];
    expected.removeIf(jar -> jar.endsWith("core.jar") && !jar.startsWith(first + "/"));
    assertThat(jars).isEqualTo(expected);
  }

  /** A task of Spark's has one core, unless somebody says otherwise. */
  @Test
  void onSparkAPictureHasOneThread() throws Exception {
    for (String words : List.of("label d -o m", "evaluate b --spark")) {
      assertThat(said(checkout, words.split(" "))).startsWith("1 threads");
      assertThat(said(checkout, (words + " --threads 2").split(" "))).startsWith("2 threads");
    }
    assertThat(said(checkout, "evaluate", "b")).startsWith("3 threads");
  }

  private String library(String folder, String... names) throws IOException {
    Path place = Files.createDirectories(dir.resolve(folder));
    for (String name : names) {
      Files.write(place.resolve(name), ElfBytes.of(List.of(), List.of()));
    }
    return place.toString();
  }

  /** What --check names and what the loader takes must be the same file. */
  @Test
  void librariesAreLoadedFromWhereTheyAreFound() throws Exception {
    Files.writeString(
        pack.resolve("needed-libraries"),
        "libone-fake.so.1 cuda -\nlibtwo-fake.so.2 cuda -\nlibthree-fake.so.3 cuda -\n");
    String given = library("given", "libone-fake.so.1");
    String path = library("path", "libone-fake.so.1");
    // The first library that is looked for lies in the last folder alone.
    String python = library("site/nvidia/a/lib", "libthree-fake.so.3");
    String other = library("site/nvidia/b/lib", "libtwo-fake.so.2", "libthree-fake.so.3");
    Shell.script(programs.resolve("python3"), "echo '" + dir.resolve("site") + "'\n");

    assertThat(said(pack)).endsWith(", " + python + ":" + other);
    environment.put("LD_LIBRARY_PATH", path);
    assertThat(said(pack)).endsWith(", " + String.join(":", path, python, other));
    environment.put("EFRNET_CUDA_LIBS", given);
    assertThat(said(pack)).endsWith(", " + String.join(":", given, path, python, other));
    environment.remove("LD_LIBRARY_PATH");
    assertThat(said(pack)).endsWith(", " + String.join(":", given, python, other));
  }
}
