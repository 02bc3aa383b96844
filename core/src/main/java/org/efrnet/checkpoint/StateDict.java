package org.efrnet.checkpoint;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.efrnet.text.OneLine;
import org.efrnet.weights.FloatTensor;

/**
 * The named tensors of a network as training code saved them, in the file's order: bare, or below a
 * key such as {@code state_dict}, with or without a prefix that a wrapper of the network put before
 * every name.
 */
public final class StateDict {
  /** Where training code puts the network's own beside its optimiser's; the first counts. */
  private static final List<String> WRAPPERS =
      List.of("state_dict", "model_state_dict", "model", "net", "network", "module", "weights");

  /** What DataParallel and torch.compile put before every name. */
  private static final List<String> PREFIXES = List.of("module.", "_orig_mod.");

  /** Counted for an optimiser's sake; no network computes with it. */
  private static final String COUNTERS = "num_batches_tracked";

  private static final int DEEPEST = 3;

  private final Checkpoint checkpoint;
  private final String place;
  private final String prefix;
  private final Map<String, StoredTensor> tensors;
  private final List<String> skipped;

  private StateDict(
      Checkpoint checkpoint,
      String place,
      String prefix,
      Map<String, StoredTensor> tensors,
      List<String> skipped) {
    this.checkpoint = checkpoint;
    this.place = place;
    this.prefix = prefix;
    this.tensors = Collections.unmodifiableMap(tensors);
    this.skipped = Collections.unmodifiableList(skipped);
  }

  static StateDict in(Object root, Checkpoint checkpoint) throws CheckpointException {
    Object value = root;
    StringBuilder place = new StringBuilder();
    for (int depth = 0; depth < DEEPEST && value instanceof Map<?, ?> map; depth++) {
      if (hasTensors(map)) {
        return of(map, place.toString(), checkpoint);
      }
      value = "";
      for (String wrapper : WRAPPERS) {
        if (map.get(wrapper) instanceof Map<?, ?> inner) {
          value = inner;
          place.append(place.isEmpty() ? "" : ".").append(wrapper);
          break;
        }
      }
    }
    throw new CheckpointException(
        "holds "
            + (root instanceof Map<?, ?> map
                ? "no named tensors: a dictionary of " + keys(map)
                : Pickled.kind(root) + " instead of named tensors")
            + "; looked for were they themselves and "
            + String.join(", ", WRAPPERS));
  }

  private static boolean hasTensors(Map<?, ?> map) {
    return map.values().stream().anyMatch(StoredTensor.class::isInstance)
        && map.keySet().stream().allMatch(String.class::isInstance);
  }

  private static String keys(Map<?, ?> map) {
    return map.isEmpty()
        ? "nothing"
        : map.keySet().stream()
            .limit(5)
            .map(key -> OneLine.of(String.valueOf(key)))
            .collect(Collectors.joining(", ", "", map.size() > 5 ? ", ..." : ""));
  }

  private static StateDict of(Map<?, ?> map, String place, Checkpoint checkpoint) {
    Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    List<String> skipped = new ArrayList<>();
    String prefix = prefix(map);
    map.forEach(
        (key, value) -> {
          String whole = (String) key;
          if (value instanceof StoredTensor tensor
              && !whole.equals(COUNTERS)
              && !whole.endsWith("." + COUNTERS)) {
            tensors.put(whole.substring(prefix.length()), tensor);
          } else {
            skipped.add(whole);
          }
        });
    return new StateDict(checkpoint, place, prefix, tensors, skipped);
  }

  /** What stands before every name, and is no part of any. */
  private static String prefix(Map<?, ?> map) {
    String prefix = "";
    boolean found = true;
    while (found) {
      found = false;
      for (String next : PREFIXES) {
        String longer = prefix + next;
        if (map.keySet().stream().allMatch(key -> ((String) key).startsWith(longer))) {
          prefix = longer;
          found = true;
        }
      }
    }
    return prefix;
  }

  /** Under which key they were found, such as {@code model}; empty if they are the whole file. */
  public String place() {
    return place;
  }

  /** What stood before every name and is left out of them; mostly empty. */
  public String prefix() {
    return prefix;
  }

  /** The tensors by name, in the file's order, unmodifiable. */
  public Map<String, StoredTensor> tensors() {
    return tensors;
  }

  /** Names, as in the file, of counters of batches and of what is no tensor. */
  public List<String> skipped() {
    return skipped;
  }

  /**
   * Reads a tensor of {@link #tensors}.
   *
   * @throws CheckpointException naming file and tensor
   */
  public FloatTensor read(String name) throws CheckpointException {
    return checkpoint.values(name, tensors.get(name));
  }

  /** The file that they are in. */
  public Checkpoint checkpoint() {
    return checkpoint;
  }
}
