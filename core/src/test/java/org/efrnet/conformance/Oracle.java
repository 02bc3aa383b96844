package org.efrnet.conformance;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.efrnet.graph.Graph;
import org.efrnet.graph.Model;
import org.efrnet.networks.ENet;
import org.efrnet.networks.EfrNet;
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

  static Safetensors.Contents read(String name) {
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
