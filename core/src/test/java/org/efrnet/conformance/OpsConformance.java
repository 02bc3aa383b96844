package org.efrnet.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.efrnet.graph.Model;
import org.efrnet.ops.Network;
import org.efrnet.readings.Reference;
import org.efrnet.weights.FloatTensor;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * What every engine must compute: each operation and each network as {@link Reference} does, and
 * EFRNet as an independent implementation did. An engine's tests extend this class.
 */
public abstract class OpsConformance {
  /** Rows and columns for operations: odd and even, of both sides. */
  private static final int[][] SIZES = {{13, 18}, {8, 11}};

  private static final int CLASSES = 5;

  /** What the reference gives, by network and image: engines run the suite in several forms. */
  private static final Map<String, FloatTensor> EXPECTED = new ConcurrentHashMap<>();

  /**
   * Computes a model's main head as the engine would be used.
   *
   * @param image (N, 3, H, W)
   * @return (N, C, H, W)
   */
  protected abstract FloatTensor logits(Model model, FloatTensor image);

  /** The largest difference allowed, relative to the largest magnitude expected. */
  protected double tolerance() {
    return 1e-4;
  }

  /** The same for whole networks, in which errors of rounding add up. */
  protected double toleranceOfNetworks() {
    return tolerance();
  }

  @TestFactory
  final Stream<DynamicTest> operations() {
    return Operations.all().stream()
        .flatMap(
            network ->
                Stream.of(SIZES).map(size -> agrees(network, 2, size[0], size[1], tolerance())));
  }

  @TestFactory
  final Stream<DynamicTest> networks() {
    List<DynamicTest> tests = new ArrayList<>();
    for (Network network : SmallNetworks.all(CLASSES)) {
      tests.add(agrees(network, 2, 16, 24, toleranceOfNetworks()));
      tests.add(agrees(network, 1, 32, 16, toleranceOfNetworks()));
      if (network.sizeMultiple() == 1) {
        tests.add(agrees(network, 1, 21, 27, toleranceOfNetworks()));
        tests.add(agrees(network, 1, 18, 31, toleranceOfNetworks()));
      }
    }
    return tests.stream();
  }

  private DynamicTest agrees(Network network, int n, int height, int width, double allowed) {
    String name = network.name() + " on " + n + "x3x" + height + "x" + width;
    return DynamicTest.dynamicTest(
        name,
        () -> {
          Model model = RandomModels.of(network, 1);
          FloatTensor image = RandomModels.image(n, 3, height, width, 2);
          FloatTensor expected =
              EXPECTED.computeIfAbsent(name, same -> Reference.logits(model, image));
          assertClose(name, logits(model, image), expected, allowed);
        });
  }

  @Test
  final void agreesWithIndependentImplementations() {
    for (Oracle oracle : List.of(Oracle.efrnet(), Oracle.enet())) {
      FloatTensor actual = logits(oracle.model(), oracle.tensor("input"));
      assertClose(
          "oracle of " + oracle.network().name(),
          actual,
          oracle.tensor("logits"),
          toleranceOfNetworks());
    }
  }

  @TestFactory
  final Stream<DynamicTest> agreesWithIndependentComparedNetworks() {
    return Compared.all().stream()
        .map(
            compared ->
                DynamicTest.dynamicTest(
                    compared.toString(),
                    () ->
                        assertClose(
                            "oracle of " + compared,
                            logits(compared.model(), compared.image()),
                            compared.logits(),
                            toleranceOfNetworks())));
  }

  private static void assertClose(
      String name, FloatTensor actual, FloatTensor expected, double allowed) {
    assertThat(actual.shape()).as("shape of %s", name).isEqualTo(expected.shape());
    double largest = 0;
    double difference = 0;
    for (int i = 0; i < expected.values().length; i++) {
      largest = Math.max(largest, Math.abs(expected.values()[i]));
      difference = Math.max(difference, Math.abs(actual.values()[i] - expected.values()[i]));
    }
    assertThat(largest).as("magnitude of %s", name).isPositive().isFinite();
    assertThat(difference / largest)
        .as("largest difference of %s, relative to the largest value %s", name, largest)
        .isLessThanOrEqualTo(allowed);
  }
}
