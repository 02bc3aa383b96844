package org.efrnet.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import java.util.SplittableRandom;
import org.efrnet.bundle.BundleConfig;
import org.efrnet.bundle.Calibration;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.engine.Calibrator;
import org.efrnet.graph.Graph;
import org.efrnet.images.Normalization;
import org.efrnet.labels.ClassTable;
import org.efrnet.labels.LabelException;
import org.efrnet.networks.Networks;
import org.efrnet.ops.Network;
import org.efrnet.readings.Parameters;

/** Networks that learned nothing, which take as long as those that did. */
final class RandomBundle {
  private static final int CALIBRATION_SIDE = 64;

  private RandomBundle() {}

  /** A network of {@link Networks} with fresh weights, always the same for a seed. */
  static ModelBundle of(String name, int classes, long seed) {
    Network network = Networks.named(name, classes).orElseThrow();
    return ModelBundle.of(
        BundleConfig.of(
            "random",
            new BundleConfig.Architecture(name, classes),
            table(classes),
            Normalization.IMAGENET,
            360,
            new BundleConfig.TrainingSize(640, 360),
            new BundleConfig.Licence("Apache-2.0", "Random numbers."),
            Map.of()),
        Parameters.initial(Graph.of(network), seed));
  }

  private static ClassTable table(int classes) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("name", "numbered");
    var entries = json.putArray("classes");
    for (int i = 0; i < classes; i++) {
      ObjectNode entry = entries.addObject().put("label", i).put("name", "class " + i);
      entry.putArray("colour").add(i + 1).add(i * 37 % 256).add(i * 91 % 256);
    }
    try {
      return ClassTable.of(json, "of numbered classes");
    } catch (LabelException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * How large a model's values become: as its bundle says; else as they are on noise, which is
   * enough to take the time of arithmetic in 8 bits, and for nothing else.
   */
  static Calibration calibration(ModelBundle bundle) {
    if (!bundle.calibration().isEmpty()) {
      return bundle.calibration();
    }
    try (Calibrator calibrator = new Calibrator(bundle.model(), 1)) {
      calibrator.add(noise(CALIBRATION_SIDE, CALIBRATION_SIDE), CALIBRATION_SIDE, CALIBRATION_SIDE);
      return calibrator.calibration();
    } catch (IllegalStateException e) {
      // Where oneDNN cannot run there is no engine that computes in 8 bits either.
      return Calibration.NONE;
    }
  }

  /** Planes of values such as normalised pixels have, (3, height, width). */
  static float[] noise(int width, int height) {
    SplittableRandom random = new SplittableRandom(1);
    float[] planes = new float[Math.multiplyExact(3, Math.multiplyExact(width, height))];
    for (int i = 0; i < planes.length; i++) {
      planes[i] = (float) (4 * random.nextDouble() - 2);
    }
    return planes;
  }
}
