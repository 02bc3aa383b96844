package org.efrnet.video;

import java.util.Optional;
import org.efrnet.images.Mask;
import org.efrnet.images.Picture;
import org.efrnet.labels.ClassTable;
import org.efrnet.segment.Segmentation;

/**
 * Plays a network: class 0 where a picture is dark, 1 where it is bright, and one can see which.
 */
final class Brightness implements FrameSegmenter {
  static final ClassTable TABLE = ClassTable.named("streets-3");

  @Override
  public Segmentation segment(Picture frame, Optional<Segmentation> reuse) {
    int pixels = frame.width() * frame.height();
    byte[] ids =
        reuse.isPresent() && reuse.get().mask().ids().length == pixels
            ? reuse.get().mask().ids()
            : new byte[pixels];
    for (int i = 0; i < pixels; i++) {
      ids[i] = (byte) ((frame.rgb()[3 * i + 1] & 0xff) >= 128 ? 1 : 0);
    }
    return new Segmentation(
        frame,
        new Mask(frame.width(), frame.height(), ids),
        TABLE,
        Optional.empty(),
        new Segmentation.Millis(1, 2, 3, 6));
  }
}
