package org.efrnet.metrics;

import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * The figures of Cityscapes' official evaluation, each 0..1 as it writes them, NaN where there is
 * none.
 *
 * @param classes the evaluated classes in the order of their label ids, copied
 * @param categories in the order of their ids, without void, copied
 */
public record CityscapesScores(List<Row> classes, List<Row> categories) {
  /**
   * A class or a category.
   *
   * @param name as the official table names it
   * @param iou intersection over union; NaN where neither truth nor prediction has it
   * @param iiou the same with each object's pixels weighted by the class's average size over its
   *     own; NaN also where objects are not told apart, or no instances were given
   */
  public record Row(String name, double iou, double iiou) {}

  public CityscapesScores {
    classes = List.copyOf(classes);
    categories = List.copyOf(categories);
  }

  /** The mean IoU of classes: the figure that tables of networks quote. */
  public double classIou() {
    return mean(classes, Row::iou);
  }

  /** The mean iIoU of the classes that have objects. */
  public double classIiou() {
    return mean(classes, Row::iiou);
  }

  /** The mean IoU of categories. */
  public double categoryIou() {
    return mean(categories, Row::iou);
  }

  /** The mean iIoU of the categories that have objects. */
  public double categoryIiou() {
    return mean(categories, Row::iiou);
  }

  /** What is NaN leaves the mean; summed in order, as the official code does. */
  private static double mean(List<Row> rows, ToDoubleFunction<Row> figure) {
    double sum = 0;
    int valid = 0;
    for (Row row : rows) {
      double value = figure.applyAsDouble(row);
      if (!Double.isNaN(value)) {
        sum += value;
        valid++;
      }
    }
    return sum / valid;
  }
}
