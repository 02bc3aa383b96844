package org.efrnet.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.concurrent.Callable;
import org.efrnet.bundle.BundleConfig;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.engine.ConvolutionPeak;
import org.efrnet.machine.Machine;
import org.efrnet.segment.Engine;
import org.efrnet.segment.Engines;
import org.efrnet.text.Nearest;
import org.efrnet.text.OneLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code efrnet bench}. */
@Command(
    name = "bench",
    description = {
      "Measures engines against one another, interleaved, from normalised planes to the class map;",
      "then whole frames by stages, and what this machine's convolutions can do at best.",
      "docs/bench.md says how each figure is made."
    },
    footer = {
      "",
      "Examples:",
      "  efrnet bench",
      "  efrnet bench --network efrnet --size 640x360 --threads 2 --against onnxruntime,libtorch",
      "  efrnet bench --model efrnet.camvid --size 480x360 --precision fp32 --nodes"
    })
final class BenchCommand implements Callable<Integer> {
  private static final String ALL = "all";
  private static final double BUSY = 0.5;
  private static final int FEW_ROUNDS = 30;
  private static final int MOST_ROUNDS = 100_000;

  /** Random weights, the same everywhere. */
  private static final long SEED = 1;

  @Option(
      names = "--network",
      paramLabel = "NAME",
      description = "A network with random weights (default: efrnet).")
  private Optional<String> network;

  @Option(
      names = "--model",
      paramLabel = "BUNDLE",
      description = "A model's name, or its folder, instead of --network.")
  private Optional<String> model;

  @Option(
      names = "--size",
      paramLabel = "WxH",
      defaultValue = "640x360",
      converter = PictureSize.Converter.class,
      description = "Size of what the network sees, and of its class map (default: 640x360).")
  private PictureSize size;

  @Option(
      names = "--classes",
      paramLabel = "N",
      description = "Classes that --network tells apart (default: 19).")
  private Optional<Integer> classes;

  @Option(
      names = "--engine",
      paramLabel = "NAME",
      description = "The engine in question (default: the one that segment takes).")
  private Optional<String> engine;

  @Option(
      names = "--precision",
      paramLabel = "P,...",
      split = ",",
      defaultValue = ALL,
      description = {
        "Of the engine in question: some of fp32, bf16, int8, or all that it computes in here",
        "(default: ${DEFAULT-VALUE})."
      })
  private List<String> precisions;

