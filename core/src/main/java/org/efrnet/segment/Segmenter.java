package org.efrnet.segment;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.efrnet.bundle.BundleConfig;
import org.efrnet.bundle.BundleException;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.images.Mask;
import org.efrnet.images.Picture;
import org.efrnet.labels.ClassTable;
import org.efrnet.text.Nearest;
import org.efrnet.text.OneLine;
import org.efrnet.weights.FloatTensor;
import org.efrnet.weights.Weights;

/**
 * Tells the classes of pictures' pixels. Thread-safe: pictures of all callers are segmented one
 * after the other on one thread of the segmenter's own, which alone touches the engine's natives;
 * engines would else grow a team of threads for each caller. Owned by its creator, who closes it.
 */
public final class Segmenter implements AutoCloseable {
  /** What a precision that nobody asked for may cost on any split that it was measured on. */
  public static final double MOST_MIOU_LOSS = 0.3;

  private static final AtomicInteger COUNT = new AtomicInteger();

  private final ModelBundle bundle;
  private final Options options;
  private final Engine engine;
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
   * @param precision one of {@link BundleConfig#PRECISION_NAMES}, or empty for the engine's fastest
   *     of which the bundle says that it costs {@link #MOST_MIOU_LOSS} points of mIoU at most
   * @param check when the engine is held against the bundle's golden logits
   * @param confidence whether segmentations have {@link Segmentation#confidence}
   */
  public record Options(
      SizePolicy size,
      int threads,
      Optional<String> engine,
      Optional<String> precision,
      GoldenCheck check,
      boolean confidence) {
    /**
     * The bundle's height, all processors, the first engine, its choice of precision, checked once.
     */
    public static final Options DEFAULT =
        new Options(
            new SizePolicy.BundleHeight(),
            Runtime.getRuntime().availableProcessors(),
            Optional.empty(),
            Optional.empty(),
            GoldenCheck.ONCE,
            false);

    public Options {
      if (threads < 1) {
        throw new IllegalArgumentException("threads is " + threads + ", must be at least 1");
      }
      precision.ifPresent(Options::requirePrecision);
    }

    /** The same at another size. */
    public Options with(SizePolicy other) {
      return new Options(other, threads, engine, precision, check, confidence);
    }

    /** The same with another number of threads. */
    public Options withThreads(int count) {
      return new Options(size, count, engine, precision, check, confidence);
    }

    /** The same with the engine of that name. */
    public Options withEngine(String name) {
      return new Options(size, threads, Optional.of(name), precision, check, confidence);
    }

    /** The same in a precision, one of {@link BundleConfig#PRECISION_NAMES}. */
    public Options withPrecision(String name) {
      return new Options(size, threads, engine, Optional.of(name), check, confidence);
    }

    /** The same with the golden check made then. */
    public Options with(GoldenCheck when) {
      return new Options(size, threads, engine, precision, when, confidence);
    }

    /**
     * The same with the confidence of every pixel's class, which costs about as much time again as
     * choosing the class of every pixel by plain computation.
     */
    public Options withConfidence() {
      return new Options(size, threads, engine, precision, check, true);
    }

    private static void requirePrecision(String name) {
      if (!BundleConfig.PRECISION_NAMES.contains(name)) {
        throw new IllegalArgumentException(
            "precision '"
                + OneLine.of(name)
                + "' is none of "
                + String.join(", ", BundleConfig.PRECISION_NAMES)
                + Nearest.hint(name, BundleConfig.PRECISION_NAMES));
      }
    }
  }

  /**
   * What an engine gave for a bundle's golden picture.
   *
   * @param precision in which it computed
   * @param difference from the golden logits: the largest, as a share of the largest magnitude
   * @param tolerance what the bundle allows in this precision
   * @param digest SHA-256, 64 hexadecimal digits, of the engine's logits: the same again in this
   *     process, but not on another machine or with another number of threads
   */
  public record Golden(String precision, double difference, double tolerance, String digest) {}

  Segmenter(ModelBundle bundle, Options options, Engine engine, GoldenMemory memory) {
    this.bundle = bundle;
    this.options = options;
    this.engine = engine;
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
            () -> {
              Executable executable =
                  engine.prepare(
                      bundle.model(),
                      new EngineOptions(
                          options.threads(),
                          options.precision().map(this::offered).orElseGet(this::fastestPrecision),
                          bundle.calibration()));
              try {
                check(executable, memory);
                return new Pipeline(bundle, options, executable);
              } catch (RuntimeException | Error e) {
                executable.close();
                throw e;
              }
            });
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
   * @throws GoldenException if the engine gives other logits than the bundle says
   */
  public static Segmenter load(String nameOrPath) throws BundleException {
    return load(ModelBundle.of(nameOrPath), Options.DEFAULT);
  }

  /**
   * Makes a bundle ready: prepares the engine and, as the options say, holds it against the
   * bundle's golden logits.
   *
   * @throws IllegalArgumentException if there is no engine of the name in the options, or it does
   *     not compute in their precision on this machine
   * @throws IllegalStateException if there is no engine, or it cannot run here
   * @throws GoldenException if the engine gives other logits than the bundle says, or computes in a
   *     precision of which the bundle says nothing
   */
  public static Segmenter load(ModelBundle bundle, Options options) {
    Engine engine = options.engine().map(Engines::named).orElseGet(Engines::first);
    return new Segmenter(bundle, options, engine, GoldenMemory.ofUser());
  }

  private String offered(String precision) {
    List<String> offered = engine.precisions();
    if (!offered.contains(precision)) {
      throw new IllegalArgumentException(
          "engine "
              + engine.name()
              + " does not compute in "
              + precision
              + " on this machine, but in "
              + String.join(", ", offered)
              + "; choose one of these, or another engine (there are "
              + String.join(", ", Engines.names())
              + ")");
    }
    return precision;
  }

  private String fastestPrecision() {
    return engine.precisions().stream()
        .filter(precision -> isHarmless(bundle.config().precisions().get(precision)))
        .findFirst()
        .orElse(BundleConfig.FP32);
  }

  private static boolean isHarmless(BundleConfig.Precision cost) {
    return cost != null
        && !cost.miouLoss().isEmpty()
        && cost.miouLoss().values().stream().allMatch(loss -> loss <= MOST_MIOU_LOSS);
  }

  private void check(Executable executable, GoldenMemory memory) {
    if (options.check() == GoldenCheck.NEVER) {
      return;
    }
    String precision = executable.precision();
    String key = GoldenMemory.key(bundle, engine, precision, tolerance(precision));
    if (options.check() == GoldenCheck.ONCE && memory.remembers(key)) {
      return;
    }
    Golden golden = golden(executable);
    if (!(golden.difference() <= golden.tolerance())) {
      throw new GoldenException(
          String.format(
              Locale.ROOT,
              "bundle '%s': engine %s in %s gives logits up to %.2g from the bundle's golden ones"
                  + " (as a share of the largest), allowed are %.2g; the bundle's weights were"
                  + " changed or the engine computes wrongly here: get the bundle anew, or choose"
                  + " another engine (there are %s)",
              bundle.config().name(),
              engine.name(),
              precision,
              golden.difference(),
              golden.tolerance(),
              String.join(", ", Engines.names())));
    }
    if (options.check() == GoldenCheck.ONCE) {
      memory.add(key, bundle.config(), engine, precision);
    }
  }

  private double tolerance(String precision) {
    BundleConfig.Precision cost = bundle.config().precisions().get(precision);
    if (cost == null) {
      throw new GoldenException(
          "bundle '"
              + bundle.config().name()
              + "' says nothing of precision "
              + OneLine.of(precision)
              + ", in which engine "
              + engine.name()
              + " computes; known are "
              + String.join(", ", bundle.config().precisions().keySet())
              + ": choose another engine");
    }
    return cost.tolerance();
  }

  private Golden golden(Executable executable) {
    FloatTensor image = bundle.golden().image(bundle.config().normalization());
    float[] logits = executable.logits(image.values(), image.shape()[2], image.shape()[3]);
    return new Golden(
        executable.precision(),
        bundle.golden().difference(logits),
        tolerance(executable.precision()),
        Weights.of(Map.of("logits", new FloatTensor(new int[] {logits.length}, logits))).digest());
  }

  /**
   * Runs the engine on the bundle's golden picture, whatever the options say, after the pictures
   * before it: what a service asks at its start, and again when it wants to know whether it still
   * computes what it did.
   *
   * @throws IllegalStateException if the segmenter is closed, or the engine fails
   * @throws CancellationException if the calling thread is interrupted, which then still is
   */
  public Golden golden() {
    return result(submitted(() -> golden(pipeline.executable())));
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
    return segmented(picture, Optional.empty());
  }

  /**
   * Segments a picture into the arrays of an earlier segmentation, for videos: from the second
   * picture of a size on, less than 1 kB is allocated for each.
   *
   * <pre>{@code
   * Segmentation s = segmenter.segment(first);
   * while (...) {
   *   s = segmenter.segment(next, s);
   * }
   * }</pre>
   *
   * @param picture of any size
   * @param reuse whose mask, and confidence if there is one, are overwritten and become those of
   *     the result; so it means nothing any more, after an exception either, and after a {@code
   *     CancellationException} its arrays may be written to for as long as the picture under way
   *     takes. If it has another number of pixels, it is left alone and new arrays are made
   * @return a map of the picture's own size
   * @throws IllegalArgumentException as {@link #segment(Picture)}
   * @throws IllegalStateException as {@link #segment(Picture)}
   * @throws ArithmeticException as {@link #segment(Picture)}
   * @throws CancellationException as {@link #segment(Picture)}
   */
  public Segmentation segment(Picture picture, Segmentation reuse) {
    return segmented(picture, Optional.of(reuse));
  }

  /**
   * Segments a picture by a protocol of evaluations, such as several scales; waits for those before
   * it. {@link Protocol#PLAIN} gives what {@link #segment(Picture)} gives.
   *
   * @return train ids, of the picture's own size
   * @throws IllegalArgumentException if the network cannot take a view of the picture: too small or
   *     too large
   * @throws IllegalStateException as {@link #segment(Picture)}
   * @throws ArithmeticException as {@link #segment(Picture)}
   * @throws CancellationException as {@link #segment(Picture)}
   */
  public Mask segment(Picture picture, Protocol protocol) {
    if (protocol.equals(Protocol.PLAIN)) {
      return segment(picture).mask();
    }
    return result(
        submitted(
            () -> new Views(bundle, options, pipeline.executable()).segment(picture, protocol)));
  }

  private Segmentation segmented(Picture picture, Optional<Segmentation> reuse) {
    return result(submitted(() -> pipeline.segment(picture, reuse)));
  }

  private <T> Future<T> submitted(Callable<T> work) {
    synchronized (lock) {
      if (closing.isPresent()) {
        throw new IllegalStateException(
            "the segmenter of '"
                + bundle.config().name()
                + "' is closed; load another one, and close it after its last picture");
      }
      return thread.submit(work);
    }
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
    return engine.name();
  }

  /** In which numbers it computes, one of {@link BundleConfig#PRECISION_NAMES}. */
  public String precision() {
    return pipeline.executable().precision();
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
