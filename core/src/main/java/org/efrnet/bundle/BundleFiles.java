package org.efrnet.bundle;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.exc.ValueInstantiationException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.RecordComponent;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.efrnet.text.OneLine;
import org.efrnet.text.Sha256;
import org.efrnet.text.StrictYaml;

/** The files of a bundle's folder: their names, checksums and limits. */
final class BundleFiles {
  static final String WEIGHTS = "model.safetensors";
  static final String CONFIG = "config.json";
  static final String CARD = "README.md";
  static final String RECIPE = "recipe.yaml";
  static final String LOG = "train.jsonl";
  static final String SUMS = "SHA256SUMS";

  /** All names, the checksums last: they are written when everything else stands. */
  static final List<String> NAMES = List.of(WEIGHTS, CONFIG, CARD, RECIPE, LOG, SUMS);

  private static final int MOST_TEXT_BYTES = 64 << 20;
  private static final Pattern SUM = Pattern.compile("([0-9a-f]{64}) [ *](.+)");

  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
          .enable(SerializationFeature.INDENT_OUTPUT)
          .build();

  private BundleFiles() {}

  static BundleException bad(Path dir, String file, String what) {
    return new BundleException("bundle " + dir + ": " + file + " " + what);
  }

  static BundleException bad(Path dir, String file, String what, Throwable cause) {
    return new BundleException("bundle " + dir + ": " + file + " " + what, cause);
  }

  static BundleException unreadable(Path dir, String file, IOException e) {
    return bad(
        dir,
        file,
        "cannot be read: "
            + e.getClass().getSimpleName()
            + " "
            + OneLine.of(String.valueOf(e.getMessage())),
        e);
  }

  /** A file's text, empty if there is no such file. */
  static Optional<String> text(Path dir, String file) throws BundleException {
    try (InputStream in = Files.newInputStream(dir.resolve(file))) {
      byte[] bytes = in.readNBytes(MOST_TEXT_BYTES + 1);
      if (bytes.length > MOST_TEXT_BYTES) {
        throw bad(dir, file, "is larger than " + (MOST_TEXT_BYTES >> 20) + " MB");
      }
      return Optional.of(
          StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString());
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (CharacterCodingException e) {
      throw bad(dir, file, "is not UTF-8 text", e);
    } catch (BundleException e) {
      throw e;
    } catch (IOException e) {
      throw unreadable(dir, file, e);
    }
  }

  static BundleConfig config(Path dir) throws BundleException {
    String text = text(dir, CONFIG).orElseThrow(() -> missing(dir, CONFIG));
    try {
      JsonNode json = JSON.readTree(text);
      if (!json.isObject()) {
        throw bad(dir, CONFIG, "is not a JSON object");
      }
      requireKnownKeys(dir, json);
      return JSON.treeToValue(json, BundleConfig.class);
    } catch (ValueInstantiationException e) {
      // The constructor's own words: the bundle's author can act on them.
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw bad(
          dir,
          CONFIG,
          "is refused: " + OneLine.of(String.valueOf(cause.getMessage())) + path(e),
          e);
    } catch (JsonMappingException e) {
      throw bad(dir, CONFIG, "is refused: " + firstLine(e) + path(e), e);
    } catch (JsonProcessingException e) {
      throw bad(dir, CONFIG, "is not valid JSON: " + firstLine(e), e);
    }
  }

  /** Before Jackson, to whom a misspelt key is first of all another one that is missing. */
  private static void requireKnownKeys(Path dir, JsonNode json) throws BundleException {
    try {
      StrictYaml.requireKnownKeys(
          json,
          Arrays.stream(BundleConfig.class.getRecordComponents())
              .map(RecordComponent::getName)
              .toList());
    } catch (IOException e) {
      throw bad(dir, CONFIG, e.getMessage(), e);
    }
  }

  private static String firstLine(JsonProcessingException e) {
    String line = e.getOriginalMessage().lines().findFirst().orElse("");
    // Behind it Jackson names the switch of its own that made it an error.
    int end = line.indexOf("; `DeserializationFeature");
    return OneLine.of(end < 0 ? line : line.substring(0, end));
  }

  private static String path(JsonMappingException e) {
    String path =
        e.getPath().stream()
            .map(r -> r.getFieldName() == null ? "[" + r.getIndex() + "]" : r.getFieldName())
            .collect(Collectors.joining("."));
    return path.isEmpty() ? "" : " (at " + OneLine.of(path) + ")";
  }

  static String json(Object value) {
    try {
      return JSON.writeValueAsString(value) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          "the configuration is not JSON: " + firstLine(e) + "; metrics may hold JSON's types only",
          e);
    }
  }

