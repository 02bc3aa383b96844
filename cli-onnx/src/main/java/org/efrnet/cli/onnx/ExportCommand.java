package org.efrnet.cli.onnx;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.onnx.OnnxExport;
import org.efrnet.onnx.OnnxModel;
import org.efrnet.onnx.OnnxOptions;
import org.efrnet.onnx.OnnxParity;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code efrnet export}. */
@Command(
    name = "export",
    description = {
      "Writes a model for other programs. ONNX Runtime runs the file at three sizes, and it gets its",
      "name when that agrees with the network's definition."
    },
    footer = {"", "Example: efrnet export efrnet.camvid --to onnx -o camvid.onnx --argmax"})
final class ExportCommand implements Callable<Integer> {
  /** What can be written. */
  enum Target {
    ONNX
  }

  /** The types in which classes are given. */
  enum ClassType {
    INT64,
    UINT8
  }

  @Parameters(paramLabel = "BUNDLE", description = "A model's name, or its folder.")
  private String model;

  @Option(
      names = "--to",
      required = true,
      paramLabel = "FORMAT",
      description = "${COMPLETION-CANDIDATES}.")
  private Target target;

  @Option(
      names = {"-o", "--out"},
      required = true,
      paramLabel = "FILE",
      description = "The file to write; one that exists is replaced.")
  private Path out;

  @Option(
      names = "--argmax",
      description = "A second output 'classes': the class of every pixel, (N, H, W).")
  private boolean argmax;

  @Option(
      names = "--argmax-type",
      paramLabel = "TYPE",
      description = "Its type, with --argmax: ${COMPLETION-CANDIDATES} (default: INT64).")
  private Optional<ClassType> argmaxType;

  @Option(
      names = "--unpool",
      paramLabel = "FORM",
      defaultValue = "MAXUNPOOL",
      description = {
        "How unpooling is written: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).",
        "SCATTER is for engines that lack the operator MaxUnpool."
      })
  private OnnxOptions.Unpooling unpooling;

  @Option(
      names = "--opset",
      paramLabel = "N",
      defaultValue = "" + OnnxModel.OPSET,
      description = "Version of ONNX's operators: ${DEFAULT-VALUE}.")
  private int opset;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    if (opset != OnnxModel.OPSET) {
      throw new ParameterException(
          spec.commandLine(), "--opset is " + opset + ", must be " + OnnxModel.OPSET);
    }
    if (argmaxType.isPresent() && !argmax) {
      throw new ParameterException(
          spec.commandLine(), "--argmax-type is the type of a second output; add --argmax");
    }
    ModelBundle bundle = ModelBundle.of(model);
    PrintWriter terminal = spec.commandLine().getOut();
    terminal.printf(
        "%s as %s, run by ONNX Runtime %s, against the network's definition:%n",
        bundle.config().name(), target, OnnxExport.runtimeVersion());
    terminal.println("   size   max |delta|   of largest logit   same class");
    OnnxExport.write(bundle, options(), out, parity -> print(terminal, parity));
    terminal.printf(
        Locale.ROOT,
        "%s: %.1f MB, opset %d, %s to %s%n",
        out,
        Files.size(out) / 1e6,
        opset,
        OnnxModel.IMAGE,
        OnnxModel.LOGITS + (argmax ? " and " + OnnxModel.CLASSES : ""));
    return 0;
  }

  private OnnxOptions options() {
    OnnxOptions.ClassMap classes = OnnxOptions.ClassMap.NONE;
    if (argmax) {
      classes = OnnxOptions.ClassMap.valueOf(argmaxType.orElse(ClassType.INT64).name());
    }
    return new OnnxOptions(unpooling, classes);
  }

  private static void print(PrintWriter terminal, OnnxParity parity) {
    terminal.printf(
        Locale.ROOT,
        "%7s   %11.1e   %16.1e   %8.3f %%%n",
        parity.width() + "x" + parity.height(),
        parity.difference(),
        parity.relative(),
        100 * parity.agreement());
    terminal.flush();
  }
}
