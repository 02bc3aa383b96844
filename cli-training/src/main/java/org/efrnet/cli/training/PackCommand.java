package org.efrnet.cli.training;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import org.efrnet.cli.Failure;
import org.efrnet.cli.Main;
import org.efrnet.cli.Progress;
import org.efrnet.cli.StopSignal;
import org.efrnet.cli.pack.Pack;
import org.efrnet.cli.pack.PackException;
import org.efrnet.cli.pack.Watcher;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code efrnet pack}. */
@Command(
    name = "pack",
    description = {
      "Makes a folder that trains on a host without a network, a JDK or Maven: Java, jars, recipes,",
      "and the script train-all. With --data alone it packs a data set for it. docs/gpu-host.md",
      "shows the whole way."
    },
    footer = {
      "",
      "Examples:",
      "  efrnet pack --device cuda -o packs/cuda --split 60MiB",
      "  efrnet pack --data CamVid -o packs/camvid --split 60MiB",
    })
final class PackCommand implements Callable<Integer> {
  /** The launcher sets it to the checkout's folder. */
  private static final String HOME = "efrnet.home";

  private static final String STOPPED = "stopped; nothing is left behind";
  private static final int SECONDS_TO_STOP = 30;

  @Option(
      names = "--device",
      paramLabel = "cpu|cuda",
      description = "What it trains on: the processor, or an NVIDIA card of a Linux host.")
  private Optional<Pack.Device> device;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "A data set's folder: into the pack, or alone if no --device is given.")
  private Optional<Path> data;

  @Option(
      names = {"-o", "--out"},
      required = true,
      paramLabel = "DIR",
      description = "The folder that is made; it must not be there yet, or be empty.")
  private Path out;

  @Option(
      names = "--split",
      paramLabel = "SIZE",
      converter = PieceSize.Converter.class,
      description = "Pieces of at most this size, such as 60MiB, and join.sh to join them.")
  private Optional<PieceSize> split;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    if (device.isEmpty() && data.isEmpty()) {
      throw new ParameterException(
          spec.commandLine(), "nothing to pack: say --device cpu, --device cuda or --data DIR");
    }
    AtomicBoolean stop = new AtomicBoolean();
    // What was written is removed before the virtual machine ends.
    try (StopSignal signal =
        new StopSignal(
            stop,
            "",
            SECONDS_TO_STOP,
            "efrnet: a hidden folder is left beside the pack; remove it")) {
      return packOrSay(stop);
    }
  }

  private int packOrSay(AtomicBoolean stop) throws IOException {
    Pack pack =
        new Pack(
            out,
            data,
            split.map(size -> OptionalLong.of(size.bytes())).orElse(OptionalLong.empty()));
    try (Progress progress = new Progress(spec.commandLine().getErr(), "pack", 100)) {
      Watcher watcher = (stage, now, total) -> show(progress, stop, stage, now, total);
      if (device.isPresent()) {
        tell(pack.write(program(), device.get(), watcher));
      } else {
        pack.writeData(watcher);
      }
      progress.to(100, "");
    } catch (IOException e) {
      IOException told = outOfSpace(e) ? noSpace(e) : e;
      if (!stop.get()) {
        throw told;
      }
      // Once the stop signal is closed nobody else gets to say it.
      // A terminal's Ctrl-C ends jlink too, whose failure is then no news.
      String line = told instanceof PackException ? STOPPED : Main.message(told);
      spec.commandLine().getErr().println("efrnet: " + line);
      return 1;
    }
    spec.commandLine().getOut().println("packed: " + out);
    return 0;
  }

  private void tell(List<String> ofSystem) {
    if (!ofSystem.isEmpty()) {
      spec.commandLine()
          .getErr()
          .println(
              "efrnet: the Java at "
                  + System.getProperty("java.home")
                  + " takes "
                  + String.join(", ", ofSystem)
                  + " from this system; where a host lacks them, pack with a JDK that brings its"
                  + " own, such as Temurin, by JAVA_HOME");
    }
  }

  private static void show(
      Progress progress, AtomicBoolean stop, Watcher.Stage stage, long now, long total)
      throws IOException {
    if (stop.get()) {
      throw new IOException(STOPPED);
    }
    progress.to(
        stage.before() + stage.share() * now / total, stage.name().toLowerCase(Locale.ROOT));
  }

  private static boolean outOfSpace(IOException e) {
    return String.valueOf(e.getMessage()).contains("No space left");
  }

  private PackException noSpace(IOException e) {
    return new PackException(
        out
            + ": the disk is full and what was written is removed: free some of it, or choose"
            + " another -o",
        e);
  }

  private static Pack.Program program() {
    String home = System.getProperty(HOME);
    if (home == null) {
      throw new Failure("packing takes a checkout: start it by the checkout's ./efrnet");
    }
    List<Path> classPath =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
            .filter(entry -> !entry.isEmpty())
            .map(Path::of)
            .toList();
    String version = PackCommand.class.getPackage().getImplementationVersion();
    return new Pack.Program(Path.of(home), classPath, version == null ? "development" : version);
  }
}
