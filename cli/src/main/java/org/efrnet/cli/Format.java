package org.efrnet.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;

/** How a result is printed. */
public enum Format {
  /** For people. */
  TABLE,
  /** For programs. */
  JSON;

  private static final ObjectMapper MAPPER =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  /** The text of a result for programs, indented. */
  public static String json(JsonNode node) {
    try {
      return MAPPER.writeValueAsString(node);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * What such a text says; a missing node for none.
   *
   * @throws JsonProcessingException if it is no JSON
   */
  static JsonNode read(byte[] text) throws IOException {
    return MAPPER.readTree(text);
  }
}
