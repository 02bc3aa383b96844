package org.efrnet.training;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.efrnet.bundle.BundleConfig;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.data.DataSet;
import org.efrnet.graph.Graph;
import org.efrnet.graph.Model;
import org.efrnet.graph.Passes;
import org.efrnet.images.Normalization;
import org.efrnet.labels.ClassTable;
import org.efrnet.learning.Batch;
import org.efrnet.learning.Learner;
import org.efrnet.learning.LearningRule;
import org.efrnet.learning.LostProcessException;
import org.efrnet.learning.Processes;
import org.efrnet.metrics.Scores;
import org.efrnet.networks.Networks;
import org.efrnet.ops.Network;
import org.efrnet.readings.Parameters;
import org.efrnet.text.OneLine;
import org.efrnet.text.Sha256;
import org.efrnet.weights.Weights;

/**
 * The training loop.
 *
 * <pre>
 * for step in first .. steps:
 *     batch = next of the source           pictures made ahead by loader threads
 *     learner.step(batch, schedule(step))  forward, loss, backward, update
 *     every few steps: a line in train.jsonl and a report to the watcher
 *     every few epochs: a look at the watched pictures, the best model kept
 *     every few minutes, and when stopped: a checkpoint and the page to look at
 * </pre>
 *
 * <p>A run's folder holds {@code recipe.yaml}, {@code train.jsonl}, its {@link Checkpoints}, the
 * {@link RunPage} with its samples, and {@code best}, the bundle of the best look. Each stage that
 * a recipe trains before is a run of its own, in {@code stage-1} and so on below it.
 */
public final class Trainer {
  private static final String CHANGED = "the recipe changed";

  private final RunFolder folder;
  private final Recipe recipe;
  private final DataSet data;
  private final Path run;
  private final Settings settings;
  private final Processes processes;
  private final Agreement agreement;
  private final Checkpoints checkpoints;
  private final LogWriter log;
  private final Optional<Watching> watching;

  /** The bundle that training starts from; empty to start from random weights. */
  private final String from;

  /** The stages that come before, in order. */
  private final List<Trainer> before;

  private Optional<Origin> origin = Optional.empty();
  private double bestMiou = -1;

  /**
   * What does not change the result, but for rounding.
   *
   * @param engine who takes the steps
   * @param device {@code cpu}, {@code cuda} or {@code cuda:N}
   * @param threads that compute at once on the host
   * @param loaders threads that make batches
   * @param secondsBetweenCheckpoints of wall time
   * @param checkpointsKept the newest, at least 1; with more a damaged one can be done without
   * @param stepsBetweenReports a report at every multiple of it; its loss is the mean since the one
   *     before
   * @param changedRecipe whether a run may go on with another recipe than it was started with
   * @param processes that train together, all by the same recipe; the leading one alone touches the
   *     run's folder. Not closed by a trainer
   * @param stop asked between steps: true, in any process, ends the run with a checkpoint
   * @param watcher told how it goes, in the leading process alone
   */
  public record Settings(
      LearningEngine engine,
      String device,
      int threads,
      int loaders,
      double secondsBetweenCheckpoints,
      int checkpointsKept,
      int stepsBetweenReports,
      boolean changedRecipe,
      Processes processes,
      BooleanSupplier stop,
      Watcher watcher) {
    /** On the CPU, two loaders, a checkpoint every two minutes, two kept, a report of 20 steps. */
    public static Settings of(BooleanSupplier stop, Watcher watcher) {
      return new Settings(
          LearningEngine.AUTO,
          "cpu",
          Runtime.getRuntime().availableProcessors(),
          2,
          120,
          2,
          20,
          false,
          Processes.alone(),
          stop,
          watcher);
    }

    /** The same on another device. */
    public Settings on(String other, int loaderThreads) {
      return new Settings(
          engine,
          other,
          threads,
          loaderThreads,
          secondsBetweenCheckpoints,
          checkpointsKept,
          stepsBetweenReports,
          changedRecipe,
          processes,
          stop,
          watcher);
    }

    /** The same by an engine and a number of threads. */
    public Settings by(LearningEngine other, int threadCount) {
      return new Settings(
          other,
          device,
          threadCount,
          loaders,
          secondsBetweenCheckpoints,
          checkpointsKept,
          stepsBetweenReports,
          changedRecipe,
          processes,
          stop,
          watcher);
    }

    /** The same with other checkpoints. */
    public Settings withCheckpoints(double everySeconds, int kept) {
      return new Settings(
          engine,
          device,
          threads,
          loaders,
          everySeconds,
          kept,
          stepsBetweenReports,
          changedRecipe,
          processes,
          stop,
          watcher);
    }

    /** The same with a report of another number of steps. */
    public Settings withReportsEvery(int steps) {
      return new Settings(
          engine,
          device,
          threads,
          loaders,
          secondsBetweenCheckpoints,
          checkpointsKept,
          steps,
          changedRecipe,
          processes,
          stop,
          watcher);
    }

    /** The same, letting a run go on with another recipe. */
    public Settings withChangedRecipe() {
      return new Settings(
          engine,
          device,
          threads,
          loaders,
          secondsBetweenCheckpoints,
          checkpointsKept,
          stepsBetweenReports,
          true,
          processes,
          stop,
          watcher);
    }

    /** The same in several processes. */
    public Settings with(Processes others) {
      return new Settings(
          engine,
          device,
          threads,
          loaders,
          secondsBetweenCheckpoints,
          checkpointsKept,
          stepsBetweenReports,
          changedRecipe,
          others,
          stop,
          watcher);
    }
  }

