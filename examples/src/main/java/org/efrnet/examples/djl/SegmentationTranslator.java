package org.efrnet.examples.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.translate.NoBatchifyTranslator;
import ai.djl.translate.TranslatorContext;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.efrnet.images.Mask;
import org.efrnet.images.Normalization;
import org.efrnet.images.Picture;
import org.efrnet.images.Resize;
import org.efrnet.labels.ClassTable;
import org.efrnet.segment.LogitRows;
import org.efrnet.segment.ScoredRows;
import org.efrnet.segment.Segmentation;
import org.efrnet.segment.SizePolicy;
import org.efrnet.segment.UpsampleArgmax;

/**
 * From a picture to its segmentation, around a model that {@code efrnet export --to onnx} wrote.
 * All that it must know of the model stands in the file itself. Arrays are made from buffers and
 * read as buffers, so DJL needs no second engine for arithmetic.
 */
public final class SegmentationTranslator implements NoBatchifyTranslator<Picture, Segmentation> {
  private static final String JOB = "org.efrnet.job";

  private ClassTable classes;
  private Normalization normalization;
  private List<Integer> unscored;
  private int height;
  private int sizeMultiple;

  /** What is known of a picture between its way in and its way out. */
  private record Job(Picture picture, int width, int height, long started, long prepared) {}

  /**
   * Reads what the file says of its model.
   *
   * @throws IOException if it is no file of {@code efrnet export}
   */
  @Override
  public void prepare(TranslatorContext context) throws IOException {
    Map<String, String> said = context.getBlock().getCustomMetadata();
    if (!said.containsKey("classTable")) {
      throw new IOException(
          "the ONNX file says nothing of its classes; write it by: efrnet export --to onnx");
    }
    ObjectMapper json = new ObjectMapper();
    classes = ClassTable.of(json.readTree(said.get("classTable")), "of the ONNX file");
    normalization =
        new Normalization(
            json.readValue(said.get("mean"), float[].class),
            json.readValue(said.get("deviation"), float[].class),
            Boolean.parseBoolean(said.get("blueFirst")));
    unscored = List.of(json.readValue(said.getOrDefault("unscored", "[]"), Integer[].class));
    height = Integer.parseInt(said.get("height"));
    sizeMultiple = Integer.parseInt(said.get("sizeMultiple"));
  }

  @Override
  public NDList processInput(TranslatorContext context, Picture picture) {
    long started = System.nanoTime();
    SizePolicy.Scaled scaled =
        new SizePolicy.BundleHeight().of(picture.width(), picture.height(), height);
    int rows = roundedUp(scaled.height());
    int columns = roundedUp(scaled.width());
    float[] planes = new float[3 * rows * columns];
    Picture seen =
        Resize.padded(Resize.bilinear(picture, scaled.width(), scaled.height()), columns, rows);
    normalization.planes(seen, planes, 0);
    context.setAttachment(
        JOB, new Job(picture, scaled.width(), scaled.height(), started, System.nanoTime()));
    NDArray image =
        context.getNDManager().create(FloatBuffer.wrap(planes), new Shape(1, 3, rows, columns));
    return new NDList(image);
  }

  private int roundedUp(int side) {
    return (side + sizeMultiple - 1) / sizeMultiple * sizeMultiple;
  }

  @Override
  public Segmentation processOutput(TranslatorContext context, NDList outputs) {
    long computed = System.nanoTime();
    Job job = (Job) context.getAttachment(JOB);
    Picture picture = job.picture;
    NDArray logits = outputs.get(0);
    int channels = (int) logits.getShape().get(1);
    int rows = (int) logits.getShape().get(2);
    int columns = (int) logits.getShape().get(3);
    byte[] ids = new byte[picture.width() * picture.height()];
    new UpsampleArgmax(classes.size(), job.height, job.width, picture.height(), picture.width())
        .into(
            new ScoredRows(channels, unscored, job.width)
                .of(LogitRows.planar(logits.toFloatArray(), channels, rows, columns)),
            ids);
    long end = System.nanoTime();
    return new Segmentation(
        picture,
        new Mask(picture.width(), picture.height(), ids),
        classes,
        Optional.empty(),
        new Segmentation.Millis(
            (job.prepared - job.started) / 1e6,
            (computed - job.prepared) / 1e6,
            (end - computed) / 1e6,
            (end - job.started) / 1e6));
  }
}
