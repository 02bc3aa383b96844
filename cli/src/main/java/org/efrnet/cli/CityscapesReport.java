package org.efrnet.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.Locale;
import org.efrnet.metrics.CityscapesScores;

/** The figures of Cityscapes' official evaluation, as its own tables show them. */
final class CityscapesReport {
  private CityscapesReport() {}

  static void print(PrintWriter out, CityscapesScores scores) {
    print(out, "classes", scores.classes(), scores.classIou(), scores.classIiou());
    print(out, "categories", scores.categories(), scores.categoryIou(), scores.categoryIiou());
  }

  /** The official table calls the iIoU nIoU, its documentation and its papers iIoU. */
  private static void print(
      PrintWriter out, String of, List<CityscapesScores.Row> rows, double iou, double iiou) {
    out.println();
    out.printf(Locale.ROOT, "%-14s %7s %9s%n", of, "IoU", "iIoU");
    for (CityscapesScores.Row row : rows) {
      line(out, row.name(), row.iou(), row.iiou());
    }
    line(out, "Score Average", iou, iiou);
  }

  private static void line(PrintWriter out, String name, double iou, double iiou) {
    out.printf(Locale.ROOT, "%-14s: %6s %9s%n", name, figure(iou), figure(iiou));
  }

  /** Ties go to the even digit, as in the official table; Java's own format rounds them up. */
  private static String figure(double value) {
    return Double.isNaN(value)
        ? "nan"
        : new BigDecimal(value).setScale(3, RoundingMode.HALF_EVEN).toPlainString();
  }

  /** By the names of the official result file, 0..1 in full. */
  static ObjectNode json(CityscapesScores scores) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    put(node, "averageScoreClasses", scores.classIou());
    put(node, "averageScoreInstClasses", scores.classIiou());
    put(node, "averageScoreCategories", scores.categoryIou());
    put(node, "averageScoreInstCategories", scores.categoryIiou());
    rows(node.putArray("classes"), scores.classes());
    rows(node.putArray("categories"), scores.categories());
    return node;
  }

  private static void rows(ArrayNode array, List<CityscapesScores.Row> rows) {
    for (CityscapesScores.Row row : rows) {
      ObjectNode one = array.addObject().put("name", row.name());
      put(one, "iou", row.iou());
      put(one, "iiou", row.iiou());
    }
  }

  private static void put(ObjectNode node, String key, double value) {
    if (Double.isNaN(value)) {
      node.putNull(key);
    } else {
      node.put(key, value);
    }
  }
}