  /** Whoever looks on. */
  public interface Watcher {
    /** After every {@link Settings#stepsBetweenReports} steps. */
    void report(Report report);

    /** After a look at the watched pictures. */
    default void watched(int epoch, Scores scores) {}

    /**
     * Before each stage of a recipe that has several.
     *
     * @param number 1-based
     * @param of how many there are
     * @param folder where the stage's run goes
     */
    default void stage(int number, int of, Path folder) {}

    /** One line on something that a person should know. */
    default void notice(String line) {}
  }

  /**
   * How far a training is.
   *
   * @param step steps done
   * @param steps in all
   * @param epoch 1-based
   * @param loss mean since the last report, or since the run was resumed
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
   * @param step steps done
   * @param weights the averaged ones, under the names of the network as it was written
   */
  public record Outcome(boolean finished, long step, Weights weights, Network network) {}

  /**
   * @param data what is trained on
   * @param watched the split that the recipe watches; empty if it watches none
   * @param run the run's folder; made if missing
   * @throws RecipeException if what is watched is trained on
   * @throws IOException if what is watched cannot be read
   */
  public Trainer(
      Recipe recipe, DataSet data, Optional<DataSet> watched, Path run, Settings settings)
      throws IOException {
    this(
        new RunFolder(run, recipe, settings.checkpointsKept()),
        data,
        watching(recipe, data, watched, settings),
        settings,
        recipe.from());
  }

  /** Stages look at the same pictures, which are read once. */
  private static Optional<Watching> watching(
      Recipe recipe, DataSet data, Optional<DataSet> watched, Settings settings)
      throws IOException {
    return watched.isPresent() && settings.processes().leads()
        ? Optional.of(new Watching(recipe, data, watched.get()))
        : Optional.empty();
  }

  private Trainer(
      RunFolder folder, DataSet data, Optional<Watching> watching, Settings settings, String from) {
    this.folder = folder;
    this.recipe = folder.recipe();
    this.data = data;
    this.run = folder.path();
    this.settings = settings;
    this.processes = settings.processes();
    this.agreement = new Agreement(processes);
    this.checkpoints = folder.checkpoints();
    this.log = new LogWriter(run);
    this.watching = watching;
    List<Trainer> stages = new ArrayList<>();
    String start = from;
    for (RunFolder stage : folder.stages()) {
      stages.add(new Trainer(stage, data, watching, settings, start));
      start = stage.bundle().toString();
    }
    this.from = start;
    this.before = List.copyOf(stages);
  }

