package org.efrnet.text;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.io.StringReader;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.events.CollectionStartEvent;
import org.yaml.snakeyaml.events.Event;
import org.yaml.snakeyaml.events.NodeEvent;
import org.yaml.snakeyaml.events.ScalarEvent;

/**
 * YAML as a plain tree of maps, lists and scalars: one document, no anchors, no aliases, no type
 * tags, no key twice. What is refused would let a short file grow without bound, or mean something
 * else than what a reader sees.
 */
public final class StrictYaml {
  private static final YAMLMapper YAML =
      YAMLMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
          .build();

  private StrictYaml() {}

  /**
   * The mapping that is the whole document.
   *
   * @param text the document, not its file
   * @throws IOException if it is not YAML, not a mapping, or uses what is refused; the message is
   *     one line with the place, without the file's name
   */
  public static ObjectNode parse(String text) throws IOException {
    try {
      JsonNode node = YAML.readTree(text);
      refuseAnchorsAndTags(text);
      if (node instanceof ObjectNode object) {
        return object;
      }
      throw new IOException("is not a mapping of keys to values");
    } catch (JsonProcessingException e) {
      throw new IOException(
          "is not valid YAML: "
              + OneLine.of(e.getOriginalMessage().lines().findFirst().orElse(""))
              + Optional.ofNullable(e.getLocation()).map(StrictYaml::place).orElse(""),
          e);
    }
  }

  /**
   * Refuses a mapping with a key that is not known.
   *
   * @throws IOException naming the key and the nearest known one, or all known keys
   */
  public static void requireKnownKeys(JsonNode mapping, Collection<String> known)
      throws IOException {
    for (Map.Entry<String, JsonNode> property : mapping.properties()) {
      if (!known.contains(property.getKey())) {
        String hint = Nearest.hint(property.getKey(), known);
        throw new IOException(
            "has the unknown key '"
                + OneLine.of(property.getKey())
                + "'"
                + (hint.isEmpty() ? "; known are " + String.join(", ", known) : hint));
      }
    }
  }

  /**
   * Looks at the events below Jackson: its own parser forgets the anchors and tags of list items
   * and of keys.
   */
  private static void refuseAnchorsAndTags(String text) throws IOException {
    for (Event event : new Yaml().parse(new StringReader(text))) {
      if (event instanceof NodeEvent node && node.getAnchor() != null) {
        throw new IOException("has an anchor or alias" + place(event) + "; write the value out");
      }
      boolean tagged =
          (event instanceof ScalarEvent scalar && scalar.getTag() != null)
              || (event instanceof CollectionStartEvent collection && collection.getTag() != null);
      if (tagged) {
        throw new IOException("has a type tag" + place(event) + "; remove it");
      }
    }
  }

  private static String place(Event event) {
    Mark mark = event.getStartMark();
    return " (line " + (mark.getLine() + 1) + ", column " + (mark.getColumn() + 1) + ")";
  }

  private static String place(JsonLocation location) {
    return " (line " + location.getLineNr() + ", column " + location.getColumnNr() + ")";
  }
}