  @Option(
      names = "--against",
      paramLabel = "ENGINE,...",
      split = ",",
      description = {
        "Other engines, such as onnxruntime, libtorch, reference; each in all precisions that it",
        "computes in here."
      })
  private List<String> against = List.of();

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "30",
      description = "Rounds that are measured (default: ${DEFAULT-VALUE}).")
  private int rounds;

  @Option(
      names = "--warm-up",
      paramLabel = "SECONDS",
      defaultValue = "2",
      description = {
        "How long each engine works before it is measured, ten times at least (default:",
        "${DEFAULT-VALUE})."
      })
  private double warmUp;

  @Option(names = "--nodes", description = "Where the engine's time goes, node by node.")
  private boolean nodes;

  @Option(
      names = "--format",
      defaultValue = "table",
      description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
  private Format format;

  @Option(
      names = {"-o", "--out"},
      paramLabel = "FILE",
      description = "A file for the result, instead of standard output.")
  private Optional<Path> out;

  @Mixin private Threads threads;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    requireSense();
    PrintWriter err = spec.commandLine().getErr();
    Machine machine = Machine.here();
    warn(machine, rounds, err);
    ModelBundle bundle =
        model.isPresent()
            ? ModelBundle.of(model.get())
            : RandomBundle.of(network.orElse("efrnet"), classes.orElse(19), SEED);
    Map<Engine, List<String>> entries = entries();
    Bench bench = new Bench(bundle, size, threads.count(), rounds, warmUp, nodes, err);
    Map<String, OptionalDouble> peaks = peaks(err);
    Bench.Result result = bench.run(entries, picture());
    ObjectNode json = json(machine, entries.keySet(), bundle, peaks, result);
    String text =
        format == Format.JSON ? Format.json(json) + System.lineSeparator() : BenchTable.of(json);
    if (out.isPresent()) {
      Files.writeString(out.get(), text);
    } else {
      spec.commandLine().getOut().print(text);
      spec.commandLine().getOut().flush();
    }
    return 0;
  }

  /** Of what makes times doubtful. */
  static void warn(Machine machine, int rounds, PrintWriter err) {
    if (machine.load() > BUSY * machine.cores()) {
      err.printf(
          Locale.ROOT,
          "efrnet: the load of this machine is %.1f at %d cores: times will be too long; let other"
              + " work end first%n",
          machine.load(),
          machine.cores());
    }
    if (rounds < FEW_ROUNDS) {
      err.println(
          "efrnet: percentiles of "
              + rounds
              + " rounds say little; take --rounds "
              + FEW_ROUNDS
              + " or more");
    }
  }

  private void requireSense() {
    // What is measured for minutes must have a place.
    Optional<Path> folder = out.map(file -> file.toAbsolutePath().getParent());
    if (folder.isPresent() && !Files.isDirectory(folder.get())) {
      throw new Failure("--out " + out.get() + ": there is no folder " + folder.get());
    }
    if (model.isPresent() && (network.isPresent() || classes.isPresent())) {
      throw wrong("--model has its own network and classes: leave --network and --classes out");
    }
    network.ifPresent(name -> NetworksCommand.known(name, spec.commandLine()));
    if (classes.isPresent() && (classes.get() < 1 || classes.get() > 255)) {
      throw wrong("--classes is " + classes.get() + ", must be 1..255");
    }
    if (rounds < 1 || rounds > MOST_ROUNDS) {
      throw wrong("--rounds is " + rounds + ", must be 1.." + MOST_ROUNDS);
    }
    if (!(warmUp >= 0 && warmUp <= 3600)) {
      throw wrong("--warm-up is " + warmUp + ", must be 0..3600 seconds");
    }
    for (String precision : precisions) {
      if (!precision.equals(ALL) && !BundleConfig.PRECISION_NAMES.contains(precision)) {
        throw wrong(
            "--precision '"
                + precision
                + "' is none of "
                + String.join(", ", BundleConfig.PRECISION_NAMES)
                + " and "
                + ALL
                + Nearest.hint(precision, BundleConfig.PRECISION_NAMES));
      }
    }
  }

  private ParameterException wrong(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  /** Who takes part in which precisions: the engine in question first. */
  private Map<Engine, List<String>> entries() {
    Engine own = engine.map(Engines::named).orElseGet(Engines::first);
    Map<Engine, List<String>> entries = new LinkedHashMap<>();
    List<String> offered = own.precisions();
    List<String> taken =
        inOrder(offered).stream()
            .filter(precision -> precisions.contains(ALL) || precisions.contains(precision))
            .toList();
    Set<String> missing = new LinkedHashSet<>(precisions);
    missing.removeAll(taken);
    missing.remove(ALL);
    if (!missing.isEmpty()) {
      throw new Failure(
          "engine "
              + own.name()
              + " does not compute in "
              + String.join(", ", missing)
              + " on this machine, but in "
              + String.join(", ", offered)
              + ": choose among these");
    }
    entries.put(own, taken);
    for (String name : new LinkedHashSet<>(against)) {
      if (!name.equals(own.name())) {
        Engine other = Engines.named(name);
        // A comparison is fair with a rival's best form only.
        entries.put(other, inOrder(other.precisions()));
      }
    }
    return entries;
  }

  /** In the order in which tables show them. */
  private static List<String> inOrder(List<String> offered) {
    return BundleConfig.PRECISION_NAMES.stream().filter(offered::contains).toList();
  }

  private Map<String, OptionalDouble> peaks(PrintWriter err) {
    Map<String, OptionalDouble> peaks = new LinkedHashMap<>();
    for (String precision : BundleConfig.PRECISION_NAMES) {
      try {
        peaks.put(precision, ConvolutionPeak.gflops(precision, threads.count()));
      } catch (LinkageError | IllegalStateException e) {
        err.println(
            "efrnet: the peak in "
                + precision
                + " is not measured: "
                + OneLine.of(String.valueOf(e.getMessage()))
                + "; efrnet doctor says more");
        peaks.put(precision, OptionalDouble.empty());
      }
    }
    return peaks;
  }

  /** A JPEG as cameras make them: the checkout's sample, or one that is drawn. */
  static byte[] picture() throws IOException {
    Path sample = Path.of(System.getProperty("efrnet.home", "."), "samples", "street.jpg");
    return Files.isReadable(sample) ? Files.readAllBytes(sample) : SampleJpeg.draw();
  }

  private ObjectNode json(
      Machine machine,
      Set<Engine> engines,
      ModelBundle bundle,
      Map<String, OptionalDouble> peaks,
      Bench.Result result) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    node.put("network", bundle.network().name());
    node.put("model", model.orElse("random weights of seed " + SEED));
    node.put("trained", model.isPresent());
    node.put("width", size.width());
    node.put("height", size.height());
    node.put("classes", bundle.classes().size());
    node.put("threads", threads.count());
    node.put("rounds", rounds);
    node.put("convGflop", 2 * result.convGmac());
    ObjectNode place = node.putObject("machine");
    machine.describe(place);
    place.put("threads", threads.count());
    ObjectNode versions = place.putObject("engines");
    engines.forEach(e -> versions.put(e.name(), e.version()));
    ObjectNode best = node.putObject("peakGflops");
    peaks.forEach((precision, peak) -> put(best, precision, peak));
    ArrayNode array = node.putArray("engines");
    String own = engines.iterator().next().name();
    OptionalDouble exact = leastMedian(result, own, List.of(BundleConfig.FP32));
    OptionalDouble fastest = leastMedian(result, own, BundleConfig.PRECISION_NAMES);
    for (Bench.Entry entry : result.entries()) {
      ObjectNode one = array.addObject();
      one.put("name", entry.engine());
      one.put("precision", entry.precision());
      put(one, entry.millis());
      put(one, "timesFp32", quotient(entry.millis().p50(), exact));
      put(one, "timesBest", quotient(entry.millis().p50(), fastest));
      double gflops = 2 * result.convGmac() / entry.millis().p50() * 1e3;
      one.put("gflops", rounded(gflops));
      OptionalDouble peak = peaks.getOrDefault(entry.precision(), OptionalDouble.empty());
      put(one, "shareOfPeak", quotient(gflops, peak));
    }
    ArrayNode frames = node.putArray("frames");
    for (Bench.Frames frame : result.frames()) {
      ObjectNode one = frames.addObject();
      one.put("name", frame.engine());
      one.put("precision", frame.precision());
      one.put("pictureWidth", frame.width());
      one.put("pictureHeight", frame.height());
      ObjectNode stages = one.putObject("stages");
      frame.stages().forEach((name, millis) -> put(stages.putObject(name), millis));
    }
    if (nodes) {
      ArrayNode profiles = node.putArray("nodes");
      result.profiles().forEach(profile -> profiles.add(profile.toJson()));
    }
    return node;
  }

  /** The smallest p50 of an engine in any of some precisions; empty if it was measured in none. */
  private static OptionalDouble leastMedian(
      Bench.Result result, String engine, List<String> precisions) {
    return result.entries().stream()
        .filter(e -> e.engine().equals(engine) && precisions.contains(e.precision()))
        .mapToDouble(e -> e.millis().p50())
        .min();
  }

  private static OptionalDouble quotient(double value, OptionalDouble by) {
    return by.isPresent() ? OptionalDouble.of(value / by.getAsDouble()) : by;
  }

  static void put(ObjectNode node, Distribution millis) {
    node.put("min", rounded(millis.min()));
    node.put("p50", rounded(millis.p50()));
    node.put("p95", rounded(millis.p95()));
    node.put("p99", rounded(millis.p99()));
  }

  private static void put(ObjectNode node, String key, OptionalDouble value) {
    if (value.isPresent()) {
      node.put(key, rounded(value.getAsDouble()));
    } else {
      node.putNull(key);
    }
  }

  static double rounded(double value) {
    return Math.round(value * 1000) / 1000.0;
  }
}
