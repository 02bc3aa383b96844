package org.efrnet.segment;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.efrnet.text.OneLine;

/**
 * How often, and in what parts, a network sees a picture before its classes are chosen. What is
 * reported beside figures that were made otherwise than by {@link #PLAIN}.
 *
 * <p>The picture is first scaled as {@link SizePolicy} says, times each of the scales. At each the
 * network sees all of it, or windows of it whose logits are averaged where they overlap; with
 * {@code flip} also its mirror image. If there are several such views, each one's logits are
 * brought to the picture's size (bilinear, half-pixel centres), made probabilities by softmax, and
 * averaged; else the classes are chosen from the logits as they are always.
 *
 * @param window empty for whole pictures
 * @param scales of the picture, at least one, each above 0 and at most 8, none twice, copied
 * @param flip whether mirror images are seen, too
 */
public record Protocol(Optional<Window> window, List<Double> scales, boolean flip) {
  /** The whole picture once: how pictures are segmented outside of evaluations. */
  public static final Protocol PLAIN = new Protocol(Optional.empty(), List.of(1.0), false);

  private static final double LARGEST_SCALE = 8;

  /**
   * A window that slides over the scaled picture: from its left and upper edge in strides, the last
   * one in a row or column moved back to end at the edge. Where the picture is smaller than the
   * window, the window is as small as the picture.
   *
   * @param width pixels, at least 1
   * @param height pixels, at least 1
   * @param strideX pixels from window to window, 1..width
   * @param strideY pixels from window to window, 1..height
   */
  public record Window(int width, int height, int strideX, int strideY) {
    public Window {
      if (width < 1 || height < 1) {
        throw new IllegalArgumentException(
            "window " + width + "x" + height + ": both sides must be at least 1");
      }
      if (strideX < 1 || strideX > width || strideY < 1 || strideY > height) {
        throw new IllegalArgumentException(
            "stride "
                + strideX
                + "x"
                + strideY
                + " of a window "
                + width
                + "x"
                + height
                + ": must be at least 1 and at most the window, or pixels would be left out");
      }
    }

    /** Where windows begin along a side of that length. */
    static int[] starts(int length, int window, int stride) {
      if (window >= length) {
        return new int[] {0};
      }
      int[] starts = new int[(length - window + stride - 1) / stride + 1];
      for (int i = 0; i < starts.length; i++) {
        starts[i] = Math.min(i * stride, length - window);
      }
      return starts;
    }
  }

  public Protocol {
    scales = List.copyOf(scales);
    if (scales.isEmpty() || scales.stream().distinct().count() < scales.size()) {
      throw new IllegalArgumentException(
          "scales " + scales + ": give one at least, such as 1, and none twice");
    }
    for (double scale : scales) {
      if (!(scale > 0 && scale <= LARGEST_SCALE)) {
        throw new IllegalArgumentException(
            "scale " + scale + " must be above 0 and at most " + LARGEST_SCALE);
      }
    }
  }

  /** How many class probabilities of a pixel are averaged. */
  public int views() {
    return scales.size() * (flip ? 2 : 1);
  }

  /**
   * Reads a window and its stride: {@code 1024x512}, {@code 768x384}; each may be one number for
   * both sides.
   *
   * @throws IllegalArgumentException if a text is none of these, or the stride leaves gaps
   */
  public static Window window(String window, String stride) {
    int[] sides = sides("window", window);
    int[] steps = sides("stride", stride);
    return new Window(sides[0], sides[1], steps[0], steps[1]);
  }

  private static int[] sides(String what, String text) {
    Matcher sides = Pattern.compile("([0-9]{1,6})(?:x([0-9]{1,6}))?").matcher(text);
    if (!sides.matches()) {
      throw new IllegalArgumentException(
          what + " '" + OneLine.of(text) + "' is not WIDTHxHEIGHT, nor one number for both");
    }
    int width = Integer.parseInt(sides.group(1));
    return new int[] {width, sides.group(2) == null ? width : Integer.parseInt(sides.group(2))};
  }

  /** As reports name it: {@code single scale, no flip}. */
  @Override
  public String toString() {
    String scaled =
        scales.equals(PLAIN.scales)
            ? "single scale"
            : "scales "
                + scales.stream()
                    .map(scale -> String.format(Locale.ROOT, "%s", scale).replaceAll("\\.0$", ""))
                    .collect(Collectors.joining(", "));
    String text = scaled + (flip ? ", flip" : ", no flip");
    return window
        .map(
            w ->
                text
                    + ", windows "
                    + w.width
                    + "x"
                    + w.height
                    + " at strides "
                    + w.strideX
                    + "x"
                    + w.strideY)
        .orElse(text);
  }
}
