package org.efrnet.training;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
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
import org.efrnet.bundle.BundleException;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.text.Sha256;
import org.efrnet.weights.FloatTensor;
import org.efrnet.weights.Safetensors;
import org.efrnet.weights.Weights;
import org.efrnet.weights.WeightsException;

/**
 * The checkpoints in a run's folder, {@code checkpoint-STEP.safetensors}: the newest few are kept.
 * Each is written whole or not at all and carries a digest of what it holds, so that a damaged one
 * is found and the one before is used.
 */
final class Checkpoints {
  private static final Pattern NAME = Pattern.compile("checkpoint-([0-9]{1,18})\\.safetensors");
  private static final String UUID = "\\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";
  private static final Pattern PART =
      Pattern.compile(
          "\\.(?<name>checkpoint-[0-9]{1,18}\\.safetensors|best|bundle|[a-z]+\\.(html|jsonl|yaml|png))"
              + UUID
              + "(\\.part)?");
  private static final String DIGEST = "digest";
  private static final String STEP = "step";

  private final Path run;
  private final int kept;
  private long lastGood = -1;

  /**
   * @param kept how many, at least 1
   */
  Checkpoints(Path run, int kept) {
    if (kept < 1) {
      throw new IllegalArgumentException("checkpoints kept is " + kept + ", must be at least 1");
    }
    this.run = run;
    this.kept = kept;
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
    for (Path file : list(run)) {
      Matcher name = NAME.matcher(file.getFileName().toString());
      if (name.matches()) {
        found.add(new Numbered(file, Long.parseLong(name.group(1))));
      }
    }
    found.sort(Comparator.comparingLong(Numbered::step).reversed());
    return found;
  }

  /** Whether there is any, damaged or not. */
  boolean any() throws IOException {
    return !newestFirst().isEmpty();
  }

  /** The step of the newest that was written or read whole; -1 if there is none yet. */
  long lastGood() {
    return lastGood;
  }

  /**
   * Removes what a killed run had begun to write. A bundle that it was about to replace gets its
   * name back.
   */
  void removeParts() throws IOException {
    for (Path part : list(run)) {
      Matcher name = PART.matcher(part.getFileName().toString());
      if (!name.matches()) {
        continue;
      }
      if (!Files.isDirectory(part, LinkOption.NOFOLLOW_LINKS)) {
        Files.deleteIfExists(part);
      } else if (!Files.exists(run.resolve(name.group("name"))) && isBundle(part)) {
        Files.move(part, run.resolve(name.group("name")));
      } else {
        for (Path file : list(part)) {
          Files.deleteIfExists(file);
        }
        Files.deleteIfExists(part);
      }
    }
  }

  private static boolean isBundle(Path folder) {
    try {
      ModelBundle.read(folder);
      return true;
    } catch (BundleException e) {
      return false;
    }
  }

  private static List<Path> list(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }

  /** Writes one, then removes those that are too old; a failed write removes nothing. */
  void save(long step, Map<String, FloatTensor> state, Map<String, String> metadata)
      throws IOException {
    Weights tensors = Weights.of(state);
    Map<String, String> described = new TreeMap<>(metadata);
    described.put(STEP, Long.toString(step));
    described.put(DIGEST, digest(tensors, described));
    Safetensors.write(run.resolve("checkpoint-" + step + ".safetensors"), tensors, described);
    // What is newer was found damaged, or the run would not be at this step: it must not count.
    int good = 0;
    for (Numbered old : newestFirst()) {
      good += old.step <= step ? 1 : 0;
      if (old.step > step || good > kept) {
        Files.deleteIfExists(old.file);
      }
    }
    lastGood = step;
  }

  /** Over everything: a wrong bit in what describes the tensors is as bad as one in them. */
  private static String digest(Weights tensors, Map<String, String> metadata) {
    Map<String, String> described = new TreeMap<>(metadata);
    described.remove(DIGEST);
    return Sha256.of(tensors.digest() + described);
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
        if (digest(contents.weights(), metadata).equals(metadata.get(DIGEST))
            && Long.toString(candidate.step).equals(metadata.get(STEP))) {
          lastGood = candidate.step;
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
