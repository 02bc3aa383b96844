package org.efrnet.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.StreamSupport;
import org.efrnet.machine.Machine;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class DoctorCommandTest {
  private static final String SOMETHING = DoctorCommandTest.class.getName();

  @TempDir private Path dir;

  private record Result(int code, String out) {}

  private static Result run(List<NativeLibrary> libraries, String... words) {
    StringWriter out = new StringWriter();
    CommandLine line = new CommandLine(new DoctorCommand(libraries));
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setOut(new PrintWriter(out, true));
    return new Result(line.execute(words), out.toString());
  }

  private static JsonNode json(List<NativeLibrary> libraries) throws IOException {
    return new ObjectMapper().readTree(run(libraries, "--format", "json").out());
  }

  private static JsonNode named(JsonNode array, String name) {
    return StreamSupport.stream(array.spliterator(), false)
        .filter(node -> node.get("name").textValue().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static NativeLibrary library(boolean needed, NativeLibrary.Loading loading) {
    return new NativeLibrary("some library", SOMETHING, loading, needed, "fetch it");
  }

  @Test
  void itsJsonHasStableKeys() throws IOException {
    JsonNode json = json(NativeLibrary.ALL);
    assertThat(json.properties().stream().map(Map.Entry::getKey))
        .containsExactly("ok", "machine", "system", "libraries", "engines", "golden");
    for (String group : List.of("system", "libraries", "engines", "golden")) {
      for (JsonNode finding : json.get(group)) {
        assertThat(finding.get("state").textValue()).isIn("ok", "missing", "broken");
        assertThat(finding.get("detail").textValue()).doesNotContain("\n");
        if (!finding.get("state").textValue().equals("ok")) {
          assertThat(finding.get("remedy").textValue()).as(finding.toString()).isNotBlank();
        }
      }
    }
    assertThat(json.get("system").findValuesAsText("name"))
        .containsExactly(
            "platform",
            "cpu",
            "cores",
            "memory",
            "libc",
            "libgomp",
            "libstdc++",
            "java",
            "cache",
            "natives",
            "tmp",
            "model");
    assertThat(json.get("libraries").findValuesAsText("name"))
        .containsExactly(
            "oneDNN", "OpenCL loader", "OpenBLAS", "libtorch", "ONNX Runtime", "FFmpeg");
  }

  /** This module's class path has neither libtorch nor ONNX Runtime. */
  @Test
  void whatIsNotOnTheClassPathIsMissingAndNoFault() throws IOException {
    JsonNode libraries = json(NativeLibrary.ALL).get("libraries");
    for (String name : List.of("libtorch", "ONNX Runtime")) {
      JsonNode library = named(libraries, name);
      assertThat(library.get("state").textValue()).isEqualTo("missing");
      assertThat(library.get("needed").booleanValue()).isFalse();
      assertThat(library.get("remedy").textValue()).contains("--engine");
    }
  }

  @Test
  void aLibraryThatLoadsIsOk() throws IOException {
    JsonNode json = json(List.of(library(true, type -> Optional.of(Path.of("/some/lib.so")))));
    assertThat(json.get("libraries").get(0).get("state").textValue()).isEqualTo("ok");
    assertThat(json.get("libraries").get(0).get("path").textValue()).isEqualTo("/some/lib.so");
  }

  @Test
  void aNeededLibraryThatDoesNotLoadIsAFaultAndCode1() throws IOException {
    List<NativeLibrary> libraries =
        List.of(
            library(
                true,
                type -> {
                  throw new UnsatisfiedLinkError(
                      "libx.so: libgomp.so.1: cannot open shared object file");
                }));
    JsonNode json = json(libraries);
    assertThat(json.get("ok").booleanValue()).isFalse();
    JsonNode library = json.get("libraries").get(0);
    assertThat(library.get("state").textValue()).isEqualTo("broken");
    assertThat(library.get("detail").textValue()).contains("libgomp.so.1: cannot open");
    assertThat(library.get("remedy").textValue()).contains("apt-get install libgomp1");
    Result table = run(libraries);
    assertThat(table.code()).isEqualTo(1);
    assertThat(table.out())
        .containsPattern("some library +FAULT +UnsatisfiedLinkError: libx")
        .contains("segment will not work");
  }

  @Test
  void oneThatSegmentDoesNotNeedMayBeBroken() throws IOException {
    NativeLibrary broken =
        library(
            false,
            type -> {
              throw new ExceptionInInitializerError(new IllegalStateException("no such thing"));
            });
    JsonNode with = json(List.of(broken));
    assertThat(with.get("libraries").get(0).get("state").textValue()).isEqualTo("broken");
    assertThat(with.get("libraries").get(0).get("detail").textValue()).contains("no such thing");
    assertThat(with.get("ok")).isEqualTo(json(List.of()).get("ok"));
  }

  @Test
  void theReferenceGivesTheGoldenLogits() throws IOException {
    JsonNode golden = named(json(List.of()).get("golden"), "reference fp32");
    assertThat(golden.get("state").textValue()).isEqualTo("ok");
    assertThat(golden.get("difference").doubleValue())
        .isLessThanOrEqualTo(golden.get("tolerance").doubleValue());
  }

  @Test
  void aModelThatIsNotThereIsAFault() {
    Examination.Result result =
        new Examination(Machine.here(), List.of(), dir.resolve("none").toString(), 1).run();
    assertThat(result.isFine()).isFalse();
    assertThat(result.golden()).isEmpty();
    assertThat(result.system())
        .filteredOn(finding -> finding.name().equals("model"))
        .singleElement()
        .satisfies(finding -> assertThat(finding.detail()).contains("none"));
  }

  @ParameterizedTest
  @CsvSource({
    "/lib/libm.so.6: version `GLIBC_2.38' not found, newer system",
    "libstdc++.so.6: cannot open, libstdc++6",
    "failed to map segment from shared object, noexec",
    "No space left on device, free some disk",
    "no jnidnnl in java.library.path, classifier",
    "file too short, is made anew",
  })
  void everyFaultHasItsRemedy(String message, String remedy) {
    assertThat(NativeLibrary.remedyFor(message)).contains(remedy);
  }

  @Test
  void foldersAreTriedNotGuessed() throws IOException {
    assertThat(Examination.place("cache", Optional.of(dir.resolve("a/b")), 0).state())
        .as("which can be made")
        .isEqualTo(Finding.State.OK);
    Path file = Files.writeString(dir.resolve("file"), "");
    assertThat(Examination.place("natives", Optional.of(file.resolve("below")), 0))
        .satisfies(f -> assertThat(f.isFatal()).isTrue())
        .satisfies(f -> assertThat(f.remedy()).contains("EFRNET_CACHE"));
    assertThat(Examination.place("cache", Optional.of(dir), Long.MAX_VALUE).remedy())
        .contains("free some disk space");
    assertThat(Examination.place("cache", Optional.empty(), 0).state())
        .isEqualTo(Finding.State.MISSING);
    try (var left = Files.list(dir)) {
      assertThat(left).containsExactly(file);
    }
  }
}
