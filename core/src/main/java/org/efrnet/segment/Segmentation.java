package org.efrnet.segment;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.efrnet.images.LegendEntry;
import org.efrnet.images.Mask;
import org.efrnet.images.Overlay;
import org.efrnet.images.Picture;
import org.efrnet.labels.ClassTable;
import org.efrnet.labels.SegmentationClass;

/**
 * A picture whose every pixel has a class.
 *
 * @param picture as it was given
 * @param mask class ids, at the picture's size
 * @param classes what the ids mean
 * @param millis how long each stage took
 */
public record Segmentation(Picture picture, Mask mask, ClassTable classes, Millis millis) {
  /**
   * Wall time in milliseconds.
   *
   * @param prepare resize and normalisation
   * @param network from planes to logits
   * @param finish from logits to the class map
   */
  public record Millis(double prepare, double network, double finish) {}

  /** The share of every class in the picture, 0..1, in the table's order. */
  public Map<String, Double> shares() {
    long[] histogram = mask.histogram();
    Map<String, Double> shares = new LinkedHashMap<>();
    for (SegmentationClass c : classes.classes()) {
      shares.put(c.name(), histogram[c.id()] / (double) mask.ids().length);
    }
    return Collections.unmodifiableMap(shares);
  }

  /**
   * The picture with its classes' colours over it, and a legend of the classes that occur.
   *
   * @param opacity of the colours, 0..1
   */
  public Picture overlay(double opacity) {
    Picture blended = Overlay.blend(picture, mask, classes.palette(), opacity);
    Map<String, Double> shares = shares();
    List<LegendEntry> entries = new ArrayList<>();
    for (SegmentationClass c : classes.classes()) {
      double share = shares.get(c.name());
      if (share > 0) {
        entries.add(new LegendEntry(c.name(), c.colour().rgb(), share));
      }
    }
    return Overlay.legend(blended, entries);
  }
}
