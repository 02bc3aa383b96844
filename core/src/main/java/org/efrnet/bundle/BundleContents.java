package org.efrnet.bundle;

import static org.efrnet.bundle.BundleFiles.CALIBRATION;
import static org.efrnet.bundle.BundleFiles.CARD;
import static org.efrnet.bundle.BundleFiles.CONFIG;
import static org.efrnet.bundle.BundleFiles.GOLDEN;
import static org.efrnet.bundle.BundleFiles.NAMES;
import static org.efrnet.bundle.BundleFiles.REQUIRED;
import static org.efrnet.bundle.BundleFiles.SUMS;
import static org.efrnet.bundle.BundleFiles.WEIGHTS;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.exc.ValueInstantiationException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.RecordComponent;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.efrnet.text.OneLine;
import org.efrnet.text.Sha256;
import org.efrnet.text.StrictYaml;
import org.efrnet.weights.Safetensors;
import org.efrnet.weights.Weights;
import org.efrnet.weights.WeightsException;

/**
 * The files of a bundle as they were read, each once: what is held against the checksums is what is
 * used, even where someone replaces the bundle meanwhile.
 */
final class BundleContents {
  private static final int MOST_TEXT_BYTES = 64 << 20;

  /** Room for every table of 255 classes. */
  private static final int MOST_GOLDEN_BYTES = 8 << 20;

  /** A hundred times the weights of the largest network. */
  private static final int MOST_WEIGHTS_BYTES = 256 << 20;

  private static final Pattern SUM = Pattern.compile("([0-9a-f]{64}) [ *](.+)");

  private final String where;
  private final Map<String, byte[]> files = new TreeMap<>();

  private BundleContents(String where) {
    this.where = where;
  }

