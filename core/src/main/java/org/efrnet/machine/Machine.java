package org.efrnet.machine;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.management.OperatingSystemMXBean;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The machine that a figure was measured on, or that something does not work on. What a system does
 * not tell is empty or 0.
 *
 * @param cpu the processor's model
 * @param flags what it can compute with, of those that matter here
 * @param cores processors that this process may use
 * @param os name of the system
 * @param arch of Java
 * @param kernel its version
 * @param libc the C library and its version, such as {@code glibc 2.36}
 * @param java its version
 * @param memoryBytes that this process may use at most
 * @param load processes that wanted to run, on average over the last minute; negative if unknown
 */
public record Machine(
    String cpu,
    List<String> flags,
    int cores,
    String os,
    String arch,
    String kernel,
    String libc,
    String java,
    long memoryBytes,
    double load) {
  private static final Path CPUINFO = Path.of("/proc/cpuinfo");
  private static final Pattern INTERESTING =
      Pattern.compile("avx2|avx512f|avx512_bf16|avx512_vnni|avx_vnni|amx_.*|asimd|bf16|i8mm|sve");
  private static final Pattern GLIBC = Pattern.compile("stable release version ([0-9.]+[0-9])");

  public Machine {
    flags = List.copyOf(flags);
  }

  /** This process's own. */
  public static Machine here() {
    Map<String, String> processor = firstProcessor();
    OperatingSystemMXBean system =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    String flags = processor.getOrDefault("flags", processor.getOrDefault("Features", ""));
    return new Machine(
        Stream.of(
                processor.getOrDefault("model name", ""),
                String.valueOf(System.getenv().getOrDefault("PROCESSOR_IDENTIFIER", "")),
                processor.getOrDefault("CPU part", ""))
            .filter(name -> !name.isBlank())
            .findFirst()
            .orElse("unknown"),
        Arrays.stream(flags.split(" ", -1))
            .filter(flag -> INTERESTING.matcher(flag).matches())
            .sorted()
            .toList(),
        Runtime.getRuntime().availableProcessors(),
        System.getProperty("os.name"),
        System.getProperty("os.arch"),
        System.getProperty("os.version"),
        cLibrary().orElse(""),
        Runtime.version().toString(),
        system.getTotalMemorySize(),
        system.getSystemLoadAverage());
  }

  /** What Linux says of the first processor, by key. */
  private static Map<String, String> firstProcessor() {
    Map<String, String> values = new TreeMap<>();
    try (BufferedReader lines = Files.newBufferedReader(CPUINFO)) {
      for (String line = lines.readLine();
          line != null && !line.isEmpty();
          line = lines.readLine()) {
        int colon = line.indexOf(':');
        if (colon > 0) {
          values.put(line.substring(0, colon).strip(), line.substring(colon + 1).strip());
        }
      }
    } catch (IOException e) {
      // Other systems have no such file.
      return Map.of();
    }
    return values;
  }

  /** The C library that this process runs with, which natives must fit; Linux alone tells. */
  private static Optional<String> cLibrary() {
    Path maps = Path.of("/proc/self/maps");
    try (Stream<String> lines = Files.lines(maps, StandardCharsets.ISO_8859_1)) {
      List<String> files =
          lines.filter(l -> l.contains("/")).map(Machine::file).distinct().toList();
      if (files.stream().anyMatch(file -> file.contains("/ld-musl-"))) {
        return Optional.of("musl");
      }
      Optional<String> glibc =
          files.stream().filter(file -> file.matches(".*/libc(-[0-9.]+)?\\.so(\\.6)?")).findFirst();
      if (glibc.isEmpty()) {
        return Optional.empty();
      }
      Matcher version =
          GLIBC.matcher(Files.readString(Path.of(glibc.get()), StandardCharsets.ISO_8859_1));
      return Optional.of("glibc" + (version.find() ? " " + version.group(1) : ""));
    } catch (IOException | RuntimeException e) {
      return Optional.empty();
    }
  }

  private static String file(String line) {
    return line.substring(line.indexOf('/'));
  }

  /** In one line, for people: processor, processors, system, Java. */
  public String summary() {
    return cpu + ", " + cores + " processors, " + os + " " + arch + ", Java " + java;
  }

  /** Adds the fields to an object. */
  public void describe(ObjectNode node) {
    node.put("cpu", cpu);
    flags.forEach(node.putArray("flags")::add);
    node.put("cores", cores);
    node.put("os", os);
    node.put("arch", arch);
    node.put("kernel", kernel);
    node.put("libc", libc);
    node.put("java", java);
    node.put("memoryBytes", memoryBytes);
    node.put("load", Math.round(load * 100) / 100.0);
  }
}
