package org.efrnet.segment;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.labels.SegmentationClass;

/** What is told of a segmentation beside its pixels, as JSON: the same from every program. */
public final class ResultJson {
  private ResultJson() {}

  /** Adds {@code engine}, {@code precision} and {@code threads}: with what it was computed. */
  public static void describe(Segmenter segmenter, ObjectNode node) {
    node.put("engine", segmenter.engine());
    node.put("precision", segmenter.precision());
    node.put("threads", segmenter.options().threads());
  }

  /**
   * Adds the size, the model and its licence, with what it was computed, the share of every class
   * of the model (0..1), and the time of every stage.
   *
   * @param decode milliseconds that decoding the picture took
   * @param total milliseconds from the file to the class map
   */
  public static void describe(
      Segmenter segmenter, Segmentation result, double decode, double total, ObjectNode node) {
    ModelBundle bundle = segmenter.bundle();
    node.put("width", result.mask().width());
    node.put("height", result.mask().height());
    node.put("model", bundle.config().name());
    node.put("licence", bundle.config().licence().id());
    describe(segmenter, node);
    ArrayNode classes = node.putArray("classes");
    long[] pixels = result.mask().histogram();
    double all = result.mask().ids().length;
    for (SegmentationClass c : result.classes().classes()) {
      classes
          .addObject()
          .put("id", c.id())
          .put("name", c.name())
          .put("share", pixels[c.id()] / all);
    }
    node.putObject("millis")
        .put("decode", rounded(decode))
        .put("prepare", rounded(result.millis().prepare()))
        .put("network", rounded(result.millis().network()))
        .put("finish", rounded(result.millis().finish()))
        .put("total", rounded(total));
  }

  private static double rounded(double millis) {
    return Math.round(millis * 1000) / 1000.0;
  }
}