  /**
   * Whether a run's folder has a checkpoint, of the run or of a stage before it, so that the run is
   * resumed and not started.
   */
  public static boolean hasCheckpoint(Path run) throws IOException {
    return RunFolder.hasCheckpoint(run);
  }

  /**
   * How a recipe differs from the one that a run was last trained by, in what changes the result.
   *
   * @return nothing if the run has no recipe
   * @throws IOException if its recipe cannot be read
   */
  public static List<String> changesSince(Path run, Recipe recipe) throws IOException {
    return new RunFolder(run, recipe, 1).changes();
  }

  /**
   * Trains from the start, or from the run's checkpoint; a finished run gets its bundle, in the
   * folder {@code bundle}. Stages that the recipe trains before come first.
   *
   * @return what the run came to; of one that was stopped in a stage before, what that stage did
   * @throws RecipeException if a checkpoint is there and {@code resume} is not asked for, or is of
   *     another recipe, or another process trains in this folder
   * @throws ArithmeticException if the loss stops being a number; the last checkpoint is kept
   * @throws IOException if something cannot be read or written, such as on a full disk; the last
   *     checkpoint is kept
   */
  public Outcome train(boolean resume) throws IOException, InterruptedException {
    agreement.requireSameTask(recipe, data);
    return train(resume, true);
  }

  /**
   * @param last whether nothing comes after it, so that the processes part
   */
  private Outcome train(boolean resume, boolean last) throws IOException, InterruptedException {
    // Rank 0 looks into the folder; what it finds wrong there is said in all processes.
    Closeable lock =
        agreement.<Closeable>together(() -> processes.leads() ? folder.locked(resume) : () -> {});
    try {
      Outcome outcome = trainInOrder();
      if (last) {
        processes.part();
      }
      if (outcome.finished() && processes.leads()) {
        bundle(outcome).write(folder.bundle());
        page();
      }
      return outcome;
    } finally {
      lock.close();
    }
  }

  /** First what comes before. */
  private Outcome trainInOrder() throws IOException, InterruptedException {
    boolean begun = hasBegun();
    if (!begun && !before.isEmpty()) {
      // A stage begins once the one before it is finished: the newest is where a run goes on.
      int newest = before.size() - 1;
      while (newest > 0 && !before.get(newest).hasBegun()) {
        newest--;
      }
      int over = newest;
      agreement.together(
          () -> {
            if (processes.leads()) {
              folder.requireUnchanged(over);
            }
            return true;
          });
      for (int i = newest; i < before.size(); i++) {
        Trainer stage = before.get(i);
        tell(i, stage.run);
        Outcome outcome = stage.train(stage.hasBegun(), false);
        if (!outcome.finished()) {
          return outcome;
        }
      }
      tell(before.size(), run);
    }
    return trainTogether(begun);
  }

  /** Whether there is a checkpoint; rank 0 says it to all. */
  private boolean hasBegun() throws IOException {
    boolean begun = agreement.together(() -> processes.leads() && folder.hasBegun());
    return processes.any(begun);
  }

  private void tell(int stage, Path stageFolder) {
    if (processes.leads()) {
      settings.watcher().stage(stage + 1, before.size() + 1, stageFolder);
      page();
    }
  }

