package org.efrnet.segment;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.images.Outline;

/** The areas of a segmentation as a GeoJSON feature collection, in pixels instead of degrees. */
public final class PolygonJson {
  private PolygonJson() {}

  /**
   * A whole document, a line to each area.
   *
   * @param image stands for the picture in the document
   * @param minimumArea pixels that an area has at least, 1 for all areas
   * @throws IOException never, as it is written to memory
   */
  public static String of(ModelBundle bundle, String image, Segmentation result, int minimumArea)
      throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
      json.writeStartObject();
      json.writeStringField("type", "FeatureCollection");
      json.writeStringField("image", image);
      json.writeNumberField("width", result.mask().width());
      json.writeNumberField("height", result.mask().height());
      json.writeStringField("model", bundle.config().name());
      json.writeStringField("licence", bundle.config().licence().id());
      writeFeatures(json, result, minimumArea);
      json.writeEndObject();
    }
    return text.toString();
  }

  /**
   * Writes the property {@code features} of an object that was begun.
   *
   * @param minimumArea pixels that an area has at least, 1 for all areas
   * @throws IOException if the generator cannot write
   */
  public static void writeFeatures(JsonGenerator json, Segmentation result, int minimumArea)
      throws IOException {
    json.writeArrayFieldStart("features");
    for (Segmentation.Area area : result.polygons(minimumArea)) {
      // A line each: to be read by people and by tools that go by lines.
      json.writeRaw('\n');
      feature(json, area);
    }
    json.writeEndArray();
  }

  private static void feature(JsonGenerator json, Segmentation.Area area) throws IOException {
    json.writeStartObject();
    json.writeStringField("type", "Feature");
    json.writeObjectFieldStart("properties");
    json.writeNumberField("id", area.type().id());
    json.writeStringField("name", area.type().name());
    json.writeNumberField("area", area.outline().area());
    json.writeEndObject();
    json.writeObjectFieldStart("geometry");
    json.writeStringField("type", "Polygon");
    json.writeArrayFieldStart("coordinates");
    ring(json, area.outline().outer());
    for (Outline.Ring hole : area.outline().holes()) {
      ring(json, hole);
    }
    json.writeEndArray();
    json.writeEndObject();
    json.writeEndObject();
  }

  /** GeoJSON repeats the first corner at the end. */
  private static void ring(JsonGenerator json, Outline.Ring ring) throws IOException {
    json.writeStartArray();
    for (int i = 0; i <= ring.corners(); i++) {
      json.writeStartArray();
      json.writeNumber(ring.x(i % ring.corners()));
      json.writeNumber(ring.y(i % ring.corners()));
      json.writeEndArray();
    }
    json.writeEndArray();
  }
}
