package org.efrnet.segment;

import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.efrnet.bundle.BundleException;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.images.Picture;
import org.efrnet.labels.ClassTable;

/**
 * Tells the classes of pictures' pixels. Thread-safe: pictures of all callers are segmented one
 * after the other on one thread of the segmenter's own, which alone touches the engine's natives;
 * engines would else grow a team of threads for each caller. Owned by its creator, who closes it.
 */
public final class Segmenter implements AutoCloseable {
  private static final AtomicInteger COUNT = new AtomicInteger();

  private final ModelBundle bundle;
  private final Options options;
  private final String engineName;
  private final ExecutorService thread;
  private final Pipeline pipeline;
  private final Object lock = new Object();
  private Optional<Future<?>> closing = Optional.empty();

  /**
   * How to segment.
   *
   * @param size to which pictures are scaled for the network
   * @param threads of the engine, at least 1
   * @param engine by name, or empty for the first on the class path
   */
  public record Options(SizePolicy size, int threads, Optional<String> engine) {
    /** The bundle's height, all processors, the first engine. */
    public static final Options DEFAULT =
        new Options(
            new SizePolicy.BundleHeight(),
            Runtime.getRuntime().availableProcessors(),
            Optional.empty());

    public Options {
      if (threads < 1) {
        throw new IllegalArgumentException("threads is " + threads + ", must be at least 1");
      }
    }

    /** The same at another size. */
    public Options with(SizePolicy other) {
      return new Options(other, threads, engine);
    }

    /** The same with another number of threads. */
    public Options withThreads(int count) {
      return new Options(size, count, engine);
    }

    /** The same with the engine of that name. */
    public Options withEngine(String name) {
      return new Options(size, threads, Optional.of(name));
    }
  }

  Segmenter(ModelBundle bundle, Options options, Engine engine) {
    this.bundle = bundle;
    this.options = options;
    this.engineName = engine.name();
    this.thread =
        Executors.newSingleThreadExecutor(
            work -> {
              Thread own = new Thread(work, "efrnet-segmenter-" + COUNT.incrementAndGet());
              // A forgotten close() must not keep the process alive.
              own.setDaemon(true);
              return own;
            });
    Future<Pipeline> prepared =
        thread.submit(
            () ->
                new Pipeline(
                    bundle,
                    options.size(),
                    engine.prepare(bundle.model(), new EngineOptions(options.threads()))));
    boolean complete = false;
    try {
      this.pipeline = uninterruptibly(prepared);
      complete = true;
    } finally {
      if (!complete) {
        thread.shutdown();
      }
    }
  }

  /**
   * Loads a model with {@link Options#DEFAULT}.
   *
   * @param nameOrPath a model on the class path, such as {@code efrnet.camvid}, or a bundle's
   *     folder
   * @throws BundleException if there is no such model, or it is damaged
   * @throws IllegalStateException if there is no engine, or it cannot run here
   */
  public static Segmenter load(String nameOrPath) throws BundleException {
    return load(ModelBundle.of(nameOrPath), Options.DEFAULT);
  }

  /**
   * Makes a bundle ready.
   *
   * @throws IllegalArgumentException if there is no engine of the name in the options
   * @throws IllegalStateException if there is no engine, or it cannot run here
   */
  public static Segmenter load(ModelBundle bundle, Options options) {
    Engine engine = options.engine().map(Engines::named).orElseGet(Engines::first);
    return new Segmenter(bundle, options, engine);
  }

  /**
   * Segments a picture; waits for those before it.
   *
   * @return a map of the picture's own size, whatever the network saw
   * @throws IllegalArgumentException if the network cannot take the picture at the size that the
   *     options say: too small or too large
   * @throws IllegalStateException if the segmenter is closed, or the engine fails
   * @throws ArithmeticException if the network gives NaN or infinity
   * @throws CancellationException if the calling thread is interrupted, which then still is
   */
  public Segmentation segment(Picture picture) {
    Future<Segmentation> segmentation;
    synchronized (lock) {
      if (closing.isPresent()) {
        throw new IllegalStateException(
            "the segmenter of '"
                + bundle.config().name()
                + "' is closed; load another one, and close it after its last picture");
      }
      segmentation = thread.submit(() -> pipeline.segment(picture));
    }
    return result(segmentation);
  }

  private static <T> T result(Future<T> future) {
    try {
      return future.get();
    } catch (InterruptedException e) {
      // A picture that has begun is finished for nobody: natives are not left in the middle.
      future.cancel(false);
      Thread.currentThread().interrupt();
      CancellationException cancelled = new CancellationException("interrupted while waiting");
      cancelled.initCause(e);
      throw cancelled;
    } catch (ExecutionException e) {
      throw unwrapped(e);
    }
  }

  /** For what must have ended before the caller goes on: who owns natives would else be unclear. */
  private static <T> T uninterruptibly(Future<T> future) {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return future.get();
        } catch (InterruptedException e) {
          interrupted = true;
        } catch (ExecutionException e) {
          throw unwrapped(e);
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static RuntimeException unwrapped(ExecutionException e) {
    if (e.getCause() instanceof Error error) {
      throw error;
    }
    return e.getCause() instanceof RuntimeException cause
        ? cause
        : new IllegalStateException(e.getCause());
  }

  /** What was loaded. */
  public ModelBundle bundle() {
    return bundle;
  }

  /** How it was asked to run. */
  public Options options() {
    return options;
  }

  /** The engine that computes. */
  public String engine() {
    return engineName;
  }

  /** What the ids of its masks mean. */
  public ClassTable classes() {
    return bundle.classes();
  }

  /** Waits for the pictures under way and gives everything back; a second call does nothing. */
  @Override
  public void close() {
    Future<?> last;
    synchronized (lock) {
      if (closing.isEmpty()) {
        closing = Optional.of(thread.submit(pipeline::close));
        thread.shutdown();
      }
      last = closing.get();
    }
    uninterruptibly(last);
  }
}
