package org.efrnet.cli;

import java.util.List;
import java.util.Optional;
import org.efrnet.segment.Protocol;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** How often, and in what parts, a network sees a picture that it is judged on. */
final class ProtocolOptions {
  @Option(
      names = "--window",
      paramLabel = "WxH",
      description = "Slide a window over the scaled picture; logits are averaged.")
  private Optional<String> window = Optional.empty();

  @Option(
      names = "--stride",
      paramLabel = "WxH",
      description = "From window to window (default: the window, without overlap).")
  private Optional<String> stride = Optional.empty();

  @Option(
      names = "--scales",
      paramLabel = "N",
      split = ",",
      description =
          "Average the probabilities of the picture at these scales, such as 0.75,1,1.25.")
  private List<Double> scales = Protocol.PLAIN.scales();

  @Option(names = "--flip", description = "Average with the probabilities of the mirror image.")
  private boolean flip;

  @Spec(Target.MIXEE)
  private CommandSpec spec;

  /**
   * What the words say.
   *
   * @throws ParameterException if they do not fit together
   */
  Protocol protocol() {
    if (window.isEmpty() && stride.isPresent()) {
      throw new ParameterException(
          spec.commandLine(), "--stride says nothing without --window: give both");
    }
    try {
      return new Protocol(
          window.map(size -> Protocol.window(size, stride.orElse(size))), scales, flip);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }
}
