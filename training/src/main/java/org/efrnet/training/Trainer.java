package org.efrnet.training;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.efrnet.bundle.BundleConfig;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.data.DataSet;
import org.efrnet.graph.Graph;
import org.efrnet.graph.Model;
import org.efrnet.graph.Passes;
import org.efrnet.images.Mask;
import org.efrnet.images.Normalization;
import org.efrnet.labels.ClassTable;
import org.efrnet.networks.Networks;
import org.efrnet.ops.Network;
import org.efrnet.readings.Parameters;
import org.efrnet.text.Sha256;
import org.efrnet.torch.Batch;
import org.efrnet.torch.Execution;
import org.efrnet.torch.Learner;
import org.efrnet.torch.LearningRule;
import org.efrnet.weights.Weights;

/**
 * The training loop.
 *
 * <pre>
 * for step in first .. steps:
 *     batch = next of the source           pictures made ahead by loader threads
 *     learner.step(batch, schedule(step))  forward, loss, backward, update
 *     every few steps: a line in train.jsonl and a report to the watcher
 *     every few minutes, and when stopped: a checkpoint
 * </pre>
 *
 * <p>A run's folder holds {@code recipe.yaml}, {@code train.jsonl} and its {@link Checkpoints}.
 */
public final class Trainer {
  private final Recipe recipe;
  private final DataSet data;
  private final Path run;
  private final Settings settings;
  private final Checkpoints checkpoints;
  private final ObjectMapper json = new ObjectMapper();

  /**
   * What does not change the result.
   *
   * @param loaders threads that make batches
   * @param secondsBetweenCheckpoints of wall time
   * @param stepsBetweenReports each report's loss is the mean over so many steps
   * @param stop asked between steps: true ends the run with a checkpoint
   * @param watcher told how it goes
   */
  public record Settings(
      int loaders,
      double secondsBetweenCheckpoints,
      int stepsBetweenReports,
      BooleanSupplier stop,
      Watcher watcher) {}

  /** Whoever looks on. */
  public interface Watcher {
    /** After every {@link Settings#stepsBetweenReports} steps. */
    void report(Report report);

    /** One line on something that went wrong and was got over. */
    default void notice(String line) {}
  }

  /**
   * How far a training is.
   *
   * @param step steps done
   * @param steps in all
   * @param epoch 1-based
   * @param loss mean since the last report
   * @param rate the newest learning rate
   * @param picturesPerSecond since the last report
   * @param secondsLeft at that speed
   */
  public record Report(
      long step,
      long steps,
      int epoch,
      double loss,
      double rate,
      double picturesPerSecond,
      double secondsLeft) {}

  /**
   * What a run came to.
   *
   * @param finished false if it was stopped and can be resumed
   * @param weights the averaged ones, under the names of the network as it was written
   */
  public record Outcome(boolean finished, long step, Weights weights, Network network) {}

  /**
   * @param run the run's folder; made if missing
   */
  public Trainer(Recipe recipe, DataSet data, Path run, Settings settings) {
    this.recipe = recipe;
    this.data = data;
    this.run = run;
    this.settings = settings;
    this.checkpoints = new Checkpoints(run);
  }

  /**
   * Trains from the start, or from the run's checkpoint.
   *
   * @throws RecipeException if a checkpoint is there and {@code resume} is not asked for, or is of
   *     another recipe
   * @throws ArithmeticException if the loss stops being a number; the last checkpoint is kept
   */
  public Outcome train(boolean resume) throws IOException, InterruptedException {
    Network network = Networks.named(recipe.network(), data.classes().size()).orElseThrow();
    Graph graph = Graph.of(network);
    Model model =
        Passes.apply(Passes.training(), new Model(graph, Parameters.initial(graph, recipe.seed())));
    boolean goesOn = checkpoints.any();
    if (resume && !goesOn) {
      throw new RecipeException(
          "run " + run + " has no checkpoint to resume; check --out, or leave --resume out");
    }
    if (goesOn && !resume) {
      throw new RecipeException(
          "run " + run + " has a checkpoint; go on with --resume, or choose another --out");
    }
    Files.createDirectories(run);
    LearningRule rule =
        new LearningRule(
            recipe.optimiser().optimiser(),
            classWeights(),
            ClassTable.IGNORE,
            recipe.loss().labelSmoothing(),
            recipe.optimiser().clipNorm() > 0
                ? recipe.optimiser().clipNorm()
                : Double.POSITIVE_INFINITY,
            recipe.averageDecay(),
            recipe.learnSlopes(),
            recipe.optimiser().decay());
    try (Learner learner = new Learner(model, rule, Execution.CPU.with(recipe.precision()))) {
      if (goesOn) {
        restore(learner);
      } else {
        Files.writeString(run.resolve("recipe.yaml"), recipe.toYaml());
        Files.deleteIfExists(run.resolve("train.jsonl"));
      }
      boolean finished = loop(learner);
      return new Outcome(finished, learner.steps(), learner.averagedWeights(), network);
    }
  }

