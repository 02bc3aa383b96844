package org.efrnet.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.efrnet.bundle.BundleConfig;
import org.efrnet.cli.compare.Report;
import org.efrnet.data.StreetScenes;
import org.efrnet.machine.Machine;
import org.efrnet.networks.Networks;
import org.efrnet.segment.Engine;
import org.efrnet.segment.Engines;
import org.efrnet.text.Nearest;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code efrnet compare}. */
@Command(
    name = "compare",
    description = {
      "The paper's Tables 1 to 4 as measured here, beside what the paper prints: Markdown on",
      "standard output; compare.md, compare.html, compare.json and a CSV file a table in a folder.",
      "docs/compare.md says how to read them."
    },
    footer = {
      "",
      "Examples:",
      "  efrnet compare --quick",
      "  efrnet compare --data CamVid --bundles bundles --bundles runs -o compare",
      "  efrnet compare --from compare/compare.json -o again"
    })
final class CompareCommand implements Callable<Integer> {
  private static final int MOST_ROUNDS = 100_000;
  private static final int ROUNDS = 30;
  private static final int QUICK_ROUNDS = 2;
  private static final int WARM_UP_ROUNDS = 10;
  private static final double WARM_UP = 2;

  /** Every network can halve these five times. */
  private static final PictureSize QUICK_SIZE = new PictureSize(160, 96);