  private Outcome trainTogether(boolean goesOn) throws IOException, InterruptedException {
    Network network = Networks.named(recipe.network(), data.classes().size()).orElseThrow();
    Graph graph = Graph.of(network);
    Optional<Checkpoints.Saved> saved =
        agreement.together(
            () -> goesOn && processes.leads() ? Optional.of(saved()) : Optional.empty());
    Weights weights = agreement.together(() -> firstWeights(graph, goesOn));
    LearningRule rule =
        new LearningRule(
            recipe.optimiser().optimiser(),
            classWeights(),
            ClassTable.IGNORE,
            recipe.loss().labelSmoothing(),
            recipe.loss().jaccard(),
            recipe.optimiser().clipNorm() > 0
                ? recipe.optimiser().clipNorm()
                : Double.POSITIVE_INFINITY,
            recipe.averageDecay(),
            recipe.learnSlopes(),
            recipe.optimiser().decay());
    Model model = Passes.apply(Passes.training(), new Model(graph, weights));
    try (Learner learner = agreement.together(() -> learner(model, rule))) {
      agreement.together(
          () -> {
            if (saved.isPresent()) {
              restore(learner, saved.get());
            }
            return true;
          });
      agreement.share(learner);
      Loop loop = new Loop(learner, network, saved.isPresent() && folder.isChanged(saved.get()));
      boolean finished = loop.run();
      return new Outcome(finished, learner.steps(), learner.averagedWeights(), network);
    }
  }

  private Learner learner(Model model, LearningRule rule) {
    return settings
        .engine()
        .learner(
            model,
            rule,
            recipe.precision(),
            settings.device(),
            settings.threads(),
            processes,
            line -> settings.watcher().notice(recipe.name() + ": " + line));
  }

  /** Those that rank 0 has in the end; it hands them out. */
  private Weights firstWeights(Graph graph, boolean goesOn) throws IOException {
    Weights weights = Parameters.initial(graph, recipe.seed());
    if (goesOn || !processes.leads()) {
      return weights;
    }
    folder.writeRecipe();
    log.clear();
    noteChangesOfStages();
    if (from.isEmpty()) {
      return weights;
    }
    Origin.Start start = Origin.of(from, recipe.network(), data.classes(), recipe.seed());
    origin = Optional.of(start.origin());
    tellOrigin(start.origin());
    return start.weights();
  }

  /** The bundle's log is this run's alone, its recipe speaks of all stages. */
  private void noteChangesOfStages() throws IOException {
    for (Trainer stage : before) {
      for (RunLog.Note note : RunLog.read(stage.run).notes()) {
        if (note.text().startsWith(CHANGED)) {
          log.note(0, stage.run.getFileName() + ", step " + note.step() + ": " + note.text());
        }
      }
    }
  }

  private void tellOrigin(Origin start) throws IOException {
    log.note(0, start.sentence());
    settings.watcher().notice(recipe.name() + ": " + start.sentence());
    if (!start.licence().equals(recipe.bundle().licence())) {
      settings
          .watcher()
          .notice(
              recipe.name()
                  + ": the weights of "
                  + start.bundle()
                  + " are under "
                  + start.licence()
                  + ", the recipe's bundle.licence says "
                  + recipe.bundle().licence()
                  + "; make sure that the one allows the other");
    }
  }

  /**
   * The bundle of a finished training: weights, recipe, log and a card.
   *
   * @throws IOException if the run's log cannot be read
   */
  public ModelBundle bundle(Outcome outcome) throws IOException {
    return bundle(outcome.weights(), card(outcome.network(), outcome.step(), Optional.empty()));
  }

  private String card(Network network, long step, Optional<String> chosenOn) throws IOException {
    Duration time = RunLog.read(run).time(recipe);
    for (Trainer stage : before) {
      time = time.plus(RunLog.read(stage.run).time(stage.recipe));
    }
    return Card.of(recipe, data, network, step, origin, chosenOn, time, settings.device());
  }

  private ModelBundle bundle(Weights weights, String card) throws IOException {
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
    return ModelBundle.of(config, weights)
        .withCard(card)
        .withRecipe(recipe.toYaml())
        .withLog(log.text());
  }

  /** The loop, with what it counts between two reports. */
  private final class Loop {
    private final Learner learner;
    private final Network network;
    private final boolean changedRecipe;
    private long reported = System.nanoTime();
    private long saved = reported;
    private double lossSum;
    private long counted;
    private long pictures;
    private long sinceReport;
    private boolean lookCutShort;

    Loop(Learner learner, Network network, boolean changedRecipe) {
      this.learner = learner;
      this.network = network;
      this.changedRecipe = changedRecipe;
    }

