package org.efrnet.cli.pack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Shared libraries, read as {@code readelf} reads them. */
class ElfTest {
  @TempDir private Path dir;

  private Path file(byte[] bytes) throws IOException {
    return Files.write(dir.resolve("lib.so"), bytes);
  }

  @Test
  void readsWhatIsNeeded() throws IOException {
    Elf elf =
        Elf.read(
            file(ElfBytes.of(List.of("liba.so.1", "libc.so.6"), List.of("GLIBC_2.4", "A_1.0"))));
    assertThat(elf.needed()).containsExactly("liba.so.1", "libc.so.6");
    assertThat(elf.versions()).containsExactly("GLIBC_2.4", "A_1.0");
    Elf none = Elf.read(file(ElfBytes.of(List.of(), List.of())));
    assertThat(none.needed()).isEmpty();
    assertThat(none.versions()).isEmpty();
  }

  /** Every library of this Java. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void agreesWithReadelf() throws Exception {
    assumeTrue(there("readelf"), "readelf is needed, of binutils");
    List<Path> libraries;
    try (Stream<Path> files = Files.walk(Path.of(System.getProperty("java.home"), "lib"))) {
      libraries = files.filter(f -> f.toString().endsWith(".so")).sorted().toList();
    }
    assertThat(libraries).hasSizeGreaterThan(10);
    for (Path library : libraries) {
      Elf elf = Elf.read(library);
      assertThat(elf.needed())
          .as(library.toString())
          .isEqualTo(found(library, "-d", "\\(NEEDED\\).*\\[(.*)\\]"));
      assertThat(elf.versions())
          .as(library.toString())
          .isEqualTo(found(library, "-V", "  Name: (\\S+)  Flags:"));
    }
  }

  private static boolean there(String program) {
    return Arrays.stream(System.getenv("PATH").split(":", -1))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
  }

  private static List<String> found(Path library, String option, String pattern) throws Exception {
    Process readelf =
        new ProcessBuilder("readelf", "-W", option, library.toString())
            .redirectErrorStream(true)
            .start();
    String out = new String(readelf.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(readelf.waitFor()).as(out).isZero();
    return Pattern.compile(pattern).matcher(out).results().map(r -> name(r)).toList();
  }

  private static String name(MatchResult result) {
    return result.group(1);
  }

  @Test
  void refusesOtherAndDamagedFilesInOneLine() throws IOException {
    byte[] whole = ElfBytes.of(List.of("liba.so.1"), List.of("GLIBC_2.4"));
    byte[] narrow = whole.clone();
    narrow[4] = 1;
    byte[] text =
        "no library, but long enough to have the header of one, so that it is read"
            .getBytes(StandardCharsets.US_ASCII);
    for (byte[] bytes : List.of(narrow, text, new byte[3])) {
      assertThatThrownBy(() -> Elf.read(file(bytes)))
          .isInstanceOf(PackException.class)
          .hasMessageContaining("lib.so")
          .message()
          .doesNotContain("\n");
    }
  }

  /** Whatever is cut off or turned over: what it says, or one line; never another exception. */
  @Test
  void survivesEveryDamage() throws IOException {
    byte[] whole = ElfBytes.of(List.of("liba.so.1", "libb.so.2"), List.of("GLIBC_2.4", "B_1"));
    int refused = 0;
    for (int i = 0; i < whole.length; i++) {
      refused += readOrRefuse(Arrays.copyOf(whole, i));
      byte[] turned = whole.clone();
      turned[i] ^= (byte) 0xff;
      refused += readOrRefuse(turned);
    }
    assertThat(refused).isGreaterThan(whole.length);
  }

  private int readOrRefuse(byte[] bytes) throws IOException {
    try {
      Elf.read(file(bytes));
      return 0;
    } catch (PackException e) {
      assertThat(e.getMessage()).doesNotContain("\n");
      return 1;
    }
  }
}
