package org.efrnet.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.efrnet.bundle.BundleConfig;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.checkpoint.Checkpoint;
import org.efrnet.checkpoint.CodeBase;
import org.efrnet.checkpoint.StateDict;
import org.efrnet.checkpoint.Transfer;
import org.efrnet.images.Normalization;
import org.efrnet.labels.ClassTable;
import org.efrnet.labels.SegmentationClass;
import org.efrnet.segment.Engine;
import org.efrnet.segment.Engines;
import org.efrnet.segment.GoldenCheck;
import org.efrnet.segment.Segmenter;
import org.efrnet.text.OneLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** {@code efrnet import}. */
@Command(
    name = "import",
    description = {
      "Makes a bundle of weights that another program trained: a PyTorch checkpoint, which is read",
      "as data and never run, or safetensors. Classes, labels and what becomes of a picture are",
      "those of the code base that the network is of; options overrule them."
    },
    footer = {
      "",
      "Example: efrnet import model_800.pth --network cgnet --licence MIT -o bundles/cgnet.camvid"
    })
final class ImportCommand implements Callable<Integer> {
  private static final int MOST_SHOWN = 3;

  @Parameters(paramLabel = "CHECKPOINT", description = "The file of weights.")
  private Path file;

  @Option(
      names = "--network",
      required = true,
      paramLabel = "NAME",
      description = "The network that they are of; 'efrnet networks' lists them.")
  private String network;

  @Option(
      names = {"-o", "--out"},
      required = true,
      paramLabel = "BUNDLE",
      description = "The folder to write; a bundle that stands there is replaced.")
  private Path out;

  @Option(
      names = "--classes",
      paramLabel = "K",
      description = "Channels of the logits (default: as the classifier's shape says).")
  private Optional<Integer> classes;

  @Option(
      names = "--labels",
      paramLabel = "NAME|FILE",
      description = "What the classes are: camvid-11, cityscapes-19, ..., or a classes.yaml.")
  private Optional<String> labels;

  @Option(
      names = "--unscored",
      paramLabel = "N[,N]|none",
      converter = Unscored.Converter.class,
      description = "Channels of the logits that are no class, from 0; no pixel is given one.")
  private Optional<Unscored> unscored;

  @Option(
      names = "--mean",
      paramLabel = "R,G,B",
      converter = Three.Converter.class,
      description = "What is subtracted from red, green and blue (default: see --scale).")
  private Optional<Three> mean;

  @Option(
      names = "--deviation",
      paramLabel = "R,G,B",
      converter = Three.Converter.class,
      description = "What they are then divided by.")
  private Optional<Three> deviation;

  @Option(
      names = "--scale",
      paramLabel = "1|255",
      description = {
        "The largest value of a channel before that. Where one of the three is given, the others",
        "are 0,0,0 and 1,1,1 and 1."
      })
  private Optional<Integer> scale;

  @Option(
      names = "--channels",
      paramLabel = "rgb|bgr",
      description = "The order in which the network reads them.")
  private Optional<String> channels;

  @Option(
      names = "--height",
      paramLabel = "ROWS",
      description = "Rows to which a picture is scaled (default: those it was judged at).")
  private Optional<Integer> height;

  @Option(
      names = "--name",
      paramLabel = "NAME",
      description = "The bundle's name (default: its folder's).")
  private Optional<String> name;

  @Option(
      names = "--licence",
      paramLabel = "ID",
      defaultValue = "unknown",
      description = "SPDX identifier of the weights' terms (default: ${DEFAULT-VALUE}).")
  private String licence;

  @Option(
      names = "--report",
      paramLabel = "FILE",
      description = "Write what became of every tensor, a line each.")
  private Optional<Path> report;

  @Mixin private Threads threads;

  @Spec private CommandSpec spec;

  /** Channels of the logits, rising. */
  record Unscored(List<Integer> channels) {
    static final class Converter implements ITypeConverter<Unscored> {
      @Override
      public Unscored convert(String text) {
        if (text.equals("none")) {
          return new Unscored(List.of());
        }
        if (!text.matches("[0-9]{1,3}(,[0-9]{1,3})*")) {
          throw new TypeConversionException("'" + text + "' is not channels, such as 11, or none");
        }
        return new Unscored(
            Arrays.stream(text.split(",", -1)).map(Integer::valueOf).sorted().toList());
      }
    }
  }

  /** A number for each channel. */
  record Three(double red, double green, double blue) {
    static final class Converter implements ITypeConverter<Three> {
      @Override
      public Three convert(String text) {
        try {
          double[] n =
              Arrays.stream(text.split(",", -1)).mapToDouble(Double::parseDouble).toArray();
          if (n.length == 3) {
            return new Three(n[0], n[1], n[2]);
          }
        } catch (NumberFormatException e) {
          throw wrong(text, e);
        }
        throw wrong(text, null);
      }

