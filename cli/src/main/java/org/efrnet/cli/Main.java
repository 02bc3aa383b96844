package org.efrnet.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.concurrent.Callable;
import org.efrnet.segment.Engines;
import org.efrnet.text.Nearest;
import org.efrnet.text.OneLine;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IExitCodeExceptionMapper;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * {@code efrnet}: the root of all commands. Exit codes: 0 done, 1 failed, 2 wrong usage; a signal
 * ends it with that signal's (130 for Ctrl-C).
 */
@Command(
    name = "efrnet",
    description = "Real-time street-scene segmentation in plain Java.",
    mixinStandardHelpOptions = true,
    scope = ScopeType.INHERIT,
    subcommands = {
      SegmentCommand.class,
      EvaluateCommand.class,
      CalibrateCommand.class,
      ImportCommand.class,
      NetworksCommand.class,
      ScenesCommand.class,
      BenchCommand.class,
      CompareCommand.class,
      DoctorCommand.class
    },
    footerHeading = "%nCommands to copy:%n",
    footer = {
      "  ./efrnet segment samples/street.jpg -o out",
      "  ./efrnet segment pictures/ -o out --size native",
      "  ./efrnet video street.mp4 -o overlay.mp4 --side-by-side",
      "  ./efrnet networks --size 640x360 --classes 19",
      "  ./efrnet train recipes/smoke.yaml --out runs/smoke",
      "  ./efrnet label pictures/ -o masks",
      "  ./efrnet serve",
      "  ./efrnet doctor",
      "  ./efrnet bench --network efrnet --size 640x360 --against onnxruntime,libtorch",
      "  ./efrnet compare --quick -o compare",
      "  ./efrnet scenes data/own",
      "  ./efrnet train recipes/own-data.yaml --data data/own --out runs/own",
      "  ./efrnet train recipes/efrnet.camvid.yaml --data CamVid --out runs/camvid",
      "  ./efrnet evaluate runs/camvid/bundle --data CamVid --split test",
      "  ./efrnet import model_800.pth --network cgnet --licence MIT -o out/cgnet",
      "  ./efrnet export efrnet.camvid --to onnx -o camvid.onnx",
      "  ./efrnet calibrate runs/camvid/bundle --data CamVid --measure test",
      "  ./efrnet pack --device cuda -o packs/cuda --split 60MiB"
    })
public final class Main implements Callable<Integer> {
  /** Room for a path or two and the remedy. */
  static final int LONGEST_MESSAGE = 2000;

  @Spec private CommandSpec spec;

  /** Runs a command and exits with its code. */
  public static void main(String[] args) {
    // No command opens a window; without this, reading a picture may look for a display.
    System.setProperty("java.awt.headless", "true");
    loadNativesMeanwhile(List.of(args));
    int code;
    try {
      CommandLine line = commandLine();
      code = written(line.getOut(), line.execute(args));
    } catch (OutOfMemoryError | LinkageError e) {
      System.err.println("efrnet: " + message(e));
      code = 1;
    }
    System.exit(code);
  }

  /** Writers keep to themselves what they could not write. */
  private static int written(PrintWriter out, int code) {
    out.flush();
    if (code == 0 && (out.checkError() || System.out.checkError())) {
      System.err.println(
          "efrnet: standard output could not be written to its end; look at the free space of its"
              + " disk, or at who reads it");
      return 1;
    }
    return code;
  }

  /**
   * An engine's natives take a while to load: that may begin while the command line and the model
   * are read. What goes wrong is said when the engine is needed.
   */
  private static void loadNativesMeanwhile(List<String> args) {
    if (args.isEmpty()
        || !args.get(0).equals("segment")
        || args.stream().anyMatch(word -> word.startsWith("--engine"))) {
      return;
    }
    Thread loading =
        new Thread(
            () -> {
              try {
                Engines.first().precisions();
              } catch (IllegalStateException | LinkageError | ServiceConfigurationError e) {
                return;
              }
            },
            "efrnet-loading");
    loading.setDaemon(true);
    loading.start();
  }

