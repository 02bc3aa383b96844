package org.efrnet.metrics;

import java.util.List;

/**
 * The figures of a {@link ConfusionMatrix} at one moment, in percent; each NaN when no pixel was
 * counted.
 *
 * @param miou mean intersection over union, 0..100, by Cityscapes' convention
 * @param pixelAccuracy share of counted pixels given their true class, 0..100
 * @param meanAccuracy mean over the true classes of the share of their pixels found, 0..100
 * @param classes every class in the order of the train ids, copied
 */
public record Scores(
    double miou, double pixelAccuracy, double meanAccuracy, List<ClassScore> classes) {
  public Scores {
    classes = List.copyOf(classes);
  }
}