    /** Returns false if it was stopped. */
    boolean run() throws IOException, InterruptedException {
      try (BatchSource source =
          new BatchSource(
              recipe,
              data,
              Normalization.IMAGENET,
              processes,
              learner.steps(),
              settings.loaders())) {
        agreement.together(
            () -> {
              requireSteps(source);
              return true;
            });
        if (changedRecipe) {
          acceptChangedRecipe();
        }
        if (processes.leads()) {
          setAsideBundle(source);
        }
        return steps(source);
      } catch (LostProcessException e) {
        throw lost(e);
      }
    }

    private boolean steps(BatchSource source) throws IOException, InterruptedException {
      lookIfLeftOut(source);
      while (learner.steps() < source.steps()) {
        long step = learner.steps();
        if (processes.any(settings.stop().getAsBoolean())) {
          saveTogether();
          return false;
        }
        Batch batch = taken(source);
        double rate = recipe.schedule().at(step, source.steps());
        try {
          learner.step(batch, rate, Seeds.of(recipe.seed(), step, -1));
        } catch (ArithmeticException e) {
          throw diverged(e);
        }
        pictures += batch.of();
        sinceReport++;
        boolean last = learner.steps() == source.steps();
        // At the same steps wherever the run was resumed, so that logs can be compared.
        if (learner.steps() % settings.stepsBetweenReports() == 0 || last) {
          report(source, step, rate);
        }
        if (isLookDue(source)) {
          look(watching.orElseThrow(), source.epochOf(step) + 1);
        }
        boolean due = (System.nanoTime() - saved) / 1e9 >= settings.secondsBetweenCheckpoints();
        if (last || processes.any(due && processes.leads())) {
          saveTogether();
        }
      }
      return !processes.any(lookCutShort);
    }

    /** Behind the last step of an epoch that is watched, and behind the last of all. */
    private boolean isLookDue(BatchSource source) {
      long done = learner.steps();
      if (watching.isEmpty() || done == 0) {
        return false;
      }
      if (done == source.steps()) {
        return true;
      }
      int epoch = source.epochOf(done - 1) + 1;
      return source.epochOf(done) + 1 != epoch && watching.get().isDue(epoch);
    }

    /** A look that a stop cut short, or a crash, is not in the log of the run that goes on. */
    private void lookIfLeftOut(BatchSource source) throws IOException {
      long done = learner.steps();
      if (isLookDue(source)
          && RunLog.read(run).lastWatch().map(RunLog.Watch::step).orElse(-1L) < done) {
        look(watching.orElseThrow(), source.epochOf(done - 1) + 1);
      }
    }

    /** The next batch; a picture that one process cannot read ends the run in all, in order. */
    private Batch taken(BatchSource source) throws IOException, InterruptedException {
      if (processes.size() == 1) {
        return source.take();
      }
      Batch batch;
      try {
        batch = source.take();
      } catch (IOException | RuntimeException e) {
        processes.any(true);
        saveTogether();
        throw e;
      }
      if (processes.any(false)) {
        saveTogether();
        throw new RecipeException(
            "run "
                + run
                + ": another process cannot read its pictures of step "
                + learner.steps()
                + ", as it says itself; mend that and go on with --resume");
      }
      return batch;
    }

    private void saveTogether() throws IOException {
      agreement.requireSameState(learner, checkpoints.lastGood());
      agreement.together(
          () -> {
            if (processes.leads()) {
              save();
            }
            return true;
          });
    }

    /** The step in progress changed nothing, so that what was learned before it can be saved. */
    private LostProcessException lost(LostProcessException e) {
      if (!processes.leads()) {
        return e;
      }
      String more = "";
      // A card may wait for the lost one itself.
      if (settings.device().equals("cpu")) {
        try {
          save();
        } catch (IOException | RuntimeException failed) {
          more = "; " + OneLine.of(String.valueOf(failed.getMessage()));
        }
      }
      if (checkpoints.lastGood() >= 0) {
        more +=
            "; the checkpoint of step "
                + checkpoints.lastGood()
                + " is good: go on with --resume, in any number of processes";
      }
      return new LostProcessException("run " + run + ": " + e.getMessage() + more, e);
    }

