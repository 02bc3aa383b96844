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
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.concurrent.Callable;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.data.Cityscapes;
import org.efrnet.data.DataSet;
import org.efrnet.data.DataSets;
import org.efrnet.images.Mask;
import org.efrnet.metrics.ClassScore;
import org.efrnet.metrics.ConfusionMatrix;
import org.efrnet.metrics.Scores;
import org.efrnet.segment.Evaluation;
import org.efrnet.segment.Protocol;
import org.efrnet.segment.ResultJson;
import org.efrnet.segment.Segmenter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code efrnet evaluate}. */
@Command(
    name = "evaluate",
    description = {
      "Judges a model on labelled pictures: IoU by class, mIoU, pixel and mean accuracy, each",
      "sequence apart; on Cityscapes also as its official evaluation does. Percentages; single",
      "scale and no flip unless asked for; void pixels are ignored."
    },
    footer = {
      "",
      "Examples: efrnet evaluate efrnet.camvid --data CamVid --split test",
      "          efrnet evaluate --predictions results --data Cityscapes --split val",
      "          efrnet evaluate runs/city/bundle --data Cityscapes --split test --submission it.zip"
    })
final class EvaluateCommand implements Callable<Integer> {
  @Parameters(
      paramLabel = "BUNDLE",
      arity = "0..1",
      description = "A model's name, or its folder; not with --predictions.")
  private String model = "";