  static CommandLine commandLine() {
    CommandLine line = new CommandLine(new Main());
    for (Commands others : ServiceLoader.load(Commands.class)) {
      others.commands().forEach(line::addSubcommand);
    }
    ElsewhereCommand.KNOWN.forEach(
        (name, elsewhere) -> {
          if (!line.getSubcommands().containsKey(name)) {
            line.addSubcommand(name, ElsewhereCommand.of(name, elsewhere));
          }
        });
    line.setCaseInsensitiveEnumValuesAllowed(true);
    // A picture may be called @home.jpg.
    line.setExpandAtFiles(false);
    line.setExecutionStrategy(Main::execute);
    line.setParameterExceptionHandler(Main::wrongUsage);
    line.setExecutionExceptionHandler(
        (e, command, parsed) -> {
          command.getErr().println("efrnet: " + message(e));
          if (System.getenv("EFRNET_TRACE") != null) {
            e.printStackTrace(command.getErr());
          }
          return 1;
        });
    IExitCodeExceptionMapper failed = e -> 1;
    line.setExitCodeExceptionMapper(failed);
    return line;
  }

  /**
   * A version provider in the annotation would be asked at every start, once for every command, and
   * this one reads the model.
   */
  private static int execute(ParseResult parsed) {
    for (CommandLine command : parsed.asCommandLineList()) {
      if (command.isVersionHelpRequested()) {
        command.getCommandSpec().version(Version.lines());
      }
    }
    return new CommandLine.RunLast().execute(parsed);
  }

  /** The one line that a user sees of an error. */
  public static String message(Throwable e) {
    if (e instanceof FileSystemException file) {
      return ofFile(file);
    }
    if (e instanceof OutOfMemoryError) {
      return "it does not fit into memory; choose a smaller size, or give Java more by"
          + " EFRNET_JAVA_OPTS=-Xmx...";
    }
    boolean meant =
        e instanceof Failure
            || e instanceof IOException
            || e instanceof IllegalArgumentException
            || e instanceof IllegalStateException
            || e instanceof ArithmeticException;
    String text = e.getMessage() == null ? "" : OneLine.of(e.getMessage(), LONGEST_MESSAGE);
    return meant && !text.isEmpty()
        ? text
        : "unexpected "
            + e.getClass().getSimpleName()
            + ": "
            + text
            + " (set EFRNET_TRACE=1 to see where, and please report it)";
  }

  /** The JDK's own message is often the path alone. */
  private static String ofFile(FileSystemException e) {
    String what = "cannot be used: " + String.valueOf(e.getReason());
    if (e instanceof NoSuchFileException) {
      what = "no such file or folder; check the path";
    } else if (e instanceof AccessDeniedException) {
      what = "access denied; check its permissions";
    } else if (e instanceof FileAlreadyExistsException || e instanceof NotDirectoryException) {
      what = "is a file where a folder is needed; choose another path";
    }
    return OneLine.of(e.getFile() + ": " + what, LONGEST_MESSAGE);
  }

  private static int wrongUsage(ParameterException e, String[] args) {
    CommandLine command = e.getCommandLine();
    PrintWriter err = command.getErr();
    StringBuilder text =
        new StringBuilder("efrnet: ").append(OneLine.of(e.getMessage(), LONGEST_MESSAGE));
    if (e instanceof UnmatchedArgumentException unmatched && !unmatched.getUnmatched().isEmpty()) {
      String word = unmatched.getUnmatched().get(0);
      List<String> known =
          word.startsWith("-")
              ? command.getCommandSpec().options().stream()
                  .map(CommandLine.Model.OptionSpec::longestName)
                  .toList()
              : List.copyOf(command.getSubcommands().keySet());
      text.append(Nearest.hint(word, known));
    }
    err.println(text + "; see '" + command.getCommandSpec().qualifiedName() + " --help'");
    return 2;
  }

  @Override
  public Integer call() {
    spec.commandLine().usage(spec.commandLine().getOut());
    return 2;
  }
}
