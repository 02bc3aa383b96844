package org.efrnet.metrics;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import org.efrnet.images.Mask;
import org.efrnet.labels.ClassTable;

/**
 * How many pixels of which true class were given which class, over any number of pictures.
 *
 * <p>Pixels whose truth is {@link ClassTable#IGNORE} are in no figure, and only {@link
 * #ignoredTruth} knows of them. A prediction of {@link ClassTable#IGNORE} where the truth is a
 * class (void) misses that class and blames no other. Figures follow Cityscapes' official
 * evaluation. Not thread-safe: give each thread its own and {@link #merge} them; serializable, for
 * those that count on many machines.
 */
public final class ConfusionMatrix implements Serializable {
  private static final long serialVersionUID = 1;

  private final int classes;
  private final long[][] counts;

  /** What was predicted where the truth is ignored, void last. */
  private final long[] ignored;

  /**
   * An empty matrix.
   *
   * @param classes how many, 1..255
   */
  public ConfusionMatrix(int classes) {
    if (classes < 1 || classes > ClassTable.IGNORE) {
      throw new IllegalArgumentException(
          "a confusion matrix of " + classes + " classes; 1..255 are possible, ids being bytes");
    }
    this.classes = classes;
    this.counts = new long[classes][classes + 1];
    this.ignored = new long[classes + 1];
  }

  /** How many classes there are. */
  public int classes() {
    return classes;
  }

  /**
   * Counts one picture; after an exception nothing of it is counted.
   *
   * @param truth train ids, or {@link ClassTable#IGNORE}
   * @param prediction train ids, or {@link ClassTable#IGNORE} for void; of the same size
   * @throws IllegalArgumentException if the sizes differ or an id is out of range, also under
   *     ignored truth, with the id and its place
   */
  public void add(Mask truth, Mask prediction) {
    if (truth.width() != prediction.width() || truth.height() != prediction.height()) {
      throw new IllegalArgumentException(
          "truth of "
              + truth.width()
              + "x"
              + truth.height()
              + " and prediction of "
              + prediction.width()
              + "x"
              + prediction.height()
              + " pixels; bring the prediction to the truth's size");
    }
    requireIds("truth", truth);
    requireIds("prediction", prediction);
    byte[] rows = truth.ids();
    byte[] columns = prediction.ids();
    for (int i = 0; i < rows.length; i++) {
      int row = rows[i] & 0xff;
      long[] counted = row == ClassTable.IGNORE ? ignored : counts[row];
      counted[Math.min(columns[i] & 0xff, classes)]++;
    }
  }

  private void requireIds(String what, Mask mask) {
    byte[] ids = mask.ids();
    for (int i = 0; i < ids.length; i++) {
      int id = ids[i] & 0xff;
      if (id >= classes && id != ClassTable.IGNORE) {
        throw new IllegalArgumentException(
            what
                + " has id "
                + id
                + " at ("
                + i % mask.width()
                + ", "
                + i / mask.width()
                + "), but there are only classes 0.."
                + (classes - 1)
                + " and "
                + ClassTable.IGNORE
                + "; convert label ids with a class table first");
      }
    }
  }

  /** Adds the counts of a matrix of as many classes, which stays as it is. */
  public void merge(ConfusionMatrix other) {
    if (other.classes != classes) {
      throw new IllegalArgumentException(
          "a matrix of " + other.classes + " classes cannot be merged into one of " + classes);
    }
    for (int truth = 0; truth < classes; truth++) {
      for (int prediction = 0; prediction <= classes; prediction++) {
        counts[truth][prediction] =
            Math.addExact(counts[truth][prediction], other.counts[truth][prediction]);
      }
    }
    for (int prediction = 0; prediction <= classes; prediction++) {
      ignored[prediction] = Math.addExact(ignored[prediction], other.ignored[prediction]);
    }
  }

  /**
   * A copy of the pixel counts, {@code [truth][prediction]}, with one column more than there are
   * classes: the void predictions.
   */
  public long[][] counts() {
    return Arrays.stream(counts).map(long[]::clone).toArray(long[][]::new);
  }

  /**
   * What was predicted where the truth is {@link ClassTable#IGNORE}: a copy of the pixel counts by
   * class, void last. No figure of this class uses them.
   */
  public long[] ignoredTruth() {
    return ignored.clone();
  }

  /** How many pixels were counted. */
  public long pixels() {
    return Arrays.stream(counts).flatMapToLong(Arrays::stream).sum();
  }

  /** Pixels whose true class it is. */
  public long truthPixels(int id) {
    return Arrays.stream(counts[id]).sum();
  }

  /** Counted pixels that were given this class. */
  public long predictedPixels(int id) {
    return Arrays.stream(counts).mapToLong(row -> row[id]).sum();
  }

  /**
   * TP / (TP + FP + FN), 0..1: the pixels found, over those that are or were called of this class;
   * empty where there is none of either.
   */
  public OptionalDouble iou(int id) {
    long found = counts[id][id];
    long union = truthPixels(id) + predictedPixels(id) - found;
    return ratio(found, union);
  }

  /**
   * TP / (TP + FN), 0..1: the share of the true class's pixels found; empty without such pixels.
   */
  public OptionalDouble accuracy(int id) {
    return ratio(counts[id][id], truthPixels(id));
  }

  /**
   * The mean of all classes' {@link #iou}, 0..1. A class absent from truth and prediction leaves
   * the mean; one absent from the truth but predicted counts with 0. NaN when nothing was counted.
   */
  public double miou() {
    return mean(this::iou);
  }

  /** The share of counted pixels given their true class, 0..1; NaN when nothing was counted. */
  public double pixelAccuracy() {
    long found = 0;
    for (int id = 0; id < classes; id++) {
      found += counts[id][id];
    }
    return (double) found / pixels();
  }

  /** The mean of {@link #accuracy} over the classes that the truth has, 0..1; NaN without any. */
  public double meanAccuracy() {
    return mean(this::accuracy);
  }

  private static OptionalDouble ratio(long part, long whole) {
    return whole == 0 ? OptionalDouble.empty() : OptionalDouble.of((double) part / whole);
  }

  private interface Figure {
    OptionalDouble of(int id);
  }

  private double mean(Figure figure) {
    double sum = 0;
    int present = 0;
    for (int id = 0; id < classes; id++) {
      OptionalDouble value = figure.of(id);
      if (value.isPresent()) {
        sum += value.getAsDouble();
        present++;
      }
    }
    return sum / present;
  }

  /**
   * The figures as they stand now, in percent.
   *
   * @param table names the classes
   * @throws IllegalArgumentException if the table has another number of classes
   */
  public Scores scores(ClassTable table) {
    if (table.size() != classes) {
      throw new IllegalArgumentException(
          "class table '"
              + table.name()
              + "' has "
              + table.size()
              + " classes, this matrix "
              + classes);
    }
    List<ClassScore> each = new ArrayList<>();
    for (int id = 0; id < classes; id++) {
      each.add(
          new ClassScore(
              table.classes().get(id).name(),
              100 * iou(id).orElse(Double.NaN),
              100 * accuracy(id).orElse(Double.NaN),
              truthPixels(id),
              predictedPixels(id)));
    }
    return new Scores(100 * miou(), 100 * pixelAccuracy(), 100 * meanAccuracy(), each);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ConfusionMatrix m
        && Arrays.deepEquals(counts, m.counts)
        && Arrays.equals(ignored, m.ignored);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.deepHashCode(counts) + Arrays.hashCode(ignored);
  }

  @Override
  public String toString() {
    return "ConfusionMatrix[" + classes + " classes, " + pixels() + " pixels]";
  }
}
