package org.efrnet.video;

import java.nio.file.Path;
import java.util.Optional;
import java.util.TreeSet;

/**
 * What to do with a video.
 *
 * @param out the file to write; nothing is written if it is empty
 * @param sideBySide whether the picture stands beside its overlay, which makes frames twice as wide
 * @param smooth whether classes are steadied over time ({@link Smoothing})
 * @param opacity of the classes' colours, 0..1
 * @param frames to take at most, at least 1
 * @param reconnecting what is done when a live source is lost
 * @param decodingThreads at least 1
 */
public record VideoOptions(
    Optional<Path> out,
    boolean sideBySide,
    boolean smooth,
    double opacity,
    long frames,
    Reconnecting reconnecting,
    int decodingThreads) {
  /** The opacity of {@code efrnet segment}. */
  private static final double OPACITY = 0.5;

  /** More threads hold back more frames, and decoding is never what takes long. */
  private static final int MOST_DECODING_THREADS = 4;

  /** Nothing is written, all frames are taken. */
  public static final VideoOptions DEFAULT =
      new VideoOptions(
          Optional.empty(),
          false,
          false,
          OPACITY,
          Long.MAX_VALUE,
          Reconnecting.DEFAULT,
          Math.min(MOST_DECODING_THREADS, Runtime.getRuntime().availableProcessors()));

  public VideoOptions {
    if (out.isPresent() && !VideoWriter.knows(out.get())) {
      throw new IllegalArgumentException(
          out.get()
              + ": a video's name must end in one of "
              + String.join(", ", new TreeSet<>(VideoWriter.CONTAINERS.keySet())));
    }
    if (!(opacity >= 0 && opacity <= 1)) {
      throw new IllegalArgumentException("opacity " + opacity + " must lie in 0..1");
    }
    if (frames < 1) {
      throw new IllegalArgumentException("frames is " + frames + ", must be at least 1");
    }
    if (decodingThreads < 1) {
      throw new IllegalArgumentException(
          "decodingThreads is " + decodingThreads + ", must be at least 1");
    }
  }

  /** The same, written to that file. */
  public VideoOptions to(Path file) {
    return new VideoOptions(
        Optional.of(file), sideBySide, smooth, opacity, frames, reconnecting, decodingThreads);
  }

  /** The same, with the picture beside its overlay or not. */
  public VideoOptions withSideBySide(boolean beside) {
    return new VideoOptions(out, beside, smooth, opacity, frames, reconnecting, decodingThreads);
  }

  /** The same, with classes steadied over time or not. */
  public VideoOptions withSmooth(boolean steady) {
    return new VideoOptions(
        out, sideBySide, steady, opacity, frames, reconnecting, decodingThreads);
  }

  /** The same, for so many frames at most. */
  public VideoOptions withFrames(long most) {
    return new VideoOptions(out, sideBySide, smooth, opacity, most, reconnecting, decodingThreads);
  }

  /** The same, with other waits for a lost source. */
  public VideoOptions with(Reconnecting other) {
    return new VideoOptions(out, sideBySide, smooth, opacity, frames, other, decodingThreads);
  }
}