  private static final PictureSize PAPER_SIZE = new PictureSize(640, 360);
  private static final String PUBLISHED = "efrnet.camvid";

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "CamVid in either layout, or your own data: where accuracy is measured.")
  private Optional<Path> data;

  @Option(
      names = "--split",
      paramLabel = "NAME",
      defaultValue = "test",
      description = "A list of --data (default: ${DEFAULT-VALUE}).")
  private String split;

  @Option(
      names = "--bundles",
      paramLabel = "FOLDER",
      description = "A bundle, or a folder of bundles; may be repeated (default: bundles/).")
  private List<Path> bundles = List.of();

  @Option(
      names = "--networks",
      paramLabel = "NAME,...",
      split = ",",
      description = "Networks whose speed is measured (default: all).")
  private List<String> networks = List.of();

  @Option(
      names = "--size",
      paramLabel = "WxH",
      converter = PictureSize.Converter.class,
      description = "Size for which speed is measured (default: 640x360, as the paper).")
  private Optional<PictureSize> size;

  @Option(
      names = "--engine",
      paramLabel = "NAME",
      description = "What computes (default: the one that segment takes).")
  private Optional<String> engine;

  @Option(
      names = "--precision",
      paramLabel = "P,...",
      split = ",",
      defaultValue = BundleConfig.FP32,
      description = {
        "Speed in some of fp32, bf16, int8; accuracy in the first of them (default:",
        "${DEFAULT-VALUE})."
      })
  private List<String> precisions;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      description = "Rounds that are measured (default: 30).")
  private Optional<Integer> rounds;

  @Option(
      names = "--quick",
      description = {
        "A trial of a minute: generated streets instead of data, speed at 160x96 in two rounds.",
        "Its figures mean nothing, and say so."
      })
  private boolean quick;

  @Option(
      names = "--no-pictures",
      description = "No pictures on the page: those of many data sets may not be passed on.")
  private boolean noPictures;

  @Option(
      names = "--from",
      paramLabel = "JSON",
      description = "Measure nothing: make the other files anew from this compare.json.")
  private Optional<Path> from;

  @Option(
      names = {"-o", "--out"},
      paramLabel = "FOLDER",
      defaultValue = "compare",
      description = "Where the files go; made if missing (default: ${DEFAULT-VALUE}).")
  private Path out;

  @Mixin private Threads threads;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    requireSense();
    Report report = from.isPresent() ? Report.read(from.get()) : Report.of(measured());
    // First, so that it is not lost where the files cannot be written.
    PrintWriter console = spec.commandLine().getOut();
    console.print(report.markdown());
    console.flush();
    report.write(out);
    spec.commandLine().getErr().println("efrnet: the page is " + out.resolve(Report.PAGE));
    return 0;
  }

  private void requireSense() throws FileAlreadyExistsException {
    if (Files.exists(out) && !Files.isDirectory(out)) {
      throw new FileAlreadyExistsException(out.toString());
    }
    if (from.isPresent()) {
      for (String option : List.of("--data", "--bundles", "--networks", "--quick", "--rounds")) {
        if (spec.commandLine().getParseResult().hasMatchedOption(option)) {
          throw wrong("--from measures nothing: leave " + option + " out");
        }
      }
    }
    for (String name : networks) {
      NetworksCommand.known(name, spec.commandLine());
    }
    if (rounds.isPresent() && (rounds.get() < 1 || rounds.get() > MOST_ROUNDS)) {
      throw wrong("--rounds is " + rounds.get() + ", must be 1.." + MOST_ROUNDS);
    }
    for (String precision : precisions) {
      if (!BundleConfig.PRECISION_NAMES.contains(precision)) {
        throw wrong(
            "--precision '"
                + precision
                + "' is none of "
                + String.join(", ", BundleConfig.PRECISION_NAMES)
                + Nearest.hint(precision, BundleConfig.PRECISION_NAMES));
      }
    }
  }

  private ParameterException wrong(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  private JsonNode measured() throws IOException {
    Engine own = engine.map(Engines::named).orElseGet(Engines::first);
    for (String precision : precisions) {
      if (!own.precisions().contains(precision)) {
        throw new Failure(
            "engine "
                + own.name()
                + " does not compute in "
                + precision
                + " on this machine, but in "
                + String.join(", ", own.precisions())
                + ": choose among these");
      }
    }
    List<String> judged = bundles.isEmpty() ? bundlesOfCheckout() : Comparison.bundlesIn(bundles);
    if (data.isPresent() || !quick) {
      Optional<Comparison.Judged> on = Optional.empty();
      if (data.isPresent()) {
        on = Optional.of(Comparison.Judged.open(data.get(), split, false));
      }
      return measured(own, judged, on);
    }
    Path streets = Files.createTempDirectory("efrnet-compare");
    try {
      StreetScenes.writeCamvidLayout(streets, Map.of("test", StreetScenes.of(4, 320, 240, 1)));
      return measured(own, judged, Optional.of(Comparison.Judged.open(streets, "test", true)));
    } finally {
      delete(streets);
    }
  }

  private JsonNode measured(Engine own, List<String> judged, Optional<Comparison.Judged> on)
      throws IOException {
    PrintWriter err = spec.commandLine().getErr();
    Machine machine = Machine.here();
    int counted = rounds.orElse(quick ? QUICK_ROUNDS : ROUNDS);
    if (!quick) {
      BenchCommand.warn(machine, counted, err);
    }
    Set<String> chosen = new LinkedHashSet<>(networks.isEmpty() ? Networks.names() : networks);
    return new Comparison(
            own,
            List.copyOf(new LinkedHashSet<>(precisions)),
            threads.count(),
            counted,
            quick ? 0 : WARM_UP,
            quick ? 1 : WARM_UP_ROUNDS,
            List.copyOf(chosen),
            size.orElse(quick ? QUICK_SIZE : PAPER_SIZE),
            judged,
            on,
            !noPictures,
            quick,
            err)
        .measured(machine);
  }

  /** Those that come with the checkout, or the one that comes with this program. */
  private static List<String> bundlesOfCheckout() throws IOException {
    Path folder = Path.of(System.getProperty("efrnet.home", "."), "bundles");
    return Files.isDirectory(folder) ? Comparison.bundlesIn(List.of(folder)) : List.of(PUBLISHED);
  }

  private static void delete(Path folder) throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.walk(folder)) {
      files = all.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path file : files) {
      Files.delete(file);
    }
  }
}
