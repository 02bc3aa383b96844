package org.efrnet.examples.djl;

import ai.djl.MalformedModelException;
import ai.djl.inference.Predictor;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.TranslateException;
import java.io.IOException;
import java.nio.file.Path;
import org.efrnet.images.Picture;
import org.efrnet.images.Pictures;
import org.efrnet.segment.Segmentation;

/** Segments a picture by an exported model in the Deep Java Library, on ONNX Runtime. */
public final class SegmentWithDjl {
  private SegmentWithDjl() {}

  /** Three arguments: the ONNX file, a picture, and the PNG file that is written. */
  public static void main(String[] args) throws Exception {
    if (args.length != 3) {
      System.err.println("usage: SegmentWithDjl MODEL.onnx PICTURE OVERLAY.png");
      System.exit(2);
    }
    Segmentation segmentation = segment(Path.of(args[0]), Pictures.read(Path.of(args[1])));
    Pictures.writePng(Path.of(args[2]), segmentation.overlay(0.5));
    System.out.println(segmentation.shares());
  }

  /** Loads, segments, closes. A program of many pictures keeps the predictor. */
  static Segmentation segment(Path onnx, Picture picture)
      throws IOException, ModelNotFoundException, MalformedModelException, TranslateException {
    try (ZooModel<Picture, Segmentation> model = load(onnx);
        Predictor<Picture, Segmentation> predictor = model.newPredictor()) {
      return predictor.predict(picture);
    }
  }

  /**
   * Loads a model that {@code efrnet export --to onnx} wrote.
   *
   * @return owned by the caller, who closes it
   */
  public static ZooModel<Picture, Segmentation> load(Path onnx)
      throws IOException, ModelNotFoundException, MalformedModelException {
    keepToOurselves();
    return Criteria.builder()
        .setTypes(Picture.class, Segmentation.class)
        .optModelPath(onnx)
        .optEngine("OnnxRuntime")
        .optTranslator(new SegmentationTranslator())
        .build()
        .loadModel();
  }

  /**
   * Before DJL is used: it fetches nothing, says nothing to anybody, and looks for no second
   * engine. ONNX Runtime itself is told by the environment: {@code ORT_DISABLE_TELEMETRY=1}.
   */
  static void keepToOurselves() {
    System.setProperty("ai.djl.offline", "true");
    System.setProperty("OPT_OUT_TRACKING", "true");
    System.setProperty("ai.djl.onnx.disable_alternative", "true");
  }
}
