package org.efrnet.segment;

import java.util.List;

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
    this.kept = new int[channels - unscored.size()];
    int next = 0;
    for (int k = 0; k < channels; k++) {
      if (!unscored.contains(k)) {
        kept[next++] = k;
      }
    }
    this.whole = new float[Math.multiplyExact(channels, width)];
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