    private void requireSteps(BatchSource source) throws IOException {
      if (learner.steps() > source.steps()) {
        throw new RecipeException(
            "run "
                + run
                + " has taken "
                + learner.steps()
                + " steps, this recipe has "
                + source.steps()
                + "; give it more epochs, or choose another --out");
      }
      if (changedRecipe && learner.steps() == source.steps()) {
        throw new RecipeException(
            "run "
                + run
                + " has taken all of its "
                + learner.steps()
                + " steps, none is left to be taken by the changed recipe"
                + RunFolder.behindColon(folder.changes())
                + "; give it more epochs, leave the change out, or choose another --out");
      }
    }

    /** Only once it is known to fit. The checkpoint first: it decides which recipe the run has. */
    private void acceptChangedRecipe() throws IOException {
      String changes = RunFolder.behindColon(folder.changes());
      save();
      log.note(learner.steps(), CHANGED + changes);
      folder.writeRecipe();
      settings.watcher().notice("run " + run + " goes on with a changed recipe" + changes);
    }

    /** A finished run that goes on with a changed recipe is not finished any more. */
    private void setAsideBundle(BatchSource source) throws IOException {
      Path bundle = folder.bundle();
      if (learner.steps() < source.steps() && Files.exists(bundle)) {
        Path aside = run.resolve(RunFolder.BUNDLE + "-" + learner.steps());
        Files.move(bundle, aside);
        settings.watcher().notice("run " + run + " goes on; its bundle is now " + aside);
      }
    }

    private ArithmeticException diverged(ArithmeticException e) {
      return new ArithmeticException(
          "training "
              + recipe.name()
              + ", step "
              + learner.steps()
              + ": "
              + e.getMessage()
              + (checkpoints.lastGood() >= 0
                  ? "; the checkpoint of step " + checkpoints.lastGood() + " is good"
                  : "")
              + "; train anew with a lower schedule.rate or optimiser.clipNorm, and another"
              + " --out"
              + folder.sparing());
    }

    /** Fetches the losses from the device; on a card this waits for the steps under way. */
    private void settle() {
      long steps = sinceReport - counted;
      if (steps > 0) {
        try {
          lossSum += steps * learner.meanLoss();
        } catch (ArithmeticException e) {
          throw diverged(e);
        }
        counted = sinceReport;
      }
    }

    private void report(BatchSource source, long step, double rate) throws IOException {
      settle();
      long now = System.nanoTime();
      double seconds = (now - reported) / 1e9;
      Report report =
          new Report(
              learner.steps(),
              source.steps(),
              source.epochOf(step) + 1,
              lossSum / sinceReport,
              rate,
              pictures / seconds,
              seconds / sinceReport * (source.steps() - learner.steps()));
      if (processes.leads()) {
        log.report(report);
        settings.watcher().report(report);
        if (report.loss() == 0) {
          settings
              .watcher()
              .notice(
                  recipe.name()
                      + ": no pixel of the last "
                      + sinceReport
                      + " steps is labelled, so nothing was learned from them; look at the masks,"
                      + " and at what the class table ignores");
        }
      }
      reported = now;
      lossSum = 0;
      counted = 0;
      pictures = 0;
      sinceReport = 0;
    }

    private void look(Watching watch, int epoch) throws IOException {
      settle();
      long started = System.nanoTime();
      String card = card(network, learner.steps(), Optional.of(watch.data().name()));
      ModelBundle now;
      try {
        now = bundle(learner.averagedWeights(), card);
      } catch (ArithmeticException e) {
        throw diverged(e);
      }
      Optional<Scores> seen = watch.look(now, epoch, run, settings.stop());
      lookCutShort = seen.isEmpty();
      if (lookCutShort) {
        return;
      }
      Scores scores = seen.get();
      log.watch(learner.steps(), epoch, watch.data().name(), watch.data().size(), scores);
      settings.watcher().watched(epoch, scores);
      // As the log has it: a resumed run compares with what stands there.
      double miou = LogWriter.rounded(scores.miou());
      if (miou > bestMiou) {
        bestMiou = miou;
        now.withLog(log.text()).write(run.resolve(RunFolder.BEST));
      }
      page();
      // Speed is that of steps.
      reported += System.nanoTime() - started;
    }

