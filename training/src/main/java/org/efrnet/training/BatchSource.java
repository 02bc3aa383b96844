package org.efrnet.training;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.efrnet.data.Augmentation;
import org.efrnet.data.DataSet;
import org.efrnet.data.Example;
import org.efrnet.images.Normalization;
import org.efrnet.learning.Batch;
import org.efrnet.learning.Processes;

/**
 * The batches of a training in order, made ahead by threads of its own so that the trainer never
 * waits for pictures. What a batch holds depends on the recipe's seed and its number alone: not on
 * threads, not on time, not on where a training was resumed.
 *
 * <p>Every epoch visits every picture once in a new order; the last short batch is dropped. Of
 * several processes each makes its own part of every batch, as one process would make it.
 */
final class BatchSource implements AutoCloseable {
  private record Plan(
      Recipe.Phase phase, Augmentation augmentation, long firstStep, int firstEpoch, int perEpoch) {
    int epochOf(long step) {
      return firstEpoch + (int) ((step - firstStep) / perEpoch);
    }
  }

  private final DataSet data;
  private final Normalization normalization;
  private final long seed;
  private final Processes processes;
  private final List<Plan> plans = new ArrayList<>();
  private final long steps;
  private final ExecutorService loaders;
  private final int mostAhead;
  private final Deque<Future<Batch>> ahead = new ArrayDeque<>();
  private long next;

  BatchSource(
      Recipe recipe,
      DataSet data,
      Normalization normalization,
      Processes processes,
      long firstStep,
      int threads)
      throws RecipeException {
    this.processes = processes;
    this.data = data;
    this.normalization = normalization;
    this.seed = recipe.seed();
    long at = 0;
    int epochs = 0;
    for (Recipe.Phase phase : recipe.phases()) {
      int perEpoch = data.size() / phase.batch();
      if (perEpoch == 0) {
        throw new RecipeException(
            "recipe "
                + recipe.name()
                + ": batch of "
                + phase.batch()
                + " is more than the "
                + data.size()
                + " pictures of "
                + data.name()
                + "; make it smaller");
      }
      if (phase.batch() < processes.size()) {
        throw new RecipeException(
            "recipe "
                + recipe.name()
                + ": batch of "
                + phase.batch()
                + " is less than a picture for each of "
                + processes.size()
                + " processes; make it larger, or start fewer");
      }
      plans.add(new Plan(phase, phase.augmentation(recipe.jitter()), at, epochs, perEpoch));
      epochs += phase.epochs();
      at += (long) phase.epochs() * perEpoch;
    }
    this.steps = at;
    this.next = firstStep;
    this.mostAhead = 2 * threads;
    AtomicInteger number = new AtomicInteger();
    this.loaders =
        Executors.newFixedThreadPool(
            threads,
            task -> {
              Thread thread = new Thread(task, "efrnet-loader-" + number.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
  }

  /** How many batches there are in all. */
  long steps() {
    return steps;
  }

  /** The epoch, 0-based over all phases, that a step belongs to. */
  int epochOf(long step) {
    return planOf(step).epochOf(step);
  }

  private Plan planOf(long step) {
    Plan plan = plans.get(0);
    for (Plan candidate : plans) {
      if (candidate.firstStep <= step) {
        plan = candidate;
      }
    }
    return plan;
  }

  /** The next batch; waits for it if it must. */
  Batch take() throws IOException, InterruptedException {
    while (ahead.size() < mostAhead && next < steps) {
      long step = next++;
      ahead.add(loaders.submit(() -> make(step)));
    }
    try {
      return ahead.remove().get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException io) {
        throw io;
      }
      if (e.getCause() instanceof RuntimeException known) {
        throw known;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  private Batch make(long step) throws IOException {
    Plan plan = planOf(step);
    int[] order = order(plan.epochOf(step));
    int of = plan.phase.batch();
    int start = (int) ((step - plan.firstStep) % plan.perEpoch) * of;
    int first = of * processes.rank() / processes.size();
    int n = of * (processes.rank() + 1) / processes.size() - first;
    int width = plan.augmentation.cropWidth();
    int height = plan.augmentation.cropHeight();
    float[] planes = new float[n * 3 * height * width];
    byte[] truth = new byte[n * height * width];
    for (int i = 0; i < n; i++) {
      SplittableRandom random = Seeds.of(seed, step, first + i);
      Example example = plan.augmentation.apply(data.load(order[start + first + i]), random);
      normalization.planes(example.picture(), planes, i * 3 * height * width);
      System.arraycopy(example.truth().ids(), 0, truth, i * height * width, height * width);
    }
    return new Batch(n, height, width, planes, truth, first, of);
  }

  private int[] order(int epoch) {
    SplittableRandom random = Seeds.of(seed, -1, epoch);
    int[] order = new int[data.size()];
    for (int i = 0; i < order.length; i++) {
      int j = random.nextInt(i + 1);
      order[i] = order[j];
      order[j] = i;
    }
    return order;
  }

  @Override
  public void close() {
    loaders.shutdownNow();
  }
}
