package org.efrnet.segment;

import java.io.IOException;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.efrnet.data.DataSet;
import org.efrnet.data.Example;
import org.efrnet.images.Mask;
import org.efrnet.labels.ClassTable;
import org.efrnet.labels.SegmentationClass;
import org.efrnet.metrics.ConfusionMatrix;

/**
 * How a segmenter does on a data set, counted at the size of the labels.
 *
 * @param overall every pixel of the data set
 * @param bySequence the same by recording, whose names {@link DataSet#sequenceOf} gives
 */
public record Evaluation(ConfusionMatrix overall, SortedMap<String, ConfusionMatrix> bySequence) {
  public Evaluation {
    bySequence = Collections.unmodifiableSortedMap(new TreeMap<>(bySequence));
  }

  /** Is told how far an evaluation is. */
  @FunctionalInterface
  public interface Progress {
    /** For those who need not know. */
    Progress NONE = (done, total) -> {};

    /** So many of all examples are counted. */
    void examples(int done, int total);
  }

  /** Is given every prediction of an evaluation, to count it in ways of its own. */
  @FunctionalInterface
  public interface Judge {
    /** For those who need no other figures. */
    Judge NONE = (index, example, prediction, counted) -> {};

    /**
     * An example was predicted.
     *
     * @param index of it in the data set
     * @param prediction train ids, of the truth's size
     * @param counted this example's matrix alone, the judge's to keep
     * @throws IOException if what the judge needs beside cannot be read
     */
    void predicted(int index, Example example, Mask prediction, ConfusionMatrix counted)
        throws IOException;
  }

  /**
   * Segments and counts every example in order, each seen once and whole.
   *
   * @throws IOException if an example cannot be read
   * @throws IllegalArgumentException if the data set has no labels, or other classes than the
   *     segmenter
   */
  public static Evaluation of(Segmenter segmenter, DataSet data, Progress progress)
      throws IOException {
    return of(segmenter, data, Protocol.PLAIN, progress, Judge.NONE);
  }

  /**
   * Segments and counts every example in order.
   *
   * @param protocol how each is seen
   * @param judge is given every prediction
   * @throws IOException if an example cannot be read, or the judge fails
   * @throws IllegalArgumentException if the data set has no labels, or other classes than the
   *     segmenter
   */
  public static Evaluation of(
      Segmenter segmenter, DataSet data, Protocol protocol, Progress progress, Judge judge)
      throws IOException {
    requireTruth(data);
    requireSameClasses(segmenter, data);
    int classes = segmenter.classes().size();
    ConfusionMatrix overall = new ConfusionMatrix(classes);
    SortedMap<String, ConfusionMatrix> bySequence = new TreeMap<>();
    for (int i = 0; i < data.size(); i++) {
      Example example = data.load(i);
      ConfusionMatrix one = new ConfusionMatrix(classes);
      Mask prediction = segmenter.segment(example.picture(), protocol);
      one.add(example.truth(), prediction);
      judge.predicted(i, example, prediction, one);
      overall.merge(one);
      bySequence
          .computeIfAbsent(data.sequenceOf(i), name -> new ConfusionMatrix(classes))
          .merge(one);
      progress.examples(i + 1, data.size());
    }
    return new Evaluation(overall, bySequence);
  }

  private static void requireTruth(DataSet data) {
    if (!data.hasTruth()) {
      throw new IllegalArgumentException(
          "data set '" + data.name() + "' has no labels to count against; predict it instead");
    }
  }

  /**
   * Refuses predictions whose train ids would be taken for other classes.
   *
   * @throws IllegalArgumentException if the names of the classes differ, or their order
   */
  public static void requireSameClasses(Segmenter segmenter, DataSet data) {
    List<String> known = names(segmenter.classes());
    List<String> wanted = names(data.classes());
    if (!known.equals(wanted)) {
      throw new IllegalArgumentException(
          "bundle '"
              + segmenter.bundle().config().name()
              + "' tells "
              + known
              + " apart, data set '"
              + data.name()
              + "' is labelled with "
              + wanted
              + "; use a bundle trained on these classes");
    }
  }

  private static List<String> names(ClassTable table) {
    return table.classes().stream().map(SegmentationClass::name).toList();
  }
}
