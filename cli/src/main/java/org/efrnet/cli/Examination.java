package org.efrnet.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.efrnet.bundle.BundleException;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.cli.Finding.State;
import org.efrnet.machine.Machine;
import org.efrnet.segment.CacheFolder;
import org.efrnet.segment.Engine;
import org.efrnet.segment.Engines;
import org.efrnet.segment.GoldenCheck;
import org.efrnet.segment.Segmenter;
import org.efrnet.text.OneLine;

/**
 * Looks at all that {@code segment} depends on, and at what other commands do. Nothing that goes
 * wrong on the way ends it: that is what it is to tell.
 *
 * @param system the machine; asked once
 * @param libraries that are tried
 * @param model whose golden logits every engine must give
 * @param threads of the engines
 */
record Examination(Machine system, List<NativeLibrary> libraries, String model, int threads) {
  private static final Set<String> PLATFORMS =
      Set.of("linux-amd64", "linux-aarch64", "mac-aarch64", "windows-amd64");

  /** What one engine's libraries take unpacked, and a model. */
  private static final long LEAST_DISK = 300L << 20;

  private static final long LEAST_MEMORY = 1L << 30;
  private static final int LEAST_JAVA = 17;

  /** Everything that was found. */
  record Result(
      List<Finding> system,
      List<NativeLibrary.Probe> libraries,
      List<EngineFinding> engines,
      List<GoldenFinding> golden) {
    boolean isFine() {
      return Stream.of(
              system.stream(),
              libraries.stream().map(NativeLibrary.Probe::finding),
              engines.stream().map(EngineFinding::finding),
              golden.stream().map(GoldenFinding::finding))
          .flatMap(findings -> findings)
          .noneMatch(Finding::isFatal);
    }

    ObjectNode toJson(Machine machine) {
      ObjectNode node = JsonNodeFactory.instance.objectNode();
      node.put("ok", isFine());
      machine.describe(node.putObject("machine"));
      ArrayNode systemNode = node.putArray("system");
      system.forEach(finding -> finding.describe(systemNode.addObject()));
      ArrayNode libraryNode = node.putArray("libraries");
      for (NativeLibrary.Probe probe : libraries) {
        ObjectNode one = libraryNode.addObject();
        probe.finding().describe(one);
        one.put("version", probe.version()).put("path", probe.path());
      }
      ArrayNode engineNode = node.putArray("engines");
      for (EngineFinding engine : engines) {
        ObjectNode one = engineNode.addObject();
        engine.finding.describe(one);
        one.put("version", engine.version);
        engine.precisions.forEach(one.putArray("precisions")::add);
      }
      ArrayNode goldenNode = node.putArray("golden");
      for (GoldenFinding check : golden) {
        ObjectNode one = goldenNode.addObject();
        check.finding.describe(one);
        one.put("engine", check.engine).put("precision", check.precision);
        check.difference.ifPresentOrElse(
            difference -> one.put("difference", difference), () -> one.putNull("difference"));
        check.tolerance.ifPresentOrElse(
            tolerance -> one.put("tolerance", tolerance), () -> one.putNull("tolerance"));
      }
      return node;
    }
  }

  /** An engine on the class path. */
  record EngineFinding(Finding finding, String version, List<String> precisions) {}

  /** An engine's logits for the model's golden picture; no figures if it gave none. */
  record GoldenFinding(
      Finding finding,
      String engine,
      String precision,
      Optional<Double> difference,
      Optional<Double> tolerance) {}

  Result run() {
    List<Finding> found = new ArrayList<>();
    found.add(platform());
    found.add(cpu());
    found.add(cores());
    found.add(memory());
    found.add(cLibrary());
    found.add(shared("libgomp", "libgomp.so.1", "brought along with the natives"));
    found.add(shared("libstdc++", "libstdc++.so.6", ""));
    found.add(java());
    found.addAll(folders());
    List<NativeLibrary.Probe> probes = libraries.stream().map(NativeLibrary::probe).toList();
    List<EngineFinding> engines = new ArrayList<>();
    List<GoldenFinding> golden = new ArrayList<>();
    Optional<ModelBundle> bundle = Optional.empty();
    try {
      bundle = Optional.of(ModelBundle.of(model));
      found.add(Finding.ok("model", model + ", " + bundle.get().config().licence().id()));
    } catch (BundleException e) {
      found.add(
          new Finding(
              "model",
              State.BROKEN,
              true,
              Main.message(e),
              "add org.efrnet:efrnet-model-camvid, or get the checkout anew"));
    }
    examineEngines(bundle, engines, golden);
    return new Result(List.copyOf(found), probes, List.copyOf(engines), List.copyOf(golden));
  }

