package org.efrnet.cli.pack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Pieces on their way: the same bytes every time, whole or refused at the other end. */
@DisabledOnOs(OS.WINDOWS)
class PiecesTest {
  private static final Watcher NOBODY = (stage, done, total) -> {};
  private static final String LONG = "a-name-that-is-longer-than-tar-once-allowed".repeat(4);

  @TempDir private Path dir;

  private Path folder(String name, long time) throws IOException {
    Path folder = dir.resolve(name);
    byte[] noise = new byte[300_000];
    new Random(7).nextBytes(noise);
    Files.createDirectories(folder.resolve("runtime/bin"));
    Files.createDirectories(folder.resolve("empty"));
    Files.write(folder.resolve("b.bin"), noise);
    Files.writeString(folder.resolve("a-empty"), "");
    Files.writeString(folder.resolve("runtime/bin/java"), "program");
    Files.writeString(folder.resolve(LONG), "long");
    Files.writeString(folder.resolve("strasse-\u00e4\u6f22.txt"), "beyond ASCII");
    for (Path path : Folders.entries(folder).values()) {
      Files.setLastModifiedTime(path, FileTime.fromMillis(time));
    }
    return folder;
  }

  private Path pieces(String from, long time, String into, long size) throws IOException {
    Path pieces = Files.createDirectory(dir.resolve(into));
    Pieces.write(folder(from, time), "pack", size, pieces, NOBODY);
    return pieces;
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(f -> f.getFileName().toString()).sorted().toList();
    }
  }

  private Shell.Result join(Path pieces, Object... words) throws Exception {
    Path programs = dir.resolve("bin");
    if (!Files.exists(programs)) {
      Shell.programs(programs);
    }
    List<Object> command = new ArrayList<>(List.of(pieces.resolve("join.sh")));
    command.addAll(List.of(words));
    return Shell.run(programs, Map.of(), command.toArray());
  }

  @Test
  void theSameFolderMakesTheSameBytes() throws IOException {
    Path one = pieces("one", 1_000_000_000_000L, "p1", 100_000);
    Path two = pieces("two", 1_700_000_000_000L, "p2", 100_000);
    assertThat(names(one))
        .containsExactly(
            "SHA256SUMS",
            "join.sh",
            "pack.tar.000",
            "pack.tar.001",
            "pack.tar.002",
            "pack.tar.003");
    for (String name : names(one)) {
      assertThat(one.resolve(name)).hasSameBinaryContentAs(two.resolve(name));
      assertThat(Files.size(one.resolve(name))).isLessThanOrEqualTo(100_000);
    }
  }

  @Test
  void joinedIsWhatWasSplit() throws Exception {
    Path pieces = pieces("one", 0, "p1", 50_000);
    Path target = dir.resolve("else where");
    Shell.Result joined = join(pieces, target);
    assertThat(joined.out()).contains("joined: " + target.resolve("pack"));
    assertThat(joined.code()).isZero();
    Map<String, Path> before = Folders.entries(dir.resolve("one"));
    Map<String, Path> after = Folders.entries(target.resolve("pack"));
    assertThat(after.keySet()).isEqualTo(before.keySet());
    for (String name : before.keySet()) {
      if (Files.isRegularFile(before.get(name))) {
        assertThat(after.get(name)).hasSameBinaryContentAs(before.get(name));
      }
    }
    assertThat(Files.isExecutable(after.get("runtime/bin/java"))).isTrue();
    assertThat(Files.isExecutable(after.get("b.bin"))).isFalse();
    assertThat(names(target)).containsExactly("pack");
    assertThat(join(pieces, target))
        .satisfies(r -> assertThat(r.code()).isEqualTo(1))
        .satisfies(r -> assertThat(r.out()).contains("is there already"));
  }

  @Test
  void damagedAndMissingPiecesAreNamed() throws Exception {
    Path pieces = pieces("one", 0, "p1", 50_000);
    byte[] bytes = Files.readAllBytes(pieces.resolve("pack.tar.002"));
    bytes[17] ^= 1;
    Files.write(pieces.resolve("pack.tar.002"), bytes);
    Files.delete(pieces.resolve("pack.tar.004"));
    Files.delete(pieces.resolve("pack.tar.000"));
    Shell.Result result = join(pieces);
    assertThat(result.code()).isEqualTo(1);
    assertThat(result.out().lines())
        .containsExactly(
            "join.sh: damaged, bring anew: pack.tar.002",
            "join.sh: still missing: pack.tar.000 pack.tar.004");
    assertThat(pieces.resolve("pack")).doesNotExist();
  }

  @Test
  void namesThatLeadElsewhereAreRefused() throws Exception {
    Path pieces = pieces("one", 0, "p1", 50_000);
    Path sums = pieces.resolve("SHA256SUMS");
    Files.writeString(sums, Files.readString(sums).replace("pack.tar.001", "../pack.tar.001"));
    assertThat(join(pieces).out()).contains("../pack.tar.001").contains("no piece");
  }

  @Test
  void tooManyPiecesAreRefused() throws IOException {
    Path pieces = Files.createDirectory(dir.resolve("p"));
    Path folder = folder("one", 0);
    assertThatThrownBy(() -> Pieces.write(folder, "pack", 300, pieces, NOBODY))
        .isInstanceOf(PackException.class)
        .hasMessageContaining("choose a larger size");
  }

  @Test
  void aTargetIsMadeWholeOrNotAtAll() throws IOException {
    Path target = dir.resolve("target");
    assertThatThrownBy(
            () ->
                Folders.make(
                    target,
                    folder -> {
                      Files.writeString(folder.resolve("half"), "x");
                      throw new IOException("No space left on device");
                    }))
        .hasMessage("No space left on device");
    assertThat(names(dir)).doesNotContain("target").noneMatch(name -> name.startsWith("."));

    Files.createDirectory(target);
    Folders.make(target, folder -> Files.writeString(folder.resolve("all"), "x"));
    assertThat(names(target)).containsExactly("all");
    assertThatThrownBy(() -> Folders.make(target, folder -> {}))
        .isInstanceOf(PackException.class)
        .hasMessageContaining("not empty");
    Path file = Files.writeString(dir.resolve("file"), "x");
    assertThatThrownBy(() -> Folders.make(file, folder -> {}))
        .isInstanceOf(PackException.class)
        .hasMessageContaining("no folder");
    assertThat(file).hasContent("x");
  }
}
