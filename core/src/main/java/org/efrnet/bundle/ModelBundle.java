package org.efrnet.bundle;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.efrnet.graph.Graph;
import org.efrnet.graph.Model;
import org.efrnet.labels.ClassTable;
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
import org.efrnet.weights.WeightsException;

/**
 * A trained network with all that is needed to use it: weights, classes, normalization, sizes, and
 * where it comes from. On disk it is a folder:
 *
 * <pre>
 * model.safetensors   the weights, fp32
 * config.json         {@link BundleConfig}
 * README.md           the card for people             may be missing
 * recipe.yaml         what training was asked to do   may be missing
 * train.jsonl         what training did               may be missing
 * SHA256SUMS          checksums of the above          checked when there
 * </pre>
 *
 * <p>Immutable; the weights fit the network, or there is no bundle.
 */
public final class ModelBundle {
  /** The names under which models are published, each in an artefact of its own. */
  private static final Map<String, String> PUBLISHED =
      Map.of("efrnet.camvid", "org.efrnet:efrnet-model-camvid");

  private static final String RESOURCES = "org/efrnet/models/";

  private final BundleConfig config;
  private final Network network;
  private final Model model;
  private final Optional<String> card;
  private final Optional<String> recipe;
  private final Optional<String> log;

  private ModelBundle(
      BundleConfig config,
      Weights weights,
      Optional<String> card,
      Optional<String> recipe,
      Optional<String> log) {
    this.config = config;
    this.network = networkOf(config.architecture());
    Graph graph = Graph.of(network);
    requireFit(network, graph, weights);
    this.model = new Model(graph, weights);
    this.card = card;
    this.recipe = recipe;
    this.log = log;
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
   * A bundle without card, recipe and log.
   *
   * @throws IllegalArgumentException if there is no such network, or the weights do not fit it: a
   *     tensor is missing, too many, of another shape or not finite
   */
  public static ModelBundle of(BundleConfig config, Weights weights) {
    return new ModelBundle(config, weights, Optional.empty(), Optional.empty(), Optional.empty());
  }

  /** The same with a card for people, Markdown. */
  public ModelBundle withCard(String markdown) {
    return new ModelBundle(config, model.weights(), Optional.of(markdown), recipe, log);
  }

  /** The same with the recipe that training followed, YAML. */
  public ModelBundle withRecipe(String yaml) {
    return new ModelBundle(config, model.weights(), card, Optional.of(yaml), log);
  }

  /** The same with training's log, a JSON object a line. */
  public ModelBundle withLog(String jsonLines) {
    return new ModelBundle(config, model.weights(), card, recipe, Optional.of(jsonLines));
  }

  /** The same with another configuration, of the same network. */
  public ModelBundle with(BundleConfig other) {
    return new ModelBundle(other, model.weights(), card, recipe, log);
  }

  /**
   * Reads a folder.
   *
   * @throws BundleException naming the folder, the file and what is wrong with it: missing,
   *     damaged, not what SHA256SUMS says, or weights that do not fit the network
   */
  public static ModelBundle read(Path dir) throws BundleException {
    if (!Files.isDirectory(dir)) {
      throw new BundleException("bundle " + dir + ": is not a folder; check the path");
    }
    BundleFiles.verify(dir);
    BundleConfig config = BundleFiles.config(dir);
    if (!Files.exists(dir.resolve(BundleFiles.WEIGHTS))) {
      throw BundleFiles.missing(dir, BundleFiles.WEIGHTS);
    }
    try {
      return new ModelBundle(
          config,
          Safetensors.read(dir.resolve(BundleFiles.WEIGHTS)).weights(),
          BundleFiles.text(dir, BundleFiles.CARD),
          BundleFiles.text(dir, BundleFiles.RECIPE),
          BundleFiles.text(dir, BundleFiles.LOG));
    } catch (WeightsException e) {
      throw new BundleException("bundle " + dir + ": " + e.getMessage(), e);
    } catch (IllegalArgumentException e) {
      throw new BundleException("bundle " + dir + ": " + e.getMessage(), e);
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
    Path copy;
    try {
      // Weights are read through a file channel, which a jar's entries do not have.
      copy = Files.createTempDirectory("efrnet-model");
    } catch (IOException e) {
      throw new BundleException(
          "model '"
              + name
              + "': no temporary folder can be made ("
              + OneLine.of(String.valueOf(e.getMessage()))
              + "); set -Djava.io.tmpdir to a folder that can be written",
          e);
    }
    try {
      boolean found = false;
      for (String file : BundleFiles.NAMES) {
        found |= copyResource(RESOURCES + name + "/" + file, copy.resolve(file));
      }
      if (!found) {
        throw unknown(name);
      }
      return read(copy);
    } catch (BundleException e) {
      throw new BundleException(
          e.getMessage().replace("bundle " + copy, "model '" + name + "' on the class path"), e);
    } catch (IOException e) {
      throw new BundleException(
          "model '"
              + name
              + "' cannot be copied from the class path to "
              + copy
              + ": "
              + OneLine.of(String.valueOf(e.getMessage())),
          e);
    } finally {
      deleteQuietly(copy);
    }
  }

  private static void deleteQuietly(Path dir) {
    try {
      BundleFiles.delete(dir);
    } catch (IOException e) {
      // What was read is whole; a leftover in the temporary folder harms nobody.
      dir.toFile().deleteOnExit();
    }
  }

  private static boolean copyResource(String resource, Path to) throws IOException {
    for (ClassLoader loader : loaders()) {
      try (InputStream in = loader.getResourceAsStream(resource)) {
        if (in != null) {
          Files.copy(in, to);
          return true;
        }
      }
    }
    return false;
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
   * Writes the folder in one step: a reader finds the old bundle or the new one, never half of one.
   * Missing parent folders are made; a bundle that stands there is replaced.
   *
   * @throws BundleException if it cannot be written, or a folder stands there that holds anything
   *     else than a bundle
   */
  public void write(Path dir) throws BundleException {
    Path target = dir.toAbsolutePath().normalize();
    Path fresh = BundleFiles.sibling(target);
    try {
      BundleFiles.requireReplaceable(target);
      Files.createDirectories(target.getParent());
      try {
        Files.createDirectory(fresh);
        Safetensors.write(
            fresh.resolve(BundleFiles.WEIGHTS),
            model.weights(),
            Map.of("name", config.name(), "licence", config.licence().id()));
        Files.writeString(fresh.resolve(BundleFiles.CONFIG), BundleFiles.json(config));
        writeText(fresh, BundleFiles.CARD, card);
        writeText(fresh, BundleFiles.RECIPE, recipe);
        writeText(fresh, BundleFiles.LOG, log);
        BundleFiles.writeSums(fresh);
        BundleFiles.publish(fresh, target);
      } finally {
        BundleFiles.delete(fresh);
      }
    } catch (BundleException e) {
      throw e;
    } catch (IOException e) {
      throw new BundleException(
          "bundle "
              + dir
              + ": cannot be written: "
              + e.getClass().getSimpleName()
              + " "
              + OneLine.of(String.valueOf(e.getMessage())),
          e);
    }
  }

  private static void writeText(Path dir, String file, Optional<String> text) throws IOException {
    if (text.isPresent()) {
      Files.writeString(dir.resolve(file), text.get());
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

  /** The card for people, Markdown. */
  public Optional<String> card() {
    return card;
  }

  /** The recipe that training followed, YAML. */
  public Optional<String> recipe() {
    return recipe;
  }

  /** Training's log, a JSON object a line. */
  public Optional<String> log() {
    return log;
  }

  /**
   * SHA-256, 64 hexadecimal digits, over what decides predictions: weights, architecture, class
   * table, normalization and height. Name, licence and metrics leave it unchanged, so a figure
   * measured before it was written into the bundle still names the right digest.
   */
  public String digest() {
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