  /**
   * The bundle of a finished training: weights, recipe, log and a card.
   *
   * @throws IOException if the run's log cannot be read
   */
  public ModelBundle bundle(Outcome outcome) throws IOException {
    Recipe.Phase last = recipe.phases().get(recipe.phases().size() - 1);
    int[] crop = last.cropSize();
    BundleConfig config =
        BundleConfig.of(
            recipe.name(),
            new BundleConfig.Architecture(recipe.network(), data.classes().size()),
            data.classes(),
            Normalization.IMAGENET,
            recipe.bundle().height(),
            new BundleConfig.TrainingSize(crop[0], crop[1]),
            new BundleConfig.Licence(recipe.bundle().licence(), recipe.bundle().note()),
            Map.of());
    return ModelBundle.of(config, outcome.weights())
        .withCard(Card.of(recipe, data, outcome))
        .withRecipe(recipe.toYaml())
        .withLog(Files.readString(run.resolve("train.jsonl")));
  }

  private boolean loop(Learner learner) throws IOException, InterruptedException {
    long started = System.nanoTime();
    long saved = started;
    long reported = started;
    double lossSum = 0;
    long pictures = 0;
    int sinceReport = 0;
    try (BatchSource source =
        new BatchSource(
            recipe, data, Normalization.IMAGENET, learner.steps(), settings.loaders())) {
      while (learner.steps() < source.steps()) {
        long step = learner.steps();
        if (settings.stop().getAsBoolean()) {
          save(learner);
          return false;
        }
        Batch batch = source.take();
        double rate = recipe.schedule().at(step, source.steps());
        try {
          lossSum += learner.step(batch, rate, Seeds.of(recipe.seed(), step, -1));
        } catch (ArithmeticException e) {
          throw new ArithmeticException(
              "training "
                  + recipe.name()
                  + ", step "
                  + step
                  + ": "
                  + e.getMessage()
                  + (checkpoints.any() ? "; the checkpoint in " + run + " is good" : "")
                  + "; train anew with a lower schedule.rate or optimiser.clipNorm, and another"
                  + " --out");
        }
        pictures += batch.n();
        sinceReport++;
        long now = System.nanoTime();
        if (sinceReport == settings.stepsBetweenReports() || learner.steps() == source.steps()) {
          double seconds = (now - reported) / 1e9;
          double left = seconds / sinceReport * (source.steps() - learner.steps());
          Report report =
              new Report(
                  learner.steps(),
                  source.steps(),
                  source.epochOf(step) + 1,
                  lossSum / sinceReport,
                  rate,
                  pictures / seconds,
                  left);
          log(report);
          settings.watcher().report(report);
          reported = now;
          lossSum = 0;
          pictures = 0;
          sinceReport = 0;
        }
        if ((now - saved) / 1e9 >= settings.secondsBetweenCheckpoints()) {
          save(learner);
          saved = now;
        }
      }
    }
    save(learner);
    return true;
  }

  private float[] classWeights() throws IOException {
    double c = recipe.loss().classWeights();
    if (c == 0) {
      return new float[0];
    }
    long[] counts = new long[data.classes().size()];
    long all = 0;
    for (int i = 0; i < data.size(); i++) {
      Mask truth = data.load(i).truth();
      long[] histogram = truth.histogram();
      for (int k = 0; k < counts.length; k++) {
        counts[k] += histogram[k];
        all += histogram[k];
      }
    }
    float[] weights = new float[counts.length];
    for (int k = 0; k < weights.length; k++) {
      weights[k] = (float) (1 / Math.log(c + counts[k] / (double) Math.max(1, all)));
    }
    return weights;
  }

  private void log(Report report) throws IOException {
    ObjectNode line = json.createObjectNode();
    line.put("step", report.step());
    line.put("epoch", report.epoch());
    line.put("loss", Math.round(report.loss() * 1e5) / 1e5);
    line.put("rate", Math.round(report.rate() * 1e7) / 1e7);
    line.put("picturesPerSecond", Math.round(report.picturesPerSecond() * 100) / 100.0);
    Files.writeString(
        run.resolve("train.jsonl"),
        line + "\n",
        StandardCharsets.UTF_8,
        StandardOpenOption.CREATE,
        StandardOpenOption.APPEND);
  }

  private void save(Learner learner) throws IOException {
    checkpoints.save(
        learner.steps(),
        learner.state(),
        Map.of("pictures", pictures(), "recipe", recipe.fingerprint()));
  }

  private void restore(Learner learner) throws IOException {
    Checkpoints.Saved saved = checkpoints.newest().orElseThrow();
    saved.damaged().forEach(settings.watcher()::notice);
    if (!recipe.fingerprint().equals(saved.metadata().get("recipe"))) {
      throw new RecipeException(
          "run "
              + run
              + " was started with another recipe (see its recipe.yaml); resume with that"
              + " one, or choose another --out");
    }
    if (!pictures().equals(saved.metadata().get("pictures"))) {
      throw new RecipeException(
          "run "
              + run
              + " was started on other pictures than "
              + data.name()
              + " holds now; resume with those, or choose another --out");
    }
    learner.restore(saved.state(), saved.step());
    forgetLinesAfter(learner.steps());
  }

  /** A digest of the names of the pictures: with others, a step's number means something else. */
  private String pictures() {
    return Sha256.of(String.join("\n", data.names()));
  }

  /** What a killed run logged behind its checkpoint will be logged again. */
  private void forgetLinesAfter(long step) throws IOException {
    Path log = run.resolve("train.jsonl");
    if (!Files.exists(log)) {
      return;
    }
    List<String> kept = new ArrayList<>();
    for (String line : Files.readAllLines(log)) {
      if (json.readTree(line).path("step").asLong(Long.MAX_VALUE) <= step) {
        kept.add(line);
      }
    }
    Files.write(log, kept);
  }
}
