package org.efrnet.bundle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.efrnet.disk.SmallDisk;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever happens to a bundle's files, it is a bundle or one line that says why not. */
class DamagedBundleTest {
  private static ModelBundle whole;

  @TempDir private static Path shared;
  @TempDir private Path folder;
  private Path dir;

  @BeforeAll
  static void make() throws IOException {
    whole =
        Bundles.untrained("enet", 36, 1)
            .withCard("# A card\n")
            .with(Bundles.CALIBRATION)
            .withRecipe("epochs: 1\n")
            .withLog("{\"step\": 1}\n".repeat(400));
    whole.write(shared.resolve("whole"));
  }

  @BeforeEach
  void copy() throws IOException {
    dir = Files.createDirectory(folder.resolve("copy"));
    for (String file : BundleFiles.NAMES) {
      Files.copy(shared.resolve("whole").resolve(file), dir.resolve(file));
    }
  }

  static List<String> files() {
    return BundleFiles.NAMES;
  }

  private static void requireOneLine(Throwable e, Object... what) {
    assertThat(e).as(Arrays.toString(what)).isInstanceOf(BundleException.class);
    assertThat(e.getMessage()).startsWith("bundle ").doesNotContain("\n", "\r");
    assertThat(e.getMessage().length()).isLessThan(600);
  }

  private Throwable refusal(Object... what) {
    Throwable e = catchThrowable(() -> ModelBundle.read(dir));
    requireOneLine(e, what);
    return e;
  }

  @ParameterizedTest
  @MethodSource("files")
  void refusesAFileCutShortAnywhere(String file) throws IOException {
    try (RandomAccessFile open = new RandomAccessFile(dir.resolve(file).toFile(), "rw")) {
      for (long at = (open.length() - 1) / 997 * 997; at >= 0; at -= 997) {
        open.setLength(at);
        assertThat(refusal(file, "cut at", at)).hasMessageContaining(file);
      }
    }
  }

