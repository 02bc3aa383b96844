package org.efrnet.bundle;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.efrnet.graph.Graph;
import org.efrnet.graph.Model;
import org.efrnet.labels.ClassTable;
import org.efrnet.labels.SegmentationClass;
import org.efrnet.networks.Networks;
import org.efrnet.ops.Network;
import org.efrnet.readings.Parameter;
import org.efrnet.readings.Parameters;
import org.efrnet.text.Nearest;
import org.efrnet.text.OneLine;
import org.efrnet.text.Sha256;
import org.efrnet.weights.FloatTensor;
import org.efrnet.weights.Safetensors;
import org.efrnet.weights.Weights;

/**
 * A trained network with all that is needed to use and to judge it. On disk it is a folder:
 *
 * <pre>
 * model.safetensors    the weights, fp32
 * config.json          {@link BundleConfig}: architecture, classes and colours, normalization,
 *                      height, precisions, licence, figures
 * golden.safetensors   {@link Golden}: a picture and its logits
 * calibration.json     {@link Calibration}, for int8          missing where nobody calibrated
 * README.md            the card for people
 * recipe.yaml          what training was asked to do   may be missing: imported weights have none
 * train.jsonl          what training did               may be missing likewise
 * SHA256SUMS           checksums of all of the above
 * </pre>
 *
 * <p>Immutable and thread-safe; the weights fit the network, or there is no bundle. Checksums and
 * golden logits find what was damaged, mixed up or computed wrongly. They are no signature: whoever
 * writes a consistent bundle anew has made another one, which {@link #digest} tells apart.
 */
public final class ModelBundle {
  /** The names under which models are published, each in an artefact of its own. */
  private static final Map<String, String> PUBLISHED =
      Map.of("efrnet.camvid", "org.efrnet:efrnet-model-camvid");

  private static final String RESOURCES = "org/efrnet/models/";

  private final BundleConfig config;
  private final Network network;
  private final Model model;
  private final Texts texts;
  private final Calibration calibration;
  private final Lazy<Golden> golden;
  private final Lazy<String> digest = new Lazy<>(this::computeDigest);

  /** What people wrote or read. */
  private record Texts(String card, Optional<String> recipe, Optional<String> log) {}

  /** Computed when it is first asked for, once. */
  private static final class Lazy<T> {
    private final Supplier<T> source;
    private Optional<T> value = Optional.empty();

    Lazy(Supplier<T> source) {
      this.source = source;
    }

    synchronized T get() {
      if (value.isEmpty()) {
        value = Optional.of(source.get());
      }
      return value.get();
    }
  }

  private ModelBundle(
      BundleConfig config,
      Network network,
      Model model,
      Texts texts,
      Calibration calibration,
      Lazy<Golden> golden) {
    this.config = config;
    this.network = network;
    this.model = model;
    this.texts = texts;
    this.calibration = calibration;
    this.golden = golden;
  }

  private static Model modelOf(Network network, Weights weights) {
    Graph graph = Graph.of(network);
    requireFit(network, graph, weights);
    return new Model(graph, weights);
  }

  private static Lazy<Golden> goldenOf(Network network, Model model, BundleConfig config) {
    return new Lazy<>(() -> Golden.of(model, network.sizeMultiple(), config.normalization()));
  }

