package org.efrnet.training;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.efrnet.weights.FloatTensor;
import org.efrnet.weights.Safetensors;
import org.efrnet.weights.Weights;
import org.efrnet.weights.WeightsException;

/**
 * The checkpoints in a run's folder, {@code checkpoint-STEP.safetensors}: the newest and the one
 * before it are kept. Each is written whole or not at all and carries a digest of what it holds, so
 * that a damaged one is found and the one before is used.
 */
final class Checkpoints {
  private static final Pattern NAME = Pattern.compile("checkpoint-([0-9]{1,18})\\.safetensors");
  private static final int KEPT = 2;
  private static final String DIGEST = "digest";
  private static final String STEP = "step";

  private final Path run;

  Checkpoints(Path run) {
    this.run = run;
  }

  /**
   * What a checkpoint holds.
   *
   * @param step steps taken
   * @param damaged newer checkpoints that could not be used: what is wrong with each, in one line
   */
  record Saved(
      Path file,
      long step,
      Map<String, FloatTensor> state,
      Map<String, String> metadata,
      List<String> damaged) {}

  private record Numbered(Path file, long step) {}

  private List<Numbered> newestFirst() throws IOException {
    if (!Files.isDirectory(run)) {
      return List.of();
    }
    List<Numbered> found = new ArrayList<>();
    try (Stream<Path> files = Files.list(run)) {
      for (Path file : files.toList()) {
        Matcher name = NAME.matcher(file.getFileName().toString());
        if (name.matches()) {
          found.add(new Numbered(file, Long.parseLong(name.group(1))));
        }
      }
    }
    found.sort(Comparator.comparingLong(Numbered::step).reversed());
    return found;
  }

  /** Whether there is any, damaged or not. */
  boolean any() throws IOException {
    return !newestFirst().isEmpty();
  }

  /** Writes one, then removes those that are too old; a failed write removes nothing. */
  void save(long step, Map<String, FloatTensor> state, Map<String, String> metadata)
      throws IOException {
    Weights tensors = Weights.of(state);
    Map<String, String> all = new TreeMap<>(metadata);
    all.put(DIGEST, tensors.digest());
    all.put(STEP, Long.toString(step));
    Safetensors.write(run.resolve("checkpoint-" + step + ".safetensors"), tensors, all);
    List<Numbered> kept = newestFirst();
    for (Numbered old : kept.subList(Math.min(KEPT, kept.size()), kept.size())) {
      Files.deleteIfExists(old.file);
    }
  }

  /**
   * The newest that is whole.
   *
   * @return empty if there is none at all
   * @throws RecipeException if there are some and all are damaged
   */
  Optional<Saved> newest() throws IOException {
    List<String> damaged = new ArrayList<>();
    for (Numbered candidate : newestFirst()) {
      try {
        Safetensors.Contents contents = Safetensors.read(candidate.file);
        Map<String, String> metadata = contents.metadata();
        if (contents.weights().digest().equals(metadata.get(DIGEST))
            && Long.toString(candidate.step).equals(metadata.get(STEP))) {
          return Optional.of(
              new Saved(
                  candidate.file,
                  candidate.step,
                  contents.tensors(),
                  metadata,
                  List.copyOf(damaged)));
        }
        damaged.add("checkpoint " + candidate.file + ": does not match its own digest and step");
      } catch (WeightsException e) {
        damaged.add(e.getMessage());
      }
    }
    if (damaged.isEmpty()) {
      return Optional.empty();
    }
    throw new RecipeException(
        "no checkpoint in "
            + run
            + " can be used: "
            + String.join("; ", damaged)
            + "; start anew with another --out");
  }
}