  /**
   * Reads a folder's files, as far as they are there. Looks at each before it is read: a pipe would
   * block, a huge file fill the heap, and a link out of the folder show what is none of the
   * bundle's.
   */
  static BundleContents of(Path dir) throws BundleException {
    BundleContents contents = new BundleContents("bundle " + dir);
    for (String file : NAMES) {
      Path path = dir.resolve(file);
      if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
        continue;
      }
      try {
        Path real = path.toRealPath();
        if (!real.startsWith(dir.toRealPath())) {
          throw contents.bad(
              file, "is a link that leads out of the folder; put the file itself in its place");
        }
        if (!Files.isRegularFile(real)) {
          throw contents.bad(file, "is no regular file; copy the bundle anew");
        }
        contents.requireSize(file, Files.size(real));
        try (InputStream in = Files.newInputStream(real)) {
          contents.add(file, in);
        }
      } catch (NoSuchFileException e) {
        if (Files.isSymbolicLink(path)) {
          throw contents.bad(file, "is a link to nothing; put the file itself in its place", e);
        }
        throw contents.bad(file, "went away while the bundle was read; read it again", e);
      } catch (BundleException e) {
        throw e;
      } catch (IOException e) {
        throw contents.unreadable(file, e);
      }
    }
    return contents;
  }

  /** Finds a resource, empty if there is none. */
  interface Resources {
    Optional<InputStream> open(String file) throws IOException;
  }

  /**
   * Reads a model's files from wherever resources come from, as far as they are there.
   *
   * @param where they lie, as messages begin
   */
  static BundleContents of(String where, Resources resources) throws BundleException {
    BundleContents contents = new BundleContents(where);
    for (String file : NAMES) {
      try {
        Optional<InputStream> found = resources.open(file);
        if (found.isPresent()) {
          try (InputStream in = found.get()) {
            contents.add(file, in);
          }
        }
      } catch (BundleException e) {
        throw e;
      } catch (IOException e) {
        throw contents.unreadable(file, e);
      }
    }
    return contents;
  }

  /** Whether not a single file is there. */
  boolean isEmpty() {
    return files.isEmpty();
  }

  private static int most(String file) {
    return switch (file) {
      case WEIGHTS -> MOST_WEIGHTS_BYTES;
      case GOLDEN -> MOST_GOLDEN_BYTES;
      default -> MOST_TEXT_BYTES;
    };
  }

  private void requireSize(String file, long size) throws BundleException {
    if (size > most(file)) {
      throw bad(
          file, "has " + size + " bytes, a bundle's has " + (most(file) >> 20) + " MB at most");
    }
  }

  private void add(String file, InputStream in) throws IOException {
    try {
      byte[] bytes = in.readNBytes(most(file) + 1);
      requireSize(file, bytes.length);
      files.put(file, bytes);
    } catch (OutOfMemoryError e) {
      // How much of the heap others hold is not known beforehand.
      throw bad(
          file,
          "does not fit into what is free of the heap of "
              + (Runtime.getRuntime().maxMemory() >> 20)
              + " MB; start Java with a larger -Xmx",
          e);
    }
  }

  private BundleException bad(String file, String what) {
    return new BundleException(where + ": " + file + " " + what);
  }

  private BundleException bad(String file, String what, Throwable cause) {
    return new BundleException(where + ": " + file + " " + what, cause);
  }

  /** What is wrong with the whole. */
  BundleException bad(Exception e) {
    return new BundleException(where + ": " + e.getMessage(), e);
  }

  private BundleException unreadable(String file, IOException e) {
    return bad(
        file,
        "cannot be read: "
            + e.getClass().getSimpleName()
            + " "
            + OneLine.of(String.valueOf(e.getMessage())),
        e);
  }

  private BundleException missing(String file) {
    return bad(
        file,
        "is missing; a bundle has "
            + String.join(", ", REQUIRED)
            + ": copy it anew, from where it is whole");
  }

  private byte[] required(String file) throws BundleException {
    byte[] bytes = files.get(file);
    if (bytes == null) {
      throw missing(file);
    }
    return bytes;
  }

  /** A file's text, empty if there is no such file. */
  Optional<String> text(String file) throws BundleException {
    return files.containsKey(file) ? Optional.of(requiredText(file)) : Optional.empty();
  }

  private String requiredText(String file) throws BundleException {
    ByteBuffer bytes = ByteBuffer.wrap(required(file));
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
    } catch (CharacterCodingException e) {
      throw bad(file, "is not UTF-8 text", e);
    }
  }

  /** Holds every file that is there against the checksums, and every checksum against a file. */
  void verify() throws BundleException {
    String sums = requiredText(SUMS);
    // Without its last line break the file may have ended elsewhere.
    if (!sums.endsWith("\n")) {
      throw bad(SUMS, "does not end with a line break; it is cut short, copy the bundle anew");
    }
    Map<String, String> listed = new TreeMap<>();
    for (String line : sums.lines().toList()) {
      Matcher sum = SUM.matcher(line);
      if (!sum.matches() || listed.put(sum.group(2), sum.group(1)) != null) {
        throw bad(
            SUMS,
            "has a line that is not the checksum of one more file: '" + OneLine.of(line) + "'");
      }
    }
    for (String file : listed.keySet()) {
      if (!NAMES.contains(file) || file.equals(SUMS)) {
        throw bad(SUMS, "lists '" + OneLine.of(file) + "', which is no file of a bundle");
      }
    }
    for (String file : NAMES) {
      if (file.equals(SUMS)) {
        continue;
      }
      byte[] bytes = files.get(file);
      String expected = listed.get(file);
      if (expected == null && bytes != null) {
        throw bad(file, "is not listed in " + SUMS + "; copy the bundle anew");
      }
      if (expected != null && bytes == null) {
        throw bad(file, "is missing, " + SUMS + " lists it; copy the bundle anew");
      }
      if (expected != null && !expected.equals(Sha256.of(bytes))) {
        throw bad(file, "does not have the checksum of " + SUMS + "; copy the bundle anew");
      }
    }
  }

  BundleConfig config() throws BundleException {
    return json(CONFIG, BundleConfig.class);
  }

  /** Empty if there is no such file. */
  Calibration calibration() throws BundleException {
    return files.containsKey(CALIBRATION) ? json(CALIBRATION, Calibration.class) : Calibration.NONE;
  }

  private <T> T json(String file, Class<T> type) throws BundleException {
    String text = requiredText(file);
    try {
      JsonNode json = BundleFiles.JSON.readTree(text);
      if (!json.isObject()) {
        throw bad(file, "is not a JSON object");
      }
      if (file.equals(CONFIG) && json.path("format").isInt()) {
        BundleConfig.requireFormat(
            json.path("format").intValue(), json.path("createdWith").asText("unknown"));
      }
      requireKnownKeys(file, type, json);
      fillIn(json);
      return BundleFiles.JSON.treeToValue(json, type);
    } catch (ValueInstantiationException e) {
      // The constructor's own words: the bundle's author can act on them.
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw bad(
          file, "is refused: " + OneLine.of(String.valueOf(cause.getMessage()), 300) + path(e), e);
    } catch (JsonMappingException e) {
      throw bad(file, "is refused: " + BundleFiles.firstLine(e) + path(e), e);
    } catch (JsonProcessingException e) {
      throw bad(file, "is not valid JSON: " + BundleFiles.firstLine(e), e);
    } catch (IllegalArgumentException e) {
      throw bad(file, "is refused: " + e.getMessage(), e);
    }
  }

  /** Before Jackson, to whom a misspelt key is first of all another one that is missing. */
  private void requireKnownKeys(String file, Class<?> type, JsonNode json) throws BundleException {
    try {
      StrictYaml.requireKnownKeys(
          json, Arrays.stream(type.getRecordComponents()).map(RecordComponent::getName).toList());
    } catch (IOException e) {
      throw bad(file, e.getMessage(), e);
    }
  }

  /** Keys that are younger than the format: without them a bundle is what all were before. */
  private static void fillIn(JsonNode json) {
    if (json.path("architecture") instanceof ObjectNode architecture
        && !architecture.has("unscored")) {
      architecture.putArray("unscored");
    }
    if (json.path("normalization") instanceof ObjectNode normalization
        && !normalization.has("blueFirst")) {
      normalization.put("blueFirst", false);
    }
  }

  private static String path(JsonMappingException e) {
    String path =
        e.getPath().stream()
            .map(r -> r.getFieldName() == null ? "[" + r.getIndex() + "]" : r.getFieldName())
            .collect(Collectors.joining("."));
    return path.isEmpty() ? "" : " (at " + OneLine.of(path) + ")";
  }

  /** The card, which says something. */
  String card() throws BundleException {
    String card = requiredText(CARD);
    if (card.isBlank()) {
      throw bad(CARD, "is blank; it must say what the model is and is not for");
    }
    return card;
  }

  Weights weights() throws BundleException {
    return safetensors(WEIGHTS).weights();
  }

  /**
   * The golden picture and logits.
   *
   * @param classes of the network
   * @param sizeMultiple of the network
   */
  Golden golden(int classes, int sizeMultiple) throws BundleException {
    try {
      return Golden.of(safetensors(GOLDEN), classes, sizeMultiple);
    } catch (IllegalArgumentException e) {
      throw bad(GOLDEN, e.getMessage(), e);
    }
  }

  private Safetensors.Contents safetensors(String file) throws BundleException {
    try {
      return Safetensors.read(required(file), file);
    } catch (WeightsException e) {
      throw bad(e);
    }
  }
}
