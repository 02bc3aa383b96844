package org.efrnet.examples.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.engine.Engine;
import ai.djl.util.Utils;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.images.Mask;
import org.efrnet.images.Picture;
import org.efrnet.images.Pictures;
import org.efrnet.onnx.OnnxModel;
import org.efrnet.onnx.OnnxOptions;
import org.efrnet.segment.Segmentation;
import org.efrnet.segment.Segmenter;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SegmentWithDjlTest {
  @TempDir private static Path folder;

  private static Path onnx;
  private static Picture street;

  @BeforeAll
  static void export() throws IOException {
    onnx = folder.resolve("camvid.onnx");
    ModelBundle bundle = ModelBundle.of("efrnet.camvid");
    Files.write(onnx, OnnxModel.of(bundle, OnnxOptions.DEFAULT).toBytes());
    street = Pictures.read(Path.of("../samples/street.jpg"));
  }

  @Test
  void segmentsAsTheEngineDoes() throws Exception {
    Segmentation byDjl = SegmentWithDjl.segment(onnx, street);
    Segmentation byEngine;
    try (Segmenter segmenter =
        Segmenter.load(
            ModelBundle.of("efrnet.camvid"), Segmenter.Options.DEFAULT.withEngine("onnxruntime"))) {
      byEngine = segmenter.segment(street);
    }
    assertThat(byDjl.picture()).isSameAs(street);
    assertThat(byDjl.classes()).isEqualTo(byEngine.classes());
    assertThat(agreement(byDjl.mask(), byEngine.mask())).isGreaterThan(0.9999);
    // A street, not a map of one class.
    assertThat(byDjl.shares()).hasSizeGreaterThan(5);
    assertThat(byDjl.millis().total()).isPositive();
  }

  private static double agreement(Mask one, Mask other) {
    assertThat(one.width()).isEqualTo(other.width());
    assertThat(one.ids()).hasSameSizeAs(other.ids());
    int equal = 0;
    for (int i = 0; i < one.ids().length; i++) {
      equal += one.ids()[i] == other.ids()[i] ? 1 : 0;
    }
    return (double) equal / one.ids().length;
  }

  @Test
  void writesAnOverlay() throws Exception {
    Path overlay = folder.resolve("overlay.png");
    SegmentWithDjl.main(
        new String[] {onnx.toString(), "../samples/street.jpg", overlay.toString()});
    // Beside the picture stands a legend.
    assertThat(Pictures.read(overlay).width()).isGreaterThan(street.width());
  }

  @Test
  void djlKeepsToItself() throws Exception {
    SegmentWithDjl.load(onnx).close();
    assertThat(Utils.isOfflineMode()).isTrue();
    assertThat(Utils.getEnvOrSystemProperty("OPT_OUT_TRACKING")).isEqualTo("true");
    assertThat(System.getenv("ORT_DISABLE_TELEMETRY")).isEqualTo("1");
    assertThat(Engine.getAllEngines()).contains("OnnxRuntime").doesNotContain("PyTorch");
    assertThat(Engine.getEngine("OnnxRuntime").getAlternativeEngine()).isNull();
  }

  @Test
  void saysWhenAFileIsNotOfExport() throws Exception {
    Path bare = folder.resolve("bare.onnx");
    Files.write(
        bare, OnnxModel.of(ModelBundle.of("efrnet.camvid").model(), OnnxOptions.DEFAULT).toBytes());
    assertThatThrownBy(() -> SegmentWithDjl.segment(bare, street))
        .hasStackTraceContaining("write it by: efrnet export --to onnx");
  }
}
