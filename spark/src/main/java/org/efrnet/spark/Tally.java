package org.efrnet.spark;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.util.AccumulatorV2;

/** What became of the pictures of all tasks that ended: how many there were, and what failed. */
final class Tally extends AccumulatorV2<PictureLabels, Tally.Count> {
  private static final long serialVersionUID = 1;

  private long pictures;
  private final ArrayList<String> failures = new ArrayList<>();

  /**
   * Up to now.
   *
   * @param pictures labelled and failed
   * @param failures a line each, in the order in which tasks ended
   */
  record Count(long pictures, List<String> failures) {}

  @Override
  public synchronized boolean isZero() {
    return pictures == 0;
  }

  @Override
  public synchronized Tally copy() {
    Tally copy = new Tally();
    copy.pictures = pictures;
    copy.failures.addAll(failures);
    return copy;
  }

  @Override
  public synchronized void reset() {
    pictures = 0;
    failures.clear();
  }

  @Override
  public synchronized void add(PictureLabels one) {
    pictures++;
    one.error().ifPresent(failures::add);
  }

  @Override
  public void merge(AccumulatorV2<PictureLabels, Count> other) {
    Count more = other.value();
    synchronized (this) {
      pictures += more.pictures;
      failures.addAll(more.failures);
    }
  }

  @Override
  public synchronized Count value() {
    return new Count(pictures, List.copyOf(failures));
  }
}
