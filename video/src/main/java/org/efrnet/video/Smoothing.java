package org.efrnet.video;

import java.util.Optional;
import org.efrnet.images.Mask;

/**
 * Steadies class maps over time where the picture is still ({@link Stillness}), and leaves them
 * alone where it moves, so that nothing trails behind.
 *
 * <p>A pixel keeps the class that it shows with a weight, which loses a quarter with every frame. A
 * frame that gives that class adds its {@link org.efrnet.segment.Segmentation#confidence}; one that
 * gives another class takes away half of its own, and takes over when nothing is left. So the class
 * of a pixel that wavers between two stays, and where all frames are equally sure, one that stood
 * for long gives way to another's fourth frame in a row. For one thread.
 */
public final class Smoothing {
  private static final int CERTAIN = 255;

  private byte[] shown = {};
  private short[] weights = {};

  /**
   * Takes the next frame's classes.
   *
   * @param mask whose ids become the steadied ones
   * @param confidence of the ids, as many unsigned bytes; empty if all are equally sure
   * @param stillness that took this frame's picture, and before it the picture of the last mask
   */
  public void next(Mask mask, Optional<byte[]> confidence, Stillness stillness) {
    byte[] ids = mask.ids();
    boolean first = shown.length != ids.length;
    if (first) {
      shown = new byte[ids.length];
      weights = new short[ids.length];
    }
    for (int y = 0; y < mask.height(); y++) {
      for (int x = 0; x < mask.width(); x += Stillness.BLOCK) {
        boolean still = !first && stillness.at(x, y);
        int to = y * mask.width() + Math.min(mask.width(), x + Stillness.BLOCK);
        for (int i = y * mask.width() + x; i < to; i++) {
          int vote = confidence.isPresent() ? confidence.get()[i] & 0xff : CERTAIN;
          int old = still ? 3 * weights[i] / 4 : 0;
          if (still && ids[i] == shown[i]) {
            weights[i] = (short) (old + vote);
          } else if (still && old >= vote / 2) {
            weights[i] = (short) (old - vote / 2);
          } else {
            shown[i] = ids[i];
            weights[i] = (short) vote;
          }
        }
      }
    }
    System.arraycopy(shown, 0, ids, 0, ids.length);
  }
}
