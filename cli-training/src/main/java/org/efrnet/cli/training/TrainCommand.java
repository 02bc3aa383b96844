package org.efrnet.cli.training;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.efrnet.cli.Failure;
import org.efrnet.cli.Main;
import org.efrnet.cli.Progress;
import org.efrnet.cli.StopSignal;
import org.efrnet.cli.Threads;
import org.efrnet.data.DataSet;
import org.efrnet.data.DataSets;
import org.efrnet.data.StreetScenes;
import org.efrnet.learning.LostProcessException;
import org.efrnet.learning.Processes;
import org.efrnet.metrics.Scores;
import org.efrnet.torch.Natives;
import org.efrnet.torch.Rendezvous;
import org.efrnet.torch.TorchProcesses;
import org.efrnet.training.LearningEngine;
import org.efrnet.training.Recipe;
import org.efrnet.training.SeedsPage;
import org.efrnet.training.Trainer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code efrnet train}. */
@Command(
    name = "train",
    description = {
      "Trains a network by a recipe. Ctrl-C stops between steps and leaves a checkpoint;",
      "--resume goes on from it. The trained model is written to OUT/bundle; OUT/run.html shows",
      "how it goes."
    },
    footer = {
      "",
      "Examples:",
      "  efrnet train recipes/smoke.yaml --out runs/smoke",
      "  efrnet train recipes/efrnet.camvid-quarter.yaml seed=2 --data CamVid --out runs/quarter",
      "  efrnet train recipes/own-data.yaml from=efrnet.camvid --data pictures --out runs/own",
      "  efrnet train recipes/smoke.yaml --processes 2 --out runs/smoke"
    })
final class TrainCommand implements Callable<Integer> {
  /** Decoded CamVid needs 0.4 GB; a larger data set is decoded again where this is spent. */
  private static final long CACHE_BYTES = Math.min(1L << 30, Runtime.getRuntime().maxMemory() / 3);

  private static final int SECONDS_TO_STOP = 60;
  private static final int MOST_SEEDS = 100;

  /** Twice as many batches lie in memory. */
  private static final int MOST_LOADERS = 16;

  private static final int MOST_PROCESSES = 1024;
  private static final int MOST_SECONDS_TO_MEET = 86400;

  private static final String BUNDLE = "bundle";

  @Parameters(index = "0", paramLabel = "RECIPE", description = "A YAML file, as in recipes/.")
  private Path recipeFile;

