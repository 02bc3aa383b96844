package org.efrnet.cli.spark;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import org.efrnet.cli.ModelOptions;
import org.efrnet.cli.NetworkOptions;
import org.efrnet.cli.Progress;
import org.efrnet.cli.SparkOptions;
import org.efrnet.cli.StopSignal;
import org.efrnet.cli.Threads;
import org.efrnet.spark.Cluster;
import org.efrnet.spark.LabelOrder;
import org.efrnet.spark.LabelReport;
import org.efrnet.spark.Labelling;
import org.efrnet.spark.Watcher;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code efrnet label}. */
@Command(
    name = "label",
    description = {
      "Labels folders of pictures on Apache Spark, in this process or on a cluster. What is labelled",
      "already is not done again, so a run that was ended goes on when it is started anew. A picture",
      "that fails is told of and keeps none of the others from being labelled."
    },
    footer = {
      "",
      "Examples:",
      "  efrnet label pictures/ -o masks",
      "  efrnet label 'frames/*/left/*.png' -o table --results parquet --spark local[4]",
      "  efrnet label /shared/frames -o /shared/masks --spark spark://host:7077"
    })
final class LabelCommand implements Callable<Integer> {
  private static final int SECONDS_TO_STOP = 60;
  private static final String STOPPED = "efrnet: stopped; the same command goes on";

  @Parameters(
      paramLabel = "DIR|GLOB",
      description = "A folder, with those below it; or a pattern, in quotes, with * ? [] {}.")
  private String input;

  @Option(
      names = {"-o", "--out"},
      required = true,
      paramLabel = "OUT",
      description = "The folder of the results.")
  private String out;

  @Option(
      names = "--results",
      defaultValue = "masks",
      paramLabel = "masks|parquet",
      description =
          "A file NAME.mask.png for each picture, in folders as theirs; or a table with path, mask,"
              + " shares and error (default: ${DEFAULT-VALUE}).")
  private LabelOrder.Results results;

  @Option(
      names = "--model",
      paramLabel = "BUNDLE",
      defaultValue = ModelOptions.DEFAULT_MODEL,
      description = "A model's name, or its folder (default: ${DEFAULT-VALUE}).")
  private String model;

  @Option(
      names = "--threads",
      paramLabel = "N",
      converter = Threads.Converter.class,
      defaultValue = "1",
      description = "Threads of a picture, the cores of a task (default: ${DEFAULT-VALUE}).")
  private int threads;

  @Option(
      names = "--lenient",
      description = "Take truncated JPEG pictures as far as they go; otherwise they are an error.")
  private boolean lenient;

  @Mixin private NetworkOptions options;

  @Mixin private SparkOptions spark;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    AtomicBoolean stop = new AtomicBoolean();
    try (StopSignal signal =
        new StopSignal(
            stop,
            "efrnet: stopping after the pictures under way",
            SECONDS_TO_STOP,
            "efrnet: the pictures under way did not end in time; what is labelled stands")) {
      return labelled(stop);
    }
  }

  private int labelled(AtomicBoolean stop) throws IOException {
    // Where spark-submit started this, it says where Spark runs.
    String master =
        spark.master().orElseGet(() -> System.getProperty("spark.master", SparkOptions.HERE));
    try (Cluster cluster = Cluster.open(master, spark.settings(), threads)) {
      Labelling labelling = Labelling.of(model, options.segmenting(threads), lenient);
      LabelReport report;
      double seconds;
      try (Reporter reporter = new Reporter(spec.commandLine().getErr(), stop)) {
        report = cluster.label(new LabelOrder(input, out, results, labelling), reporter);
        seconds = reporter.seconds();
      }
      print(labelling, report, seconds);
      return report.failed() == 0 && !report.stopped() ? 0 : 1;
    } catch (IOException | RuntimeException e) {
      if (!stop.get()) {
        throw e;
      }
      // Spark, too, ends on the signal, and what was asked of it then fails.
      spec.commandLine().getErr().println(STOPPED);
      return 1;
    }
  }

  private void print(Labelling labelling, LabelReport report, double seconds) {
    PrintWriter to = spec.commandLine().getOut();
    to.printf(
        Locale.ROOT,
        "%s: labelled %d of %d pictures, %d failed, %d were there; %.2f pictures/s by %s, %s, %s,"
            + " threads %d%n",
        out,
        report.labelled(),
        report.pictures(),
        report.failed(),
        report.before(),
        (report.labelled() + report.failed()) / seconds,
        labelling.model(),
        labelling.engine(),
        labelling.precision(),
        labelling.threads());
    to.flush();
    if (report.stopped()) {
      spec.commandLine().getErr().println(STOPPED);
    }
  }

  /** Says how far it is, and what failed. */
  private static final class Reporter implements Watcher, AutoCloseable {
    private final PrintWriter err;
    private final AtomicBoolean stop;
    private Optional<Progress> progress = Optional.empty();
    private long begun;

    Reporter(PrintWriter err, AtomicBoolean stop) {
      this.err = err;
      this.stop = stop;
    }

    @Override
    public void done(long done, long all) {
      if (progress.isEmpty()) {
        begun = System.nanoTime();
        progress = Optional.of(new Progress(err, "label", all));
      }
      progress.get().to(done, "");
    }

    /** Since it was known what is to be done. */
    double seconds() {
      return (System.nanoTime() - begun) / 1e9;
    }

    @Override
    public void failed(String message) {
      err.println("efrnet: " + message);
    }

    @Override
    public void waiting(String message) {
      err.println("efrnet: " + message);
    }

    @Override
    public boolean stopped() {
      return stop.get();
    }

    @Override
    public void close() {
      progress.ifPresent(Progress::close);
    }
  }
}
