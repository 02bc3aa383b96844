package org.efrnet.torch;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;

/** What this machine's processor has instructions for. */
final class Processor {
  private Processor() {}

  /**
   * Whether it multiplies bfloat16 by itself. libtorch would not say: it computes in bfloat16
   * everywhere, and many times slower than in 32 bits where it must imitate. Linux alone tells;
   * elsewhere the answer is no.
   */
  static boolean hasBfloat16() {
    try (BufferedReader lines =
        Files.newBufferedReader(Path.of("/proc/cpuinfo"), StandardCharsets.ISO_8859_1)) {
      return hasBfloat16(lines.lines());
    } catch (IOException | UncheckedIOException e) {
      return false;
    }
  }

  /**
   * The same of what a Linux says.
   *
   * @param cpuinfo lines of {@code /proc/cpuinfo} on x86-64; read to the first processor's flags
   */
  static boolean hasBfloat16(Stream<String> cpuinfo) {
    return cpuinfo
        .filter(line -> line.startsWith("flags"))
        .findFirst()
        .map(line -> Arrays.asList(line.substring(line.indexOf(':') + 1).split(" ", -1)))
        // Every processor with AMX has the first of them as well.
        .filter(flags -> flags.contains("avx512_bf16") || flags.contains("amx_bf16"))
        .isPresent();
  }
}
