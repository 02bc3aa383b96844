package org.efrnet.cli.pack;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Runs programs as a bare host has them: with nothing in the environment but a PATH. */
final class Shell {
  /**
   * What the scripts of a pack may use: bash, coreutils, tar with gzip, grep, and the C library's.
   */
  static final List<String> PROGRAMS =
      List.of(
          "bash",
          "cat",
          "chmod",
          "cp",
          "date",
          "dirname",
          "env",
          "getconf",
          "grep",
          "gzip",
          "ldd",
          "mkdir",
          "mv",
          "nproc",
          "readlink",
          "rm",
          "sha256sum",
          "sleep",
          "tail",
          "tar",
          "uname",
          "wc");

  private Shell() {}

  record Result(int code, String out) {}

  /**
   * Makes a folder that leads to these programs of the host, to more if given, and to no others.
   */
  static Path programs(Path folder, String... more) throws IOException {
    Files.createDirectories(folder);
    for (String program : Stream.concat(PROGRAMS.stream(), Stream.of(more)).toList()) {
      write(folder.resolve(program), "#!/bin/sh\nexec '" + where(program) + "' \"$@\"\n");
    }
    return folder;
  }

  private static Path where(String program) {
    return Arrays.stream(System.getenv("PATH").split(":", -1))
        .map(folder -> Path.of(folder, program))
        .filter(Files::isExecutable)
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("this machine has no " + program));
  }

  static ProcessBuilder builder(Path path, Map<String, String> environment, Object... words) {
    List<String> command = new ArrayList<>();
    for (Object word : words) {
      command.add(word.toString());
    }
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().clear();
    builder.environment().put("PATH", path.toString());
    builder.environment().putAll(environment);
    return builder;
  }

  static Result run(Path path, Map<String, String> environment, Object... words)
      throws IOException, InterruptedException {
    Process process = builder(path, environment, words).start();
    process.getOutputStream().close();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Result(process.waitFor(), out);
  }

  static void script(Path file, String text) throws IOException {
    write(file, "#!/usr/bin/env bash\n" + text);
  }

  private static void write(Path file, String text) throws IOException {
    Files.writeString(file, text);
    assertThat(file.toFile().setExecutable(true)).isTrue();
  }
}
