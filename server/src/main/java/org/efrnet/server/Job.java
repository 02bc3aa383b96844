package org.efrnet.server;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.efrnet.images.Picture;
import org.efrnet.images.PictureException;
import org.efrnet.segment.Segmentation;
import org.efrnet.segment.Segmenter;

/** A picture on its way through a model. */
final class Job {
  /** Gives the picture. */
  @FunctionalInterface
  interface Decoder {
    Picture decode() throws PictureException;
  }

  /** Gives the answer's bytes. */
  @FunctionalInterface
  interface Encoder {
    byte[] encode(Segmenter segmenter, Segmentation result, double decodeMillis);
  }

  private final Decoder decoder;
  private final Encoder encoder;
  private final long deadline;
  private final List<Budget.Share> shares;
  private final CompletableFuture<byte[]> answer = new CompletableFuture<>();
  private volatile boolean abandoned;

  /**
   * A job whose answer is due at a time.
   *
   * @param deadline by {@link System#nanoTime()}
   * @param shares that it holds until it is over
   */
  Job(Decoder decoder, Encoder encoder, long deadline, List<Budget.Share> shares) {
    this.decoder = decoder;
    this.encoder = encoder;
    this.deadline = deadline;
    this.shares = shares.stream().map(Budget.Share::held).toList();
  }

  Decoder decoder() {
    return decoder;
  }

  Encoder encoder() {
    return encoder;
  }

  /** The answer's bytes, or the {@link Problem}. */
  CompletableFuture<byte[]> answer() {
    return answer;
  }

  boolean isLate() {
    return System.nanoTime() - deadline > 0;
  }

  /** Nobody waits for the answer any more. */
  void abandon() {
    abandoned = true;
  }

  /** Whether anybody waits for the answer. */
  boolean isWanted() {
    return !abandoned && !isLate();
  }

  /** Gives back what it held; called once. */
  void end() {
    shares.forEach(Budget.Share::close);
  }
}
