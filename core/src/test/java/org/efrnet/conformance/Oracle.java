package org.efrnet.conformance;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.efrnet.graph.Graph;
import org.efrnet.graph.Model;
import org.efrnet.networks.EfrNet;
import org.efrnet.weights.FloatTensor;
import org.efrnet.weights.Safetensors;
import org.efrnet.weights.Weights;

/** What an independent EFRNet of 11 classes computed, in float64 stored as F32. */
public record Oracle(Weights weights) {
  /** Reads the recorded file. */
  public static Oracle read() {
    // Engines find this file inside of core's test jar, where it has no path.
    try (InputStream recorded =
        Oracle.class.getResourceAsStream("/org/efrnet/oracle/efrnet-11.safetensors")) {
      Path copy = Files.createTempFile("oracle", ".safetensors");
      try {
        Files.copy(recorded, copy, StandardCopyOption.REPLACE_EXISTING);
        return new Oracle(Safetensors.read(copy).weights());
      } finally {
        Files.delete(copy);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The network with the recorded weights. */
  public Model model() {
    return new Model(Graph.of(EfrNet.of(11)), weights);
  }

  /** (1, 3, 72, 96). */
  public FloatTensor input() {
    return weights.get("oracle.input");
  }

  /** (1, 11, 72, 96), with running statistics. */
  public FloatTensor logits() {
    return weights.get("oracle.logits");
  }
}