      private static TypeConversionException wrong(String text, NumberFormatException cause) {
        TypeConversionException wrong =
            new TypeConversionException(
                "'" + text + "' is not three numbers, such as 0.485,0.456,0.406");
        if (cause != null) {
          wrong.initCause(cause);
        }
        return wrong;
      }
    }

    /** As fp32, each times a factor. */
    float[] times(double factor) {
      return new float[] {
        (float) (red * factor), (float) (green * factor), (float) (blue * factor)
      };
    }
  }

  @Override
  public Integer call() throws IOException {
    requireUsage();
    String bundleName = name.orElseGet(() -> String.valueOf(out.toAbsolutePath().getFileName()));
    BundleConfig.requireName(bundleName);
    PrintWriter print = spec.commandLine().getOut();
    ModelBundle bundle;
    try (Checkpoint checkpoint = Checkpoint.open(file)) {
      StateDict source = checkpoint.stateDict();
      Transfer transfer = Transfer.of(source, network, wantedClasses());
      writeReport(transfer);
      print.println(found(source));
      print.printf(
          "%s of %d classes: %s%n", transfer.network(), transfer.classes(), transfer.counts());
      transfer.lines().stream()
          .filter(line -> line.outcome() == Transfer.Outcome.LEFT_OVER)
          .limit(MOST_SHOWN)
          .forEach(print::println);
      print.flush();
      requireComplete(transfer);
      bundle = bundle(bundleName, transfer, source, print);
    }
    bundle = withPrecisions(bundle, print);
    bundle.write(out);
    print.printf("wrote %s, digest %s%n", out, bundle.digest());
    return 0;
  }

  private void requireUsage() {
    NetworksCommand.known(network, spec.commandLine());
    if (classes.isPresent() && (classes.get() < 1 || classes.get() > 255)) {
      throw usage("--classes is " + classes.get() + ", must be 1..255");
    }
    if (scale.isPresent() && scale.get() != 1 && scale.get() != 255) {
      throw usage("--scale is " + scale.get() + ", must be 1 or 255");
    }
    if (channels.isPresent() && !List.of("rgb", "bgr").contains(channels.get())) {
      throw usage("--channels is '" + channels.get() + "', must be rgb or bgr");
    }
  }

  private ParameterException usage(String what) {
    return new ParameterException(spec.commandLine(), what);
  }

  private OptionalInt wantedClasses() {
    return classes.isPresent() ? OptionalInt.of(classes.get()) : OptionalInt.empty();
  }

  private String found(StateDict source) {
    return String.format(
        "%s: %s, %d tensors%s%s",
        file,
        source.checkpoint().format(),
        source.tensors().size(),
        source.place().isEmpty() ? "" : " below '" + OneLine.of(source.place()) + "'",
        source.prefix().isEmpty() ? "" : ", names without '" + source.prefix() + "'");
  }

  private void writeReport(Transfer transfer) throws IOException {
    if (report.isPresent()) {
      String text =
          transfer.lines().stream()
              .map(Transfer.Line::toString)
              .collect(Collectors.joining("\n", "", "\n"));
      Files.writeString(report.get(), text);
    }
  }

  private void requireComplete(Transfer transfer) {
    if (transfer.complete()) {
      return;
    }
    List<String> lacking =
        transfer.lines().stream()
            .filter(line -> line.outcome().lacking())
            .map(Transfer.Line::toString)
            .toList();
    throw new Failure(
        file
            + " is not the weights of network '"
            + transfer.network()
            + "', nothing is written: "
            + lacking.stream().limit(MOST_SHOWN).collect(Collectors.joining("; "))
            + (lacking.size() > MOST_SHOWN
                ? "; and " + (lacking.size() - MOST_SHOWN) + " more"
                : "")
            + transfer.hint().map(hint -> "; " + hint).orElse("; --report FILE lists all tensors"));
  }

  private ModelBundle bundle(
      String bundleName, Transfer transfer, StateDict source, PrintWriter print)
      throws IOException {
    CodeBase base = CodeBase.of(transfer.network());
    CodeBase.Conventions usual = base.conventions(transfer.classes());
    Normalization normalization = normalization(usual.normalization());
    boolean asUsual = normalization.equals(usual.normalization());
    print.printf(
        "pictures: %s%s%n",
        normalization, asUsual ? ", as " + base.source() + " has it" : ", as the options say");
    List<Integer> noClass = unscored.map(Unscored::channels).orElse(usual.unscored());
    ClassTable table = table(usual, transfer.classes());
    BundleConfig.Architecture architecture =
        new BundleConfig.Architecture(transfer.network(), transfer.classes(), noClass);
    if (table.size() != transfer.classes() - noClass.size()) {
      throw new Failure(
          "class table '"
              + table.name()
              + "' has "
              + table.size()
              + " classes, the network gives "
              + transfer.classes()
              + (noClass.isEmpty() ? "" : ", " + noClass + " of them unscored")
              + "; choose other --labels, or name by --unscored the channels that are no class");
    }
    int rows = height.orElse(usual.height());
    Transfer.Taken taken = transfer.take();
    print.printf(
        "%d of %d values were subnormal, they became 0%n",
        taken.flushed(), taken.weights().valueCount());
    BundleConfig config =
        BundleConfig.of(
            bundleName,
            architecture,
            table,
            normalization,
            rows,
            // Of what size they learned is not known; they were judged at this one.
            new BundleConfig.TrainingSize(rows * (rows == 360 ? 4 : 6) / 3, rows),
            new BundleConfig.Licence(licence, licenceNote()),
            Map.of());
    return ModelBundle.of(config, taken.weights())
        .withCard(card(config, base, asUsual, source, transfer, taken));
  }

