package org.efrnet.training;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.graph.Graph;
import org.efrnet.images.Normalization;
import org.efrnet.labels.ClassTable;
import org.efrnet.labels.SegmentationClass;
import org.efrnet.networks.Networks;
import org.efrnet.ops.Network;
import org.efrnet.readings.Parameter;
import org.efrnet.readings.Parameters;
import org.efrnet.weights.FloatTensor;
import org.efrnet.weights.Weights;

/**
 * The trained bundle that a training started from.
 *
 * @param bundle its name
 * @param digest of what decides its predictions, {@link ModelBundle#digest}
 * @param licence of its weights, which may bind those derived from them
 * @param renewed the tensors of the head that did not fit and started anew, with their shapes
 */
record Origin(String bundle, String digest, String licence, List<String> renewed) {
  private static final JsonMapper JSON = new JsonMapper();

  /** Weights to start from, and where they come from. */
  record Start(Weights weights, Origin origin) {}

  /**
   * The weights of a bundle for a network with other classes.
   *
   * <p>The head is what depends on the number of classes. It is taken over where the classes are
   * the bundle's own, by name and order, and otherwise starts anew: its channels would mean
   * something else.
   *
   * @param from the bundle's name or folder
   * @param seed of the tensors that start anew
   * @throws RecipeException if the bundle is of another network or another normalization
   */
  static Start of(String from, String network, ClassTable classes, long seed) throws IOException {
    ModelBundle base = ModelBundle.of(from);
    if (!base.config().architecture().network().equals(network)) {
      throw new RecipeException(
          "from "
              + from
              + ": is of network '"
              + base.config().architecture().network()
              + "', the recipe trains '"
              + network
              + "'; choose a bundle of that network, or the bundle's network");
    }
    if (!base.config().normalization().equals(Normalization.IMAGENET)) {
      throw new RecipeException(
          "from "
              + from
              + ": its pictures are normalised by "
              + base.config().normalization()
              + ", training does it by "
              + Normalization.IMAGENET
              + "; choose a bundle trained here");
    }
    Network wanted = Networks.named(network, classes.size()).orElseThrow();
    Graph graph = Graph.of(wanted);
    Weights fresh = Parameters.initial(graph, seed);
    boolean sameClasses =
        base.config().architecture().unscored().isEmpty()
            && names(base.classes()).equals(names(classes));
    Set<String> head = head(network);
    Map<String, FloatTensor> tensors = new LinkedHashMap<>();
    List<String> renewed = new ArrayList<>();
    for (Parameter parameter : Parameters.of(graph)) {
      FloatTensor trained = base.weights().get(parameter.name());
      boolean isHead = head.contains(parameter.name());
      if (!isHead || sameClasses) {
        tensors.put(parameter.name(), trained);
      } else {
        tensors.put(parameter.name(), fresh.get(parameter.name()));
        renewed.add(
            Arrays.equals(trained.shape(), parameter.shape())
                ? parameter.toString()
                : parameter + " (was " + Arrays.toString(trained.shape()) + ")");
      }
    }
    return new Start(
        Weights.of(tensors),
        new Origin(base.config().name(), base.digest(), base.config().licence().id(), renewed));
  }

  /** The names of the tensors whose shape depends on the number of classes. */
  private static Set<String> head(String network) {
    Set<Parameter> some = parameters(network, 2);
    some.removeAll(parameters(network, 3));
    return some.stream().map(Parameter::name).collect(Collectors.toCollection(TreeSet::new));
  }

  private static Set<Parameter> parameters(String network, int classes) {
    return new HashSet<>(Parameters.of(Graph.of(Networks.named(network, classes).orElseThrow())));
  }

  private static List<String> names(ClassTable classes) {
    return classes.classes().stream().map(SegmentationClass::name).toList();
  }

  /** One sentence for people. */
  String sentence() {
    return "started from "
        + bundle
        + " ("
        + licence
        + ", digest "
        + digest.substring(0, 12)
        + "), "
        + (renewed.isEmpty()
            ? "head included: the classes are the same"
            : "anew in the head, whose classes differ: " + String.join(", ", renewed));
  }

  /** As a checkpoint's metadata carry it. */
  String json() {
    try {
      return JSON.writeValueAsString(this);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The same read back; empty for what a checkpoint without one holds. */
  static Optional<Origin> parse(String json) throws RecipeException {
    if (json.isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(JSON.readValue(json, Origin.class));
    } catch (JsonProcessingException e) {
      throw new RecipeException("a checkpoint's origin is not readable: " + e.getOriginalMessage());
    }
  }
}
