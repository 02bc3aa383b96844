package org.efrnet.bundle;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.efrnet.images.Normalization;
import org.efrnet.images.Resize;
import org.efrnet.labels.ClassTable;
import org.efrnet.text.Nearest;
import org.efrnet.text.OneLine;

/**
 * What a bundle says of its weights: {@code config.json}, field by field. Immutable.
 *
 * @param format of the bundle, {@link #FORMAT}
 * @param name of the bundle, such as {@code efrnet.camvid}: letters, digits, dots, dashes and
 *     underscores
 * @param architecture the network that the weights are of
 * @param classTable the classes in the order of the logits that are scored, with colours and
 *     ignored labels
 * @param normalization of the pictures in training, hence in use
 * @param height rows to which a picture is scaled before it is segmented
 * @param training size of the pictures that the network was trained on
 * @param licence of the weights, which may be stricter than that of the code
 * @param precisions in which the network may be run, by name, one of {@link #PRECISION_NAMES}; at
 *     least {@code fp32}; copied
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
    Map<String, Precision> precisions,
    Map<String, Object> metrics,
    String createdWith) {

  /** The format that this version reads and writes. */
  public static final int FORMAT = 2;

  /** The precision of golden logits and of figures, in which every bundle can be run. */
  public static final String FP32 = "fp32";

  /** Weights and maps in bfloat16. */
  public static final String BF16 = "bf16";

  /** Weights and maps in 8 bits, as a {@link Calibration} says. */
  public static final String INT8 = "int8";

  /** The names of precisions, in the order of what they cost. */
  public static final List<String> PRECISION_NAMES = List.of(FP32, BF16, INT8);

  /** Tolerances of a network of which nothing was measured; {@code docs/bundles.md} says why. */
  public static final Map<String, Precision> DEFAULT_PRECISIONS = defaultPrecisions();

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,99}");

  /**
   * A network of the library.
   *
   * @param network as {@link org.efrnet.networks.Networks#named} knows it
   * @param classes that the logits tell apart
   * @param unscored channels of the logits that are no class, such as that of unlabelled pixels,
   *     which some networks learn with the others: from 0, rising. No pixel is ever given one; the
   *     others are the class table's classes in its order. Empty, JSON leaves it out; copied
   */
  public record Architecture(
      String network,
      int classes,
      @JsonInclude(JsonInclude.Include.NON_EMPTY) List<Integer> unscored) {
    public Architecture {
      int before = -1;
      for (Integer channel : unscored) {
        if (channel == null || channel <= before || channel >= classes) {
          throw new IllegalArgumentException(
              "'unscored' is "
                  + unscored
                  + "; give channels within 0.."
                  + (classes - 1)
                  + ", rising, each once");
        }
        before = channel;
      }
      unscored = List.copyOf(unscored);
    }

    /** A network whose logits are all classes. */
    public Architecture(String network, int classes) {
      this(network, classes, List.of());
    }
  }

  /** Columns and rows of a training picture. */
  public record TrainingSize(int width, int height) {}

  /**
   * Under what terms the weights may be used.
   *
   * @param id SPDX identifier, such as {@code CC-BY-NC-4.0}
   * @param note one sentence: why, or whom to credit
   */
  public record Licence(String id, String note) {}

  /**
   * What running in a precision costs.
   *
   * @param tolerance how far an engine's logits may be from the golden ones, as a share of the
   *     largest magnitude of a golden logit; above 0
   * @param miouLoss points of mIoU lost against fp32, by what it was measured on, such as {@code
   *     camvid test}; empty where nobody measured it; copied
   */
  public record Precision(double tolerance, Map<String, Double> miouLoss) {
    public Precision {
      if (!(tolerance > 0 && tolerance <= 1)) {
        throw new IllegalArgumentException(
            "'tolerance' is " + tolerance + ", not a share above 0 and at most 1");
      }
      for (Map.Entry<String, Double> loss : miouLoss.entrySet()) {
        if (loss.getValue() == null || !(Math.abs(loss.getValue()) <= 100)) {
          throw new IllegalArgumentException(
              "'miouLoss' of '"
                  + OneLine.of(loss.getKey())
                  + "' is "
                  + loss.getValue()
                  + ", not points within -100..100; leave out what was not measured");
        }
      }
      miouLoss = Collections.unmodifiableMap(new LinkedHashMap<>(miouLoss));
    }
  }

  public BundleConfig {
    requireFormat(format, createdWith);
    requireName(name);
    if (architecture.classes() - architecture.unscored().size() != classTable.size()) {
      throw new IllegalArgumentException(
          "'architecture' has "
              + architecture.classes()
              + " classes"
              + (architecture.unscored().isEmpty()
                  ? ""
                  : ", " + architecture.unscored() + " of them unscored")
              + ", class table '"
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
    for (Map.Entry<String, Precision> precision : precisions.entrySet()) {
      if (!PRECISION_NAMES.contains(precision.getKey())) {
        throw new IllegalArgumentException(
            "'precisions' has the unknown '"
                + OneLine.of(precision.getKey())
                + "'"
                + Nearest.hint(precision.getKey(), PRECISION_NAMES)
                + "; there are "
                + String.join(", ", PRECISION_NAMES));
      }
      if (precision.getValue() == null) {
        throw new IllegalArgumentException(
            "'precisions." + precision.getKey() + "' is null; give its tolerance or leave it out");
      }
    }
    if (!precisions.containsKey(FP32)) {
      throw new IllegalArgumentException(
          "'precisions' lacks '" + FP32 + "', in which every bundle can be run");
    }
    precisions = Collections.unmodifiableMap(new LinkedHashMap<>(precisions));
    metrics = Collections.unmodifiableMap(new LinkedHashMap<>(metrics));
  }

  /** Said before anything else is looked at: another format has other keys. */
  static void requireFormat(int format, String createdWith) {
    if (format < FORMAT) {
      throw new IllegalArgumentException(
          "'format' is "
              + format
              + ", whose bundles carry no golden logits to be checked by; let this version write it"
              + " anew (for a finished training: efrnet train RECIPE --out RUN --resume)");
    }
    if (format > FORMAT) {
      throw new IllegalArgumentException(
          "'format' is "
              + format
              + ", this version knows "
              + FORMAT
              + " only; use the version that wrote the bundle: "
              + OneLine.of(createdWith));
    }
  }

  private static Map<String, Precision> defaultPrecisions() {
    Map<String, Precision> defaults = new LinkedHashMap<>();
    defaults.put(FP32, new Precision(1e-4, Map.of()));
    defaults.put(BF16, new Precision(0.1, Map.of()));
    defaults.put(INT8, new Precision(0.25, Map.of()));
    return Collections.unmodifiableMap(defaults);
  }

  /**
   * A configuration of the present format, with {@link #DEFAULT_PRECISIONS}.
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
        DEFAULT_PRECISIONS,
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
        precisions,
        figures,
        createdWith);
  }

  /**
   * The same with what a precision costs, as it was measured.
   *
   * @param precisionName one of {@link #PRECISION_NAMES}
   */
  public BundleConfig withPrecision(String precisionName, Precision cost) {
    Map<String, Precision> others = new LinkedHashMap<>(precisions);
    others.put(precisionName, cost);
    return with(others);
  }

  /**
   * The same without a precision, in which the network is then not run.
   *
   * @param precisionName another one than {@link #FP32}
   */
  public BundleConfig withoutPrecision(String precisionName) {
    Map<String, Precision> others = new LinkedHashMap<>(precisions);
    others.remove(precisionName);
    return with(others);
  }

  private BundleConfig with(Map<String, Precision> others) {
    return new BundleConfig(
        format,
        name,
        architecture,
        classTable,
        normalization,
        height,
        training,
        licence,
        others,
        metrics,
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