  @Option(
      names = "--data",
      required = true,
      paramLabel = "DIR",
      description = "The data set's folder: CamVid in either layout, Cityscapes, or your own data.")
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
      description = "Write the figures into the bundle's config.json and card; BUNDLE is a folder.")
  private boolean record;

  @Option(
      names = "--allow-leak",
      description = "Judge although the model was trained on pictures of this split.")
  private boolean allowLeak;

  @Option(names = "--audit", description = "Print the figure under every other convention, too.")
  private boolean audit;

  @Option(
      names = "--predictions",
      paramLabel = "DIR",
      description = "Judge PNG files of Cityscapes' label ids instead of a model.")
  private Optional<Path> predictions = Optional.empty();

  @Option(
      names = "--submission",
      paramLabel = "FILE.zip",
      description = "Judge nothing; write what Cityscapes' test server takes.")
  private Optional<Path> submission = Optional.empty();

  @Mixin private ProtocolOptions protocols;

  @Mixin private ModelOptions options;

  @Mixin private SparkOptions spark;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    requireOneTask();
    Protocol protocol = protocols.protocol();
    if (predictions.isPresent()) {
      new PredictedFiles(spec.commandLine(), format, audit)
          .judge(CityscapesData.open(data, split, "--predictions"), predictions.get());
      return 0;
    }
    if (record && !Files.isDirectory(Path.of(model))) {
      throw new Failure("--record: " + model + " is not a folder; give the bundle's folder");
    }
    ModelBundle bundle = ModelBundle.of(model);
    if (record) {
      ModelBundle.requireReplaceable(Path.of(model));
    }
    if (submission.isPresent()) {
      submit(bundle, CityscapesData.open(data, split, "--submission"), protocol);
      return 0;
    }
    DataSet pictures = DataSets.open(data, split);
    List<String> leak = Leak.of(bundle, model, data, split, pictures, spec.commandLine().getErr());
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
    FurtherFigures further = new FurtherFigures(pictures, audit);
    ObjectNode computed = JsonNodeFactory.instance.objectNode();
    Evaluation evaluation =
        spark.master().isPresent()
            ? counted(spark.master().get(), pictures, protocol, further, computed)
            : counted(bundle, pictures, protocol, further, computed);
    boolean plain = protocol.equals(Protocol.PLAIN);
    computed.put("augmentation", plain ? "none" : protocol.toString());
    ObjectNode json = json(bundle, pictures, evaluation, computed);
    further.put(json);
    json.put("leak", !leak.isEmpty());
    json.put("size", options.size().toString());
    PrintWriter out = spec.commandLine().getOut();
    if (format == Format.JSON) {
      out.println(Format.json(json));
    } else {
      if (!leak.isEmpty()) {
        out.println("LEAK: trained on " + leak.size() + " of these pictures");
      }
      String how = computed.get("precision").textValue() + ", " + protocol;
      print(out, bundle, pictures, evaluation, how);
      further.print(out);
    }
    if (record) {
      record(bundle, plain ? split : split + ", " + protocol, json, evaluation);
    }
    return 0;
  }

  private Evaluation counted(
      ModelBundle bundle,
      DataSet pictures,
      Protocol protocol,
      FurtherFigures further,
      ObjectNode computed)
      throws IOException {
    try (Segmenter segmenter = options.open(bundle);
        Progress progress =
            new Progress(spec.commandLine().getErr(), "evaluate", pictures.size())) {
      ResultJson.describe(segmenter, computed);
      return Evaluation.of(
          segmenter, pictures, protocol, (done, total) -> progress.to(done, ""), further);
    }
  }

  private Evaluation counted(
      String master,
      DataSet pictures,
      Protocol protocol,
      FurtherFigures further,
      ObjectNode computed)
      throws IOException {
    if (pictures instanceof Cityscapes) {
      throw new Failure(
          "--spark adds up confusion matrices, and Cityscapes' own figures need every mask: leave"
              + " out --spark for "
              + pictures.name());
    }
    EvaluationCluster cluster =
        ServiceLoader.load(EvaluationCluster.class)
            .findFirst()
            .orElseThrow(
                () ->
                    new Failure(
                        "--spark needs org.efrnet:efrnet-cli-spark, which is not on the class path;"
                            + " add it, or start the checkout's ./efrnet"));
    Segmenter.Options byTask = options.segmentingByTask();
    try (Progress progress =
        new Progress(spec.commandLine().getErr(), "evaluate", pictures.size())) {
      EvaluationCluster.Judged judged =
          cluster.judge(
              new EvaluationCluster.Order(
                  master, spark.settings(), model, byTask, data, split, protocol, audit),
              (done, total) -> progress.to(done, ""));
      computed.put("engine", judged.engine());
      computed.put("precision", judged.precision());
      computed.put("threads", byTask.threads());
      judged.byPicture().forEach(further::keep);
      return judged.evaluation();
    }
  }

  /**
   * @throws ParameterException if the words ask for two things at once, or for none
   */
  private void requireOneTask() {
    String fault = "";
    if (model.isEmpty() == predictions.isEmpty()) {
      fault = "give either BUNDLE or --predictions DIR";
    } else if (submission.isPresent() && (predictions.isPresent() || audit || record)) {
      fault = "--submission judges nothing: leave out --predictions, --audit and --record";
    } else if (predictions.isPresent() && record) {
      fault = "--record needs a bundle to write into: leave out --predictions";
    }
    if (spark.master().isPresent() && (predictions.isPresent() || submission.isPresent())) {
      fault = "--spark judges models: leave out --predictions and --submission";
    } else if (spark.master().isEmpty() && !spark.settings().isEmpty()) {
      fault = "--conf says nothing without --spark: give both";
    }
    if (!fault.isEmpty()) {
      throw new ParameterException(spec.commandLine(), fault);
    }
  }

  private void submit(ModelBundle bundle, Cityscapes pictures, Protocol protocol)
      throws IOException {
    Path file = submission.orElseThrow();
    try (Segmenter segmenter = options.open(bundle);
        Progress progress = new Progress(spec.commandLine().getErr(), "evaluate", pictures.size());
        Submission archive = new Submission(file)) {
      Evaluation.requireSameClasses(segmenter, pictures);
      for (int i = 0; i < pictures.size(); i++) {
        Mask mask = segmenter.segment(pictures.load(i).picture(), protocol);
        archive.add(pictures.nameOf(i), pictures.classes().toLabelIds(mask));
        progress.to(i + 1, "");
      }
      archive.finish();
      spec.commandLine()
          .getOut()
          .printf(
              Locale.ROOT,
              "%s: %d pictures of %s by %s, %s, %s%n",
              file,
              pictures.size(),
              pictures.name(),
              bundle.config().name(),
              segmenter.precision(),
              protocol);
    }
  }

  private void record(ModelBundle bundle, String as, ObjectNode json, Evaluation evaluation)
      throws IOException {
    Map<String, Object> metrics = new LinkedHashMap<>(bundle.config().metrics());
    metrics.put(as, new ObjectMapper().convertValue(json, Map.class));
    bundle
        .with(bundle.config().withMetrics(metrics))
        .withCard(CardFigures.in(bundle.card(), json, evaluation, bundle.classes()))
        .write(Path.of(model));
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
    ObjectNode sequences = node.putObject("sequences");
    evaluation
        .bySequence()
        .forEach((name, matrix) -> sequences.set(name, scores(matrix.scores(bundle.classes()))));
    return node;
  }

  static ObjectNode scores(Scores scores) {
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
      PrintWriter out, ModelBundle bundle, DataSet pictures, Evaluation evaluation, String how) {
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
        "%s on %s: %d pictures, %s, void ignored%n",
        bundle.config().name(),
        pictures.name(),
        pictures.size(),
        how);
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

  static String percent(double value) {
    return Double.isNaN(value) ? "absent" : String.format(Locale.ROOT, "%.2f", value);
  }

  private static void row(PrintWriter out, String name, List<String> cells) {
    out.printf(Locale.ROOT, "%-16s", name);
    cells.forEach(cell -> out.printf(Locale.ROOT, " %9s", cell));
    out.println();
  }
}
