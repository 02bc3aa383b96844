package org.efrnet.bundle;

import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import org.efrnet.data.StreetScenes;
import org.efrnet.graph.Model;
import org.efrnet.images.Normalization;
import org.efrnet.images.Picture;
import org.efrnet.images.Resize;
import org.efrnet.readings.Reference;
import org.efrnet.weights.FloatTensor;
import org.efrnet.weights.Safetensors;
import org.efrnet.weights.Weights;

/**
 * A small picture and the logits that a network must give for it, as the reference reading computes
 * them: in double precision and plain Java, independent of every engine. An engine that gives
 * others computes wrongly, or has other weights. Immutable, as long as the arrays' owners are true.
 *
 * <p>In a file the picture is stored, not described: what drew it may change.
 *
 * @param picture {@link #WIDTH}x{@link #HEIGHT} pixels
 * @param logits (classes, height, width), fp32; of the picture's size, rounded up to what the
 *     network's sides must be multiples of
 */
public record Golden(Picture picture, FloatTensor logits) {
  /** Columns of the picture. */
  public static final int WIDTH = 64;

  /** Rows of the picture. */
  public static final int HEIGHT = 48;

  private static final String PICTURE = "picture";
  private static final String LOGITS = "logits";
  private static final int[] PICTURE_SHAPE = {HEIGHT, WIDTH, 3};

  /** Draws the picture; another number is another street. */
  private static final long SEED = 36;

  public Golden {
    int[] shape = logits.shape();
    if (picture.width() != WIDTH || picture.height() != HEIGHT) {
      throw new IllegalArgumentException(
          "a golden picture of "
              + picture.width()
              + "x"
              + picture.height()
              + " pixels, must be "
              + WIDTH
              + "x"
              + HEIGHT);
    }
    if (shape.length != 3 || shape[1] < HEIGHT || shape[2] < WIDTH) {
      throw new IllegalArgumentException(
          "golden logits of shape "
              + Arrays.toString(shape)
              + ", must be (classes, height, width) of at least "
              + WIDTH
              + "x"
              + HEIGHT
              + " pixels");
    }
    for (float value : logits.values()) {
      if (!Float.isFinite(value)) {
        throw new IllegalArgumentException(
            "a golden logit is " + value + "; a network that gives it is of no use");
      }
    }
  }

  /**
   * Draws a street and computes its logits; takes about a second for half a million parameters.
   *
   * @param sizeMultiple what the network's sides must be multiples of
   * @throws IllegalArgumentException if the network cannot take the picture, or gives NaN or
   *     infinity for it
   */
  static Golden of(Model model, int sizeMultiple, Normalization normalization) {
    Picture picture = StreetScenes.of(1, WIDTH, HEIGHT, SEED).load(0).picture();
    FloatTensor image =
        image(
            picture,
            roundedUp(WIDTH, sizeMultiple),
            roundedUp(HEIGHT, sizeMultiple),
            normalization);
    FloatTensor logits = Reference.logits(model, image);
    int[] shape = logits.shape();
    return new Golden(
        picture, new FloatTensor(Arrays.copyOfRange(shape, 1, shape.length), logits.values()));
  }

  private static int roundedUp(int side, int multiple) {
    return (side + multiple - 1) / multiple * multiple;
  }

  private static FloatTensor image(
      Picture picture, int width, int height, Normalization normalization) {
    float[] planes = new float[3 * width * height];
    normalization.planes(Resize.padded(picture, width, height), planes, 0);
    return new FloatTensor(new int[] {1, 3, height, width}, planes);
  }

  /** What the network reads: the picture, padded and normalised, (1, 3, height, width). */
  public FloatTensor image(Normalization normalization) {
    return image(picture, logits.shape()[2], logits.shape()[1], normalization);
  }

  /**
   * How far other logits are from these: the largest difference, as a share of the largest
   * magnitude of a golden logit. Infinite if there are more or fewer, or one is no number.
   *
   * @param others planar (classes, height, width)
   */
  public double difference(float[] others) {
    float[] golden = logits.values();
    if (others.length != golden.length) {
      return Double.POSITIVE_INFINITY;
    }
    double scale = 0;
    double most = 0;
    for (int i = 0; i < golden.length; i++) {
      if (!Float.isFinite(others[i])) {
        return Double.POSITIVE_INFINITY;
      }
      scale = Math.max(scale, Math.abs(golden[i]));
      most = Math.max(most, Math.abs((double) others[i] - golden[i]));
    }
    // Not 0 / 0 for a network that says nothing at all.
    return most == 0 ? 0 : most / scale;
  }

  /** SHA-256, 64 hexadecimal digits, over picture and logits. */
  public String digest() {
    return Weights.of(contents().tensors()).digest();
  }

  Safetensors.Contents contents() {
    byte[] rgb = picture.rgb();
    float[] values = new float[rgb.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = rgb[i] & 0xff;
    }
    return new Safetensors.Contents(
        Map.of(PICTURE, new FloatTensor(PICTURE_SHAPE.clone(), values), LOGITS, logits), Map.of());
  }

  /**
   * What {@link #contents} gave.
   *
   * @throws IllegalArgumentException saying what is missing, too much or out of range
   */
  static Golden of(Safetensors.Contents contents, int classes, int sizeMultiple) {
    Map<String, FloatTensor> tensors = contents.tensors();
    if (!tensors.keySet().equals(Set.of(PICTURE, LOGITS))) {
      throw new IllegalArgumentException(
          "must hold the tensors '" + PICTURE + "' and '" + LOGITS + "' and nothing else");
    }
    requireShape(PICTURE, tensors.get(PICTURE), PICTURE_SHAPE);
    requireShape(
        LOGITS,
        tensors.get(LOGITS),
        classes,
        roundedUp(HEIGHT, sizeMultiple),
        roundedUp(WIDTH, sizeMultiple));
    float[] values = tensors.get(PICTURE).values();
    byte[] rgb = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      rgb[i] = (byte) values[i];
      if ((rgb[i] & 0xff) != values[i]) {
        throw new IllegalArgumentException(
            "has a picture with the value " + values[i] + " at " + i + "; bytes are 0..255");
      }
    }
    return new Golden(new Picture(WIDTH, HEIGHT, rgb), tensors.get(LOGITS));
  }

  private static void requireShape(String name, FloatTensor tensor, int... shape) {
    if (!Arrays.equals(tensor.shape(), shape)) {
      throw new IllegalArgumentException(
          "has '"
              + name
              + "' of shape "
              + Arrays.toString(tensor.shape())
              + " instead of "
              + Arrays.toString(shape));
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Golden g
        && Arrays.equals(picture.rgb(), g.picture.rgb())
        && logits.equals(g.logits);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(picture.rgb()) + logits.hashCode();
  }

  @Override
  public String toString() {
    return "Golden" + Arrays.toString(logits.shape());
  }
}
