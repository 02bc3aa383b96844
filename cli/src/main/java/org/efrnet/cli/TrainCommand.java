package org.efrnet.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.data.DataSet;
import org.efrnet.data.DataSets;
import org.efrnet.data.StreetScenes;
import org.efrnet.torch.Natives;
import org.efrnet.training.Recipe;
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
      "--resume goes on from it. The trained model is written to OUT/bundle."
    },
    footer = {
      "",
      "Examples:",
      "  efrnet train recipes/smoke.yaml --out runs/smoke",
      "  efrnet train recipes/efrnet.camvid.yaml phases.0.epochs=5 --data CamVid --out runs/short"
    })
final class TrainCommand implements Callable<Integer> {
  /** Decoded CamVid needs 0.4 GB; a larger data set is decoded again where this is spent. */
  private static final long CACHE_BYTES = Math.min(1L << 30, Runtime.getRuntime().maxMemory() / 3);

  private static final int STEPS_BETWEEN_REPORTS = 20;
  private static final double SECONDS_BETWEEN_CHECKPOINTS = 120;
  private static final int SECONDS_TO_STOP = 60;

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

  @Mixin private Threads threads;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException, InterruptedException {
    Recipe recipe = Recipe.read(recipeFile, overrides);
    DataSet pictures = DataSet.cached(open(recipe), CACHE_BYTES);
    Natives.setThreads(threads.count());
    AtomicBoolean stop = new AtomicBoolean();
    CountDownLatch done = new CountDownLatch(1);
    Thread onSignal = new Thread(() -> stopAndWait(stop, done), "efrnet-stop");
    Runtime.getRuntime().addShutdownHook(onSignal);
    try (Progress progress = new Progress(spec.commandLine().getErr(), recipe.name(), 1000)) {
      Trainer trainer =
          new Trainer(
              recipe,
              pictures,
              out,
              new Trainer.Settings(
                  2,
                  SECONDS_BETWEEN_CHECKPOINTS,
                  STEPS_BETWEEN_REPORTS,
                  stop::get,
                  watcher(progress)));
      Trainer.Outcome outcome = trainer.train(resume);
      if (!outcome.finished()) {
        spec.commandLine()
            .getErr()
            .println("stopped after step " + outcome.step() + "; go on with --resume --out " + out);
        return 1;
      }
      ModelBundle bundle = trainer.bundle(outcome);
      Path folder = out.resolve("bundle");
      bundle.write(folder);
      spec.commandLine()
          .getOut()
          .println(
              "trained "
                  + recipe.name()
                  + ": "
                  + folder
                  + " (log: "
                  + out.resolve("train.jsonl")
                  + ")");
      return 0;
    } catch (IOException | RuntimeException e) {
      if (stop.get()) {
        // Once the shutdown hook is done nobody else gets to say it.
        spec.commandLine().getErr().println("efrnet: " + Main.message(e));
      }
      throw e;
    } finally {
      done.countDown();
      try {
        Runtime.getRuntime().removeShutdownHook(onSignal);
      } catch (IllegalStateException alreadyStopping) {
        // The hook has begun: it is what waits for us.
      }
    }
  }

  /** On Ctrl-C the virtual machine waits for this: a step in progress must not be torn apart. */
  private static void stopAndWait(AtomicBoolean stop, CountDownLatch done) {
    System.err.println("efrnet: stopping after this step");
    stop.set(true);
    try {
      if (!done.await(SECONDS_TO_STOP, TimeUnit.SECONDS)) {
        System.err.println("efrnet: the step did not end in time; the last checkpoint stands");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private DataSet open(Recipe recipe) throws IOException {
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
    DataSet pictures = DataSets.open(dir, choice.split());
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
      public void notice(String line) {
        spec.commandLine().getErr().println("efrnet: " + line + "; the one before it is used");
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
