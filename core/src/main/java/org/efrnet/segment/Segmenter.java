package org.efrnet.segment;

import java.io.IOException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.images.Mask;
import org.efrnet.images.Picture;
import org.efrnet.images.Resize;
import org.efrnet.labels.ClassTable;

/**
 * Pictures in, classes out.
 *
 * <p>Thread-safe: any number of threads may call {@link #segment}; their pictures are computed one
 * after the other on one thread that the segmenter owns, which alone touches native memory. Close
 * it when done; closing again does nothing, using it afterwards is an {@link
 * IllegalStateException}.
 */
public final class Segmenter implements AutoCloseable {
  private static final AtomicInteger COUNT = new AtomicInteger();

  private final ModelBundle bundle;
  private final SizePolicy size;
  private final ExecutorService thread;
  private final Executable network;

  /**
   * What may be chosen.
   *
   * @param size how pictures are scaled
   * @param engine that computes
   * @param threads that it computes with
   */
  public record Options(SizePolicy size, Engine engine, EngineOptions threads) {
    /** As the bundle says, on the first engine of the class path, with every core. */
    public static Options defaults() {
      return new Options(new SizePolicy.Bundle(), Engines.first(), EngineOptions.allCores());
    }
  }

  private Segmenter(ModelBundle bundle, Options options) {
    this.bundle = bundle;
    this.size = options.size();
    int number = COUNT.incrementAndGet();
    this.thread =
        Executors.newSingleThreadExecutor(
            task -> {
              Thread t = new Thread(task, "efrnet-segmenter-" + number);
              t.setDaemon(true);
              return t;
            });
    try {
      this.network = call(() -> options.engine().prepare(bundle.model(), options.threads()));
    } catch (RuntimeException | Error e) {
      thread.shutdownNow();
      throw e;
    }
  }

  /**
   * Loads a bundle by the name of a model artefact on the class path, or by its folder.
   *
   * @throws IOException if there is no such bundle, or it is broken; one line says which file and
   *     why
   */
  public static Segmenter load(String nameOrFolder) throws IOException {
    return of(ModelBundle.of(nameOrFolder), Options.defaults());
  }

  /** A segmenter of a bundle. */
  public static Segmenter of(ModelBundle bundle, Options options) {
    return new Segmenter(bundle, options);
  }

  /** What the ids of its masks mean. */
  public ClassTable classes() {
    return bundle.classes();
  }

  /** What it computes with. */
  public ModelBundle bundle() {
    return bundle;
  }

  /**
   * Segments a picture.
   *
   * @throws IllegalArgumentException if the network cannot take a picture of that size
   * @throws IllegalStateException if the segmenter is closed, or the network gives no numbers
   */
  public Segmentation segment(Picture picture) {
    return call(() -> onOwnThread(picture));
  }

  private Segmentation onOwnThread(Picture picture) {
    long start = System.nanoTime();
    int[] to = size.of(picture, bundle.config().height());
    Picture scaled = Resize.bilinear(picture, to[0], to[1]);
    int multiple = bundle.network().sizeMultiple();
    int width = roundUp(to[0], multiple);
    int height = roundUp(to[1], multiple);
    Picture padded = padded(scaled, width, height);
    float[] planes = new float[3 * width * height];
    bundle.config().normalization().planes(padded, planes, 0);
    long prepared = System.nanoTime();
    float[] logits = network.logits(planes, height, width);
    long computed = System.nanoTime();
    int classes = bundle.classes().size();
    Mask mask =
        UpsampleArgmax.of(
            cropped(logits, classes, width, height, to[0], to[1]),
            classes,
            to[1],
            to[0],
            picture.height(),
            picture.width());
    long finished = System.nanoTime();
    return new Segmentation(
        picture,
        mask,
        bundle.classes(),
        new Segmentation.Millis(
            (prepared - start) / 1e6, (computed - prepared) / 1e6, (finished - computed) / 1e6));
  }

  private static int roundUp(int side, int multiple) {
    return (side + multiple - 1) / multiple * multiple;
  }

  /** Repeats the last column and row: a black border would look like a thing. */
  private static Picture padded(Picture picture, int width, int height) {
    if (picture.width() == width && picture.height() == height) {
      return picture;
    }
    byte[] rgb = new byte[3 * width * height];
    for (int y = 0; y < height; y++) {
      int from = Math.min(y, picture.height() - 1) * picture.width();
      for (int x = 0; x < width; x++) {
        int source = 3 * (from + Math.min(x, picture.width() - 1));
        System.arraycopy(picture.rgb(), source, rgb, 3 * (y * width + x), 3);
      }
    }
    return new Picture(width, height, rgb);
  }

  private static float[] cropped(
      float[] logits, int classes, int width, int height, int toWidth, int toHeight) {
    if (width == toWidth && height == toHeight) {
      return logits;
    }
    float[] kept = new float[classes * toWidth * toHeight];
    for (int row = 0; row < classes * toHeight; row++) {
      int from = (row / toHeight * height + row % toHeight) * width;
      System.arraycopy(logits, from, kept, row * toWidth, toWidth);
    }
    return kept;
  }

  private interface Work<T> {
    T get();
  }

  private <T> T call(Work<T> work) {
    Future<T> result;
    try {
      result = thread.submit(work::get);
    } catch (RejectedExecutionException e) {
      throw new IllegalStateException(
          "this segmenter is closed; load another one, and close it after the last picture", e);
    }
    try {
      return result.get();
    } catch (InterruptedException e) {
      result.cancel(false);
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while a picture was segmented", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException known) {
        throw known;
      }
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw new CompletionException(e.getCause());
    }
  }

  @Override
  public void close() {
    synchronized (thread) {
      if (!thread.isShutdown()) {
        thread.execute(network::close);
        thread.shutdown();
      }
    }
    try {
      // Pictures that were handed in before are finished first.
      boolean ended = false;
      while (!ended) {
        ended = thread.awaitTermination(1, java.util.concurrent.TimeUnit.MINUTES);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
