package org.efrnet.cli.pack;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import org.efrnet.text.OneLine;

/** Java's own part of a pack, linked by the JDK that packs, for the machine that packs. */
final class JavaRuntime {
  /** What no class file tells: found by reflection, by service or by natives. */
  private static final List<String> UNSEEN =
      List.of(
          "java.base",
          "java.desktop", // ImageIO's readers
          "java.logging",
          "java.management",
          "jdk.unsupported", // sun.misc.Unsafe, for JavaCPP
          "jdk.zipfs");

  /** Windows, sound and fonts: no command uses them, and they want libraries that servers lack. */
  private static final List<String> LEFT_OUT =
      List.of(
          "libawt_xawt.so",
          "libfontmanager.so",
          "libfreetype.so",
          "libjawt.so",
          "libjsound.so",
          "libsplashscreen.so");

  private static final int LONGEST = 400;

  private JavaRuntime() {}

  /**
   * Links a run-time image.
   *
   * @param jars the class path, the program's own jar first
   * @throws PackException if this Java has no jlink, or jlink fails
   */
  static void link(Path folder, List<Path> jars) throws IOException {
    TreeSet<String> modules = new TreeSet<>(UNSEEN);
    modules.addAll(modulesOf(jars));
    run(
        "jlink",
        List.of(
            "--add-modules",
            String.join(",", modules),
            Runtime.version().feature() < 21 ? "--compress=2" : "--compress=zip-6",
            "--strip-java-debug-attributes",
            "--no-header-files",
            "--no-man-pages",
            "--output",
            folder.toString()));
    for (String name : LEFT_OUT) {
      Files.deleteIfExists(folder.resolve("lib").resolve(name));
    }
    replaceLinks(folder);
  }

  /**
   * The JDK's modules that classes refer to. Bindings of natives are left out: large, and known.
   */
  private static List<String> modulesOf(List<Path> jars) throws PackException {
    String classPath =
        jars.stream()
            .filter(jar -> !hasBindings(jar.getFileName().toString()))
            .map(Path::toString)
            .collect(Collectors.joining(System.getProperty("path.separator")));
    String found =
        run(
            "jdeps",
            List.of(
                "--print-module-deps",
                "--ignore-missing-deps",
                "--multi-release",
                "17",
                "--class-path",
                classPath,
                jars.get(0).toString()));
    return List.of(found.strip().split(",", -1));
  }

  private static boolean hasBindings(String jar) {
    return jar.startsWith("pytorch-")
        || jar.startsWith("openblas-")
        || jar.startsWith("cuda-")
        || jar.startsWith("javacpp-");
  }

  private static String run(String tool, List<String> arguments) throws PackException {
    ToolProvider found =
        ToolProvider.findFirst(tool)
            .orElseThrow(
                () ->
                    new PackException(
                        "packing needs "
                            + tool
                            + ", and the Java at "
                            + System.getProperty("java.home")
                            + " has none: install a JDK 17 or newer, or set JAVA_HOME to one"));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int code;
    try (PrintStream o = new PrintStream(out, true, StandardCharsets.UTF_8);
        PrintStream e = new PrintStream(err, true, StandardCharsets.UTF_8)) {
      code = found.run(o, e, arguments.toArray(String[]::new));
    }
    if (code != 0) {
      String said =
          (err.toString(StandardCharsets.UTF_8) + out.toString(StandardCharsets.UTF_8)).strip();
      throw new PackException(
          tool
              + " of "
              + System.getProperty("java.home")
              + " failed: "
              + OneLine.of(said.lines().findFirst().orElse("code " + code), LONGEST)
              + "; try another JDK by JAVA_HOME");
    }
    return out.toString(StandardCharsets.UTF_8);
  }

  /** Licences are links to one another, which not every way to a host carries. */
  private static void replaceLinks(Path folder) throws IOException {
    List<Path> links = new ArrayList<>();
    for (Path path : Folders.entries(folder).values()) {
      if (Files.isSymbolicLink(path)) {
        links.add(path);
      }
    }
    for (Path link : links) {
      byte[] content = Files.readAllBytes(link);
      Files.delete(link);
      Files.write(link, content);
    }
  }
}
