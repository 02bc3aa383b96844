package org.efrnet.cli.pack;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Makes a pack: a folder with all that training takes on a host that has neither a network nor a
 * JDK nor Maven; or a data set for it.
 *
 * <pre>
 * efrnet, train-all      the programs
 * runtime/               Java
 * lib/                   the class path, in the order of the file classpath
 * recipes/               as in the checkout
 * data/                  the data set, if one was packed too
 * needed-libraries       what the host must have
 * PACK                   what kind of pack it is
 * README.md LICENSE NOTICE SHA256SUMS
 * </pre>
 *
 * @param data a data set's folder to put into it
 * @param pieceBytes pieces of at most this size instead of a folder
 */
public record Pack(Path target, Optional<Path> data, OptionalLong pieceBytes) {
  /** The device that a pack trains on. */
  public enum Device {
    /** The processor of a machine like the one that packs. */
    CPU,
    /** An NVIDIA card in a Linux machine. */
    CUDA;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * What is packed: a built checkout.
   *
   * @param home its folder, for recipes and licences
   * @param classPath its jars, the command line's own first
   */
  public record Program(Path home, List<Path> classPath, String version) {
    /** Keeps its own list. */
    public Program {
      classPath = List.copyOf(classPath);
    }
  }

  private static final String LINUX = "linux-x86_64";

  /**
   * Writes a pack, whole or not at all.
   *
   * @return libraries that the packing machine's Java takes from its system, and a host of another
   *     kind may lack; empty with a JDK that brings its own
   * @throws PackException if the target is not free, this machine cannot make such a pack, or the
   *     data set is at fault
   * @throws IOException if a file cannot be read or written, or the watcher gives up
   */
  public List<String> write(Program program, Device device, Watcher watcher) throws IOException {
    requirePackable(program, device);
    List<String> ofSystem = new ArrayList<>();
    String name = "efrnet-" + program.version() + "-" + platform() + "-" + device;
    make(
        name,
        watcher,
        folder -> {
          ofSystem.addAll(fill(folder, program, device, watcher));
          Folders.writeSums(folder, watcher);
        });
    return List.copyOf(ofSystem);
  }

  /**
   * Writes a data set alone, whole or not at all; it gets the name of its folder.
   *
   * @throws PackException as {@link #write(Program, Device, Watcher)}
   * @throws IOException as {@link #write(Program, Device, Watcher)}
   */
  public void writeData(Watcher watcher) throws IOException {
    Path source = data.orElseThrow();
    Map<String, Path> files = DataFiles.of(source);
    Path last = source.toRealPath().getFileName();
    make(
        last == null ? "data" : last.toString(),
        watcher,
        folder -> {
          copyData(files, folder, watcher);
          Folders.writeSums(folder, watcher);
        });
  }

  private void make(String name, Watcher watcher, Folders.Filling filling) throws IOException {
    if (pieceBytes.isEmpty()) {
      Folders.make(target, filling);
      return;
    }
    Folders.make(
        target,
        pieces -> {
          // Within the folder that is removed when anything fails.
          Path whole = pieces.resolve("whole");
          Files.createDirectory(whole);
          filling.fill(whole);
          Pieces.write(whole, name, pieceBytes.getAsLong(), pieces, watcher);
          Folders.remove(whole);
        });
  }

  private List<String> fill(Path folder, Program program, Device device, Watcher watcher)
      throws IOException {
    Map<String, Path> dataFiles = data.isPresent() ? DataFiles.of(data.get()) : Map.of();
    watcher.at(Watcher.Stage.RUNTIME, 0, 1);
    JavaRuntime.link(folder.resolve("runtime"), program.classPath());

    Map<Path, Path> jars = new LinkedHashMap<>();
    List<String> order = new ArrayList<>();
    for (Path jar : program.classPath()) {
      String name = jar.getFileName().toString();
      jars.put(jar, folder.resolve("lib").resolve(name));
      order.add("lib/" + name);
    }
    Folders.copy(jars, Watcher.Stage.JARS, watcher);
    Files.writeString(folder.resolve("classpath"), String.join(":", order) + "\n");

    NeededLibraries needed =
        isLinux()
            ? NeededLibraries.of(program.classPath(), folder.resolve("runtime/lib"), watcher)
            : new NeededLibraries(Map.of(), Map.of());
    Files.writeString(folder.resolve("needed-libraries"), needed.toText());
    Files.writeString(
        folder.resolve("PACK"),
        Stream.of("version=" + program.version(), "device=" + device, "platform=" + platform(), "")
            .collect(Collectors.joining("\n")));
    for (String name : List.of("LICENSE", "NOTICE")) {
      Files.copy(program.home().resolve(name), folder.resolve(name));
    }
    Path recipes = Files.createDirectory(folder.resolve("recipes"));
    try (Stream<Path> files = Files.list(program.home().resolve("recipes"))) {
      for (Path recipe : files.filter(f -> f.toString().endsWith(".yaml")).toList()) {
        Files.copy(recipe, recipes.resolve(recipe.getFileName()));
      }
    }
    for (String name : List.of("efrnet", "train-all", "libraries.sh", "README.md")) {
      Scripts.write(name, folder);
    }
    if (data.isPresent()) {
      copyData(dataFiles, folder.resolve("data"), watcher);
    }
    return needed.ofSystem();
  }

  private static void copyData(Map<String, Path> files, Path folder, Watcher watcher)
      throws IOException {
    Map<Path, Path> copies = new LinkedHashMap<>();
    files.forEach((name, file) -> copies.put(file, folder.resolve(name)));
    Folders.copy(copies, Watcher.Stage.DATA, watcher);
  }

  private static void requirePackable(Program program, Device device) throws PackException {
    for (Path jar : program.classPath()) {
      if (!Files.isRegularFile(jar)) {
        throw new PackException(
            jar + " of the class path is no jar: pack with ./efrnet of a checkout");
      }
    }
    boolean gpu =
        program.classPath().stream()
            .anyMatch(jar -> jar.getFileName().toString().endsWith("-" + LINUX + "-gpu.jar"));
    if (device == Device.CUDA) {
      if (!platform().equals(LINUX)) {
        throw new PackException(
            "a pack for cuda is for "
                + LINUX
                + " and its Java is taken from the JDK that packs, but this machine is "
                + platform()
                + ": pack on Linux on x86-64");
      }
      if (!gpu) {
        throw new PackException(
            "the class path has no natives for CUDA: pack with ./efrnet pack --device cuda of a"
                + " checkout, which builds with the Maven profile cuda");
      }
    }
  }

  private static boolean isLinux() {
    return platform().startsWith("linux");
  }

  /** As JavaCPP names them: {@code linux-x86_64}, {@code macosx-arm64}. */
  private static String platform() {
    String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    String arch = System.getProperty("os.arch");
    String system = os.startsWith("mac") ? "macosx" : os.startsWith("win") ? "windows" : os;
    return system.replace(' ', '-')
        + "-"
        + switch (arch) {
          case "amd64", "x86_64" -> "x86_64";
          case "aarch64", "arm64" -> "arm64";
          default -> arch;
        };
  }
}