  @Parameters(
      index = "1..*",
      arity = "0..*",
      paramLabel = "key=value",
      description = "Changes to the recipe; keys are dotted, as optimiser.weightDecay=1e-4.")
  private List<String> overrides = List.of();

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "The data set's folder; recipes on generated scenes need none.")
  private Optional<Path> data;

  @Option(names = "--out", required = true, paramLabel = "DIR", description = "The run's folder.")
  private Path out;

  @Option(names = "--resume", description = "Go on from the run's checkpoint.")
  private boolean resume;

  @Option(
      names = "--changed-recipe",
      description = "With --resume: go on although the recipe differs from the run's.")
  private boolean changedRecipe;

  @Option(
      names = "--seeds",
      paramLabel = "N",
      description =
          "Train N times, with the recipe's seed and those that follow, into OUT/seed-S each; with"
              + " --resume finished ones are left as they are. OUT/index.html compares them.")
  private Optional<Integer> seeds;

  @Option(
      names = "--device",
      paramLabel = "cpu|cuda[:N]",
      defaultValue = "cpu",
      description = "Where to compute (default: ${DEFAULT-VALUE}).")
  private String device;

  @Option(
      names = "--engine",
      paramLabel = "NAME",
      defaultValue = "auto",
      description =
          "Who takes the steps: onednn (on the CPU, several times as fast), libtorch (everything),"
              + " or auto: onednn where it can (default: ${DEFAULT-VALUE}).")
  private LearningEngine engine;

  @Option(
      names = "--checkpoint-every",
      paramLabel = "SECONDS",
      defaultValue = "120",
      description = "Time between checkpoints (default: ${DEFAULT-VALUE}).")
  private double checkpointSeconds;

  @Option(
      names = "--keep",
      paramLabel = "N",
      defaultValue = "2",
      description = "How many checkpoints are kept (default: ${DEFAULT-VALUE}).")
  private int keep;

  @Option(
      names = "--processes",
      paramLabel = "N",
      defaultValue = "1",
      description =
          "Train in N processes of this machine, which share each step's pictures; --threads is then"
              + " of each, by default cores / N (default: ${DEFAULT-VALUE}). Over several hosts,"
              + " start one process each with MASTER_ADDR, MASTER_PORT, RANK and WORLD_SIZE set.")
  private int processes;

  @Option(
      names = "--wait",
      paramLabel = "SECONDS",
      defaultValue = "120",
      description =
          "How long processes wait for each other at the start (default: ${DEFAULT-VALUE}).")
  private int secondsToMeet;

  @Mixin private Threads threads;

  @Spec private CommandSpec spec;

  /** Where other processes are met; empty in one that trains alone. */
  private Optional<Rendezvous> meeting = Optional.empty();

  /** Asks for a stop when the virtual machine is told to end, and is waited for. */
  private final AtomicBoolean stop = new AtomicBoolean();

  @Override
  public Integer call() throws IOException, InterruptedException {
    requireSense();
    Recipe recipe = Recipe.read(recipeFile, overrides);
    try (StopSignal signal =
        new StopSignal(
            stop,
            "efrnet: stopping after this step",
            SECONDS_TO_STOP,
            "efrnet: the step did not end in time; the last checkpoint stands")) {
      return processes > 1 ? trainInProcesses() : trainOrSay(recipe);
    }
  }

  private int trainInProcesses() throws IOException, InterruptedException {
    List<String> words = new ArrayList<>();
    boolean number = false;
    for (String word : spec.root().commandLine().getParseResult().originalArgs()) {
      boolean option = word.equals("--processes");
      if (!number && !option && !word.startsWith("--processes=")) {
        words.add(word);
      }
      number = option;
    }
    boolean given = spec.commandLine().getParseResult().hasMatchedOption("--threads");
    int each = given ? threads.count() : Math.max(1, threads.count() / processes);
    return new LocalProcesses(
            processes, each, spec.commandLine().getOut(), spec.commandLine().getErr())
        .run(words, stop);
  }

  /** A process that was started by another one ends with it. */
  private void followParent() {
    String parent = System.getenv().getOrDefault(LocalProcesses.PARENT, "");
    if (parent.matches("[0-9]{1,18}")) {
      Optional<CompletableFuture<Void>> end =
          ProcessHandle.of(Long.parseLong(parent))
              .map(process -> process.onExit().thenRun(() -> stop.set(true)));
      if (end.isEmpty()) {
        stop.set(true);
      }
    }
  }

  /** Whether this process speaks for all, or there is nobody who listens to the leading one. */
  private boolean speaks() {
    return meeting.isEmpty()
        || meeting.get().rank() == 0
        || System.getenv(LocalProcesses.PARENT) == null;
  }

  private int trainOrSay(Recipe recipe) throws IOException, InterruptedException {
    try {
      followParent();
      return seeds.isEmpty() ? train(recipe, out, resume) : trainAll(recipe);
    } catch (IOException | RuntimeException e) {
      if (e instanceof LostProcessException && !speaks()) {
        return 1;
      }
      if (stop.get()) {
        // Once the stop signal is closed nobody else gets to say it.
        spec.commandLine().getErr().println("efrnet: " + Main.message(e));
      }
      throw e;
    }
  }

  private void requireSense() {
    if (seeds.isPresent() && (seeds.get() < 1 || seeds.get() > MOST_SEEDS)) {
      throw wrong("--seeds " + seeds.get() + ": must be 1.." + MOST_SEEDS);
    }
    if (!(checkpointSeconds >= 0)) {
      throw wrong("--checkpoint-every " + checkpointSeconds + ": must be at least 0 seconds");
    }
    if (keep < 1) {
      throw wrong("--keep " + keep + ": must be at least 1");
    }
    if (changedRecipe && !resume) {
      throw wrong("--changed-recipe: goes with --resume, a new run has no recipe to differ from");
    }
    if (!Natives.isDevice(device)) {
      throw wrong("--device " + device + ": is none of cpu, cuda and cuda:N");
    }
    requireSenseTogether();
  }

  private void requireSenseTogether() {
    if (processes < 1 || processes > MOST_PROCESSES) {
      throw wrong("--processes " + processes + ": must be 1.." + MOST_PROCESSES);
    }
    if (secondsToMeet < 1 || secondsToMeet > MOST_SECONDS_TO_MEET) {
      throw wrong("--wait " + secondsToMeet + ": must be 1.." + MOST_SECONDS_TO_MEET);
    }
    int all;
    try {
      meeting = Rendezvous.of(System.getenv(), secondsToMeet);
      all = Math.max(processes, meeting.map(Rendezvous::size).orElse(1));
      engine.requireTogether(all);
    } catch (IllegalArgumentException e) {
      throw wrong(e.getMessage());
    }
    if (processes > 1 && meeting.isPresent()) {
      throw wrong(
          "--processes "
              + processes
              + ": this is one of "
              + meeting.get().size()
              + " processes already (WORLD_SIZE); start those, or unset it");
    }
    if (all > 1 && seeds.isPresent()) {
      throw wrong("--seeds: goes with one process; train the seeds one by one, with seed=S");
    }
    if (meeting.isPresent() && device.equals("cuda")) {
      device = "cuda:" + meeting.get().localRank();
    }
  }

  private ParameterException wrong(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  /** One run for each seed, then what they have in common and what not. */
  private int trainAll(Recipe recipe) throws IOException, InterruptedException {
    List<Path> runs = new ArrayList<>();
    for (long seed = recipe.seed(); seed < recipe.seed() + seeds.get(); seed++) {
      runs.add(out.resolve("seed-" + seed));
    }
    for (int i = 0; i < runs.size(); i++) {
      Path run = runs.get(i);
      Recipe own = ofSeed(recipe.seed() + i);
      int code = isFinished(own, run) ? 0 : trainSeed(own, run);
      SeedsPage.write(out, runs);
      if (code != 0) {
        return code;
      }
    }
    spec.commandLine()
        .getOut()
        .println("compared " + runs.size() + " seeds: " + out.resolve("index.html"));
    return 0;
  }

  private Recipe ofSeed(long seed) throws IOException {
    List<String> more = new ArrayList<>(overrides);
    more.add("seed=" + seed);
    return Recipe.read(recipeFile, more);
  }

  /** What is compared differs in its seed alone, or the spread is not that of seeds. */
  private boolean isFinished(Recipe own, Path run) throws IOException {
    if (!resume || !Files.isDirectory(run.resolve(BUNDLE))) {
      return false;
    }
    List<String> changes = Trainer.changesSince(run, own);
    if (!changes.isEmpty() && !changedRecipe) {
      throw new Failure(
          "run "
              + run
              + " was trained by another recipe: "
              + String.join(", ", changes)
              + "; resume with the one in its recipe.yaml, or choose another --out");
    }
    return changes.isEmpty();
  }

  private int trainSeed(Recipe own, Path run) throws IOException, InterruptedException {
    // Of an interrupted call some runs have begun and others have not.
    return train(own, run, resume && Trainer.hasCheckpoint(run));
  }

  private int train(Recipe recipe, Path run, boolean goOn)
      throws IOException, InterruptedException {
    try (Processes together =
        meeting.isEmpty()
            ? Processes.alone()
            : new TorchProcesses(meeting.get(), device, this::endWithoutTheOthers)) {
      return train(recipe, run, goOn, together);
    }
  }

  /** This process waits, within libtorch, for one that is gone. */
  private void endWithoutTheOthers(String why) {
    if (speaks()) {
      System.err.println("efrnet: " + why + "; go on with --resume from the last checkpoint");
    }
    Runtime.getRuntime().halt(1);
  }

  private int train(Recipe recipe, Path run, boolean goOn, Processes together)
      throws IOException, InterruptedException {
    DataSet pictures = DataSet.cached(open(recipe, recipe.data().split()), CACHE_BYTES);
    Optional<DataSet> watched =
        recipe.watch().equals(Recipe.Watch.NONE)
            ? Optional.empty()
            : Optional.of(openWatched(recipe));
    PrintWriter err = spec.commandLine().getErr();
    try (Progress progress = new Progress(err, recipe.name(), 1000)) {
      Trainer trainer =
          new Trainer(recipe, pictures, watched, run, settings(watcher(progress)).with(together));
      Trainer.Outcome outcome = trainer.train(goOn);
      if (!outcome.finished()) {
        if (together.leads()) {
          err.println(
              "stopped after step " + outcome.step() + "; go on with --resume --out " + out);
        }
        return 1;
      }
      if (together.leads()) {
        spec.commandLine()
            .getOut()
            .println(
                "trained "
                    + recipe.name()
                    + ": "
                    + run.resolve(BUNDLE)
                    + " (see "
                    + run.resolve("run.html")
                    + ")");
      }
      return 0;
    }
  }

  private Trainer.Settings settings(Trainer.Watcher watcher) {
    boolean card = !device.equals("cpu");
    // A card waits for pictures long before a processor does that computes itself.
    int spare = Runtime.getRuntime().availableProcessors() - 2;
    int loaders = card ? Math.max(2, Math.min(MOST_LOADERS, spare)) : 2;
    Trainer.Settings settings =
        Trainer.Settings.of(stop::get, watcher)
            .on(device, loaders)
            .by(engine, threads.count())
            .withCheckpoints(checkpointSeconds, keep);
    return changedRecipe ? settings.withChangedRecipe() : settings;
  }

  /** Of generated scenes others than those that are trained on, of the same kind. */
  private DataSet openWatched(Recipe recipe) throws IOException {
    Recipe.Data choice = recipe.data();
    if (choice.source().layout().isEmpty()) {
      int most = recipe.watch().pictures();
      return StreetScenes.of(
          most == 0 ? choice.count() : most, choice.width(), choice.height(), recipe.seed() + 1);
    }
    return open(recipe, recipe.watch().split());
  }

  private DataSet open(Recipe recipe, String split) throws IOException {
    Recipe.Data choice = recipe.data();
    if (choice.source().layout().isEmpty()) {
      return StreetScenes.of(choice.count(), choice.width(), choice.height(), recipe.seed());
    }
    DataSets.Layout wanted = choice.source().layout().get();
    Path dir =
        data.orElseThrow(
            () ->
                new ParameterException(
                    spec.commandLine(),
                    "recipe "
                        + recipeFile
                        + " trains on data of the layout "
                        + wanted
                        + ": say where they are, --data DIR"));
    DataSets.Layout found = DataSets.layoutOf(dir);
    if (found != wanted) {
      // Another layout means other classes or sizes, and the bundle would name the wrong source.
      throw new Failure(
          "recipe "
              + recipeFile
              + " trains on data.source "
              + wanted
              + " but data "
              + dir
              + " have the layout "
              + found
              + ": give another folder, or data.source="
              + found);
    }
    DataSet pictures = DataSets.open(dir, split);
    if (!pictures.hasTruth()) {
      throw new Failure(
          pictures.name() + " in " + dir + " has no labels to train on: choose another split");
    }
    return pictures;
  }

  private Trainer.Watcher watcher(Progress progress) {
    return new Trainer.Watcher() {
      @Override
      public void report(Trainer.Report report) {
        show(progress, report);
      }

      @Override
      public void watched(int epoch, Scores scores) {
        spec.commandLine()
            .getErr()
            .println(
                String.format(
                    Locale.ROOT,
                    "epoch %d  mIoU %.2f %%  pixel accuracy %.2f %%",
                    epoch,
                    scores.miou(),
                    scores.pixelAccuracy()));
      }

      @Override
      public void stage(int number, int of, Path folder) {
        notice("stage " + number + " of " + of + ", in " + folder);
        progress.to(0, "");
      }

      @Override
      public void notice(String line) {
        spec.commandLine().getErr().println("efrnet: " + line);
      }
    };
  }

  private static void show(Progress progress, Trainer.Report r) {
    progress.to(
        1000 * r.step() / r.steps(),
        String.format(
            Locale.ROOT,
            "epoch %d  step %d/%d  loss %.4f  rate %.4g  %.1f images/s  %s left",
            r.epoch(),
            r.step(),
            r.steps(),
            r.loss(),
            r.rate(),
            r.picturesPerSecond(),
            duration(r.secondsLeft())));
  }

  private static String duration(double seconds) {
    long s = Math.round(seconds);
    return s >= 3600
        ? String.format(Locale.ROOT, "%d:%02d h", s / 3600, s / 60 % 60)
        : String.format(Locale.ROOT, "%d:%02d min", s / 60, s % 60);
  }
}
