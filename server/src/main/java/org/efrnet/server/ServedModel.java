package org.efrnet.server;

import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.IntStream;
import org.efrnet.bundle.BundleConfig;
import org.efrnet.images.Picture;
import org.efrnet.images.PictureException;
import org.efrnet.segment.Segmentation;
import org.efrnet.segment.Segmenter;
import org.efrnet.segment.SizePolicy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A model with a bounded queue in front. Several workers take from it, so that one picture can be
 * decoded and another encoded while a third is in the network; the network sees one at a time.
 */
final class ServedModel implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ServedModel.class);

  private final Segmenter segmenter;
  private final Segmenter.Golden golden;
  private final Meters meters;
  private final BlockingQueue<Job> queue;
  private final List<Thread> workers;

  /** Held for the network: a fair lock, first come, first served. */
  private final ReentrantLock turn = new ReentrantLock(true);

  private volatile boolean lost;
  private volatile boolean closed;

  /** A moving average, for telling when to come again. */
  private volatile double usualMillis = 50;

  /**
   * Owns the segmenter from now on.
   *
   * @throws IllegalStateException if the engine gives other logits than the bundle's golden ones
   */
  ServedModel(Segmenter segmenter, int queue, Meters meters) {
    this.segmenter = segmenter;
    this.meters = meters;
    this.golden = segmenter.golden();
    if (!(golden.difference() <= golden.tolerance())) {
      throw new IllegalStateException(
          "model '"
              + name()
              + "': engine "
              + segmenter.engine()
              + " gives other logits than the bundle's golden ones; get the bundle anew, or choose"
              + " another engine by --engine");
    }
    this.queue = new ArrayBlockingQueue<>(queue);
    // One in the network, and one on either side of it for as many as can compute.
    int count = 1 + Math.max(1, Math.min(4, Runtime.getRuntime().availableProcessors()));
    this.workers =
        IntStream.rangeClosed(1, count)
            .mapToObj(i -> new Thread(this::work, "efrnet-serve-" + name() + "-" + i))
            .toList();
    workers.forEach(Thread::start);
    meters.watchQueue(name(), this.queue);
  }

  String name() {
    return segmenter.bundle().config().name();
  }

  Segmenter segmenter() {
    return segmenter;
  }

  BundleConfig config() {
    return segmenter.bundle().config();
  }

  /** What the engine gave for the bundle's golden picture when it was made ready. */
  Segmenter.Golden golden() {
    return golden;
  }

  boolean isReady() {
    return !lost && !closed;
  }

  /** Pixels that a picture of this size costs: its own, and those that the network sees. */
  long cost(long width, long height) {
    try {
      SizePolicy.Scaled seen =
          segmenter
              .options()
              .size()
              .of(Math.toIntExact(width), Math.toIntExact(height), config().height());
      return width * height + (long) seen.width() * seen.height();
    } catch (IllegalArgumentException | ArithmeticException e) {
      // Longer than any picture may be.
      return Long.MAX_VALUE;
    }
  }

  /**
   * Puts a job into the queue; false if that is full. A job that is not taken ends.
   *
   * @throws Problem 503 if the model cannot be run any more
   */
  boolean offer(Job job) {
    if (closed) {
      job.end();
      throw Problem.draining();
    }
    if (lost) {
      job.end();
      throw Problem.unavailable(
          "engine-lost", "The engine is lost", "this model cannot be run any more; ask another");
    }
    if (queue.offer(job)) {
      return true;
    }
    job.end();
    return false;
  }

  boolean isFull() {
    return queue.remainingCapacity() == 0;
  }

  /** Takes a job out again that nobody waits for any more; one under way ends by itself. */
  void withdraw(Job job) {
    job.abandon();
    if (queue.remove(job)) {
      job.end();
      meters.cancelled();
    }
  }

  /** Whole seconds after which the queue will have moved. */
  int retrySeconds() {
    return (int) Math.max(1, Math.ceil(usualMillis * (queue.size() + 1) / 1000));
  }

  private void work() {
    while (true) {
      Job job;
      try {
        job = queue.take();
      } catch (InterruptedException e) {
        return;
      }
      try {
        run(job);
      } finally {
        job.end();
      }
    }
  }

  private void run(Job job) {
    try {
      if (!job.isWanted()) {
        drop(job);
        return;
      }
      long start = System.nanoTime();
      Picture picture = job.decoder().decode();
      double decode = millisSince(start);
      Segmentation result;
      turn.lock();
      try {
        // A client that has gone by now costs no forward pass.
        if (!job.isWanted()) {
          drop(job);
          return;
        }
        result = segmenter.segment(picture);
        double usual = usualMillis;
        usualMillis = usual + 0.1 * (result.millis().total() - usual);
      } finally {
        turn.unlock();
      }
      long computed = System.nanoTime();
      byte[] answer = job.encoder().encode(segmenter, result, decode);
      double encode = millisSince(computed);
      meters.stages(name(), decode, result.millis(), encode);
      job.answer().complete(answer);
    } catch (PictureException e) {
      job.answer().completeExceptionally(broken(e));
    } catch (Problem e) {
      job.answer().completeExceptionally(e);
    } catch (IllegalArgumentException e) {
      job.answer()
          .completeExceptionally(
              Problem.of(
                  422,
                  "unsuitable-size",
                  "The network cannot take it",
                  "a picture of this size and shape cannot be taken by the network; cut it"));
    } catch (OutOfMemoryError e) {
      job.answer().completeExceptionally(Problem.outOfMemory());
    } catch (CancellationException e) {
      // Interrupted by close().
      job.answer().completeExceptionally(Problem.draining());
    } catch (RuntimeException | LinkageError | StackOverflowError e) {
      LOG.error("model {}: a picture could not be segmented", name(), e);
      job.answer().completeExceptionally(Problem.internal());
      checkEngine();
    }
  }

  private void drop(Job job) {
    meters.cancelled();
    job.answer().completeExceptionally(Problem.late());
  }

  private static Problem broken(PictureException e) {
    // With a cause the words are a library's; our own say what is wrong and what to do.
    String own = e.getMessage().replaceFirst("^picture: ", "");
    return Problem.of(
        422,
        "broken-image",
        "The picture cannot be read",
        e.getCause() == null ? own : "the picture is damaged; export or copy it anew");
  }

  /** After a failure that is no picture's fault: does the engine still compute what it did? */
  private void checkEngine() {
    try {
      if (segmenter.golden().digest().equals(golden.digest())) {
        return;
      }
    } catch (RuntimeException | LinkageError e) {
      LOG.error("model {}: the engine fails its self-test", name(), e);
    }
    lost = true;
  }

  private static double millisSince(long start) {
    return (System.nanoTime() - start) / 1e6;
  }

  /** Refuses what comes; what is in the queue is answered as refused; gives everything back. */
  @Override
  public void close() {
    closed = true;
    for (Job job = queue.poll(); job != null; job = queue.poll()) {
      job.answer().completeExceptionally(Problem.draining());
      job.end();
    }
    workers.forEach(Thread::interrupt);
    boolean interrupted = false;
    for (Thread worker : workers) {
      try {
        worker.join(2000);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    segmenter.close();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