  @Test
  void refusesChecksumsCutShortAnywhere() throws IOException {
    try (RandomAccessFile open =
        new RandomAccessFile(dir.resolve(BundleFiles.SUMS).toFile(), "rw")) {
      for (long at = open.length() - 1; at >= 0; at--) {
        open.setLength(at);
        refusal("checksums cut at", at);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"model.safetensors", "golden.safetensors", "config.json"})
  void refusesAFileCutShortEvenWithItsChecksum(String file) throws IOException {
    Path path = dir.resolve(file);
    long step = Math.max(97, Files.size(path) / 40);
    // But for the line break behind the last brace.
    for (long at = Files.size(path) - 2; at >= 0; at -= step) {
      try (RandomAccessFile open = new RandomAccessFile(path.toFile(), "rw")) {
        open.setLength(at);
      }
      BundleFiles.writeSums(dir);
      assertThat(refusal(file, "cut at", at)).hasMessageContaining(file);
    }
  }

  static Stream<Long> seeds() {
    long fresh = new Random().nextLong();
    return Stream.of(1L, 2L, fresh);
  }

  private static void flip(Path file, long bit) throws IOException {
    try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
      open.seek(bit / 8);
      int value = open.read();
      open.seek(bit / 8);
      open.write(value ^ (1 << (bit % 8)));
    }
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void refusesABitTurned(long seed) throws IOException {
    Random random = new Random(seed);
    for (int i = 0; i < 60; i++) {
      String file = BundleFiles.NAMES.get(i % BundleFiles.NAMES.size());
      long bit = random.nextLong(8 * Files.size(dir.resolve(file)));
      flip(dir.resolve(file), bit);
      refusal(file, "bit " + bit, "seed " + seed);
      flip(dir.resolve(file), bit);
    }
    assertThat(ModelBundle.read(dir).digest()).isEqualTo(whole.digest());
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void aBitTurnedWithItsChecksumIsNothingElseThanRefusedOrRead(long seed) throws IOException {
    Random random = new Random(seed);
    int refused = 0;
    for (int i = 0; i < 60; i++) {
      String file = BundleFiles.NAMES.get(i % 3);
      // Headers, where a bit means most.
      long bit = random.nextLong(8 * Math.min(3000, Files.size(dir.resolve(file))));
      flip(dir.resolve(file), bit);
      BundleFiles.writeSums(dir);
      Throwable e = catchThrowable(() -> ModelBundle.read(dir));
      if (e != null) {
        requireOneLine(e, file, "bit " + bit, "seed " + seed);
        refused++;
      }
      flip(dir.resolve(file), bit);
    }
    assertThat(refused).as("seed %d", seed).isGreaterThan(15);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "99999999999999999999",
        "1e400",
        "-1",
        "2147483647",
        "[36]",
        "{}",
        "true",
        "\"\\u0000\\n\"",
      })
  void refusesAHeightThatIsNone(String height) throws IOException {
    Path config = dir.resolve("config.json");
    Files.writeString(
        config, Files.readString(config).replace("\"height\" : 36", "\"height\" : " + height));
    BundleFiles.writeSums(dir);
    assertThat(refusal(height)).hasMessageContaining("config.json");
  }

  @Test
  void refusesMoreThanItCanMean() throws IOException {
    Path config = dir.resolve("config.json");
    String good = Files.readString(config);
    String many = "{\"label\": 1, \"name\": \"x\", \"colour\": [1, 2, 3]},".repeat(100_000);
    List<String> bad =
        List.of(
            good.replace("\"metrics\" : {", "\"metrics\" : {\"x\": " + "[".repeat(100_000)),
            good.replace("\"classes\" : [ {", "\"classes\" : [ " + many + " {"),
            good.replace("\"classes\" : 11", "\"classes\" : 2147483647"),
            good.replace("\"classes\" : 11", "\"classes\" : -1"),
            good.replace("test.untrained", "x".repeat(1 << 20)),
            good.replace("CC0-1.0", " "));
    for (String text : bad) {
      assertThat(text).isNotEqualTo(good);
      Files.writeString(config, text);
      BundleFiles.writeSums(dir);
      assertThat(refusal()).hasMessageContaining("config.json");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"model.safetensors", "golden.safetensors", "train.jsonl"})
  void refusesAHugeFileBeforeItIsRead(String file) throws IOException {
    try (RandomAccessFile open = new RandomAccessFile(dir.resolve(file).toFile(), "rw")) {
      open.setLength((1L << 30));
    }
    assertThat(refusal()).hasMessageContaining(file + " has 1073741824 bytes");
  }

  private static void link(Path link, Path target) throws IOException {
    try {
      Files.createSymbolicLink(link, target);
    } catch (IOException | UnsupportedOperationException e) {
      assertThat(System.getenv("CI")).as("in CI symbolic links must work: " + e).isNull();
      abort("no symbolic links here: " + e);
    }
  }

  @Test
  void followsLinksInsideTheFolderAlone() throws IOException {
    for (String file : BundleFiles.NAMES) {
      Path out = folder.resolve("elsewhere");
      Files.move(dir.resolve(file), out);
      link(dir.resolve(file), out);
      assertThat(refusal(file))
          .hasMessageContaining(file + " is a link that leads out of the folder");
      Files.delete(out);
      assertThat(refusal(file)).hasMessageContaining(file + " is a link to nothing");
      Files.delete(dir.resolve(file));
      Files.copy(shared.resolve("whole").resolve(file), dir.resolve(file));
    }
    // As a volume of Kubernetes has them, the folder itself behind a link.
    Path inside = Files.createDirectory(dir.resolve("..data"));
    for (String file : BundleFiles.NAMES) {
      Files.move(dir.resolve(file), inside.resolve(file));
      link(dir.resolve(file), Path.of("..data").resolve(file));
    }
    link(folder.resolve("link"), dir);
    assertThat(ModelBundle.read(folder.resolve("link")).digest()).isEqualTo(whole.digest());
  }

  @ParameterizedTest
  @MethodSource("files")
  void refusesAFolderInAFilesPlace(String file) throws IOException {
    Files.delete(dir.resolve(file));
    Files.createDirectory(dir.resolve(file));
    assertThat(refusal(file)).hasMessageContaining(file + " is no regular file");
    // Neither is it a bundle that may be replaced: the folder could hold anything.
    assertThatThrownBy(() -> whole.write(dir))
        .isInstanceOf(BundleException.class)
        .hasMessageContaining("'" + file + "', which is no file of a bundle");
    assertThat(dir.resolve(file)).isDirectory();
  }

  @Test
  void whoReadsWhileItIsReplacedGetsOneOrTheOther() throws Exception {
    ModelBundle other = Bundles.untrained("enet", 36, 2).withCard("# Another\n");
    other.golden();
    List<Throwable> failures = new ArrayList<>();
    Thread writer =
        new Thread(
            () -> {
              try {
                for (int i = 0; i < 30; i++) {
                  (i % 2 == 0 ? other : whole).write(dir);
                }
              } catch (IOException | RuntimeException e) {
                failures.add(e);
              }
            });
    writer.start();
    int read = 0;
    while (writer.isAlive()) {
      try {
        ModelBundle now = ModelBundle.read(dir);
        ModelBundle meant = now.card().equals(whole.card()) ? whole : other;
        assertThat(now.digest()).isEqualTo(meant.digest());
        assertThat(now.card()).isEqualTo(meant.card());
        assertThat(now.golden()).isEqualTo(meant.golden());
        read++;
      } catch (BundleException e) {
        requireOneLine(e);
      }
    }
    writer.join();
    assertThat(failures).isEmpty();
    assertThat(ModelBundle.read(dir).digest()).isEqualTo(whole.digest());
    assertThat(read).isPositive();
  }

  @Test
  void aFullDiskKeepsTheOldBundle() throws Exception {
    Path at = Files.createDirectory(folder.resolve("small"));
    ModelBundle other = Bundles.untrained("enet", 36, 2).withCard("# Another\n");
    try (SmallDisk disk = SmallDisk.mount(at, 4096)) {
      Path target = disk.root().resolve("bundle");
      Path filler = disk.root().resolve("filler");
      whole.write(target);
      int refused = 0;
      // Each stage of writing meets the end of the disk once.
      for (int left = 0; left <= 1700; left += 68) {
        disk.fill(filler, left);
        Throwable e = catchThrowable(() -> other.write(target));
        if (e == null) {
          continue;
        }
        requireOneLine(e, "left " + left);
        assertThat(e)
            .hasMessageContaining(target + ": cannot be written")
            .hasMessageEndingWith("; what stood there still does");
        assertThat(ModelBundle.read(target).digest()).isEqualTo(whole.digest());
        try (Stream<Path> all = Files.list(disk.root())) {
          assertThat(all).containsExactlyInAnyOrder(target, filler);
        }
        refused++;
      }
      assertThat(refused).isGreaterThan(20);
      Files.delete(filler);
      other.write(target);
      assertThat(ModelBundle.read(target).digest()).isEqualTo(other.digest());
    }
  }
}
