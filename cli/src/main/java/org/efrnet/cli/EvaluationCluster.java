package org.efrnet.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.efrnet.metrics.ConfusionMatrix;
import org.efrnet.segment.Evaluation;
import org.efrnet.segment.Protocol;
import org.efrnet.segment.Segmenter;

/**
 * Judges a model with many machines, or many tasks of one. Its libraries are large, so it is in
 * another module than this; found by {@link java.util.ServiceLoader} where that is on the class
 * path.
 */
public interface EvaluationCluster {
  /**
   * What to judge on, and where.
   *
   * @param master of the cluster
   * @param settings of the cluster's, by name
   * @param model a model's name, or a bundle's folder
   * @param options how it is run by each task
   * @param data the data set's folder
   * @param split of it
   * @param protocol how each picture is seen
   * @param byPicture whether the matrix of every picture is wanted
   */
  record Order(
      String master,
      Map<String, String> settings,
      String model,
      Segmenter.Options options,
      Path data,
      String split,
      Protocol protocol,
      boolean byPicture) {}

  /**
   * How the model does.
   *
   * @param evaluation the counts, as one machine counts them
   * @param byPicture every picture's in order where they were wanted, else empty
   * @param engine that computed
   * @param precision in which it did
   */
  record Judged(
      Evaluation evaluation, List<ConfusionMatrix> byPicture, String engine, String precision) {}

  /**
   * Judges.
   *
   * @throws IOException if the data or the model cannot be read, or the cluster is not there
   * @throws IllegalStateException if the job failed, in a line
   */
  Judged judge(Order order, Evaluation.Progress progress) throws IOException;
}
