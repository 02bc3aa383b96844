package org.efrnet.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativesTest {
  @TempDir private Path cache;

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void unpacksOnce() throws IOException {
    Path folder = Natives.unpacked(cache).orElseThrow();
    assertThat(folder.getParent()).isEqualTo(cache);
    assertThat(folder.getFileName().toString()).startsWith("onnxruntime-" + Natives.version());
    assertThat(names(folder))
        .containsExactlyInAnyOrder(
            System.mapLibraryName("onnxruntime"), System.mapLibraryName("onnxruntime4j_jni"));
    FileTime first = Files.getLastModifiedTime(folder);
    assertThat(Natives.unpacked(cache)).contains(folder);
    assertThat(Files.getLastModifiedTime(folder)).isEqualTo(first);
    assertThat(names(cache)).hasSize(1);
  }

  @Test
  void replacesWhatIsDamaged() throws IOException {
    Path library =
        Natives.unpacked(cache).orElseThrow().resolve(System.mapLibraryName("onnxruntime"));
    long whole = Files.size(library);
    Files.write(library, new byte[100]);
    assertThat(Natives.unpacked(cache)).contains(library.getParent());
    assertThat(library).hasSize(whole);
    Files.delete(library);
    assertThat(Natives.unpacked(cache)).contains(library.getParent());
    assertThat(library).hasSize(whole);
    assertThat(names(cache)).hasSize(1);
  }

  @Test
  void unpacksNothingWhereNothingCanBeWritten() throws IOException {
    Path file = Files.writeString(cache.resolve("file"), "in the way");
    assertThat(Natives.unpacked(file.resolve("cache"))).isEmpty();
    assertThat(file).hasContent("in the way");
  }

  @Test
  void manyMayUnpackAtOnce() throws IOException {
    List<CompletableFuture<Path>> all =
        IntStream.range(0, 4)
            .mapToObj(
                i -> CompletableFuture.supplyAsync(() -> Natives.unpacked(cache).orElseThrow()))
            .toList();
    assertThat(all.stream().map(CompletableFuture::join).distinct()).hasSize(1);
    assertThat(names(cache)).hasSize(1);
  }

  @Test
  void theEngineRunsFromTheCache() {
    Natives.environment();
    assertThat(System.getProperty("onnxruntime.native.path"))
        .startsWith(System.getProperty("efrnet.cache"));
  }
}
