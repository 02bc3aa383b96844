package org.efrnet.images;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.Arrays;

/**
 * How a picture's bytes become what a network reads: {@code (value / 255 - mean) / deviation} in
 * each channel, one plane a channel. The same code feeds training and serving. Immutable as long as
 * the arrays' owner does not write to them.
 *
 * @param mean of red, green and blue, in units of values scaled to 0..1
 * @param deviation standard deviations in the same units and order, above 0
 * @param blueFirst whether the planes are blue, green, red, as some networks were trained; else
 *     they are red, green, blue. Where it is false, JSON leaves it out
 */
public record Normalization(
    float[] mean,
    float[] deviation,
    @JsonInclude(JsonInclude.Include.NON_DEFAULT) boolean blueFirst) {
  private static final int CHANNELS = 3;

  /** Mean and deviation of ImageNet's training pictures, as torchvision publishes them. */
  public static final Normalization IMAGENET =
      new Normalization(new float[] {0.485f, 0.456f, 0.406f}, new float[] {0.229f, 0.224f, 0.225f});

  public Normalization {
    if (mean.length != CHANNELS || deviation.length != CHANNELS) {
      throw new IllegalArgumentException(
          "normalization has "
              + mean.length
              + " means and "
              + deviation.length
              + " deviations; give 3 of each, in the order red, green, blue");
    }
    for (int c = 0; c < CHANNELS; c++) {
      if (!Float.isFinite(mean[c]) || !Float.isFinite(deviation[c]) || deviation[c] <= 0) {
        throw new IllegalArgumentException(
            "normalization of channel "
                + c
                + " has mean "
                + mean[c]
                + " and deviation "
                + deviation[c]
                + "; both must be finite and the deviation above 0");
      }
    }
  }

  /** Planes of red, green, blue. */
  public Normalization(float[] mean, float[] deviation) {
    this(mean, deviation, false);
  }

  /**
   * Writes the normalised picture as three planes in this order of channels: (3, height, width).
   *
   * @param target receives {@code 3 * width * height} values from {@code offset} on
   * @throws IllegalArgumentException if they do not fit there
   */
  public void planes(Picture picture, float[] target, int offset) {
    int pixels = picture.width() * picture.height();
    if (offset < 0 || offset + (long) CHANNELS * pixels > target.length) {
      throw new IllegalArgumentException(
          "planes of a picture "
              + picture.width()
              + "x"
              + picture.height()
              + " from "
              + offset
              + " on do not fit into "
              + target.length
              + " values");
    }
    float[] red = table(0);
    float[] green = table(1);
    float[] blue = table(2);
    byte[] rgb = picture.rgb();
    int redAt = offset + planeOf(0) * pixels;
    int greenAt = offset + planeOf(1) * pixels;
    int blueAt = offset + planeOf(2) * pixels;
    for (int i = 0, from = 0; i < pixels; i++, from += CHANNELS) {
      target[redAt + i] = red[rgb[from] & 0xff];
      target[greenAt + i] = green[rgb[from + 1] & 0xff];
      target[blueAt + i] = blue[rgb[from + 2] & 0xff];
    }
  }

  /** Which plane a channel (0 red, 1 green, 2 blue) is. */
  int planeOf(int channel) {
    return blueFirst ? CHANNELS - 1 - channel : channel;
  }

  /** What each byte of a channel becomes. */
  float[] table(int channel) {
    float[] table = new float[256];
    for (int value = 0; value < table.length; value++) {
      table[value] = (float) ((value / 255.0 - mean[channel]) / deviation[channel]);
    }
    return table;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Normalization n
        && Arrays.equals(mean, n.mean)
        && Arrays.equals(deviation, n.deviation)
        && blueFirst == n.blueFirst;
  }

  @Override
  public int hashCode() {
    return 31 * (31 * Arrays.hashCode(mean) + Arrays.hashCode(deviation))
        + Boolean.hashCode(blueFirst);
  }

  @Override
  public String toString() {
    return "Normalization[mean="
        + Arrays.toString(mean)
        + ", deviation="
        + Arrays.toString(deviation)
        + (blueFirst ? ", blue first]" : "]");
  }
}