  private static Network networkOf(BundleConfig.Architecture architecture) {
    return Networks.named(architecture.network(), architecture.classes())
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "no network is named '"
                        + OneLine.of(architecture.network())
                        + "'"
                        + Nearest.hint(architecture.network(), Networks.names())
                        + "; there are "
                        + String.join(", ", Networks.names())));
  }

  private static void requireFit(Network network, Graph graph, Weights weights) {
    Set<String> surplus = new TreeSet<>(weights.names());
    for (Parameter parameter : Parameters.of(graph)) {
      surplus.remove(parameter.name());
      FloatTensor tensor =
          weights
              .find(parameter.name())
              .orElseThrow(() -> misfit(network, "tensor '" + parameter.name() + "' is missing"));
      if (!Arrays.equals(tensor.shape(), parameter.shape())) {
        throw misfit(
            network,
            "tensor '"
                + parameter.name()
                + "' has shape "
                + Arrays.toString(tensor.shape())
                + " instead of "
                + Arrays.toString(parameter.shape()));
      }
      requireValues(network, parameter, tensor.values());
    }
    if (!surplus.isEmpty()) {
      throw misfit(
          network,
          surplus.size()
              + " tensors too many: "
              + surplus.stream()
                  .limit(3)
                  .map(name -> "'" + OneLine.of(name) + "'")
                  .collect(Collectors.joining(", "))
              + (surplus.size() > 3 ? ", ..." : ""));
    }
  }

  private static void requireValues(Network network, Parameter parameter, float[] values) {
    boolean variance = parameter.kind() == Parameter.Kind.RUNNING_VARIANCE;
    for (int i = 0; i < values.length; i++) {
      if (!Float.isFinite(values[i]) || (variance && values[i] < 0)) {
        throw misfit(
            network,
            "tensor '"
                + parameter.name()
                + "' holds "
                + values[i]
                + " at "
                + i
                + (variance ? "; a variance is finite and not below 0" : "; values are finite"));
      }
    }
  }

  private static IllegalArgumentException misfit(Network network, String what) {
    return new IllegalArgumentException(
        "weights do not fit network '"
            + network.name()
            + "' of "
            + network.classes()
            + " classes: "
            + what);
  }

  /**
   * A bundle with a card that says no more than the configuration, without recipe and log. Its
   * golden logits are computed when they are first needed.
   *
   * @throws IllegalArgumentException if there is no such network, or the weights do not fit it: a
   *     tensor is missing, too many, of another shape or not finite
   */
  public static ModelBundle of(BundleConfig config, Weights weights) {
    Network network = networkOf(config.architecture());
    Model model = modelOf(network, weights);
    return new ModelBundle(
        config,
        network,
        model,
        new Texts(plainCard(config), Optional.empty(), Optional.empty()),
        Calibration.NONE,
        goldenOf(network, model, config));
  }

  private static String plainCard(BundleConfig config) {
    return String.format(
        Locale.ROOT,
        """
        # %s

        Weights of %s with %d classes. Nothing was said of how they were made or what they are
        good for.

        * Classes: %s.
        * Pictures are scaled to %d rows before they are segmented.
        * Licence of the weights: %s. %s
        """,
        config.name(),
        config.architecture().network(),
        config.architecture().classes(),
        config.classTable().classes().stream()
            .map(SegmentationClass::name)
            .collect(Collectors.joining(", ")),
        config.height(),
        config.licence().id(),
        config.licence().note());
  }

  private ModelBundle with(Texts others) {
    return new ModelBundle(config, network, model, others, calibration, golden);
  }

  /** The same with what was measured for arithmetic in 8 bits. */
  public ModelBundle with(Calibration measured) {
    return new ModelBundle(config, network, model, texts, measured, golden);
  }

  /** The same with a card for people, Markdown; blank, it keeps the bundle from being written. */
  public ModelBundle withCard(String markdown) {
    return with(new Texts(markdown, texts.recipe(), texts.log()));
  }

  /** The same with the recipe that training followed, YAML. */
  public ModelBundle withRecipe(String yaml) {
    return with(new Texts(texts.card(), Optional.of(yaml), texts.log()));
  }

  /** The same with training's log, a JSON object a line. */
  public ModelBundle withLog(String jsonLines) {
    return with(new Texts(texts.card(), texts.recipe(), Optional.of(jsonLines)));
  }

  /**
   * The same with another configuration.
   *
   * @throws IllegalArgumentException if the weights do not fit its architecture
   */
  public ModelBundle with(BundleConfig other) {
    boolean sameNetwork = other.architecture().equals(config.architecture());
    Network othersNetwork = sameNetwork ? network : networkOf(other.architecture());
    Model othersModel = sameNetwork ? model : modelOf(othersNetwork, model.weights());
    // Nothing else of a configuration decides the logits of one picture.
    boolean sameGolden = sameNetwork && other.normalization().equals(config.normalization());
    return new ModelBundle(
        other,
        othersNetwork,
        othersModel,
        texts,
        sameNetwork ? calibration : Calibration.NONE,
        sameGolden ? golden : goldenOf(othersNetwork, othersModel, other));
  }

  /**
   * Reads a folder. Files are read only if they lie in it: links that lead out of it are refused.
   *
   * @throws BundleException naming the folder, the file and what is wrong with it: missing,
   *     damaged, not what SHA256SUMS says, of another format, or weights that do not fit the
   *     network
   */
  public static ModelBundle read(Path dir) throws BundleException {
    if (!Files.isDirectory(dir)) {
      throw new BundleException("bundle " + dir + ": is not a folder; check the path");
    }
    return of(BundleContents.of(dir));
  }

  private static ModelBundle of(BundleContents contents) throws BundleException {
    contents.verify();
    BundleConfig config = contents.config();
    Weights weights = contents.weights();
    try {
      Network network = networkOf(config.architecture());
      Model model = modelOf(network, weights);
      Golden golden = contents.golden(network.classes(), network.sizeMultiple());
      Texts texts =
          new Texts(
              contents.card(), contents.text(BundleFiles.RECIPE), contents.text(BundleFiles.LOG));
      return new ModelBundle(
          config, network, model, texts, contents.calibration(), new Lazy<>(() -> golden));
    } catch (IllegalArgumentException e) {
      throw contents.bad(e);
    }
  }

  /**
   * Reads a model from the class path, where its artefact puts it.
   *
   * @param name such as {@code efrnet.camvid}
   * @throws BundleException if no such model is on the class path, with what would help, or it is
   *     damaged
   */
  public static ModelBundle named(String name) throws BundleException {
    try {
      BundleConfig.requireName(name);
    } catch (IllegalArgumentException e) {
      throw new BundleException(e.getMessage() + "; known are " + known(), e);
    }
    BundleContents contents =
        BundleContents.of(
            "model '" + name + "' on the class path",
            file -> resource(RESOURCES + name + "/" + file));
    if (contents.isEmpty()) {
      throw unknown(name);
    }
    return of(contents);
  }

  private static Optional<InputStream> resource(String path) {
    return loaders().stream()
        .map(loader -> loader.getResourceAsStream(path))
        .filter(Objects::nonNull)
        .findFirst();
  }

  private static List<ClassLoader> loaders() {
    ClassLoader own = ModelBundle.class.getClassLoader();
    ClassLoader context = Thread.currentThread().getContextClassLoader();
    return context == null || context.equals(own) ? List.of(own) : List.of(context, own);
  }

  private static String known() {
    return String.join(", ", new TreeSet<>(PUBLISHED.keySet()));
  }

  private static BundleException unknown(String name) {
    String artefact = PUBLISHED.get(name);
    return new BundleException(
        artefact != null
            ? "model '" + name + "' is not on the class path; add " + artefact + ", or give a path"
            : "no model is named '"
                + name
                + "'"
                + Nearest.hint(name, PUBLISHED.keySet())
                + "; known are "
                + known()
                + ", or give the path of a bundle's folder");
  }

  /**
   * A bundle's folder, or a model on the class path where no folder of that name exists.
   *
   * @throws BundleException as {@link #read} and {@link #named} say
   */
  public static ModelBundle of(String nameOrPath) throws BundleException {
    try {
      Path path = Path.of(nameOrPath);
      // A separator means a path even where nothing is: the error should then speak of a folder.
      if (Files.isDirectory(path) || path.getNameCount() > 1 || path.isAbsolute()) {
        return read(path);
      }
    } catch (InvalidPathException e) {
      throw new BundleException(
          "'"
              + OneLine.of(nameOrPath)
              + "' is neither a model's name nor a path; known are "
              + known(),
          e);
    }
    return named(nameOrPath);
  }

  /**
   * Says now what {@link #write} would say first, after work that takes long.
   *
   * @throws BundleException if a folder stands there that holds anything else than a bundle
   */
  public static void requireReplaceable(Path dir) throws BundleException {
    try {
      BundleFiles.requireReplaceable(dir.toAbsolutePath().normalize());
    } catch (BundleException e) {
      throw e;
    } catch (IOException e) {
      throw new BundleException("bundle " + dir + ": cannot be looked at: " + e.getMessage(), e);
    }
  }

  /**
   * Writes the folder: everything goes into a new one beside it and reaches the disk, which then
   * takes the name. A reader finds the old bundle, for an instant none, or the new one, never half
   * of one; where the disk is full, what stood there stays. Missing parent folders are made.
   *
   * @throws BundleException if it cannot be written, the card is blank, the network gives no finite
   *     golden logits, or a folder stands there that holds anything else than a bundle
   */
  public void write(Path dir) throws BundleException {
    Path target = dir.toAbsolutePath().normalize();
    Path fresh = BundleFiles.sibling(target);
    try {
      BundleFiles.requireReplaceable(target);
      if (texts.card().isBlank()) {
        throw new BundleException(
            "bundle "
                + dir
                + ": is not written: its card is blank; say what the model is and is not for");
      }
      // The slow part, while nothing is written yet.
      Golden expected = golden();
      Files.createDirectories(target.getParent());
      try {
        Files.createDirectory(fresh);
        Safetensors.write(
            fresh.resolve(BundleFiles.WEIGHTS),
            model.weights(),
            Map.of("name", config.name(), "licence", config.licence().id()));
        BundleFiles.write(fresh.resolve(BundleFiles.CONFIG), BundleFiles.json(config));
        Safetensors.write(fresh.resolve(BundleFiles.GOLDEN), expected.contents());
        if (!calibration.isEmpty()) {
          BundleFiles.write(
              fresh.resolve(BundleFiles.CALIBRATION),
              BundleFiles.json(Map.of("inputs", calibration.inputs())));
        }
        BundleFiles.write(fresh.resolve(BundleFiles.CARD), texts.card());
        writeText(fresh, BundleFiles.RECIPE, texts.recipe());
        writeText(fresh, BundleFiles.LOG, texts.log());
        BundleFiles.writeSums(fresh);
        BundleFiles.publish(fresh, target);
      } finally {
        BundleFiles.deleteQuietly(fresh);
      }
    } catch (BundleException e) {
      throw e;
    } catch (IllegalArgumentException e) {
      throw new BundleException("bundle " + dir + ": is not written: " + e.getMessage(), e);
    } catch (IOException e) {
      // The innermost is the system's word; those around it name files that are gone.
      Throwable cause = e;
      while (cause.getCause() instanceof IOException inner) {
        cause = inner;
      }
      throw new BundleException(
          "bundle "
              + dir
              + ": cannot be written: "
              + cause.getClass().getSimpleName()
              + " "
              + OneLine.of(String.valueOf(cause.getMessage()))
              + "; what stood there still does",
          e);
    }
  }

  private static void writeText(Path dir, String file, Optional<String> text) throws IOException {
    if (text.isPresent()) {
      BundleFiles.write(dir.resolve(file), text.get());
    }
  }

  /** What the bundle says of its weights. */
  public BundleConfig config() {
    return config;
  }

  /** The weights. */
  public Weights weights() {
    return model.weights();
  }

  /** The network that they are of. */
  public Network network() {
    return network;
  }

  /** The network's graph as it was written, with the weights. */
  public Model model() {
    return model;
  }

  /** The classes in the order of the logits. */
  public ClassTable classes() {
    return config.classTable();
  }

  /** How large values become, for arithmetic in 8 bits; empty where nobody calibrated. */
  public Calibration calibration() {
    return calibration;
  }

  /** The card for people, Markdown. */
  public String card() {
    return texts.card();
  }

  /** The recipe that training followed, YAML; imported weights have none. */
  public Optional<String> recipe() {
    return texts.recipe();
  }

  /** Training's log, a JSON object a line; imported weights have none. */
  public Optional<String> log() {
    return texts.log();
  }

  /**
   * What an engine must give. Read with the bundle; of a bundle that was just made, computed by the
   * first call, which takes about a second.
   *
   * @throws IllegalArgumentException if the network gives NaN or infinity
   */
  public Golden golden() {
    return golden.get();
  }

  /**
   * SHA-256, 64 hexadecimal digits, over what decides predictions: weights, architecture, class
   * table, normalization and height. Name, licence and metrics leave it unchanged, so a figure
   * measured before it was written into the bundle still names the right digest. So do the golden
   * logits, which follow from these, their tolerances, and the calibration.
   */
  public String digest() {
    return digest.get();
  }

  private String computeDigest() {
    String decisive =
        model.weights().digest()
            + "\n"
            + BundleFiles.json(
                List.of(
                    config.architecture(),
                    config.classTable(),
                    config.normalization(),
                    config.height()));
    return Sha256.of(decisive);
  }

  @Override
  public String toString() {
    return "ModelBundle[" + config.name() + ", " + network.name() + ", " + classes() + "]";
  }
}
