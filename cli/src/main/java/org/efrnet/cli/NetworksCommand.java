package org.efrnet.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.efrnet.graph.Graph;
import org.efrnet.networks.Networks;
import org.efrnet.readings.Cost;
import org.efrnet.readings.Shape;
import org.efrnet.text.Nearest;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code efrnet networks}. */
@Command(
    name = "networks",
    description = {
      "What every network costs: parameters, multiply-accumulates, receptive field, memory.",
      "GMac counts as the paper's Table 2 does; conv GMac counts convolutions alone."
    },
    footer = {"", "Example: efrnet networks --network efrnet --size 640x360 --classes 19"})
final class NetworksCommand implements Callable<Integer> {
  @Option(
      names = "--size",
      paramLabel = "WxH",
      defaultValue = "640x360",
      converter = PictureSize.Converter.class,
      description = "Input size (default: ${DEFAULT-VALUE}).")
  private PictureSize size;

  @Option(
      names = "--classes",
      paramLabel = "N",
      defaultValue = "19",
      description = "Classes told apart (default: ${DEFAULT-VALUE}).")
  private int classes;

  @Option(names = "--network", paramLabel = "NAME", description = "One network, block by block.")
  private Optional<String> network;

  @Option(
      names = "--format",
      defaultValue = "table",
      description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
  private Format format;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    if (classes < 1 || classes > 255) {
      throw new ParameterException(
          spec.commandLine(), "--classes is " + classes + ", must be 1..255");
    }
    List<String> names =
        network.map(name -> known(name, spec.commandLine())).map(List::of).orElse(Networks.names());
    PrintWriter out = spec.commandLine().getOut();
    List<Cost> costs = new ArrayList<>();
    for (String name : names) {
      Graph graph = Graph.of(Networks.named(name, classes).orElseThrow());
      try {
        costs.add(Cost.of(graph, Shape.image(1, size.height(), size.width())));
      } catch (IllegalArgumentException e) {
        throw new Failure(
            name
                + " at "
                + size.width()
                + "x"
                + size.height()
                + ": "
                + e.getMessage()
                + "; choose sides that are multiples of "
                + Networks.named(name, classes).orElseThrow().sizeMultiple()
                + " and not too small",
            e);
      }
    }
    if (format == Format.JSON) {
      ArrayNode array = JsonNodeFactory.instance.arrayNode();
      for (int i = 0; i < names.size(); i++) {
        array.add(json(names.get(i), costs.get(i)));
      }
      out.println(Format.json(array));
    } else if (network.isPresent()) {
      printBlocks(out, names.get(0), costs.get(0));
    } else {
      printTable(out, names, costs);
    }
    if (format == Format.TABLE) {
      for (String name : names) {
        reconstruction(name)
            .ifPresent(how -> out.println(name + " is a reconstruction " + how + "."));
      }
    }
    return 0;
  }

  /**
   * The name itself.
   *
   * @throws ParameterException if no network has it
   */
  static String known(String name, CommandLine line) {
    if (!Networks.names().contains(name)) {
      throw new ParameterException(
          line,
          "unknown network '"
              + name
              + "'"
              + Nearest.hint(name, Networks.names())
              + "; known: "
              + String.join(", ", Networks.names()));
    }
    return name;
  }

  private Optional<String> reconstruction(String name) {
    return Networks.named(name, classes).orElseThrow().reconstruction();
  }

  private ObjectNode json(String name, Cost cost) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    node.put("name", name);
    reconstruction(name).ifPresent(how -> node.put("reconstruction", how));
    node.put("parameters", cost.parameters());
    node.put("gmac", cost.gmac());
    node.put("convGmac", cost.convGmac());
    node.put("receptiveField", cost.receptiveField());
    node.put("activationMegabytes", Math.round(cost.activationBytes() / 1e4) / 100.0);
    if (network.isPresent()) {
      ArrayNode blocks = node.putArray("blocks");
      for (Cost.Block block : cost.blocks()) {
        blocks
            .addObject()
            .put("name", block.name())
            .put("channels", block.out().channels())
            .put("width", block.out().width())
            .put("height", block.out().height())
            .put("parameters", block.parameters())
            .put("gmac", block.operations() / 1e9)
            .put("convGmac", block.convOperations() / 1e9);
      }
    }
    return node;
  }

  private void printTable(PrintWriter out, List<String> names, List<Cost> costs) {
    out.printf(
        Locale.ROOT,
        "%-20s %11s %8s %10s %10s %14s%n",
        "network " + size.width() + "x" + size.height(),
        "parameters",
        "GMac",
        "conv GMac",
        "field, px",
        "activation, MB");
    for (int i = 0; i < names.size(); i++) {
      Cost c = costs.get(i);
      out.printf(
          Locale.ROOT,
          "%-20s %,11d %8.4f %10.4f %10d %14.1f%n",
          names.get(i),
          c.parameters(),
          c.gmac(),
          c.convGmac(),
          c.receptiveField(),
          c.activationBytes() / 1e6);
    }
  }

  private void printBlocks(PrintWriter out, String name, Cost cost) {
    int longest = cost.blocks().stream().mapToInt(b -> b.name().length()).max().orElse(0);
    String first = "%-" + Math.max(10, Math.max(name.length(), longest)) + "s ";
    String row = first + "%16s %,11d %8.4f %10.4f%n";
    out.printf(
        Locale.ROOT,
        first + "%16s %11s %8s %10s%n",
        name,
        "output",
        "parameters",
        "GMac",
        "conv GMac");
    for (Cost.Block b : cost.blocks()) {
      String shape = b.out().channels() + "@" + b.out().width() + "x" + b.out().height();
      out.printf(
          Locale.ROOT,
          row,
          b.name(),
          shape,
          b.parameters(),
          b.operations() / 1e9,
          b.convOperations() / 1e9);
    }
    out.printf(Locale.ROOT, row, "total", "", cost.parameters(), cost.gmac(), cost.convGmac());
  }
}
