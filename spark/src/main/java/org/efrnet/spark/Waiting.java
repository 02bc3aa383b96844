package org.efrnet.spark;

import java.util.Arrays;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.spark.SparkContext;

/** Waits for a job of Spark, says how far it is, and ends it where that is asked for. */
final class Waiting {
  private static final long STEP_MILLIS = 200;
  private static final long PATIENCE_SECONDS = 30;

  private final SparkContext context;
  private final boolean elsewhere;

  Waiting(SparkContext context, boolean elsewhere) {
    this.context = context;
    this.elsewhere = elsewhere;
  }

  /** A job: a call that returns when it is done. */
  interface Job {
    void run() throws Exception;
  }

  /**
   * Waits for the job's end.
   *
   * @param look is called again and again, and once after the end
   * @return whether the watcher ended it
   * @throws IllegalStateException if the job failed, in a line
   */
  boolean stopped(Job job, Watcher watcher, Runnable look) {
    ExecutorService thread =
        Executors.newSingleThreadExecutor(
            work -> {
              Thread own = new Thread(work, "efrnet-job");
              own.setDaemon(true);
              return own;
            });
    boolean cancelled = false;
    boolean warned = !elsewhere;
    long begun = System.nanoTime();
    try {
      Future<?> running =
          thread.submit(
              () -> {
                job.run();
                return true;
              });
      while (true) {
        try {
          running.get(STEP_MILLIS, TimeUnit.MILLISECONDS);
          look.run();
          return false;
        } catch (TimeoutException e) {
          look.run();
        } catch (ExecutionException e) {
          settle();
          look.run();
          if (cancelled || watcher.stopped()) {
            return true;
          }
          throw new IllegalStateException(JobFailure.message(e.getCause()), e.getCause());
        }
        if (!cancelled && watcher.stopped()) {
          cancelled = true;
          context.cancelAllJobs();
        }
        if (!warned && System.nanoTime() - begun > TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS)) {
          warned = true;
          if (context.getExecutorMemoryStatus().size() < 2) {
            watcher.waiting(
                "no worker of "
                    + context.master()
                    + " has begun in "
                    + PATIENCE_SECONDS
                    + " s; it goes on waiting: do they have the free cores (spark.task.cpus) and the"
                    + " memory (spark.executor.memory) that are asked for?");
          }
        }
      }
    } catch (InterruptedException e) {
      context.cancelAllJobs();
      Thread.currentThread().interrupt();
      return true;
    } finally {
      thread.shutdown();
    }
  }

  /** A job ends before its tasks do, where it failed or was ended; what they write is theirs. */
  private void settle() throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (System.nanoTime() < end
        && !context.isStopped()
        && Arrays.stream(context.statusTracker().getExecutorInfos())
            .anyMatch(executor -> executor.numRunningTasks() > 0)) {
      Thread.sleep(STEP_MILLIS / 10);
    }
  }
}
