package org.efrnet.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Java's way to this machine's files and Hadoop's way to all others do the same. */
class ShelfTest {
  @TempDir private Path dir;

  static List<Shelf> shelves() throws IOException {
    RawLocalFileSystem hadoop = new RawLocalFileSystem();
    hadoop.initialize(URI.create("file:///"), new Configuration());
    return List.of(new Shelf.OfMachine(), new Shelf.OfHadoop(hadoop));
  }

  private String address(String name) {
    return "file:" + dir + (name.isEmpty() ? "" : "/" + name);
  }

  @ParameterizedTest
  @MethodSource("shelves")
  void whatIsWrittenIsFoundAndReadAndReplaced(Shelf shelf) throws IOException {
    String file = address("a/b c/\u00e4 +%41:1.mask.png");
    shelf.write(file, new byte[] {1, 2});
    shelf.write(file, new byte[] {3});
    shelf.write(address("a/top"), new byte[] {4});
    assertThat(shelf.filesBelow(address(""))).containsExactlyInAnyOrder(file, address("a/top"));
    assertThat(shelf.exists(file)).isTrue();
    assertThat(shelf.isFolder(file)).isFalse();
    assertThat(shelf.isFolder(address("a"))).isTrue();
    try (InputStream in = shelf.open(file)) {
      assertThat(in.readAllBytes()).containsExactly(3);
    }
    assertThat(shelf.isLost(file)).isFalse();
    shelf.delete(file);
    assertThat(shelf.exists(file)).isFalse();
    assertThat(shelf.isFolder(address("none"))).isFalse();
    assertThat(Files.readAllBytes(dir.resolve("a/top"))).containsExactly(4);
  }

  @ParameterizedTest
  @MethodSource("shelves")
  void whatCannotBeWrittenLeavesNothingAndSaysWhere(Shelf shelf) throws IOException {
    Files.writeString(dir.resolve("file"), "");
    assertThatThrownBy(() -> shelf.write(address("file/a.mask.png"), new byte[] {1}))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(dir + "/file");
    assertThat(shelf.filesBelow(address(""))).containsExactly(address("file"));
  }

  @ParameterizedTest
  @MethodSource("shelves")
  void foldersBehindLinksAreLookedThrough(Shelf shelf) throws IOException {
    Files.createDirectories(dir.resolve("elsewhere"));
    Files.writeString(dir.resolve("elsewhere/x.png"), "");
    Files.createDirectories(dir.resolve("in"));
    Files.createSymbolicLink(dir.resolve("in/link"), dir.resolve("elsewhere"));
    assertThat(shelf.filesBelow(address("in"))).containsExactly(address("in/link/x.png"));
  }
}