  private Finding platform() {
    String os = system.os().toLowerCase(Locale.ROOT);
    String family = os.startsWith("mac") ? "mac" : os.startsWith("windows") ? "windows" : os;
    String arch = system.arch().equals("x86_64") ? "amd64" : system.arch();
    boolean known = PLATFORMS.contains(family + "-" + arch);
    return new Finding(
        "platform",
        known ? State.OK : State.BROKEN,
        true,
        system.os() + " " + system.kernel() + ", " + system.arch(),
        known
            ? ""
            : "there are natives for Linux x86-64 and arm64, macOS arm64 and Windows x86-64: use"
                + " one of these");
  }

  private Finding cpu() {
    boolean slow = system.arch().equals("amd64") && !system.flags().contains("avx2");
    return new Finding(
        "cpu",
        State.OK,
        false,
        system.cpu() + (system.flags().isEmpty() ? "" : ": " + String.join(" ", system.flags())),
        slow && system.os().equals("Linux")
            ? "without AVX2 everything is slow; a processor since 2015 has it"
            : "");
  }

  private Finding cores() {
    Optional<String> quota = firstLine(Path.of("/sys/fs/cgroup/cpu.max"));
    return Finding.ok(
        "cores",
        system.cores() + " for this process" + quota.map(q -> ", cgroup cpu.max " + q).orElse(""));
  }

  private Finding memory() {
    Optional<String> limit = firstLine(Path.of("/sys/fs/cgroup/memory.max"));
    return new Finding(
        "memory",
        State.OK,
        false,
        gigabytes(system.memoryBytes())
            + " for this process, heap at most "
            + gigabytes(Runtime.getRuntime().maxMemory())
            + limit.map(l -> ", cgroup memory.max " + l).orElse(""),
        system.memoryBytes() < LEAST_MEMORY ? "below 1 GB large pictures do not fit" : "");
  }

  private static String gigabytes(long bytes) {
    return String.format(Locale.ROOT, "%.1f GB", bytes / 1e9);
  }

  private Finding cLibrary() {
    if (!system.os().equals("Linux")) {
      return Finding.ok("libc", "the system's");
    }
    boolean musl = system.libc().startsWith("musl");
    return new Finding(
        "libc",
        musl ? State.BROKEN : State.OK,
        true,
        system.libc().isEmpty() ? "unknown" : system.libc(),
        musl
            ? "natives are built for glibc: use an image such as debian:12-slim rather than Alpine"
            : "");
  }

  /** A library of the system, where Linux's loader looks by itself. */
  private Finding shared(String name, String file, String instead) {
    if (!system.os().equals("Linux")) {
      return Finding.ok(name, "not needed here");
    }
    String triple = system.arch().equals("aarch64") ? "aarch64-linux-gnu" : "x86_64-linux-gnu";
    for (String folder :
        List.of("/usr/lib/" + triple, "/lib/" + triple, "/usr/lib64", "/usr/lib")) {
      Path path = Path.of(folder, file);
      if (Files.isReadable(path)) {
        return new Finding(name, State.OK, instead.isEmpty(), path.toString(), "");
      }
    }
    return instead.isEmpty()
        ? new Finding(
            name,
            State.MISSING,
            false,
            file + " is not in the usual folders",
            NativeLibrary.remedyFor(name))
        : Finding.ok(name, file + " is not in the usual folders: " + instead);
  }

  private Finding java() {
    boolean fine = Runtime.version().feature() >= LEAST_JAVA;
    return new Finding(
        "java",
        fine ? State.OK : State.BROKEN,
        true,
        system.java() + " at " + System.getProperty("java.home"),
        fine ? "" : "use Java " + LEAST_JAVA + " or newer");
  }

  private List<Finding> folders() {
    List<Finding> found = new ArrayList<>();
    found.add(place("cache", CacheFolder.ofUser(), LEAST_DISK));
    String javacpp = System.getProperty("org.bytedeco.javacpp.cachedir");
    Path natives =
        javacpp == null
            ? Path.of(System.getProperty("user.home"), ".javacpp", "cache")
            : Path.of(javacpp);
    found.add(place("natives", Optional.of(natives), LEAST_DISK));
    found.add(place("tmp", Optional.of(Path.of(System.getProperty("java.io.tmpdir"))), 0));
    return found;
  }

