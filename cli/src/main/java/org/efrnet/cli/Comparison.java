package org.efrnet.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.efrnet.bundle.BundleConfig;
import org.efrnet.bundle.BundleException;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.cli.compare.Printed;
import org.efrnet.cli.compare.Report;
import org.efrnet.data.DataSet;
import org.efrnet.data.DataSets;
import org.efrnet.graph.Graph;
import org.efrnet.machine.Machine;
import org.efrnet.networks.Networks;
import org.efrnet.ops.Network;
import org.efrnet.readings.Cost;
import org.efrnet.readings.Shape;
import org.efrnet.segment.Engine;
import org.efrnet.segment.Evaluation;
import org.efrnet.segment.Segmenter;
import org.efrnet.segment.SizePolicy;
import org.efrnet.text.OneLine;
import org.efrnet.text.Sha256;
import org.efrnet.text.StrictYaml;

/**
 * What {@code compare} measures, as the JSON that all its files are made of.
 *
 * @param engine that computes
 * @param precisions for speed, at least one; accuracy is measured in the first
 * @param rounds of the contest
 * @param warmUp seconds for each competitor
 * @param warmUpRounds for each competitor, at least
 * @param networks whose speed is measured, by name
 * @param size for which speed is measured
 * @param bundles names or folders
 * @param data where accuracy is measured; empty if nothing is at hand
 * @param pictures whether a few are shown
 * @param quick whether this is a trial, as its figures then say
 */
