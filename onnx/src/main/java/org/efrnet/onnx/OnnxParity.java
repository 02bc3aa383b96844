package org.efrnet.onnx;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.Map;
import java.util.Optional;
import org.efrnet.data.StreetScenes;
import org.efrnet.graph.Model;
import org.efrnet.images.Normalization;
import org.efrnet.images.Picture;
import org.efrnet.readings.Reference;
import org.efrnet.weights.FloatTensor;

/**
 * How close a written model, run by ONNX Runtime, is to the network's definition ({@link
 * Reference}) on one drawn street.
 *
 * @param width columns of the picture
 * @param height rows of the picture
 * @param difference the largest of a logit from its definition
 * @param largest the largest magnitude of a logit by the definition
 * @param agreement the share of pixels, 0..1, for which both choose the same class
 */
public record OnnxParity(
    int width, int height, double difference, double largest, double agreement) {
  /** The largest difference of a logit at which a model is written. */
  public static final double MOST_DIFFERENCE = 1e-3;

  /** The same for large logits, whose rounding is larger too: as a share of the largest. */
  public static final double MOST_RELATIVE = 1e-5;

  /** The smallest share of pixels of the same class at which a model is written. */
  public static final double LEAST_AGREEMENT = 0.9995;

  /** Draws the street; another number is another street. */
  private static final long SEED = 17;

  /** The largest difference as a share of the largest logit. */
  public double relative() {
    return difference / largest;
  }

  /** The largest difference at which a model with such logits is written. */
  public double allowed() {
    return Math.max(MOST_DIFFERENCE, MOST_RELATIVE * largest);
  }

  /** Whether the model is good enough to be given away. Not a number is not. */
  public boolean holds() {
    return difference <= allowed() && agreement >= LEAST_AGREEMENT;
  }

  /**
   * Compares at one size. If the model has the output {@value OnnxModel#CLASSES}, its classes are
   * compared, else those of its largest logits.
   *
   * @param width 32..4096, as height; a multiple of what the network needs
   */
  static OnnxParity of(
      OnnxSession session, Model model, Normalization normalization, int width, int height) {
    Picture picture = StreetScenes.of(1, width, height, SEED).load(0).picture();
    float[] planes = new float[3 * width * height];
    normalization.planes(picture, planes, 0);
    FloatTensor image = new FloatTensor(new int[] {1, 3, height, width}, planes);
    float[] expected = Reference.logits(model, image).values();
    try (OnnxTensor input =
            OnnxTensor.createTensor(
                session.environment(), FloatBuffer.wrap(planes), new long[] {1, 3, height, width});
        OrtSession.Result result = session.session().run(Map.of(OnnxModel.IMAGE, input))) {
      float[] logits = new float[expected.length];
      ((OnnxTensor) result.get(0)).getFloatBuffer().get(logits);
      int pixels = width * height;
      int[] chosen = largest(logits, pixels);
      Optional<OnnxValue> classes = result.get(OnnxModel.CLASSES);
      if (classes.isPresent()) {
        chosen = values((OnnxTensor) classes.get());
      }
      int[] wanted = largest(expected, pixels);
      int equal = 0;
      for (int i = 0; i < pixels; i++) {
        equal += chosen[i] == wanted[i] ? 1 : 0;
      }
      double largest = 0;
      double difference = 0;
      for (int i = 0; i < expected.length; i++) {
        largest = Math.max(largest, Math.abs(expected[i]));
        // Not a number stays one.
        difference = Math.max(difference, Math.abs(logits[i] - expected[i]));
      }
      return new OnnxParity(width, height, difference, largest, (double) equal / pixels);
    } catch (OrtException e) {
      throw OnnxErrors.translated(e);
    }
  }

  /** The class of the largest logit of every pixel; of equal ones the first. */
  private static int[] largest(float[] logits, int pixels) {
    int[] classes = new int[pixels];
    for (int i = 0; i < pixels; i++) {
      for (int k = 1; k < logits.length / pixels; k++) {
        if (logits[k * pixels + i] > logits[classes[i] * pixels + i]) {
          classes[i] = k;
        }
      }
    }
    return classes;
  }

  private static int[] values(OnnxTensor classes) {
    int[] values = new int[Math.toIntExact(classes.getInfo().getNumElements())];
    boolean bytes = classes.getInfo().type == OnnxJavaType.UINT8;
    ByteBuffer raw = bytes ? classes.getByteBuffer() : ByteBuffer.allocate(0);
    LongBuffer wide = bytes ? LongBuffer.allocate(0) : classes.getLongBuffer();
    for (int i = 0; i < values.length; i++) {
      values[i] = bytes ? Byte.toUnsignedInt(raw.get(i)) : (int) wide.get(i);
    }
    return values;
  }
}
