package org.efrnet.cli;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.efrnet.images.Picture;
import org.efrnet.images.Pictures;
import org.efrnet.images.ReadOptions;

/**
 * Reads pictures in order, on a thread of its own one picture ahead of whoever takes them: the
 * first while a model is loaded, each other one while that before it is segmented.
 */
final class PicturesAhead implements AutoCloseable {
  private final Iterator<Path> files;
  private final ReadOptions options;
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(
          work -> {
            Thread own = new Thread(work, "efrnet-pictures");
            own.setDaemon(true);
            return own;
          });
  private Optional<Future<Decoded>> next;

  /**
   * A picture and the milliseconds that reading it took.
   *
   * @param millis of the file and of decoding
   */
  record Decoded(Picture picture, double millis) {}

  PicturesAhead(List<Path> files, ReadOptions options) {
    this.files = files.iterator();
    this.options = options;
    this.next = begun();
  }

  private Optional<Future<Decoded>> begun() {
    if (!files.hasNext()) {
      return Optional.empty();
    }
    Path file = files.next();
    return Optional.of(
        thread.submit(
            () -> {
              long start = System.nanoTime();
              Picture picture = Pictures.read(file, options);
              return new Decoded(picture, (System.nanoTime() - start) / 1e6);
            }));
  }

  /**
   * The next picture in order.
   *
   * @throws IOException as reading it did
   * @throws java.util.NoSuchElementException behind the last
   */
  Decoded take() throws IOException {
    Future<Decoded> present = next.orElseThrow();
    try {
      return present.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while a picture was read");
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException cause) {
        throw cause;
      } else if (e.getCause() instanceof Error cause) {
        throw cause;
      }
      throw e.getCause() instanceof RuntimeException cause
          ? cause
          : new IllegalStateException(e.getCause());
    } finally {
      next = begun();
    }
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }
}
