package org.efrnet.cli;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

/**
 * Stands for a command whose module is not on this class path, so that help names all there are.
 * The launcher puts the module there when the command is given.
 */
final class ElsewhereCommand implements Callable<Integer> {
  /** Commands by name: the artefact that has them, and what help says of them. */
  static final Map<String, Elsewhere> KNOWN =
      new TreeMap<>(
          Map.of(
              "export",
              new Elsewhere(
                  "efrnet-cli-onnx",
                  "Writes a model for other programs. ONNX Runtime runs the file at three sizes, and"
                      + " it gets its"),
              "label",
              new Elsewhere(
                  "efrnet-cli-spark",
                  "Labels folders of pictures on Apache Spark, in this process or on a cluster. What"
                      + " is labelled"),
              "serve",
              new Elsewhere(
                  "efrnet-cli-server",
                  "Serves models over HTTP, with a page to look at them. Ctrl-C or SIGTERM lets what"
                      + " is under way"),
              "train",
              new Elsewhere(
                  "efrnet-cli-training",
                  "Trains a network by a recipe. Ctrl-C stops between steps and leaves a"
                      + " checkpoint;"),
              "pack",
              new Elsewhere(
                  "efrnet-cli-training",
                  "Makes a folder that trains on a host without a network, a JDK or Maven: Java,"
                      + " jars, recipes,"),
              "video",
              new Elsewhere(
                  "efrnet-cli-video",
                  "Segments every frame of a video, or the latest of a camera or stream, and"
                      + " writes the")));

  /**
   * Where a command is.
   *
   * @param artefact of Maven
   * @param description the first line of its own
   */
  record Elsewhere(String artefact, String description) {}

  private final String name;
  private final String artefact;

  private ElsewhereCommand(String name, String artefact) {
    this.name = name;
    this.artefact = artefact;
  }

  static CommandLine of(String name, Elsewhere elsewhere) {
    CommandSpec spec =
        CommandSpec.wrapWithoutInspection(new ElsewhereCommand(name, elsewhere.artefact));
    spec.name(name).usageMessage().description(elsewhere.description);
    CommandLine line = new CommandLine(spec);
    // Whatever follows was meant for the command itself.
    line.setUnmatchedArgumentsAllowed(true).setUnmatchedOptionsArePositionalParams(true);
    return line;
  }

  @Override
  public Integer call() {
    throw new Failure(
        "the command '"
            + name
            + "' is in org.efrnet:"
            + artefact
            + ", which is not on the class path; add it, or start the checkout's ./efrnet");
  }
}
