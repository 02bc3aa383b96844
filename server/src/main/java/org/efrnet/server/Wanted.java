package org.efrnet.server;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.efrnet.images.Mask;
import org.efrnet.images.Masks;
import org.efrnet.images.Pictures;
import org.efrnet.segment.PolygonJson;
import org.efrnet.segment.ResultJson;
import org.efrnet.segment.Segmentation;
import org.efrnet.segment.Segmenter;

/** In what form a client wants to have a segmentation. */
enum Wanted {
  /** The picture under the classes' colours, with a legend. */
  OVERLAY("image/png", "", ""),
  /** Class ids as an indexed PNG. */
  MASK("image/png", "content", "mask"),
  /** Shares and times. */
  JSON("application/json", "", ""),
  /** And the class map in runs. */
  RUNS("application/json", "mask", "runs"),
  /** And the outlines of all regions, as GeoJSON has them. */
  POLYGONS("application/json", "mask", "polygons");

  private static final ObjectMapper MAPPER = new ObjectMapper(new JsonFactory());

  private final String mediaType;
  private final String parameter;
  private final String value;

  Wanted(String mediaType, String parameter, String value) {
    this.mediaType = mediaType;
    this.parameter = parameter;
    this.value = value;
  }

  String mediaType() {
    return mediaType;
  }

  /** What is wanted, in a client's words. */
  private record Range(String type, Map<String, String> parameters, double quality) {}

  /**
   * By the header {@code Accept}; JSON where it leaves that open.
   *
   * @throws Problem 406 if nothing that it names is there
   */
  static Wanted of(Optional<String> accept) {
    List<Range> ranges = ranges(accept.filter(text -> !text.isBlank()).orElse("*/*"));
    ranges.sort(Comparator.comparingDouble(Range::quality).reversed());
    for (Range range : ranges) {
      Optional<Wanted> found = range.quality > 0 ? named(range) : Optional.empty();
      if (found.isPresent()) {
        return found.get();
      }
    }
    throw Problem.of(
        406,
        "not-acceptable",
        "No such form",
        "results come as image/png, image/png;content=mask, application/json,"
            + " application/json;mask=runs or application/json;mask=polygons");
  }

  private static Optional<Wanted> named(Range range) {
    if (range.type.equals("*/*") || range.type.equals("application/*")) {
      return Optional.of(JSON);
    }
    if (range.type.equals("image/*")) {
      return Optional.of(OVERLAY);
    }
    for (Wanted wanted : values()) {
      String asked = range.parameters.getOrDefault(wanted.parameter, "");
      boolean plain =
          wanted.parameter.isEmpty()
              && !range.parameters.containsKey("content")
              && !range.parameters.containsKey("mask");
      if (wanted.mediaType.equals(range.type)
          && (plain || (!wanted.parameter.isEmpty() && asked.equals(wanted.value)))) {
        return Optional.of(wanted);
      }
    }
    return Optional.empty();
  }

  private static List<Range> ranges(String accept) {
    List<Range> ranges = new ArrayList<>();
    for (String part : accept.toLowerCase(Locale.ROOT).split(",", -1)) {
      String[] words = part.split(";", -1);
      Map<String, String> parameters = new HashMap<>();
      double quality = 1;
      for (int i = 1; i < words.length; i++) {
        int equals = words[i].indexOf('=');
        if (equals < 0) {
          continue;
        }
        String name = words[i].substring(0, equals).strip();
        String value = words[i].substring(equals + 1).strip().replace("\"", "");
        if (name.equals("q")) {
          quality = value.matches("[01](\\.[0-9]{0,3})?") ? Double.parseDouble(value) : 0;
        } else {
          parameters.put(name, value);
        }
      }
      ranges.add(new Range(words[0].strip(), parameters, quality));
    }
    return ranges;
  }

  /**
   * How a result is put into this form.
   *
   * @param opacity of an overlay's colours, 0..1
   * @param minimumArea pixels that a polygon has at least
   */
  Job.Encoder encoder(double opacity, int minimumArea) {
    return (segmenter, result, decode) ->
        switch (this) {
          case OVERLAY -> Pictures.png(result.overlay(opacity));
          case MASK -> Masks.png(result.mask(), result.classes().palette());
          default -> json(segmenter, result, decode, minimumArea, Map.of());
        };
  }

  /**
   * As JSON.
   *
   * @param more numbers that stand before the others
   */
  byte[] json(
      Segmenter segmenter,
      Segmentation result,
      double decode,
      int minimumArea,
      Map<String, Long> more) {
    ObjectNode head = JsonNodeFactory.instance.objectNode();
    more.forEach(head::put);
    ResultJson.describe(segmenter, result, decode, decode + result.millis().total(), head);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = MAPPER.createGenerator(bytes)) {
      json.writeStartObject();
      for (Map.Entry<String, JsonNode> field : head.properties()) {
        json.writeFieldName(field.getKey());
        MAPPER.writeTree(json, field.getValue());
      }
      if (this == RUNS) {
        writeRuns(json, result.mask());
      } else if (this == POLYGONS) {
        json.writeObjectFieldStart("polygons");
        json.writeStringField("type", "FeatureCollection");
        PolygonJson.writeFeatures(json, result, minimumArea);
        json.writeEndObject();
      }
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException("memory cannot be written to", e);
    }
    return bytes.toByteArray();
  }

  /** Class id, pixels, class id, pixels, ...: row by row from the top, across the rows' ends. */
  private static void writeRuns(JsonGenerator json, Mask mask) throws IOException {
    json.writeArrayFieldStart("runs");
    byte[] ids = mask.ids();
    for (int i = 0; i < ids.length; ) {
      int start = i;
      while (i < ids.length && ids[i] == ids[start]) {
        i++;
      }
      json.writeNumber(ids[start] & 0xff);
      json.writeNumber(i - start);
    }
    json.writeEndArray();
  }
}
