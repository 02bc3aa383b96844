package org.efrnet.bundle;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import org.efrnet.images.Normalization;
import org.efrnet.images.Resize;
import org.efrnet.labels.ClassTable;
import org.efrnet.text.OneLine;

/**
 * What a bundle says of its weights: {@code config.json}, field by field. Immutable.
 *
 * @param format of the bundle, {@link #FORMAT}
 * @param name of the bundle, such as {@code efrnet.camvid}: letters, digits, dots, dashes and
 *     underscores
 * @param architecture the network that the weights are of
 * @param classTable the classes in the order of the logits, with colours and ignored labels
 * @param normalization of the pictures in training, hence in use
 * @param height rows to which a picture is scaled before it is segmented
 * @param training size of the pictures that the network was trained on
 * @param licence of the weights, which may be stricter than that of the code
 * @param metrics what was measured: numbers, texts, lists and maps as JSON has them; copied at the
 *     top
 * @param createdWith name and version of the program that wrote the bundle
 */
public record BundleConfig(
    int format,
    String name,
    Architecture architecture,
    ClassTable classTable,
    Normalization normalization,
    int height,
    TrainingSize training,
    Licence licence,
    Map<String, Object> metrics,
    String createdWith) {

  /** The format that this version reads and writes. */
  public static final int FORMAT = 1;

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,99}");

  /**
   * A network of the library.
   *
   * @param network as {@link org.efrnet.networks.Networks#named} knows it
   * @param classes that the logits tell apart
   */
  public record Architecture(String network, int classes) {}

  /** Columns and rows of a training picture. */
  public record TrainingSize(int width, int height) {}

  /**
   * Under what terms the weights may be used.
   *
   * @param id SPDX identifier, such as {@code CC-BY-NC-4.0}
   * @param note one sentence: why, or whom to credit
   */
  public record Licence(String id, String note) {}

  public BundleConfig {
    if (format != FORMAT) {
      throw new IllegalArgumentException(
          "'format' is "
              + format
              + ", this version knows "
              + FORMAT
              + " only; use the version that wrote the bundle: "
              + OneLine.of(createdWith));
    }
    requireName(name);
    if (architecture.classes() != classTable.size()) {
      throw new IllegalArgumentException(
          "'architecture' has "
              + architecture.classes()
              + " classes, class table '"
              + OneLine.of(classTable.name())
              + "' "
              + classTable.size());
    }
    requireSide("height", height);
    requireSide("training.width", training.width());
    requireSide("training.height", training.height());
    if (licence.id().isBlank()) {
      throw new IllegalArgumentException(
          "'licence.id' is blank; name the terms by their SPDX identifier");
    }
    metrics = Collections.unmodifiableMap(new LinkedHashMap<>(metrics));
  }

  /**
   * A configuration of the present format.
   *
   * @throws IllegalArgumentException if a name or size is out of range, or the numbers of classes
   *     differ
   */
  public static BundleConfig of(
      String name,
      Architecture architecture,
      ClassTable classTable,
      Normalization normalization,
      int height,
      TrainingSize training,
      Licence licence,
      Map<String, Object> metrics) {
    return new BundleConfig(
        FORMAT,
        name,
        architecture,
        classTable,
        normalization,
        height,
        training,
        licence,
        metrics,
        createdWithThis());
  }

  /** The same with other figures. */
  public BundleConfig withMetrics(Map<String, Object> figures) {
    return new BundleConfig(
        format,
        name,
        architecture,
        classTable,
        normalization,
        height,
        training,
        licence,
        figures,
        createdWith);
  }

  private static String createdWithThis() {
    String version = BundleConfig.class.getPackage().getImplementationVersion();
    return version == null ? "efrnet" : "efrnet " + version;
  }

  /**
   * Refuses what is no name of a bundle.
   *
   * @throws IllegalArgumentException naming it
   */
  public static void requireName(String name) {
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "bundle name '"
              + OneLine.of(name)
              + "' is not 1..100 letters, digits, dots, dashes and underscores");
    }
  }

  private static void requireSide(String what, int side) {
    if (side < 1 || side > Resize.MAX_SIDE) {
      throw new IllegalArgumentException(
          "'" + what + "' is " + side + ", not a number of pixels within 1.." + Resize.MAX_SIDE);
    }
  }
}
