package org.efrnet.conformance;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.efrnet.graph.Graph;
import org.efrnet.graph.Model;
import org.efrnet.networks.CgNet;
import org.efrnet.networks.DavidtvsENet;
import org.efrnet.networks.ENet;
import org.efrnet.networks.EfrNet;
import org.efrnet.networks.ErfNet;
import org.efrnet.networks.SegNet;
import org.efrnet.ops.Network;
import org.efrnet.weights.FloatTensor;
import org.efrnet.weights.Safetensors;

/**
 * What independent PyTorch implementations computed in float64, stored as F32.
 *
 * @param network that was computed
 * @param recorded its weights, and under {@code oracle.} what went in and came out
 */
public record Oracle(Network network, Safetensors.Contents recorded) {
  /** EFRNet with 11 classes. */
  public static Oracle efrnet() {
    return new Oracle(EfrNet.of(11), read("efrnet-11"));
  }

  /** ENet with 19 classes. */
  public static Oracle enet() {
    return new Oracle(new ENet(19), read("enet-19"));
  }

  /** Every one. */
  public static List<Oracle> all() {
    return List.of(
        efrnet(),
        enet(),
        byName(SegNet.of(3), "segnet-3"),
        erfnet(),
        byName(CgNet.of(5), "cgnet-5"),
        byName(DavidtvsENet.today(5), "enet-davidtvs-5"),
        byName(DavidtvsENet.of2018(5), "enet-davidtvs-2018-5"));
  }

  /** ERFNet with 5 classes, and under {@code encoder HxW} what its encoder's head gives. */
  public static Oracle erfnet() {
    return byName(ErfNet.withEncoderHead(5), "erfnet-5");
  }

  /** A recording of what came out alone: weights and images follow from their names. */
  private static Oracle byName(Network network, String file) {
    Map<String, FloatTensor> tensors = new HashMap<>(read(file).tensors());
    tensors.putAll(NumbersByName.weights(Graph.of(network)));
    return new Oracle(network, new Safetensors.Contents(tensors, Map.of()));
  }

  /**
   * An image and the logits of the main head.
   *
   * @param image (1, 3, H, W)
   * @param logits (1, classes, H, W)
   */
  public record Case(FloatTensor image, FloatTensor logits) {
    private static Case ofSize(FloatTensor logits) {
      int height = logits.shape()[2];
      int width = logits.shape()[3];
      String name = "input " + height + "x" + width;
      return new Case(NumbersByName.of(name, -2, 2, 1, 3, height, width), logits);
    }
  }

  /** All images that were computed. */
  public List<Case> cases() {
    if (recorded.tensors().containsKey("oracle.input")) {
      return List.of(new Case(tensor("input"), tensor("logits")));
    }
    return recorded.tensors().entrySet().stream()
        .filter(entry -> entry.getKey().startsWith("oracle.logits "))
        .map(entry -> Case.ofSize(entry.getValue()))
        .toList();
  }

  private static Safetensors.Contents read(String name) {
    // Engines find this file inside of core's test jar, where it has no path.
    try (InputStream recorded =
        Oracle.class.getResourceAsStream("/org/efrnet/oracle/" + name + ".safetensors")) {
      Path copy = Files.createTempFile("oracle", ".safetensors");
      try {
        Files.copy(recorded, copy, StandardCopyOption.REPLACE_EXISTING);
        return Safetensors.read(copy);
      } finally {
        Files.delete(copy);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The network with the recorded weights. */
  public Model model() {
    return new Model(Graph.of(network), recorded.weights());
  }

  /** A recorded tensor: {@code input} (1, 3, H, W), {@code logits} (1, classes, H, W), and more. */
  public FloatTensor tensor(String name) {
    return recorded.tensors().get("oracle." + name);
  }
}