  /** A folder that is written to: whether that works, and whether what lies there can be loaded. */
  static Finding place(String name, Optional<Path> folder, long leastFree) {
    String remedy = "set EFRNET_CACHE to a folder that can be written";
    if (folder.isEmpty()) {
      return new Finding(name, State.MISSING, false, "nothing says where it would be", remedy);
    }
    Path there = folder.get().toAbsolutePath();
    while (!Files.exists(there) && there.getParent() != null) {
      there = there.getParent();
    }
    boolean needed = name.equals("natives");
    try {
      if (!Files.isDirectory(there) || !Files.isWritable(there)) {
        return new Finding(name, State.BROKEN, needed, folder.get() + " cannot be written", remedy);
      }
      // Some file systems only tell when it is tried.
      Files.delete(Files.createTempFile(there, "efrnet", ".doctor"));
      FileStore store = Files.getFileStore(there);
      long free = store.getUsableSpace();
      String detail = folder.get() + ", " + gigabytes(free) + " free";
      if (free < leastFree) {
        return new Finding(
            name,
            State.BROKEN,
            false,
            detail,
            "free some disk space: unpacked libraries take " + (leastFree >> 20) + " MB");
      }
      if (isNoexec(there)) {
        return new Finding(
            name,
            State.BROKEN,
            needed,
            detail + ", mounted noexec",
            NativeLibrary.remedyFor("Operation not permitted"));
      }
      return new Finding(name, State.OK, needed, detail, "");
    } catch (IOException e) {
      return new Finding(name, State.BROKEN, needed, folder.get() + ": " + Main.message(e), remedy);
    }
  }

  /** By the longest mount point above it; Linux alone has the file. */
  private static boolean isNoexec(Path folder) throws IOException {
    Path mounts = Path.of("/proc/self/mounts");
    if (!Files.isReadable(mounts)) {
      return false;
    }
    Path real = folder.toRealPath();
    int longest = -1;
    boolean noexec = false;
    for (String line : Files.readAllLines(mounts, StandardCharsets.ISO_8859_1)) {
      String[] words = line.split(" ", -1);
      if (words.length > 3) {
        Path point = Path.of(words[1].replace("\\040", " "));
        if (real.startsWith(point) && point.getNameCount() >= longest) {
          longest = point.getNameCount();
          noexec = List.of(words[3].split(",", -1)).contains("noexec");
        }
      }
    }
    return noexec;
  }

  private void examineEngines(
      Optional<ModelBundle> bundle, List<EngineFinding> engines, List<GoldenFinding> golden) {
    String first = "";
    try {
      first = Engines.first().name();
    } catch (IllegalStateException e) {
      engines.add(
          new EngineFinding(
              new Finding(
                  "engine", State.MISSING, true, Main.message(e), "add org.efrnet:efrnet-engine"),
              "",
              List.of()));
    }
    for (String name : Engines.names()) {
      boolean chosen = name.equals(first);
      List<String> precisions = List.of();
      String version = "";
      Finding finding;
      try {
        Engine engine = Engines.named(name);
        version = engine.version();
        precisions = engine.precisions();
        finding =
            new Finding(name, State.OK, chosen, version + ": " + String.join(", ", precisions), "");
      } catch (RuntimeException | LinkageError e) {
        finding =
            new Finding(
                name,
                State.BROKEN,
                chosen,
                OneLine.of(String.valueOf(e.getMessage()), Main.LONGEST_MESSAGE),
                NativeLibrary.remedyFor(NativeLibrary.innermost(e)));
      }
      engines.add(new EngineFinding(finding, version, precisions));
      if (bundle.isPresent()) {
        for (String precision : precisions) {
          golden.add(golden(bundle.get(), name, precision, chosen));
        }
      }
    }
  }

  private GoldenFinding golden(
      ModelBundle bundle, String engine, String precision, boolean needed) {
    String name = engine + " " + precision;
    Segmenter.Options options =
        Segmenter.Options.DEFAULT
            .withThreads(threads)
            .withEngine(engine)
            .withPrecision(precision)
            .with(GoldenCheck.NEVER);
    try (Segmenter segmenter = Segmenter.load(bundle, options)) {
      Segmenter.Golden found = segmenter.golden();
      boolean fine = found.difference() <= found.tolerance();
      return new GoldenFinding(
          new Finding(
              name,
              fine ? State.OK : State.BROKEN,
              needed,
              String.format(
                  Locale.ROOT,
                  "%s: off by %.2g, allowed %.2g",
                  bundle.config().name(),
                  found.difference(),
                  found.tolerance()),
              fine ? "" : "this engine computes wrongly here: choose another by --engine"),
          engine,
          precision,
          Optional.of(found.difference()),
          Optional.of(found.tolerance()));
    } catch (RuntimeException | LinkageError e) {
      // Only what was measured can be run in 8 bits; segment does not choose what cannot be run.
      boolean uncalibrated = e instanceof IllegalArgumentException;
      return new GoldenFinding(
          new Finding(
              name,
              uncalibrated ? State.MISSING : State.BROKEN,
              needed && !uncalibrated,
              OneLine.of(String.valueOf(e.getMessage()), Main.LONGEST_MESSAGE),
              uncalibrated ? "use another precision" : "choose another engine by --engine"),
          engine,
          precision,
          Optional.empty(),
          Optional.empty());
    }
  }

  private static Optional<String> firstLine(Path file) {
    try (Stream<String> lines = Files.lines(file)) {
      return lines.findFirst();
    } catch (IOException | RuntimeException e) {
      return Optional.empty();
    }
  }
}
