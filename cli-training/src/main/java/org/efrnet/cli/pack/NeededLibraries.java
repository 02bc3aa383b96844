package org.efrnet.cli.pack;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The libraries that a host must have: what the pack's natives are linked with, directly or through
 * one another, less what the pack brings itself and what every Linux with a C++ program has.
 *
 * @param libraries names, each with who brings it
 * @param versions the newest version of symbols wanted of each library of the system, such as
 *     {@code GLIBC} to {@code 2.35}
 */
record NeededLibraries(Map<String, Bringer> libraries, Map<String, String> versions) {
  /**
   * Who brings a library.
   *
   * @param what {@code cuda}, {@code driver} or {@code system}
   * @param python the package of Python's registry that has it; empty if none has
   */
  record Bringer(String what, String python) {}

  /** The C and C++ run-time libraries: of these, versions are compared. */
  private static final Pattern BASE =
      Pattern.compile(
          "lib(c|m|dl|pthread|rt|util|resolv)\\.so\\.\\d+|ld-linux.*|lib(stdc\\+\\+|gcc_s)\\.so\\.\\d+");

  /** Of a jar's natives those with which loading begins; the others follow as they are needed. */
  private static final Pattern FIRST =
      Pattern.compile(
          "org/bytedeco/(pytorch|javacpp)/.*\\.so[.0-9]*"
              + "|org/bytedeco/cuda/.*/libjni(cudart|cublas|cudnn|cusolver|cusparse|cupti)\\.so");

  private static final Pattern NATIVE = Pattern.compile("org/bytedeco/.*/([^/]+\\.so[.0-9]*)");
  private static final Pattern VERSION = Pattern.compile("(GLIBC|GLIBCXX)_([0-9.]+)");

  /** Beginnings of names and the packages of Python's registry that bring them for CUDA 13. */
  private static final Map<String, String> PACKAGES =
      Map.ofEntries(
          Map.entry("libcudart.", "nvidia-cuda-runtime"),
          Map.entry("libcupti.", "nvidia-cuda-cupti"),
          Map.entry("libcublas", "nvidia-cublas"),
          Map.entry("libcufft", "nvidia-cufft"),
          Map.entry("libcufile", "nvidia-cufile"),
          Map.entry("libcurand.", "nvidia-curand"),
          Map.entry("libcusolver", "nvidia-cusolver"),
          Map.entry("libcusparse.", "nvidia-cusparse"),
          Map.entry("libcudnn", "nvidia-cudnn-cu13"),
          Map.entry("libnccl.", "nvidia-nccl-cu13"),
          Map.entry("libnvJitLink.", "nvidia-nvjitlink"),
          Map.entry("libnvrtc", "nvidia-cuda-nvrtc"));

  private static final Set<String> DRIVER = Set.of("libcuda.so.1", "libnvidia-ml.so.1");

  NeededLibraries {
    libraries = Map.copyOf(libraries);
    versions = Map.copyOf(versions);
  }

  /**
   * @param jars of which those of JavaCPP hold natives
   * @param runtime the folder of Java's own libraries
   */
  static NeededLibraries of(List<Path> jars, Path runtime, Watcher watcher) throws IOException {
    Map<String, Native> natives = new TreeMap<>();
    Deque<Native> waiting = new ArrayDeque<>();
    long total = 1;
    for (Path jar : jars) {
      try (JarFile file = new JarFile(jar.toFile())) {
        for (JarEntry entry : file.stream().toList()) {
          Matcher name = NATIVE.matcher(entry.getName());
          if (name.matches()) {
            Native found = new Native(jar, entry.getName(), entry.getSize());
            natives.putIfAbsent(name.group(1), found);
            total += entry.getSize();
            if (FIRST.matcher(entry.getName()).matches()) {
              waiting.add(found);
            }
          }
        }
      }
    }
    for (Path library : javas(runtime)) {
      Native found = new Native(library, "", Files.size(library));
      natives.putIfAbsent(library.getFileName().toString(), found);
      waiting.add(found);
    }
    return closure(natives, waiting, total, watcher);
  }

