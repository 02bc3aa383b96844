package org.efrnet.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WholeFileTest {
  @TempDir private Path dir;

  @Test
  void replacesAFileAndLeavesNothingBeside() throws IOException {
    Path file = dir.resolve("a.json");
    WholeFile.write(file, "old");
    WholeFile.write(file, "new".getBytes(StandardCharsets.UTF_8));
    assertThat(file).hasContent("new");
    assertThat(names()).containsExactly("a.json");
  }

  @Test
  void writesTheLongestNamesThatThereAre() throws IOException {
    Path file = dir.resolve("s".repeat(246) + ".mask.png");
    WholeFile.write(file, "mask");
    assertThat(file).hasContent("mask");
    assertThat(names()).containsExactly(file.getFileName().toString());
  }

  @Test
  void aPartIsHiddenAndEndsLikeTheFile() {
    Path part = WholeFile.part(dir.resolve("a.mask.png"));
    assertThat(part.getParent()).isEqualTo(dir);
    String random = "\\.[0-9a-f-]{36}\\.part";
    assertThat(part.getFileName().toString()).matches("\\.a\\.mask\\.png" + random);
    // This character is two of Java's and four bytes, and the cut falls into one.
    assertThat(WholeFile.part("\ud83d\ude97".repeat(60) + "xy.mask.png"))
        .matches("\\.(\ud83d\ude97){14}xy\\.mask\\.png" + random);
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(dir)) {
      return files.map(f -> f.getFileName().toString()).toList();
    }
  }
}
