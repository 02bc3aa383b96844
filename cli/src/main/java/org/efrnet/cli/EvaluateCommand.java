package org.efrnet.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import org.efrnet.bundle.BundleException;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.data.DataSet;
import org.efrnet.data.DataSets;
import org.efrnet.data.Overlap;
import org.efrnet.images.Mask;
import org.efrnet.metrics.ClassScore;
import org.efrnet.metrics.ConfusionMatrix;
import org.efrnet.metrics.Scores;
import org.efrnet.segment.Evaluation;
import org.efrnet.segment.Segmenter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code efrnet evaluate}. */
@Command(
    name = "evaluate",
    description = {
      "Judges a model on labelled pictures: IoU by class, mIoU, pixel and mean accuracy, each",
      "sequence apart. Percentages; single scale, no flip; void pixels are ignored."
    },
    footer = {"", "Example: efrnet evaluate efrnet.camvid --data CamVid --split test"})
final class EvaluateCommand implements Callable<Integer> {
  private static final int MOST_ANCESTORS = 10;

  @Parameters(paramLabel = "BUNDLE", description = "A model's name, or its folder.")
  private String model;

  @Option(
      names = "--data",
      required = true,
      paramLabel = "DIR",
      description = "The data set's folder: CamVid in either layout, or your own data.")
  private Path data;

  @Option(
      names = "--split",
      paramLabel = "NAME",
      defaultValue = "test",
      description = "A list: train, val, test; or joined by + (default: ${DEFAULT-VALUE}).")
  private String split;

  @Option(
      names = "--format",
      defaultValue = "table",
      description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
  private Format format;

  @Option(
      names = "--record",
      description = "Write the figures into the bundle's config.json; BUNDLE must be a folder.")
  private boolean record;

  @Option(
      names = "--allow-leak",
      description = "Judge although the model was trained on pictures of this split.")
  private boolean allowLeak;

  @Mixin private ModelOptions options;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    if (record && !Files.isDirectory(Path.of(model))) {
      throw new Failure("--record: " + model + " is not a folder; give the bundle's folder");
    }
    ModelBundle bundle = ModelBundle.of(model);
    DataSet pictures = DataSets.open(data, split);
    List<String> leak = trainedOn(bundle, pictures);
    if (!leak.isEmpty() && !allowLeak) {
      throw new Failure(
          bundle.config().name()
              + " was trained on "
              + leak.size()
              + " of the "
              + pictures.size()
              + " pictures of "
              + pictures.name()
              + ", such as "
              + leak.get(0)
              + ": judge it on another split, or say --allow-leak and the result will say LEAK");
    }
    Evaluation evaluation;
    ObjectNode computed = JsonNodeFactory.instance.objectNode();
    try (Segmenter segmenter = options.open(bundle);
        Progress progress =
            new Progress(spec.commandLine().getErr(), "evaluate", pictures.size())) {
      ModelOptions.describe(segmenter, computed);
      evaluation = Evaluation.of(segmenter, pictures, (done, total) -> progress.to(done, ""));
    }
    ObjectNode json = json(bundle, pictures, evaluation, computed);
    json.put("leak", !leak.isEmpty());
    json.put("size", options.size().toString());
    PrintWriter out = spec.commandLine().getOut();
    if (format == Format.JSON) {
      out.println(Format.json(json));
    } else {
      if (!leak.isEmpty()) {
        out.println("LEAK: trained on " + leak.size() + " of these pictures");
      }
      print(out, bundle, pictures, evaluation, computed.get("precision").textValue());
    }
    if (record) {
      record(bundle, json);
    }
    return 0;
  }

  /**
   * Names of the pictures that the bundle, or one that it started from, was trained on, as far as
   * the recipes and data at hand tell.
   */
  private List<String> trainedOn(ModelBundle bundle, DataSet pictures) throws IOException {
    Set<String> trained = new LinkedHashSet<>();
    Optional<String> text = bundle.recipe();
    // A run may have started from one that started from another; nobody goes on for ever.
    for (int i = 0; i < MOST_ANCESTORS && text.isPresent(); i++) {
      TrainedOn recipe = TrainedOn.parse(text.get(), model);
      trained.addAll(trainedOn(recipe, pictures));
      text = Optional.empty();
      if (!recipe.from().isEmpty()) {
        try {
          text = ModelBundle.of(recipe.from()).recipe();
        } catch (BundleException e) {
          spec.commandLine()
              .getErr()
              .println(
                  "efrnet: "
                      + model
                      + " started from "
                      + recipe.from()
                      + ", which is not here: what that was trained on is not checked");
        }
      }
    }
    return List.copyOf(trained);
  }

