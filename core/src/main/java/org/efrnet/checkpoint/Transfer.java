package org.efrnet.checkpoint;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import org.efrnet.graph.Graph;
import org.efrnet.networks.Networks;
import org.efrnet.readings.Parameter;
import org.efrnet.readings.Parameters;
import org.efrnet.text.OneLine;
import org.efrnet.weights.FloatTensor;
import org.efrnet.weights.Weights;

/**
 * Which tensor of a checkpoint becomes which of a network, and which do not, and why. Names are the
 * code base's own; shapes are equal up to sides of 1 at the end, since a fully connected layer is a
 * 1x1 convolution here. Immutable.
 */
public final class Transfer {
  /** A class map's ids are bytes, one of which is for pixels that do not count. */
  private static final int MOST_CLASSES = 255;

  /**
   * The forms in which people publish a network under one name; the one that fits best is taken.
   */
  private static final Map<String, List<String>> FORMS =
      Map.of("enet", List.of("enet", "enet-davidtvs", "enet-davidtvs-2018"));

  /** Only ENet of the collection {@code Efficient-Segmentation-Networks} has it. */
  private static final String UNUSED_LAYER = "project_layer.weight";

  private final StateDict source;
  private final String network;
  private final int classes;
  private final List<Line> lines;

  /** What became of a tensor. */
  public enum Outcome {
    /** It is the network's. */
    TAKEN,
    /** The network needs it, the checkpoint has none. */
    MISSING,
    /** The checkpoint has one of that name, of another shape. */
    OTHER_SHAPE,
    /** The network needs none of that name. */
    LEFT_OVER,
    /** A counter of batches, or no tensor. */
    SKIPPED;

    /** Whether the network lacks a tensor by it. */
    public boolean lacking() {
      return this == MISSING || this == OTHER_SHAPE;
    }

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
  }

  /**
   * What became of one tensor.
   *
   * @param name of the tensor, in the network or the checkpoint
   * @param detail shapes and types, for people
   */
  public record Line(Outcome outcome, String name, String detail) {
    @Override
    public String toString() {
      return outcome + ": " + OneLine.of(name) + (detail.isEmpty() ? "" : " " + detail);
    }
  }

  private Transfer(StateDict source, String network, int classes, List<Line> lines) {
    this.source = source;
    this.network = network;
    this.classes = classes;
    this.lines = Collections.unmodifiableList(lines);
  }

  /**
   * Looks for a network's tensors.
   *
   * @param network of {@link Networks}; {@code enet} stands for its published forms too
   * @param classes that the logits tell apart; if empty, as the classifier's shape says
   * @throws CheckpointException if the classifier is not there or contradicts {@code classes}
   */
  public static Transfer of(StateDict source, String network, OptionalInt classes)
      throws CheckpointException {
    Optional<Transfer> best = Optional.empty();
    for (String form : FORMS.getOrDefault(network, List.of(network))) {
      Transfer next = ofForm(source, form, classes);
      if (best.isEmpty() || next.count(Outcome.TAKEN) > best.get().count(Outcome.TAKEN)) {
        best = Optional.of(next);
      }
    }
    Transfer found = best.orElseThrow();
    found.requireClassifier(classes);
    return found;
  }

  private static Transfer ofForm(StateDict source, String network, OptionalInt classes) {
    int count = classifier(source, network).orElse(classes.orElse(2));
    boolean possible = count >= 1 && count <= MOST_CLASSES;
    List<Line> lines = new ArrayList<>();
    Set<String> left = new LinkedHashSet<>(source.tensors().keySet());
    for (Parameter parameter : parameters(network, possible ? count : 2)) {
      StoredTensor tensor = source.tensors().get(parameter.name());
      left.remove(parameter.name());
      if (tensor == null) {
        lines.add(new Line(Outcome.MISSING, parameter.name(), shown(parameter.shape())));
      } else if (fits(tensor.shape(), parameter.shape())) {
        boolean same = Arrays.equals(tensor.shape(), parameter.shape());
        String as = same ? "" : " as " + shown(parameter.shape());
        lines.add(new Line(Outcome.TAKEN, parameter.name(), tensor + as));
      } else {
        String detail = shown(tensor.shape()) + " instead of " + shown(parameter.shape());
        lines.add(new Line(Outcome.OTHER_SHAPE, parameter.name(), detail));
      }
    }
    left.forEach(
        name ->
            lines.add(new Line(Outcome.LEFT_OVER, name, source.tensors().get(name).toString())));
    source.skipped().forEach(name -> lines.add(new Line(Outcome.SKIPPED, name, "")));
    return new Transfer(source, network, count, lines);
  }

