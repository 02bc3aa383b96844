package org.efrnet.cli;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.efrnet.machine.Machine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code efrnet doctor}. */
@Command(
    name = "doctor",
    description = {
      "Says whether everything works that segment needs, and what else does: this machine, native",
      "libraries, engines and their precisions, the embedded model's logits by each of them.",
      "Exit code 0 if segment will work, else 1."
    },
    footer = {"", "Examples:", "  efrnet doctor", "  efrnet doctor --format json"})
final class DoctorCommand implements Callable<Integer> {
  @Option(
      names = "--format",
      defaultValue = "table",
      description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
  private Format format;

  @Mixin private Threads threads;

  @Spec private CommandSpec spec;

  private final List<NativeLibrary> libraries;

  DoctorCommand() {
    this(NativeLibrary.ALL);
  }

  DoctorCommand(List<NativeLibrary> libraries) {
    this.libraries = libraries;
  }

  @Override
  public Integer call() {
    Machine machine = Machine.here();
    Examination.Result result =
        new Examination(machine, libraries, ModelOptions.DEFAULT_MODEL, threads.count()).run();
    PrintWriter out = spec.commandLine().getOut();
    if (format == Format.JSON) {
      out.println(Format.json(result.toJson(machine)));
    } else {
      result.system().forEach(finding -> print(out, finding));
      out.println();
      result.libraries().forEach(probe -> print(out, probe.finding()));
      out.println();
      result.engines().forEach(engine -> print(out, engine.finding()));
      out.println();
      result.golden().forEach(check -> print(out, check.finding()));
      out.println();
      out.println(
          result.isFine()
              ? "segment will work"
              : "segment will not work: see the lines with FAULT");
    }
    return result.isFine() ? 0 : 1;
  }

  private static void print(PrintWriter out, Finding finding) {
    String remedy = finding.remedy().isEmpty() ? "" : "; " + finding.remedy();
    out.printf(
        Locale.ROOT,
        "%-16s %-7s  %s%s%n",
        finding.name(),
        finding.isFatal() ? "FAULT" : finding.state(),
        finding.detail(),
        remedy);
  }
}
