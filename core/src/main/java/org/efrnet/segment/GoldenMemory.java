package org.efrnet.segment;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.CodeSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.efrnet.bundle.BundleConfig;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.text.OneLine;
import org.efrnet.text.Sha256;

/**
 * Which golden checks passed on this machine: a text file of a line each, in the user's cache
 * folder. It saves time and nothing else: whatever is wrong with it, unreadable, damaged, not to be
 * written, means that a check is made again. Threads take turns. Processes may share it; it is
 * replaced in one step, and of two that replace it at once one is not remembered.
 */
final class GoldenMemory {
  static final String FILE = "golden-checks";

  /** Newest last; keeps the file below 32 KB however many bundles a training leaves. */
  private static final int MOST_LINES = 200;

  private static final int MOST_BYTES = 1 << 16;

  /** What tells processors apart, of the many lines that Linux writes of each. */
  private static final List<String> PROCESSOR_KEYS =
      List.of(
          "vendor_id",
          "cpu family",
          "model",
          "model name",
          "stepping",
          "flags",
          "Features",
          "CPU implementer",
          "CPU architecture",
          "CPU variant",
          "CPU part");

  /** Whoever adds reads first: two threads between each other's reading and writing lose lines. */
  private static final Object TURN = new Object();

  private final Optional<Path> file;

  /** A memory in that folder; without a folder it forgets at once. */
  GoldenMemory(Optional<Path> folder) {
    this.file = folder.map(f -> f.resolve(FILE));
  }

  /** The user's. */
  static GoldenMemory ofUser() {
    return new GoldenMemory(CacheFolder.ofUser());
  }

  /**
   * A digest of all that decides whether a check passes: bundle, golden logits, tolerance,
   * calibration; engine, its version, this library's; precision; machine.
   */
  static String key(ModelBundle bundle, Engine engine, String precision, double tolerance) {
    return Sha256.of(
        String.join(
            "\n",
            bundle.digest(),
            bundle.golden().digest(),
            String.valueOf(tolerance),
            engine.name(),
            engine.version(),
            code(engine.getClass()),
            code(GoldenMemory.class),
            precision,
            bundle.calibration().inputs().toString(),
            machine()));
  }

  /** A jar's version and age: while it is worked on, its version stays. */
  private static String code(Class<?> type) {
    String version = String.valueOf(type.getPackage().getImplementationVersion());
    CodeSource source = type.getProtectionDomain().getCodeSource();
    if (source == null || source.getLocation() == null) {
      return version;
    }
    try {
      Path jar = Path.of(URI.create(source.getLocation().toString()));
      return version + " " + Files.getLastModifiedTime(jar) + " " + Files.size(jar);
    } catch (IOException | RuntimeException e) {
      // Class loaders may keep their code anywhere.
      return version;
    }
  }

  private static String machine() {
    StringBuilder machine = new StringBuilder();
    for (String property : List.of("os.name", "os.arch")) {
      machine.append(System.getProperty(property)).append('\n');
    }
    // Windows has it in the environment, Linux in a file, whose first part is the first processor.
    machine.append(System.getenv("PROCESSOR_IDENTIFIER")).append('\n');
    try (BufferedReader lines = Files.newBufferedReader(Path.of("/proc/cpuinfo"))) {
      for (String line = lines.readLine();
          line != null && !line.isEmpty();
          line = lines.readLine()) {
        int colon = line.indexOf(':');
        if (colon > 0 && PROCESSOR_KEYS.contains(line.substring(0, colon).strip())) {
          machine.append(line).append('\n');
        }
      }
    } catch (IOException e) {
      machine.append(System.getProperty("os.version"));
    }
    return machine.toString();
  }

  boolean remembers(String key) {
    return lines().stream().anyMatch(line -> line.startsWith(key + " "));
  }

  private List<String> lines() {
    if (file.isEmpty() || !Files.isRegularFile(file.get())) {
      return List.of();
    }
    try {
      if (Files.size(file.get()) > MOST_BYTES) {
        return List.of();
      }
      return new String(Files.readAllBytes(file.get()), StandardCharsets.UTF_8).lines().toList();
    } catch (IOException | SecurityException e) {
      return List.of();
    }
  }

  /** Remembers a check that passed, where that is possible. */
  void add(String key, BundleConfig config, Engine engine, String precision) {
    if (file.isEmpty()) {
      return;
    }
    String line =
        String.join(
            " ",
            key,
            config.name(),
            OneLine.of(engine.name()),
            OneLine.of(engine.version()),
            precision);
    synchronized (TURN) {
      add(file.get(), line);
    }
  }

  private void add(Path file, String line) {
    List<String> lines = new ArrayList<>(lines());
    lines.add(line);
    String text =
        String.join("\n", lines.subList(Math.max(0, lines.size() - MOST_LINES), lines.size()));
    Path fresh = file.resolveSibling(FILE + "." + UUID.randomUUID());
    try {
      Files.createDirectories(file.getParent());
      try {
        Files.writeString(fresh, text + "\n");
        Files.move(
            fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(fresh);
      }
    } catch (IOException | SecurityException e) {
      // A read-only home: the check is made again next time.
      return;
    }
  }
}