  private static List<Parameter> parameters(String network, int classes) {
    return Parameters.of(
        Graph.of(
            Networks.named(network, classes)
                .orElseThrow(() -> new IllegalArgumentException("no network '" + network + "'"))));
  }

  private static String shown(int[] shape) {
    return Arrays.toString(shape);
  }

  /** Equal up to sides of 1 at the end. */
  private static boolean fits(int[] stored, int[] wanted) {
    for (int i = 0; i < Math.max(stored.length, wanted.length); i++) {
      if ((i < stored.length ? stored[i] : 1) != (i < wanted.length ? wanted[i] : 1)) {
        return false;
      }
    }
    return stored.length <= wanted.length;
  }

  /**
   * For how many classes the checkpoint is: two networks that differ in their number of classes
   * alone differ in the shape of their classifier, and there it is read off.
   */
  private static OptionalInt classifier(StateDict source, String network) {
    List<Parameter> two = parameters(network, 2);
    List<Parameter> three = parameters(network, 3);
    for (int i = 0; i < two.size(); i++) {
      StoredTensor tensor = source.tensors().get(two.get(i).name());
      int side = Arrays.mismatch(two.get(i).shape(), three.get(i).shape());
      if (side >= 0 && tensor != null && tensor.shape().length > side) {
        return OptionalInt.of(tensor.shape()[side]);
      }
    }
    return OptionalInt.empty();
  }

  private void requireClassifier(OptionalInt wanted) throws CheckpointException {
    if (classes < 1 || classes > MOST_CLASSES) {
      throw bad(
          "tells "
              + classes
              + " classes apart, by the shape of its classifier; possible are 1.."
              + MOST_CLASSES);
    }
    if (wanted.isPresent() && wanted.getAsInt() != classes) {
      throw bad(
          "tells "
              + classes
              + " classes apart, by the shape of its classifier, and not "
              + wanted.getAsInt()
              + "; leave --classes out");
    }
  }

  private CheckpointException bad(String what) {
    return new CheckpointException("checkpoint " + source.checkpoint().file() + ": " + what);
  }

  /** The network, which is one of the forms of the wanted one. */
  public String network() {
    return network;
  }

  /** How many channels the logits have. */
  public int classes() {
    return classes;
  }

  /** What became of every tensor: the network's in its order, then the checkpoint's others. */
  public List<Line> lines() {
    return lines;
  }

  /** How many tensors fared so. */
  public long count(Outcome outcome) {
    return lines.stream().filter(line -> line.outcome == outcome).count();
  }

  /** Counts of all outcomes that there are, one after the other. */
  public String counts() {
    return Arrays.stream(Outcome.values())
        .filter(outcome -> count(outcome) > 0)
        .map(outcome -> count(outcome) + " " + outcome)
        .collect(Collectors.joining(", "));
  }

  /** Whether the network has all its tensors. */
  public boolean complete() {
    return lines.stream().noneMatch(line -> line.outcome.lacking());
  }

  /**
   * What else the checkpoint may be, for whoever wanted this network and did not get it: a network
   * that it fits whole, or one whose names it has and which is no network here.
   */
  public Optional<String> hint() {
    if (source.tensors().containsKey(UNUSED_LAYER)) {
      return Optional.of(
          "it is ENet of Efficient-Segmentation-Networks, whose pooling is 3x3: the network 'enet'"
              + " here, which pools 2x2, would compute something else with these weights");
    }
    return Networks.names().stream()
        .filter(name -> !name.equals(network))
        .filter(name -> ofForm(source, name, OptionalInt.empty()).complete())
        .findFirst()
        .map(name -> "it fits --network " + name);
  }

  /**
   * The network's weights, read from the file.
   *
   * @throws CheckpointException if the file is damaged there
   * @throws IllegalStateException if a tensor is lacking
   */
  public Taken take() throws CheckpointException {
    if (!complete()) {
      throw new IllegalStateException("weights lack tensors of network '" + network + "'");
    }
    Map<String, FloatTensor> tensors = new LinkedHashMap<>();
    long flushed = 0;
    for (Parameter parameter : parameters(network, classes)) {
      float[] values = source.read(parameter.name()).values();
      for (int i = 0; i < values.length; i++) {
        if (values[i] != 0 && Math.abs(values[i]) < Float.MIN_NORMAL) {
          values[i] = 0;
          flushed++;
        }
      }
      tensors.put(parameter.name(), new FloatTensor(parameter.shape(), values));
    }
    return new Taken(Weights.of(tensors), flushed);
  }

  /**
   * Weights of a network.
   *
   * @param flushed how many values below the smallest normal number became zero: they change no
   *     logit, and processors compute with them up to twenty times slower
   */
  public record Taken(Weights weights, long flushed) {}
}
