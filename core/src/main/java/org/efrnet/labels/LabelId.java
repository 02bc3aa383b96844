package org.efrnet.labels;

/**
 * A pixel value of a data set's label pictures, never the index of a network's class.
 *
 * @param value 0..255, or -1 for a label that Cityscapes names but writes into no picture
 */
public record LabelId(int value) {
  public LabelId {
    if (value < -1 || value > 255) {
      throw new IllegalArgumentException("label id " + value + " is not within -1..255");
    }
  }
}
