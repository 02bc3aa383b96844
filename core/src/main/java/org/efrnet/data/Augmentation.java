package org.efrnet.data;

import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.efrnet.images.Mask;
import org.efrnet.images.Picture;
import org.efrnet.images.Region;
import org.efrnet.images.Resize;
import org.efrnet.labels.ClassTable;

/**
 * What training does to an example before a network sees it: a random scale, a random crop, a
 * mirror image, and other light. Labels are resized by nearest only. The same example and the same
 * state of the random generator give the same bytes.
 *
 * @param minScale least scale, above 0; scales are drawn uniformly
 * @param maxScale greatest scale, at least {@code minScale}
 * @param cropWidth width of the result in pixels, at least 1
 * @param cropHeight height of the result in pixels, at least 1
 * @param flip probability of mirroring left and right, 0..1
 * @param brightness channel values are multiplied by a factor within 1 +- this, 0..1
 * @param contrast distances to the crop's mean grey are multiplied by a factor within 1 +- this,
 *     0..1
 * @param saturation distances to a pixel's own grey are multiplied by a factor within 1 +- this,
 *     0..1
 */
public record Augmentation(
    double minScale,
    double maxScale,
    int cropWidth,
    int cropHeight,
    double flip,
    double brightness,
    double contrast,
    double saturation) {

  /**
   * Fills the crop where the scaled picture is smaller than it. Mid grey is near every data set's
   * mean, thus near zero after normalisation, as the zeros are that convolutions pad with; the
   * truth there is ignored.
   */
  private static final byte PADDING = (byte) 128;

  public Augmentation {
    if (!(minScale > 0 && maxScale >= minScale && maxScale <= 16)) {
      throw new IllegalArgumentException(
          "augmentation: scales " + minScale + ".." + maxScale + " must be 0 < min <= max <= 16");
    }
    if (cropWidth < 1 || cropHeight < 1) {
      throw new IllegalArgumentException(
          "augmentation: crop " + cropWidth + "x" + cropHeight + " must be at least 1x1");
    }
    requireShare("flip", flip);
    requireShare("brightness", brightness);
    requireShare("contrast", contrast);
    requireShare("saturation", saturation);
  }

  private static void requireShare(String what, double value) {
    if (!(value >= 0 && value <= 1)) {
      throw new IllegalArgumentException(
          "augmentation: " + what + " " + value + " must be within 0..1");
    }
  }

  /** A changed copy of {@code cropWidth x cropHeight}; the example itself stays as it is. */
  public Example apply(Example example, RandomGenerator random) {
    // Always the same number of draws, so that one option does not shift the course of another.
    double scale = minScale + random.nextDouble() * (maxScale - minScale);
    double across = random.nextDouble();
    double down = random.nextDouble();
    boolean mirrored = random.nextDouble() < flip;
    double light = 1 + brightness * (2 * random.nextDouble() - 1);
    double spread = 1 + contrast * (2 * random.nextDouble() - 1);
    double colour = 1 + saturation * (2 * random.nextDouble() - 1);

    int width = Math.max(1, (int) Math.round(example.picture().width() * scale));
    int height = Math.max(1, (int) Math.round(example.picture().height() * scale));
    int x = offset(across, width, cropWidth);
    int y = offset(down, height, cropHeight);
    Region crop =
        new Region(
            Math.max(x, 0),
            Math.max(y, 0),
            Math.min(width, cropWidth),
            Math.min(height, cropHeight));
    Picture picture = Resize.bilinear(example.picture(), width, height, crop);
    Mask truth = Resize.nearest(example.truth(), width, height, crop);

    byte[] rgb = picture.rgb().clone();
    if (brightness > 0 || contrast > 0 || saturation > 0) {
      jitter(rgb, light, spread, colour);
    }
    return new Example(
        example.name(),
        new Picture(
            cropWidth,
            cropHeight,
            placed(rgb, 3, crop, Math.max(-x, 0), Math.max(-y, 0), PADDING, mirrored)),
        new Mask(
            cropWidth,
            cropHeight,
            placed(
                truth.ids(),
                1,
                crop,
                Math.max(-x, 0),
                Math.max(-y, 0),
                (byte) ClassTable.IGNORE,
                mirrored)));
  }

  /** Where the crop begins in the scaled picture; below 0 where padding comes first. */
  private static int offset(double share, int length, int cropLength) {
    int room = length - cropLength;
    int steps = (int) (share * (Math.abs(room) + 1));
    return room >= 0 ? steps : -steps;
  }

  private byte[] placed(
      byte[] source, int channels, Region crop, int left, int top, byte padding, boolean mirrored) {
    int width = crop.width();
    int height = crop.height();
    byte[] target = new byte[channels * cropWidth * cropHeight];
    if (width < cropWidth || height < cropHeight) {
      Arrays.fill(target, padding);
    }
    for (int y = 0; y < height; y++) {
      int from = channels * y * width;
      int row = channels * (top + y) * cropWidth;
      if (!mirrored) {
        System.arraycopy(source, from, target, row + channels * left, channels * width);
        continue;
      }
      for (int x = 0; x < width; x++) {
        int to = row + channels * (cropWidth - 1 - left - x);
        for (int c = 0; c < channels; c++) {
          target[to + c] = source[from + channels * x + c];
        }
      }
    }
    return target;
  }

  /** Brightness, then contrast by one table; then saturation in 8.8 fixed point. */
  private static void jitter(byte[] rgb, double light, double spread, double colour) {
    long sum = 0;
    for (int i = 0; i < rgb.length; i += 3) {
      sum += grey(rgb[i] & 0xff, rgb[i + 1] & 0xff, rgb[i + 2] & 0xff);
    }
    double mean = light * sum * 3.0 / rgb.length;
    int[] table = new int[256];
    for (int value = 0; value < 256; value++) {
      table[value] = clamp((int) Math.round(mean + spread * (light * value - mean)));
    }
    int weight = (int) Math.round(256 * colour);
    for (int i = 0; i < rgb.length; i += 3) {
      int r = table[rgb[i] & 0xff];
      int g = table[rgb[i + 1] & 0xff];
      int b = table[rgb[i + 2] & 0xff];
      int grey = grey(r, g, b);
      rgb[i] = (byte) clamp(grey + ((weight * (r - grey) + 128) >> 8));
      rgb[i + 1] = (byte) clamp(grey + ((weight * (g - grey) + 128) >> 8));
      rgb[i + 2] = (byte) clamp(grey + ((weight * (b - grey) + 128) >> 8));
    }
  }

  /** ITU-R BT.601 luma in 8.8 fixed point; the weights sum to 256, so grey stays grey. */
  private static int grey(int r, int g, int b) {
    return (77 * r + 150 * g + 29 * b + 128) >> 8;
  }

  private static int clamp(int value) {
    return Math.max(0, Math.min(255, value));
  }
}
