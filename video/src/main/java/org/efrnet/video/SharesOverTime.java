package org.efrnet.video;

import java.util.ArrayList;
import java.util.List;
import org.efrnet.labels.ClassTable;
import org.efrnet.labels.SegmentationClass;

/**
 * The parts of classes in the frames of each stretch of time. Stretches begin as seconds; when
 * there are more than {@value #MOST}, each two become one, so that a camera may run for years.
 */
final class SharesOverTime {
  static final int MOST = 3600;

  private final int classes;
  private final List<Stretch> stretches = new ArrayList<>();
  private double seconds = 1;

  /** Sums of one stretch. */
  private static final class Stretch {
    private final long index;
    private final long[] pixels;
    private long all;

    Stretch(long index, int classes) {
      this.index = index;
      this.pixels = new long[classes];
    }

    void add(long[] more, long ofAll) {
      for (int i = 0; i < pixels.length; i++) {
        pixels[i] += more[i];
      }
      all += ofAll;
    }
  }

  SharesOverTime(int classes) {
    this.classes = classes;
  }

  /**
   * Takes a frame.
   *
   * @param at seconds from the beginning; no earlier than the last
   * @param histogram pixels by class
   */
  void add(double at, long[] histogram, long pixels) {
    long index = (long) (at / seconds);
    if (stretches.isEmpty() || stretches.get(stretches.size() - 1).index != index) {
      stretches.add(new Stretch(index, classes));
    }
    stretches.get(stretches.size() - 1).add(histogram, pixels);
    if (stretches.size() > MOST) {
      halve();
    }
  }

  private void halve() {
    List<Stretch> longer = new ArrayList<>();
    for (Stretch stretch : stretches) {
      long index = stretch.index / 2;
      if (longer.isEmpty() || longer.get(longer.size() - 1).index != index) {
        longer.add(new Stretch(index, classes));
      }
      longer.get(longer.size() - 1).add(stretch.pixels, stretch.all);
    }
    stretches.clear();
    stretches.addAll(longer);
    seconds *= 2;
  }

  /** What was taken so far. */
  VideoReport.Shares of(ClassTable table) {
    List<VideoReport.ClassShares> found = new ArrayList<>();
    for (SegmentationClass type : table.classes()) {
      long pixels = 0;
      long all = 0;
      List<Double> over = new ArrayList<>();
      for (Stretch stretch : stretches) {
        pixels += stretch.pixels[type.id()];
        all += stretch.all;
        over.add((double) stretch.pixels[type.id()] / stretch.all);
      }
      found.add(
          new VideoReport.ClassShares(type.name(), all == 0 ? 0 : (double) pixels / all, over));
    }
    return new VideoReport.Shares(
        stretches.stream().map(stretch -> stretch.index * seconds).toList(), found);
  }
}
