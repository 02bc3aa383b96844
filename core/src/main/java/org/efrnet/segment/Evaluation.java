package org.efrnet.segment;

import java.io.IOException;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntConsumer;
import org.efrnet.data.DataSet;
import org.efrnet.data.Example;
import org.efrnet.metrics.ConfusionMatrix;

/**
 * A segmenter judged on labelled pictures: predicted as its size policy says, scored at the labels'
 * size.
 *
 * @param all over every picture
 * @param sequences by recording
 * @param pictures how many
 * @param width of the pictures; 0 if they differ
 * @param height of the pictures; 0 if they differ
 */
public record Evaluation(
    ConfusionMatrix all,
    Map<String, ConfusionMatrix> sequences,
    int pictures,
    int width,
    int height) {

  /**
   * @param done is told how many pictures are done
   * @throws IllegalArgumentException if the classes differ, or the data set has no labels
   */
  public static Evaluation of(Segmenter segmenter, DataSet data, IntConsumer done)
      throws IOException {
    if (!data.hasTruth()) {
      throw new IllegalArgumentException(
          data.name() + " has no labels: nothing to judge by; use segment to predict it");
    }
    if (!segmenter.classes().equals(data.classes())) {
      throw new IllegalArgumentException(
          "the model tells "
              + segmenter.classes().name()
              + " apart, "
              + data.name()
              + " is labelled with "
              + data.classes().name()
              + ": they cannot be compared");
    }
    int classes = data.classes().size();
    ConfusionMatrix all = new ConfusionMatrix(classes);
    Map<String, ConfusionMatrix> sequences = new TreeMap<>();
    int width = -1;
    int height = -1;
    for (int i = 0; i < data.size(); i++) {
      Example example = data.load(i);
      ConfusionMatrix one = new ConfusionMatrix(classes);
      one.add(example.truth(), segmenter.segment(example.picture()).mask());
      all.merge(one);
      sequences.computeIfAbsent(data.sequenceOf(i), s -> new ConfusionMatrix(classes)).merge(one);
      width = same(width, example.picture().width());
      height = same(height, example.picture().height());
      done.accept(i + 1);
    }
    return new Evaluation(all, Collections.unmodifiableMap(sequences), data.size(), width, height);
  }

  private static int same(int before, int now) {
    return before == -1 || before == now ? now : 0;
  }
}
