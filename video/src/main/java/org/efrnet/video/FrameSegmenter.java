package org.efrnet.video;

import java.util.Optional;
import org.efrnet.images.Picture;
import org.efrnet.segment.Segmentation;

/** What segments frames, one after the other on one thread. */
@FunctionalInterface
public interface FrameSegmenter {
  /**
   * Segments a frame, as {@link org.efrnet.segment.Segmenter#segment(Picture, Segmentation)}.
   *
   * @param reuse whose arrays may be written to
   */
  Segmentation segment(Picture frame, Optional<Segmentation> reuse);
}