    /** A checkpoint of what is known to be sound. */
    private void save() throws IOException {
      settle();
      Map<String, String> metadata = new HashMap<>();
      metadata.put("pictures", pictures());
      metadata.put("recipe", recipe.fingerprint());
      origin.ifPresent(o -> metadata.put("origin", o.json()));
      long before = checkpoints.lastGood();
      try {
        checkpoints.save(learner.steps(), learner.state(), metadata);
      } catch (ArithmeticException e) {
        throw diverged(e);
      } catch (IOException e) {
        throw new IOException(
            "run "
                + run
                + ": step "
                + learner.steps()
                + " cannot be saved: "
                + OneLine.of(String.valueOf(e.getMessage()))
                + (before >= 0
                    ? "; the checkpoint of step "
                        + before
                        + " is good: make room and go on with --resume"
                    : "; make room and start anew"),
            e);
      }
      saved = System.nanoTime();
      page();
    }
  }

  /** What people look at must not end what they look at. */
  private void page() {
    try {
      RunPage.write(run);
    } catch (IOException e) {
      settings
          .watcher()
          .notice(
              "run "
                  + run
                  + ": run.html cannot be written: "
                  + OneLine.of(String.valueOf(e.getMessage())));
    }
  }

  /** Labelled pixels by class, in this process's part of the pictures. */
  private double[] ownCounts() throws IOException {
    double[] counts = new double[data.classes().size()];
    for (int i = processes.rank(); i < data.size(); i += processes.size()) {
      long[] histogram = data.load(i).truth().histogram();
      for (int k = 0; k < counts.length; k++) {
        counts[k] += histogram[k];
      }
    }
    return counts;
  }

  private float[] classWeights() throws IOException {
    double c = recipe.loss().classWeights();
    if (c == 0) {
      return new float[0];
    }
    double[] counts = agreement.together(this::ownCounts);
    // Whole numbers, which these sums keep exactly.
    processes.sum(counts);
    double all = Arrays.stream(counts).sum();
    float[] weights = new float[counts.length];
    for (int k = 0; k < weights.length; k++) {
      weights[k] = (float) (1 / Math.log(c + counts[k] / Math.max(1, all)));
    }
    return weights;
  }

  private Checkpoints.Saved saved() throws IOException {
    Checkpoints.Saved saved = folder.saved(pictures(), data.name(), settings.changedRecipe());
    for (String damage : saved.damaged()) {
      settings.watcher().notice(damage + "; the one before it is used");
    }
    return saved;
  }

  private void restore(Learner learner, Checkpoints.Saved saved) throws IOException {
    try {
      learner.restore(saved.state(), saved.step());
    } catch (IllegalArgumentException e) {
      throw new RecipeException(
          "run "
              + run
              + " cannot go on with this recipe: "
              + e.getMessage()
              + "; network, optimiser and averaging must stay as they were",
          e);
    }
    origin = Origin.parse(saved.metadata().getOrDefault("origin", ""));
    log.forgetAfter(learner.steps());
    if (!folder.isChanged(saved)) {
      // What changes no result, such as the licence, may have changed.
      folder.writeRecipe();
    }
    if (watching.isPresent() && Files.exists(run.resolve(RunFolder.BEST))) {
      DataSet watched = watching.get().data();
      bestMiou =
          RunLog.read(run)
              .bestWatch(look -> look.isOn(watched.name(), watched.size()))
              .map(RunLog.Watch::miou)
              .orElse(-1.0);
    }
  }

  /** A digest of the names of the pictures: with others, a step's number means something else. */
  private String pictures() {
    return Sha256.of(String.join("\n", data.names()));
  }
}
