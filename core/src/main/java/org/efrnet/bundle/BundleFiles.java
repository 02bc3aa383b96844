package org.efrnet.bundle;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.efrnet.text.OneLine;
import org.efrnet.text.Sha256;

/** The files of a bundle's folder: their names, and how they are written. */
final class BundleFiles {
  static final String WEIGHTS = "model.safetensors";
  static final String CONFIG = "config.json";
  static final String GOLDEN = "golden.safetensors";
  static final String CALIBRATION = "calibration.json";
  static final String CARD = "README.md";
  static final String RECIPE = "recipe.yaml";
  static final String LOG = "train.jsonl";
  static final String SUMS = "SHA256SUMS";

  /** All names, the checksums last: they are written when everything else stands. */
  static final List<String> NAMES =
      List.of(WEIGHTS, CONFIG, GOLDEN, CALIBRATION, CARD, RECIPE, LOG, SUMS);

  /** Without one of these there is no bundle. */
  static final List<String> REQUIRED = List.of(WEIGHTS, CONFIG, GOLDEN, CARD, SUMS);

  static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
          .enable(SerializationFeature.INDENT_OUTPUT)
          .build();

  private BundleFiles() {}

  static String firstLine(JsonProcessingException e) {
    String line = e.getOriginalMessage().lines().findFirst().orElse("");
    // Behind it Jackson names the switch of its own that made it an error.
    int end = line.indexOf("; `DeserializationFeature");
    return OneLine.of(end < 0 ? line : line.substring(0, end));
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

  static void writeSums(Path dir) throws IOException {
    StringBuilder sums = new StringBuilder();
    for (String file : NAMES) {
      if (!file.equals(SUMS) && Files.exists(dir.resolve(file))) {
        String sum = Sha256.of(Files.readAllBytes(dir.resolve(file)));
        sums.append(sum).append("  ").append(file).append('\n');
      }
    }
    write(dir.resolve(SUMS), sums.toString());
  }

  /** Writes a text that is on the disk when this returns. */
  static void write(Path file, String text) throws IOException {
    // Unlike getBytes, which writes '?' for what is no text.
    ByteBuffer bytes = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(true);
    }
  }

  /** Brings a folder's names to the disk, where the system can. */
  private static void force(Path dir) {
    try (FileChannel channel = FileChannel.open(dir, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException e) {
      // Windows opens no folders; its file systems keep names in a journal.
      return;
    }
  }

  static Path sibling(Path dir) {
    return dir.resolveSibling("." + dir.getFileName() + "." + UUID.randomUUID());
  }

  /**
   * Gives a finished folder its name. A folder of that name is replaced if it holds nothing but a
   * bundle; what stood there is deleted only when the new one stands.
   */
  static void publish(Path finished, Path dir) throws IOException {
    force(finished);
    if (!Files.exists(dir, LinkOption.NOFOLLOW_LINKS)) {
      move(finished, dir);
      force(dir.getParent());
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
    force(dir.getParent());
    deleteQuietly(old);
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
              .filter(
                  entry ->
                      !NAMES.contains(String.valueOf(entry.getFileName()))
                          || Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS))
              .map(entry -> String.valueOf(entry.getFileName()))
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

  /** Removes what nobody needs, as far as that works. */
  static void deleteQuietly(Path dir) {
    try {
      delete(dir);
    } catch (IOException e) {
      dir.toFile().deleteOnExit();
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
