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

  private static final String JAVA_HOME = System.getProperty("java.home");
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
    jlink(
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
        jdeps(
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

  private static String jdeps(List<String> arguments) throws PackException {
    ToolProvider found = ToolProvider.findFirst("jdeps").orElseThrow(() -> missing("jdeps"));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int code;
    try (PrintStream o = new PrintStream(out, true, StandardCharsets.UTF_8);
        PrintStream e = new PrintStream(err, true, StandardCharsets.UTF_8)) {
      code = found.run(o, e, arguments.toArray(String[]::new));
    }
    if (code != 0) {
      throw failed("jdeps", code, err.toString(StandardCharsets.UTF_8));
    }
    return out.toString(StandardCharsets.UTF_8);
  }

  /**
   * In a process of its own: what jlink writes depends on objects' identity hashes, and so on what
   * the virtual machine did before. A fresh one always writes the same.
   */
  private static void jlink(List<String> arguments) throws IOException {
    boolean windows = System.getProperty("os.name").startsWith("Windows");
    Path program = Path.of(JAVA_HOME, "bin", windows ? "jlink.exe" : "jlink");
    if (!Files.isExecutable(program)) {
      throw missing("jlink");
    }
    List<String> command = new ArrayList<>(List.of(program.toString()));
    command.addAll(arguments);
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS")
        .forEach(builder.environment()::remove);
    Process process = builder.start();
    process.getOutputStream().close();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int code;
    try {
      code = process.waitFor();
    } catch (InterruptedException e) {
      process.destroy();
      Thread.currentThread().interrupt();
      throw new PackException("interrupted while jlink ran: pack anew", e);
    }
    if (code != 0) {
      throw failed("jlink", code, said);
    }
  }

  private static PackException missing(String tool) {
    return new PackException(
        "packing needs "
            + tool
            + ", and the Java at "
            + JAVA_HOME
            + " has none: install a JDK 17 or newer, or set JAVA_HOME to one");
  }

  private static PackException failed(String tool, int code, String said) {
    return new PackException(
        tool
            + " of "
            + JAVA_HOME
            + " failed: "
            + OneLine.of(said.strip().lines().findFirst().orElse("code " + code), LONGEST)
            + "; try another JDK by JAVA_HOME");
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
