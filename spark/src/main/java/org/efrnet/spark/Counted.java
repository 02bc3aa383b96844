package org.efrnet.spark;

import java.util.List;
import org.efrnet.metrics.ConfusionMatrix;
import org.efrnet.segment.Evaluation;

/**
 * How a model does on a data set.
 *
 * @param evaluation the same counts as on one machine
 * @param byPicture every picture's in the data set's order, where that was asked for; else empty
 */
public record Counted(Evaluation evaluation, List<ConfusionMatrix> byPicture) {
  public Counted {
    byPicture = List.copyOf(byPicture);
  }
}
