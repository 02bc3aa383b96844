package org.efrnet.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.efrnet.bundle.Bundles;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.weights.FloatTensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OnnxExportTest {
  @TempDir private Path folder;

  private static ModelBundle bundle(String network) {
    return Bundles.untrained(network, 48, 1);
  }

  private List<String> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "efrnet-s, MAXUNPOOL, INT64, 96x64 65x49 127x33",
    "enet, SCATTER, UINT8, 96x64 72x56 128x40",
  })
  void writesWhatComputesTheSame(
      String network, OnnxOptions.Unpooling unpooling, OnnxOptions.ClassMap classes, String sizes)
      throws IOException {
    List<OnnxParity> parities = new ArrayList<>();
    OnnxOptions options = new OnnxOptions(unpooling, classes);
    ModelBundle bundle = bundle(network);
    Path file = folder.resolve("model.onnx");
    OnnxExport.write(bundle, options, file, parities::add);
    assertThat(files()).containsExactly("model.onnx");
    assertThat(file).hasBinaryContent(OnnxModel.of(bundle, options).toBytes());
    assertThat(parities.stream().map(p -> p.width() + "x" + p.height()))
        .containsExactly(sizes.split(" ", -1));
    for (OnnxParity parity : parities) {
      assertThat(parity.largest()).isPositive();
      assertThat(parity.relative()).isPositive().isLessThan(1e-5);
      assertThat(parity.agreement()).isGreaterThan(0.9999);
    }
  }

  @Test
  void leavesTheOldFileWhereTheNewOneComputesSomethingElse() throws IOException {
    ModelBundle bundle = bundle("efrnet-s");
    String name = bundle.weights().names().last();
    float[] values = bundle.weights().get(name).values().clone();
    values[0] += 0.05f;
    FloatTensor changed = new FloatTensor(bundle.weights().get(name).shape(), values);
    ModelBundle other =
        ModelBundle.of(bundle.config(), bundle.weights().with(Map.of(name, changed)));
    Path file = Files.writeString(folder.resolve("model.onnx"), "old");
    List<OnnxParity> parities = new ArrayList<>();
    assertThatThrownBy(
            () ->
                OnnxExport.write(
                    OnnxModel.of(other, OnnxOptions.DEFAULT), bundle, file, parities::add))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("model.onnx is not written: at 96x64")
        .hasMessageNotContaining("\n");
    assertThat(parities).hasSize(1);
    assertThat(parities.get(0).holds()).isFalse();
    assertThat(files()).containsExactly("model.onnx");
    assertThat(file).hasContent("old");
  }

  @Test
  void holdsWithinItsBoundsAlone() {
    assertThat(new OnnxParity(8, 8, 1e-4, 1, 1).holds()).isTrue();
    assertThat(new OnnxParity(8, 8, Double.NaN, 1, 1).holds()).isFalse();
    assertThat(new OnnxParity(8, 8, 2e-3, 1, 1).holds()).isFalse();
    assertThat(new OnnxParity(8, 8, 2e-3, 199, 1).holds()).isFalse();
    assertThat(new OnnxParity(8, 8, 2e-3, 201, 1).holds()).isTrue();
    assertThat(new OnnxParity(8, 8, 1e-4, 1, 0.999).holds()).isFalse();
  }

  @Test
  void saysWhereItCannotWrite() {
    ModelBundle bundle = bundle("efrnet-s");
    assertThatThrownBy(
            () ->
                OnnxExport.write(
                    bundle, OnnxOptions.DEFAULT, folder.resolve("no/model.onnx"), parity -> {}))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessage(folder.resolve("no").toString());
    assertThatThrownBy(() -> OnnxExport.write(bundle, OnnxOptions.DEFAULT, folder, parity -> {}))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("is a folder; name the file");
  }
}