  private List<String> trainedOn(TrainedOn recipe, DataSet pictures) throws IOException {
    boolean own = DataSets.layoutOf(data) == DataSets.Layout.FOLDER;
    // Both layouts of CamVid hold the same pictures by the same names.
    if (recipe.isGenerated() || own != recipe.source().equals(TrainedOn.FOLDER)) {
      return List.of();
    }
    if (!recipe.splits().stream().allMatch(part -> Files.exists(data.resolve(part + ".txt")))) {
      // Without the lists of those splits only their names can tell.
      return recipe.splits().stream().anyMatch(List.of(split.split("\\+", -1))::contains)
          ? pictures.names()
          : List.of();
    }
    return Overlap.between(DataSets.open(data, String.join("+", recipe.splits())), pictures);
  }

  private void record(ModelBundle bundle, ObjectNode json) throws IOException {
    Map<String, Object> metrics = new LinkedHashMap<>(bundle.config().metrics());
    metrics.put(split, new ObjectMapper().convertValue(json, Map.class));
    bundle.with(bundle.config().withMetrics(metrics)).write(Path.of(model));
  }

  private static ObjectNode json(
      ModelBundle bundle, DataSet pictures, Evaluation evaluation, ObjectNode computed)
      throws IOException {
    ObjectNode node = scores(evaluation.overall().scores(bundle.classes()));
    node.put("images", pictures.size());
    Mask labels = pictures.load(0).truth();
    node.put("width", labels.width());
    node.put("height", labels.height());
    node.put("data", pictures.name());
    node.put("model", bundle.config().name());
    node.put("weights", bundle.weights().digest());
    node.setAll(computed);
    node.put("augmentation", "none");
    ObjectNode sequences = node.putObject("sequences");
    evaluation
        .bySequence()
        .forEach((name, matrix) -> sequences.set(name, scores(matrix.scores(bundle.classes()))));
    return node;
  }

  private static ObjectNode scores(Scores scores) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    put(node, "miou", scores.miou());
    put(node, "pixelAccuracy", scores.pixelAccuracy());
    put(node, "meanAccuracy", scores.meanAccuracy());
    ArrayNode classes = node.putArray("classes");
    for (ClassScore c : scores.classes()) {
      ObjectNode one = classes.addObject().put("name", c.name());
      put(one, "iou", c.iou());
    }
    return node;
  }

  /** What was never seen has no score: null, not 0. */
  private static void put(ObjectNode node, String key, double percent) {
    if (Double.isNaN(percent)) {
      node.putNull(key);
    } else {
      node.put(key, Math.round(percent * 1000) / 1000.0);
    }
  }

  private static void print(
      PrintWriter out,
      ModelBundle bundle,
      DataSet pictures,
      Evaluation evaluation,
      String precision) {
    List<String> columns = new ArrayList<>(List.of("all"));
    List<Scores> scores = new ArrayList<>();
    scores.add(evaluation.overall().scores(bundle.classes()));
    if (evaluation.bySequence().size() > 1) {
      for (Map.Entry<String, ConfusionMatrix> e : evaluation.bySequence().entrySet()) {
        columns.add(e.getKey());
        scores.add(e.getValue().scores(bundle.classes()));
      }
    }
    out.printf(
        Locale.ROOT,
        "%s on %s: %d pictures, %s, single scale, void ignored%n",
        bundle.config().name(),
        pictures.name(),
        pictures.size(),
        precision);
    row(out, "IoU, %", columns);
    for (int i = 0; i < bundle.classes().size(); i++) {
      int id = i;
      row(
          out,
          bundle.classes().classes().get(i).name(),
          scores.stream().map(s -> percent(s.classes().get(id).iou())).toList());
    }
    row(out, "mIoU", scores.stream().map(s -> percent(s.miou())).toList());
    row(out, "pixel accuracy", scores.stream().map(s -> percent(s.pixelAccuracy())).toList());
    row(out, "mean accuracy", scores.stream().map(s -> percent(s.meanAccuracy())).toList());
  }

  private static String percent(double value) {
    return Double.isNaN(value) ? "absent" : String.format(Locale.ROOT, "%.2f", value);
  }

  private static void row(PrintWriter out, String name, List<String> cells) {
    out.printf(Locale.ROOT, "%-16s", name);
    cells.forEach(cell -> out.printf(Locale.ROOT, " %9s", cell));
    out.println();
  }
}