  static BundleException missing(Path dir, String file) {
    return bad(dir, file, "is missing; a bundle has at least " + WEIGHTS + " and " + CONFIG);
  }

  /** Holds every file that is there against the checksums, if those are there. */
  static void verify(Path dir) throws BundleException {
    Optional<String> sums = text(dir, SUMS);
    if (sums.isEmpty()) {
      return;
    }
    Map<String, String> listed = new TreeMap<>();
    for (String line : sums.get().lines().toList()) {
      Matcher sum = SUM.matcher(line);
      if (!sum.matches() || listed.put(sum.group(2), sum.group(1)) != null) {
        throw bad(
            dir,
            SUMS,
            "has a line that is not the checksum of one more file: '" + OneLine.of(line) + "'");
      }
    }
    for (String file : listed.keySet()) {
      // Other names could point anywhere, out of the folder too.
      if (!NAMES.contains(file) || file.equals(SUMS)) {
        throw bad(dir, SUMS, "lists '" + OneLine.of(file) + "', which is no file of a bundle");
      }
    }
    for (String file : NAMES) {
      if (file.equals(SUMS)) {
        continue;
      }
      boolean there = Files.exists(dir.resolve(file));
      String expected = listed.get(file);
      if (expected == null && there) {
        throw bad(dir, file, "is not listed in " + SUMS + "; copy the bundle anew");
      }
      if (expected != null && !there) {
        throw bad(dir, file, "is missing, " + SUMS + " lists it; copy the bundle anew");
      }
      if (expected != null && !expected.equals(sha256(dir, file))) {
        throw bad(dir, file, "does not have the checksum of " + SUMS + "; copy the bundle anew");
      }
    }
  }

  private static String sha256(Path dir, String file) throws BundleException {
    MessageDigest sha = Sha256.start();
    byte[] buffer = new byte[1 << 16];
    try (InputStream in = Files.newInputStream(dir.resolve(file))) {
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        sha.update(buffer, 0, n);
      }
    } catch (IOException e) {
      throw unreadable(dir, file, e);
    }
    return Sha256.hex(sha);
  }

  static void writeSums(Path dir) throws IOException {
    StringBuilder sums = new StringBuilder();
    for (String file : NAMES) {
      if (!file.equals(SUMS) && Files.exists(dir.resolve(file))) {
        sums.append(sha256(dir, file)).append("  ").append(file).append('\n');
      }
    }
    Files.writeString(dir.resolve(SUMS), sums);
  }

  static Path sibling(Path dir) {
    return dir.resolveSibling("." + dir.getFileName() + "." + UUID.randomUUID());
  }

  /**
   * Gives a finished folder its name. A folder of that name is replaced if it holds nothing but a
   * bundle; what stood there is deleted only when the new one stands.
   */
  static void publish(Path finished, Path dir) throws IOException {
    if (!Files.exists(dir, LinkOption.NOFOLLOW_LINKS)) {
      move(finished, dir);
      return;
    }
    Path old = sibling(dir);
    move(dir, old);
    try {
      move(finished, dir);
    } catch (IOException e) {
      move(old, dir);
      throw e;
    }
    delete(old);
  }

  private static void move(Path from, Path to) throws IOException {
    try {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    } catch (AtomicMoveNotSupportedException e) {
      Files.move(from, to);
    }
  }

  static void requireReplaceable(Path dir) throws IOException {
    if (!Files.exists(dir, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    if (!Files.isDirectory(dir, LinkOption.NOFOLLOW_LINKS)) {
      throw new BundleException(
          "bundle " + dir + ": is there already and is no folder; choose another name");
    }
    try (Stream<Path> entries = Files.list(dir)) {
      Optional<String> foreign =
          entries
              .map(entry -> String.valueOf(entry.getFileName()))
              .filter(name -> !NAMES.contains(name))
              .sorted()
              .findFirst();
      if (foreign.isPresent()) {
        throw new BundleException(
            "bundle "
                + dir
                + ": the folder is there already and holds '"
                + OneLine.of(foreign.get())
                + "', which is no file of a bundle; choose another folder");
      }
    }
  }

  /** Removes a folder of files, if it is there. */
  static void delete(Path dir) throws IOException {
    if (!Files.isDirectory(dir, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    try (Stream<Path> entries = Files.list(dir)) {
      for (Path entry : entries.toList()) {
        Files.delete(entry);
      }
    }
    Files.delete(dir);
  }
}