  private String licenceNote() {
    return licence.equals("unknown")
        ? "Whoever imported these weights did not say; ask those who published them."
        : "As those said who imported these weights.";
  }

  private ClassTable table(CodeBase.Conventions usual, int channelsOfLogits) throws IOException {
    Optional<String> wanted = labels.or(usual::labels);
    if (wanted.isEmpty()) {
      throw new Failure(
          "what the "
              + channelsOfLogits
              + " classes are is not known; say so by --labels, with one of "
              + String.join(", ", ClassTable.names())
              + " or a classes.yaml");
    }
    return ClassTable.names().contains(wanted.get())
        ? ClassTable.named(wanted.get())
        : ClassTable.read(Path.of(wanted.get()));
  }

  private Normalization normalization(Normalization usual) {
    boolean blueFirst = channels.map("bgr"::equals).orElse(usual.blueFirst());
    if (mean.isEmpty() && deviation.isEmpty() && scale.isEmpty()) {
      return new Normalization(usual.mean(), usual.deviation(), blueFirst);
    }
    double unit = 1.0 / scale.orElse(1);
    return new Normalization(
        mean.orElse(new Three(0, 0, 0)).times(unit),
        deviation.orElse(new Three(1, 1, 1)).times(unit),
        blueFirst);
  }

  /** Keeps the precisions in which the engine of this machine comes near enough to fp32. */
  private ModelBundle withPrecisions(ModelBundle bundle, PrintWriter print) {
    BundleConfig config = bundle.config();
    Engine engine = Engines.first();
    List<String> here = engine.precisions();
    for (String precision : List.of(BundleConfig.FP32, BundleConfig.BF16)) {
      if (!here.contains(precision)) {
        print.printf("%s: this processor has no instructions for it, not measured%n", precision);
        continue;
      }
      Segmenter.Options options =
          Segmenter.Options.DEFAULT
              .withEngine(engine.name())
              .withThreads(threads.count())
              .withPrecision(precision)
              .with(GoldenCheck.NEVER);
      double difference;
      try (Segmenter segmenter = Segmenter.load(bundle, options)) {
        difference = segmenter.golden().difference();
      }
      double allowed = config.precisions().get(precision).tolerance();
      boolean holds = difference <= allowed;
      print.printf(
          Locale.ROOT,
          "%s: golden logits off by %.2g, allowed %.2g%s%n",
          precision,
          difference,
          allowed,
          holds ? "" : "; left out");
      if (!holds && precision.equals(BundleConfig.FP32)) {
        throw new Failure(
            "engine '"
                + engine.name()
                + "' computes other logits than the network's definition: nothing is written;"
                + " please report it");
      }
      config = holds ? config : config.withoutPrecision(precision);
    }
    return bundle.with(config);
  }

  private String card(
      BundleConfig config,
      CodeBase base,
      boolean asUsual,
      StateDict source,
      Transfer transfer,
      Transfer.Taken taken)
      throws IOException {
    return String.format(
        Locale.ROOT,
        """
        # %s

        %s whose logits have %d channels, imported from a checkpoint that another program wrote.

        * Source: `%s`, %s, %d bytes, SHA-256 `%s`.
        * Tensors: %s. Of %d values %d were subnormal and became 0, which changes no logit.
        * Classes: %s.%s
        * Pictures are scaled to %d rows before they are segmented; %s, %s.
        * Licence of the weights: %s. %s

        How they were trained, and on which pictures, the checkpoint does not say: there is no recipe
        and no log here, and figures on pictures that they were trained on flatter them. Of what is
        unlike those they know nothing, and say so of no pixel: every pixel gets a class. They are no
        basis for decisions on which somebody's safety depends.
        """,
        config.name(),
        transfer.network(),
        transfer.classes(),
        OneLine.of(String.valueOf(file.getFileName())),
        source.checkpoint().format(),
        Files.size(file),
        source.checkpoint().sha256(),
        transfer.counts(),
        taken.weights().valueCount(),
        taken.flushed(),
        config.classTable().classes().stream()
            .map(SegmentationClass::name)
            .collect(Collectors.joining(", ")),
        config.architecture().unscored().isEmpty()
            ? ""
            : " Channels "
                + config.architecture().unscored()
                + " of the logits are no class; no pixel is given one.",
        config.height(),
        config.normalization(),
        asUsual ? "as " + base.source() + " has it" : "as those said who imported them",
        config.licence().id(),
        config.licence().note());
  }
}
