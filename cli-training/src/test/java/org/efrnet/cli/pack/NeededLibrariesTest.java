package org.efrnet.cli.pack;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.jar.JarOutputStream;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a host must have is what natives need, less what the pack and every system bring. */
class NeededLibrariesTest {
  @TempDir private Path dir;

  private Path jar(String name, Map<String, byte[]> entries) throws IOException {
    Path jar = dir.resolve(name);
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar))) {
      for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
        out.putNextEntry(new ZipEntry(entry.getKey()));
        out.write(entry.getValue());
        out.closeEntry();
      }
    }
    return jar;
  }

  private static byte[] needing(String... names) {
    return ElfBytes.of(List.of(names), List.of());
  }

  @Test
  void followsNativesThroughOneAnother() throws IOException {
    String pytorch = "org/bytedeco/pytorch/linux-x86_64-gpu/";
    String openblas = "org/bytedeco/openblas/linux-x86_64/";
    Path first =
        jar(
            "pytorch.jar",
            Map.of(
                pytorch + "libtorch.so",
                ElfBytes.of(
                    List.of("libc.so.6", "libtorch_cuda.so"), List.of("GLIBC_2.4", "GLIBC_2.35")),
                pytorch + "libtorch_cuda.so",
                needing("libcublas.so.13", "libopenblas.so.0", "libnccl.so.2", "libstdc++.so.6"),
                "org/efrnet/notes.txt",
                new byte[] {1}));
    Path second =
        jar(
            "openblas.jar",
            Map.of(
                openblas + "libopenblas.so.0",
                ElfBytes.of(List.of("libgfortran.so.5", "libm.so.6"), List.of("GLIBC_2.29")),
                openblas + "libgfortran.so.5",
                needing("libquadmath.so.0", "ld-linux-x86-64.so.2"),
                // Nobody asks for these two.
                openblas + "libjniopenblas_nolapack.so",
                needing("libopenblas_nolapack.so.0"),
                "org/bytedeco/cuda/linux-x86_64/libjninppc.so",
                needing("libnppc.so.13"),
                "org/bytedeco/cuda/linux-x86_64/libjnicudart.so",
                needing("libcuda.so.1")));
    Path runtime = Files.createDirectories(dir.resolve("lib/server")).getParent();
    Files.write(runtime.resolve("libzip.so"), needing("libz.so.1", "libjvm.so"));
    Files.write(runtime.resolve("server/libjvm.so"), needing("libdl.so.2"));

    NeededLibraries needed =
        NeededLibraries.of(List.of(first, second), runtime, (stage, done, total) -> {});
    assertThat(needed.toText().lines())
        .containsExactly(
            "GLIBC version 2.35",
            "libcublas.so.13 cuda nvidia-cublas",
            "libcuda.so.1 driver -",
            "libnccl.so.2 cuda nvidia-nccl-cu13",
            "libquadmath.so.0 system -",
            "libz.so.1 system -");
    assertThat(needed.ofSystem()).containsExactly("libquadmath.so.0", "libz.so.1");
  }

  @Test
  void versionsAreComparedByTheirNumbers() {
    assertThat(NeededLibraries.newer("2.35", "2.4")).isEqualTo("2.35");
    assertThat(NeededLibraries.newer("2.4", "2.35")).isEqualTo("2.35");
    assertThat(NeededLibraries.newer("3.4", "3.4.30")).isEqualTo("3.4.30");
    assertThat(NeededLibraries.newer("10.0", "9.9")).isEqualTo("10.0");
  }
}
