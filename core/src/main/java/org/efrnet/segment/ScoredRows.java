package org.efrnet.segment;

import java.util.List;
import java.util.stream.IntStream;

/**
 * Logits without the channels that are no class, such as that of unlabelled pixels, which some
 * networks learn with the others: whatever is chosen of these rows is a class. An instance serves
 * one width and one thread at a time.
 */
public final class ScoredRows {
  private final int channels;
  private final int[] kept;
  private final float[] whole;

  /**
   * @param channels of the logits as the network gives them
   * @param unscored those that are left out, rising; not all
   * @param width columns of the logits
   */
  public ScoredRows(int channels, List<Integer> unscored, int width) {
    this.channels = channels;
    this.kept = kept(channels, unscored);
    this.whole = new float[Math.multiplyExact(channels, width)];
  }

  /** The channels that are classes, rising. */
  static int[] kept(int channels, List<Integer> unscored) {
    return IntStream.range(0, channels).filter(k -> !unscored.contains(k)).toArray();
  }

  /** The rows without those channels, read when they are. */
  public LogitRows of(LogitRows logits) {
    if (kept.length == channels) {
      return logits;
    }
    return (row, into) -> {
      logits.read(row, whole);
      for (int to = 0, from = 0; to < into.length; from += channels) {
        for (int k = 0; k < kept.length && to < into.length; k++) {
          into[to++] = whole[from + kept[k]];
        }
      }
    };
  }
}
