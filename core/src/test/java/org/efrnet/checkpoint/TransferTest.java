package org.efrnet.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.efrnet.checkpoint.Transfer.Outcome;
import org.efrnet.graph.Graph;
import org.efrnet.networks.Networks;
import org.efrnet.readings.Parameters;
import org.efrnet.weights.FloatTensor;
import org.efrnet.weights.Safetensors;
import org.efrnet.weights.Weights;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TransferTest {
  private static final OptionalInt ANY = OptionalInt.empty();

  @TempDir Path dir;

  /** A checkpoint of a network with fresh weights, changed. */
  private StateDict saved(String network, int classes, Consumer<Map<String, FloatTensor>> change)
      throws IOException {
    Graph graph = Graph.of(Networks.named(network, classes).orElseThrow());
    Map<String, FloatTensor> tensors = new TreeMap<>(Parameters.initial(graph, 3).tensors());
    change.accept(tensors);
    Path file = dir.resolve("weights.safetensors");
    Safetensors.write(file, Weights.of(tensors), Map.of());
    return Checkpoint.open(file).stateDict();
  }

  @ParameterizedTest
  @CsvSource({
    "enet, enet, 11",
    "enet, enet-davidtvs, 12",
    "enet, enet-davidtvs-2018, 20",
    "cgnet, cgnet, 19",
    "erfnet, erfnet, 20",
    "bisenet-xception39, bisenet-xception39, 2",
    "icnet-r18, icnet-r18, 1",
    "efrnet, efrnet, 255"
  })
  void tellsFormAndClassesByNamesAndShapes(String wanted, String network, int classes)
      throws IOException {
    Transfer transfer = Transfer.of(saved(network, classes, t -> {}), wanted, ANY);
    assertThat(transfer.network()).isEqualTo(network);
    assertThat(transfer.classes()).isEqualTo(classes);
    assertThat(transfer.complete()).isTrue();
    assertThat(transfer.lines()).extracting(Transfer.Line::outcome).containsOnly(Outcome.TAKEN);
    Graph graph = Graph.of(Networks.named(network, classes).orElseThrow());
    assertThat(transfer.take().weights()).isEqualTo(Parameters.initial(graph, 3));
  }

  @Test
  void fullyConnectedLayersAreConvolutionsHere() throws IOException {
    List<String> layers = new ArrayList<>();
    StateDict dict =
        saved(
            "cgnet",
            11,
            tensors ->
                tensors.replaceAll(
                    (name, t) -> {
                      if (!name.contains(".fc.") || !name.endsWith("weight")) {
                        return t;
                      }
                      layers.add(name);
                      return new FloatTensor(Arrays.copyOf(t.shape(), 2), t.values());
                    }));
    Transfer transfer = Transfer.of(dict, "cgnet", OptionalInt.of(11));
    assertThat(layers).hasSize(48);
    assertThat(transfer.complete()).isTrue();
    assertThat(transfer.lines().stream().map(Transfer.Line::toString))
        .contains("taken: level2.0.F_glo.fc.0.weight F32 [8, 64] as [8, 64, 1, 1]");
    Graph graph = Graph.of(Networks.named("cgnet", 11).orElseThrow());
    assertThat(transfer.take().weights()).isEqualTo(Parameters.initial(graph, 3));
  }

  @Test
  void saysWhatDoesNotFit() throws IOException {
    StateDict dict =
        saved(
            "cgnet",
            11,
            tensors -> {
              tensors.remove("b1.bn.bias");
              tensors.put("b1.bn.weight", new FloatTensor(new int[] {36}, new float[36]));
              tensors.put("extra", new FloatTensor(new int[] {1}, new float[1]));
            });
    Transfer transfer = Transfer.of(dict, "cgnet", ANY);
    assertThat(transfer.complete()).isFalse();
    assertThat(transfer.counts()).isEqualTo("442 taken, 1 missing, 1 other shape, 1 left over");
    assertThat(transfer.lines().stream().map(Transfer.Line::toString))
        .contains(
            "missing: b1.bn.bias [35]",
            "other shape: b1.bn.weight [36] instead of [35]",
            "left over: extra F32 [1]");
    assertThatThrownBy(transfer::take).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void contradictionsAreErrors() throws IOException {
    StateDict dict = saved("cgnet", 11, t -> {});
    assertThatThrownBy(() -> Transfer.of(dict, "cgnet", OptionalInt.of(19)))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("tells 11 classes apart, by the shape of its classifier, and not 19");
    StateDict many =
        saved(
            "cgnet",
            11,
            t ->
                t.put(
                    "classifier.0.conv.weight",
                    new FloatTensor(new int[] {300, 256, 1, 1}, new float[300 * 256])));
    assertThatThrownBy(() -> Transfer.of(many, "cgnet", ANY))
        .hasMessageContaining("tells 300 classes apart")
        .hasMessageContaining("1..255");
  }

  @Test
  void namesTheNetworkThatItFits() throws IOException {
    StateDict dict = saved("cgnet", 11, t -> {});
    assertThat(Transfer.of(dict, "erfnet", ANY).hint()).contains("it fits --network cgnet");
    StateDict other =
        saved(
            "enet-davidtvs",
            19,
            t -> {
              t.remove("upsample4_0.ext_tconv1.weight");
              t.put(
                  "project_layer.weight",
                  new FloatTensor(new int[] {19, 128, 1, 1}, new float[19 * 128]));
            });
    assertThat(Transfer.of(other, "enet", ANY).hint().orElseThrow())
        .contains("Efficient-Segmentation-Networks");
  }

  @Test
  void subnormalValuesBecomeZeroAndAreCounted() throws IOException {
    float least = Float.MIN_NORMAL;
    float[] values = {least / 2, -least / 4, Float.MIN_VALUE, least, -least, 0, -0f, 1};
    StateDict dict =
        saved(
            "cgnet",
            11,
            t -> {
              float[] all = new float[35];
              System.arraycopy(values, 0, all, 0, values.length);
              t.put("b1.bn.bias", new FloatTensor(new int[] {35}, all));
            });
    Transfer.Taken taken = Transfer.of(dict, "cgnet", ANY).take();
    assertThat(taken.flushed()).isEqualTo(3);
    assertThat(Arrays.copyOf(taken.weights().get("b1.bn.bias").values(), values.length))
        .containsExactly(0, 0, 0, least, -least, 0, -0f, 1);
  }

  @Test
  void codeBasesSayWhatCheckpointsDoNot() {
    CodeBase.Conventions enet = CodeBase.of("enet-davidtvs").conventions(12);
    assertThat(enet.labels()).contains("camvid-11");
    assertThat(enet.unscored()).containsExactly(11);
    assertThat(CodeBase.of("enet-davidtvs-2018").conventions(20).unscored()).containsExactly(0);
    assertThat(CodeBase.of("erfnet").conventions(20).unscored()).containsExactly(19);
    assertThat(CodeBase.of("erfnet").conventions(19).unscored()).isEmpty();
    assertThat(CodeBase.of("bisenet-r18")).isEqualTo(CodeBase.IMAGENET);
    for (CodeBase base : CodeBase.values()) {
      for (int classes : new int[] {11, 12, 19, 20}) {
        CodeBase.Conventions c = base.conventions(classes);
        c.labels()
            .ifPresent(name -> assertThat(name).endsWith("-" + (classes - c.unscored().size())));
      }
    }
  }
}
