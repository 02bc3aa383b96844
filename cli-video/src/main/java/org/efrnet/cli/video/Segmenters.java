package org.efrnet.cli.video;

import java.util.ArrayList;
import java.util.List;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.segment.Segmenter;
import org.efrnet.video.FrameSegmenter;

/** Several segmenters of one model, which share the threads that compute. */
record Segmenters(List<Segmenter> all) implements AutoCloseable {
  /** More would be slower to make than the frames of a short video are to segment. */
  private static final int MOST = 4;

  /**
   * Segmenters of a model, to be closed.
   *
   * @param options with the threads of all together
   * @param several whether frames may be segmented side by side: more frames a second, each of them
   *     later; else there is one with all threads
   */
  static Segmenters load(ModelBundle bundle, Segmenter.Options options, boolean several) {
    int threads = options.threads();
    int count = several ? Math.min(MOST, threads) : 1;
    Segmenters made = new Segmenters(new ArrayList<>());
    try {
      for (int i = 0; i < count; i++) {
        made.all.add(Segmenter.load(bundle, options.withThreads(threads / count)));
      }
      return made;
    } catch (RuntimeException | Error e) {
      made.close();
      throw e;
    }
  }

  /** One of them; they differ in nothing. */
  Segmenter any() {
    return all.get(0);
  }

  /** As a video's run takes them. */
  List<FrameSegmenter> forFrames() {
    return all.stream().map(Segmenters::forFrames).toList();
  }

  private static FrameSegmenter forFrames(Segmenter segmenter) {
    return (frame, reuse) ->
        reuse.isPresent() ? segmenter.segment(frame, reuse.get()) : segmenter.segment(frame);
  }

  @Override
  public void close() {
    all.forEach(Segmenter::close);
  }
}
