package org.efrnet.video;

import java.util.OptionalDouble;
import org.efrnet.images.Mask;

/**
 * Counts the pixels whose class changes from one frame to the next although the picture does not
 * change there ({@link Stillness}). For one thread.
 */
public final class Flicker {
  private byte[] before = {};
  private long still;
  private long changed;
  private long pixels;

  /**
   * Takes the next frame's classes.
   *
   * @param stillness that took this frame's picture, and before it the picture of the last mask
   */
  public void next(Mask mask, Stillness stillness) {
    byte[] ids = mask.ids();
    if (before.length != ids.length) {
      before = ids.clone();
      return;
    }
    for (int y = 0; y < mask.height(); y++) {
      for (int x = 0; x < mask.width(); x += Stillness.BLOCK) {
        if (stillness.at(x, y)) {
          int from = y * mask.width() + x;
          int to = y * mask.width() + Math.min(mask.width(), x + Stillness.BLOCK);
          for (int i = from; i < to; i++) {
            if (ids[i] != before[i]) {
              changed++;
            }
          }
          still += to - from;
        }
      }
    }
    pixels += ids.length;
    System.arraycopy(ids, 0, before, 0, ids.length);
  }

  /** The changed ones' part of the still pixels, 0..1; empty if no pixel was ever still. */
  public OptionalDouble share() {
    return still == 0 ? OptionalDouble.empty() : OptionalDouble.of((double) changed / still);
  }

  /** The still ones' part of all pixels that have a frame before them, 0..1: 0 if none has. */
  public double stillShare() {
    return pixels == 0 ? 0 : (double) still / pixels;
  }
}