  /**
   * A library.
   *
   * @param file the jar that it is in, or its own file
   * @param entry its name in the jar; empty if it is a file
   */
  private record Native(Path file, String entry, long bytes) {
    Elf elf() throws IOException {
      if (entry.isEmpty()) {
        return Elf.read(file);
      }
      // Its parts lie at both ends, and a jar can only be read forwards.
      Path copy = Files.createTempFile("efrnet-native", ".so");
      try (JarFile jar = new JarFile(file.toFile());
          InputStream in = jar.getInputStream(jar.getEntry(entry))) {
        Files.copy(in, copy, StandardCopyOption.REPLACE_EXISTING);
        return Elf.read(copy);
      } finally {
        Files.deleteIfExists(copy);
      }
    }
  }

  private static NeededLibraries closure(
      Map<String, Native> natives, Deque<Native> waiting, long total, Watcher watcher)
      throws IOException {
    Map<String, Bringer> libraries = new TreeMap<>();
    Map<String, String> versions = new TreeMap<>();
    Set<Native> seen = new HashSet<>(waiting);
    long done = 0;
    while (!waiting.isEmpty()) {
      Native next = waiting.remove();
      Elf elf = next.elf();
      done += next.bytes();
      watcher.at(Watcher.Stage.LIBRARIES, Math.min(done, total), total);
      for (String name : elf.needed()) {
        Native own = natives.get(name);
        if (own != null) {
          if (seen.add(own)) {
            waiting.add(own);
          }
        } else if (!BASE.matcher(name).matches()) {
          libraries.put(name, bringer(name));
        }
      }
      for (String wanted : elf.versions()) {
        Matcher version = VERSION.matcher(wanted);
        if (version.matches()) {
          versions.merge(version.group(1), version.group(2), NeededLibraries::newer);
        }
      }
    }
    return new NeededLibraries(libraries, versions);
  }

  private static List<Path> javas(Path runtime) throws IOException {
    List<Path> libraries = new ArrayList<>();
    for (Path folder : List.of(runtime, runtime.resolve("server"))) {
      if (Files.isDirectory(folder)) {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*.so")) {
          files.forEach(libraries::add);
        }
      }
    }
    return libraries.stream().sorted().toList();
  }

  private static Bringer bringer(String name) {
    if (DRIVER.contains(name)) {
      return new Bringer("driver", "");
    }
    Optional<String> python =
        PACKAGES.entrySet().stream()
            .filter(entry -> name.startsWith(entry.getKey()))
            .map(Map.Entry::getValue)
            .findFirst();
    return new Bringer(python.isPresent() ? "cuda" : "system", python.orElse(""));
  }

  /** The newer of two versions, number by number: 2.35 is newer than 2.4. */
  static String newer(String a, String b) {
    String[] left = a.split("\\.", -1);
    String[] right = b.split("\\.", -1);
    for (int i = 0; i < Math.min(left.length, right.length); i++) {
      int order =
          Integer.compare(
              left[i].isEmpty() ? 0 : Integer.parseInt(left[i]),
              right[i].isEmpty() ? 0 : Integer.parseInt(right[i]));
      if (order != 0) {
        return order > 0 ? a : b;
      }
    }
    return left.length >= right.length ? a : b;
  }

  /** Those that neither CUDA nor the driver brings, sorted. */
  List<String> ofSystem() {
    return libraries.entrySet().stream()
        .filter(entry -> entry.getValue().what().equals("system"))
        .map(Map.Entry::getKey)
        .sorted()
        .toList();
  }

  /** As scripts read it: a line a library, {@code NAME BRINGER PACKAGE}, {@code -} for none. */
  String toText() {
    StringBuilder text = new StringBuilder();
    new TreeMap<>(versions)
        .forEach((name, version) -> text.append(name + " version " + version + "\n"));
    new TreeMap<>(libraries)
        .forEach(
            (name, by) ->
                text.append(
                    name
                        + " "
                        + by.what()
                        + " "
                        + (by.python().isEmpty() ? "-" : by.python())
                        + "\n"));
    return text.toString();
  }
}
