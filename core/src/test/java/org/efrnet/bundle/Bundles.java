package org.efrnet.bundle;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.efrnet.graph.Graph;
import org.efrnet.images.Normalization;
import org.efrnet.labels.ClassTable;
import org.efrnet.networks.Networks;
import org.efrnet.readings.Parameters;

/** Bundles of untrained networks, for tests. */
public final class Bundles {
  static final Calibration CALIBRATION =
      new Calibration(new TreeMap<>(Map.of("b0.conv", 2.5, "b1.0.reduce.conv", 0.75)));

  private Bundles() {}

  /** A bundle of CamVid's classes with fresh weights. */
  public static ModelBundle untrained(String network, int height, long seed) {
    ClassTable table = ClassTable.named("camvid-11");
    Graph graph = Graph.of(Networks.named(network, table.size()).orElseThrow());
    return ModelBundle.of(config(network, table, height), Parameters.initial(graph, seed));
  }

  static BundleConfig config(String network, ClassTable table, int height) {
    Map<String, Object> metrics = new LinkedHashMap<>();
    metrics.put("split", "test");
    metrics.put("miou", 12.5);
    metrics.put("perClass", List.of(1.5, 2.5));
    return BundleConfig.of(
        "test.untrained",
        new BundleConfig.Architecture(network, table.size()),
        table,
        Normalization.IMAGENET,
        height,
        new BundleConfig.TrainingSize(48, 32),
        new BundleConfig.Licence("CC0-1.0", "random numbers"),
        metrics);
  }
}