record Comparison(
    Engine engine,
    List<String> precisions,
    int threads,
    int rounds,
    double warmUp,
    int warmUpRounds,
    List<String> networks,
    PictureSize size,
    List<String> bundles,
    Optional<Judged> data,
    boolean pictures,
    boolean quick,
    PrintWriter err) {
  /** As the paper counts its networks: the classes of Cityscapes. */
  private static final int CLASSES = 19;

  /** Random weights, the same everywhere. */
  private static final long SEED = 1;

  /**
   * Data to judge on.
   *
   * @param folder as it was given
   * @param generated whether these are drawn streets, which say nothing of real ones
   */
  record Judged(Path folder, String split, DataSet pictures, boolean generated) {
    static Judged open(Path folder, String split, boolean generated) throws IOException {
      return new Judged(folder, split, DataSets.open(folder, split), generated);
    }
  }

  Comparison {
    precisions = List.copyOf(precisions);
    networks = List.copyOf(networks);
    bundles = List.copyOf(bundles);
  }

  /** Measures everything. What is refused, such as a size by a network, is part of the result. */
  ObjectNode measured(Machine machine) throws IOException {
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    root.put("format", Report.FORMAT);
    root.put("made", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    root.put("quick", quick);
    ObjectNode printed = Printed.tables();
    root.set("printed", printed);
    machine.describe(root.putObject("machine"));
    root.put("engine", engine.name());
    root.put("engineVersion", engine.version());
    precisions.forEach(root.putArray("precisions")::add);
    root.put("threads", threads);
    root.put("rounds", rounds);
    root.put("warmUp", warmUp);
    root.put("width", size.width());
    root.put("height", size.height());
    root.put("classes", CLASSES);
    data.ifPresent(d -> describe(d, root.putObject("data")));
    root.set("networks", counted(printed.path("table2")));
    root.set("speed", speed());
    PictureRows rows = PictureRows.of(pictures ? data.map(Judged::pictures) : Optional.empty());
    root.set("bundles", judged(rows));
    root.set("pictures", pictures ? rows.toJson() : JsonNodeFactory.instance.objectNode());
    return root;
  }

  private static void describe(Judged judged, ObjectNode node) {
    node.put("name", judged.generated ? "generated streets" : judged.pictures.name());
    node.put("pictures", judged.pictures.size());
    node.put("generated", judged.generated);
  }

  /** Every network of the project, at the size that the paper counts at. */
  private static ArrayNode counted(JsonNode paper) {
    ArrayNode all = JsonNodeFactory.instance.arrayNode();
    Shape image = Shape.image(1, paper.path("height").intValue(), paper.path("width").intValue());
    for (String name : Networks.names()) {
      ObjectNode node = all.addObject().put("name", name);
      Network network = Networks.named(name, CLASSES).orElseThrow();
      network.reconstruction().ifPresent(from -> node.put("reconstruction", from));
      try {
        Graph graph = Graph.of(network);
        Cost cost = Cost.of(graph, image);
        node.put("parameters", cost.parameters());
        node.put("gmac", cost.gmac());
        node.put("convGmac", cost.convGmac());
        node.put("writtenGmac", Cost.operationsAsWritten(graph, image) / 1e9);
      } catch (IllegalArgumentException e) {
        node.put("refused", reason(e));
      }
    }
    return all;
  }

  /** All networks in all precisions in one contest. */
  private ArrayNode speed() {
    ArrayNode results = JsonNodeFactory.instance.arrayNode();
    List<Competitor> competitors = new ArrayList<>();
    List<ObjectNode> nodes = new ArrayList<>();
    try {
      for (String name : networks) {
        for (String precision : precisions) {
          ObjectNode node = results.addObject().put("network", name).put("precision", precision);
          ready(name, precision, node)
              .ifPresent(
                  c -> {
                    competitors.add(c);
                    nodes.add(node);
                  });
        }
      }
      List<Runnable> turns = new ArrayList<>();
      for (Competitor c : competitors) {
        float[] planes = RandomBundle.noise(c.width(), c.height());
        turns.add(() -> c.compute(planes));
      }
      Contest contest = new Contest(turns);
      try (Progress progress = new Progress(err, "speed", rounds)) {
        contest.warmUp(warmUp, warmUpRounds);
        double[][] millis = contest.run(rounds, done -> progress.to(done, ""));
        for (int i = 0; i < millis.length; i++) {
          BenchCommand.put(nodes.get(i), Distribution.of(millis[i]));
        }
      }
    } finally {
      competitors.forEach(c -> c.executable().close());
    }
    return results;
  }

  /** Empty if it is refused, which the node then says. */
  private Optional<Competitor> ready(String name, String precision, ObjectNode node) {
    try {
      ModelBundle bundle = RandomBundle.of(name, CLASSES, SEED);
      // As whoever segments pictures does it: padded to what the network can take.
      SizePolicy.Scaled ran =
          new SizePolicy.Scaled(size.width(), size.height())
              .roundedUp(bundle.network().sizeMultiple());
      node.put("width", ran.width()).put("height", ran.height());
      Competitor competitor =
          Competitor.of(
              engine,
              precision,
              precision.equals(BundleConfig.INT8)
                  ? bundle.with(RandomBundle.calibration(bundle))
                  : bundle,
              threads,
              ran.width(),
              ran.height());
      try {
        competitor.compute(RandomBundle.noise(ran.width(), ran.height()));
        return Optional.of(competitor);
      } catch (RuntimeException e) {
        competitor.executable().close();
        throw e;
      }
    } catch (IllegalArgumentException
        | IllegalStateException
        | UnsupportedOperationException
        | Failure e) {
      node.put("refused", reason(e));
      err.println("efrnet: " + name + " in " + precision + " is not measured: " + reason(e));
      return Optional.empty();
    }
  }

  private ArrayNode judged(PictureRows rows) throws IOException {
    ArrayNode all = JsonNodeFactory.instance.arrayNode();
    Set<String> groups = new LinkedHashSet<>();
    for (String place : bundles) {
      ObjectNode node = all.addObject();
      try {
        ModelBundle bundle = ModelBundle.of(place);
        String group = group(bundle);
        node.put("name", bundle.config().name());
        node.put("network", bundle.network().name());
        node.put("group", group);
        node.put("classes", bundle.classes().size());
        seed(bundle).ifPresent(seed -> node.put("seed", seed));
        node.put("weights", bundle.weights().digest());
        judge(place, bundle, node, groups.add(group) ? Optional.of(rows) : Optional.empty());
      } catch (BundleException e) {
        if (!node.has("name")) {
          Path file = Path.of(place).getFileName();
          node.put("name", file == null ? place : file.toString());
        }
        node.put("refused", reason(e));
      } catch (IllegalArgumentException | IllegalStateException e) {
        node.put("refused", reason(e));
      }
    }
    return all;
  }

  /** Shows a few pictures of each training's first seed. */
  private void judge(String place, ModelBundle bundle, ObjectNode node, Optional<PictureRows> rows)
      throws IOException {
    Segmenter.Options options =
        Segmenter.Options.DEFAULT
            .withThreads(threads)
            .withEngine(engine.name())
            .withPrecision(precisions.get(0));
    try (Segmenter segmenter = Segmenter.load(bundle, options)) {
      node.put("precision", segmenter.precision());
      if (data.isPresent()) {
        Judged on = data.get();
        List<String> leak = Leak.of(bundle, place, on.folder, on.split, on.pictures, err);
        Evaluation evaluation;
        try (Progress progress = new Progress(err, "judge", on.pictures.size())) {
          evaluation =
              Evaluation.of(
                  segmenter,
                  on.pictures,
                  (done, total) -> progress.to(done, bundle.config().name()));
        }
        ObjectNode scores = EvaluateCommand.scores(evaluation.overall().scores(bundle.classes()));
        scores.put("leak", !leak.isEmpty());
        node.set("scores", scores);
      }
      if (rows.isPresent()) {
        rows.get().add(segmenter);
      }
    }
  }

  /**
   * What bundles have in common that differ in their seed alone: network, classes, and recipe but
   * for name and seed; a bundle without a recipe is a group of its own.
   */
  private static String group(ModelBundle bundle) throws IOException {
    Optional<ObjectNode> recipe = recipe(bundle);
    if (recipe.isEmpty()) {
      return bundle.config().name() + " " + bundle.weights().digest();
    }
    ObjectNode rest = recipe.get();
    rest.remove(List.of("name", "seed"));
    TreeMap<String, JsonNode> ordered = new TreeMap<>();
    rest.properties().forEach(e -> ordered.put(e.getKey(), e.getValue()));
    return bundle.network().name()
        + " "
        + bundle.classes().name()
        + " "
        + Sha256.of(ordered.toString()).substring(0, 12);
  }

  private static Optional<Long> seed(ModelBundle bundle) throws IOException {
    return recipe(bundle)
        .map(r -> r.path("seed"))
        .filter(JsonNode::canConvertToLong)
        .map(JsonNode::longValue);
  }

  private static Optional<ObjectNode> recipe(ModelBundle bundle) throws IOException {
    return bundle.recipe().isEmpty()
        ? Optional.empty()
        : Optional.of(StrictYaml.parse(bundle.recipe().get()));
  }

  private static String reason(Exception e) {
    return OneLine.of(Main.message(e), Main.LONGEST_MESSAGE);
  }

  /** Bundles in folders: a folder that is one, or those that lie in it, by name. */
  static List<String> bundlesIn(List<Path> folders) throws IOException {
    List<String> found = new ArrayList<>();
    for (Path folder : folders) {
      int before = found.size();
      if (isBundle(folder)) {
        found.add(folder.toString());
      } else if (Files.isDirectory(folder)) {
        try (var entries = Files.list(folder)) {
          entries.filter(Comparison::isBundle).sorted().map(Path::toString).forEach(found::add);
        }
      }
      if (found.size() == before) {
        throw new Failure(
            "--bundles "
                + folder
                + ": no bundle is there (a folder with config.json); give one, or a folder of"
                + " bundles");
      }
    }
    return found;
  }

  private static boolean isBundle(Path folder) {
    return Files.isRegularFile(folder.resolve("config.json"));
  }
}
