package org.efrnet.server;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.javalin.http.Context;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.efrnet.images.Mask;
import org.efrnet.images.Picture;
import org.efrnet.text.OneLine;

/**
 * The Open Inference Protocol, version 2, over HTTP, with the binary extension by which tensors
 * stand behind the JSON ({@code Inference-Header-Content-Length}). One input, {@value #IMAGE}: RGB
 * bytes (height, width, 3), or (1, height, width, 3); one output, {@value #CLASSES}: class ids, a
 * byte each, of the same height and width.
 */
final class InferenceProtocol {
  static final String IMAGE = "image";
  static final String CLASSES = "classes";

  private static final String HEADER_LENGTH = "Inference-Header-Content-Length";
  private static final String BYTES = "UINT8";
  private static final JsonFactory JSON = new JsonFactory();
  private static final int MOST_DIMENSIONS = 8;

  private final Service service;
  private final Limits limits;

  InferenceProtocol(Service service, Limits limits) {
    this.service = service;
    this.limits = limits;
  }

  /** What a request says. */
  private static final class Request {
    private Optional<String> id = Optional.empty();
    private Optional<String> input = Optional.empty();
    private String type = "";
    private List<Long> shape = List.of();
    private Optional<byte[]> data = Optional.empty();
    private long binaryBytes = -1;
    private Optional<String> output = Optional.empty();
    private Optional<Boolean> binaryOutput = Optional.empty();
  }

  ObjectNode server() {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    node.put("name", "efrnet").put("version", Service.programVersion());
    node.putArray("extensions").add("binary_tensor_data");
    return node;
  }

  ObjectNode model(ServedModel model) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    node.put("name", model.name());
    node.putArray("versions").add("1");
    node.put("platform", "efrnet_" + model.segmenter().engine());
    tensor(node.putArray("inputs"), IMAGE).add(-1).add(-1).add(3);
    tensor(node.putArray("outputs"), CLASSES).add(-1).add(-1);
    return node;
  }

  private static ArrayNode tensor(ArrayNode list, String name) {
    ObjectNode one = list.addObject();
    one.put("name", name).put("datatype", BYTES);
    return one.putArray("shape");
  }

  void infer(Context ctx, Budget.Share share) {
    ServedModel model = service.pathModel(ctx);
    Service.requirePlace(model);
    byte[] body = service.bodies().read(ctx.req(), share);
    int jsonBytes = jsonBytes(ctx, body.length);
    Request request = parse(body, jsonBytes);
    boolean batch = request.shape.size() == 4;
    int rank = request.shape.size();
    if (!request.input.equals(Optional.of(IMAGE)) || !request.type.equals(BYTES)) {
      throw bad(
          "the input is '"
              + OneLine.of(request.input.orElse(""))
              + "' of type "
              + OneLine.of(request.type)
              + "; give one input '"
              + IMAGE
              + "' of type "
              + BYTES);
    }
    if (rank < 3
        || rank > 4
        || request.shape.get(rank - 1) != 3
        || (batch && request.shape.get(0) != 1)) {
      throw bad("the shape is " + request.shape + "; give height, width, 3, of one picture");
    }
    if (!request.output.orElse(CLASSES).equals(CLASSES)) {
      throw bad(
          "there is no output '" + OneLine.of(request.output.get()) + "'; there is " + CLASSES);
    }
    long height = request.shape.get(rank - 3);
    long width = request.shape.get(rank - 2);
    try (Budget.Share cost = service.admit(model, width, height)) {
      byte[] rgb = pixels(request, body, jsonBytes, 3 * width * height);
      Picture picture = new Picture((int) width, (int) height, rgb);
      boolean binary = request.binaryOutput.orElse(false);
      Job job =
          new Job(
              () -> picture,
              (segmenter, result, decode) -> response(model, request, result.mask(), batch, binary),
              System.nanoTime() + limits.deadline().toNanos(),
              List.of(share, cost));
      if (binary) {
        // The header's length depends on sizes that are known before the answer.
        byte[] head = head(model, request, picture.width(), picture.height(), batch, true);
        ctx.header(HEADER_LENGTH, Integer.toString(head.length));
      }
      service.answer(ctx, model, job, binary ? "application/octet-stream" : "application/json");
    }
  }

  private static int jsonBytes(Context ctx, int bodyBytes) {
    String text = ctx.header(HEADER_LENGTH);
    if (text == null) {
      return bodyBytes;
    }
    int length = text.matches("[0-9]{1,9}") ? Integer.parseInt(text) : -1;
    if (length < 0 || length > bodyBytes) {
      throw bad(HEADER_LENGTH + " is no number of bytes of the body; mend it");
    }
    return length;
  }

  private static byte[] pixels(Request request, byte[] body, int jsonBytes, long needed) {
    if (request.data.isEmpty() == (request.binaryBytes < 0)) {
      throw bad("the input has no data, or twice; give 'data', or 'binary_data_size' and bytes");
    }
    byte[] rgb =
        request.data.isPresent()
            ? request.data.get()
            : Arrays.copyOfRange(body, jsonBytes, body.length);
    if (request.data.isEmpty() && request.binaryBytes != rgb.length) {
      throw bad(
          "binary_data_size is "
              + request.binaryBytes
              + ", behind the JSON are "
              + rgb.length
              + " bytes");
    }
    if (rgb.length != needed) {
      throw bad("the input has " + rgb.length + " values, its shape says " + needed);
    }
    return rgb;
  }

  private static byte[] head(
      ServedModel model, Request request, int width, int height, boolean batch, boolean binary) {
    ObjectNode node = responseNode(model, request, width, height, batch);
    if (binary) {
      ((ObjectNode) node.get("outputs").get(0))
          .putObject("parameters")
          .put("binary_data_size", width * height);
    }
    return node.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static ObjectNode responseNode(
      ServedModel model, Request request, int width, int height, boolean batch) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    request.id.ifPresent(id -> node.put("id", id));
    node.put("model_name", model.name()).put("model_version", "1");
    ArrayNode shape = tensor(node.putArray("outputs"), CLASSES);
    if (batch) {
      shape.add(1);
    }
    shape.add(height).add(width);
    return node;
  }

  private static byte[] response(
      ServedModel model, Request request, Mask mask, boolean batch, boolean binary) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    byte[] head = head(model, request, mask.width(), mask.height(), batch, binary);
    if (binary) {
      bytes.writeBytes(head);
      bytes.writeBytes(mask.ids());
      return bytes.toByteArray();
    }
    // The data go into the only output, whose object the head ends with.
    String text = new String(head, StandardCharsets.UTF_8);
    bytes.writeBytes(
        text.substring(0, text.length() - "}]}".length()).getBytes(StandardCharsets.UTF_8));
    bytes.writeBytes(",\"data\":[".getBytes(StandardCharsets.US_ASCII));
    byte[] ids = mask.ids();
    for (int i = 0; i < ids.length; i++) {
      if (i > 0) {
        bytes.write(',');
      }
      bytes.writeBytes(Integer.toString(ids[i] & 0xff).getBytes(StandardCharsets.US_ASCII));
    }
    bytes.writeBytes("]}]}".getBytes(StandardCharsets.US_ASCII));
    return bytes.toByteArray();
  }

  private static Problem bad(String detail) {
    return Problem.of(400, "bad-inference-request", "The request is wrong", detail);
  }

  private static Request parse(byte[] body, int length) {
    Request request = new Request();
    try (JsonParser json = JSON.createParser(body, 0, length)) {
      require(json.nextToken() == JsonToken.START_OBJECT);
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        String field = json.currentName();
        JsonToken value = json.nextToken();
        if (field.equals("inputs") && value == JsonToken.START_ARRAY) {
          require(json.nextToken() == JsonToken.START_OBJECT);
          readInput(json, request);
          if (json.nextToken() != JsonToken.END_ARRAY) {
            throw bad("there are several inputs; give one, '" + IMAGE + "'");
          }
        } else if (field.equals("outputs") && value == JsonToken.START_ARRAY) {
          while (json.nextToken() == JsonToken.START_OBJECT) {
            readOutput(json, request);
          }
        } else if (field.equals("parameters") && value == JsonToken.START_OBJECT) {
          readParameters(json, request);
        } else if (field.equals("id") && value == JsonToken.VALUE_STRING) {
          request.id = Optional.of(OneLine.of(json.getText()));
        } else {
          json.skipChildren();
        }
      }
      require(json.currentToken() == JsonToken.END_OBJECT);
    } catch (IOException e) {
      throw bad("the JSON is malformed; send an inference request of version 2");
    }
    return request;
  }

  private static void require(boolean holds) throws IOException {
    if (!holds) {
      throw new IOException("not as the protocol says");
    }
  }

  private static void readInput(JsonParser json, Request request) throws IOException {
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String field = json.currentName();
      JsonToken value = json.nextToken();
      if (field.equals("name") && value == JsonToken.VALUE_STRING) {
        request.input = Optional.of(json.getText());
      } else if (field.equals("datatype") && value == JsonToken.VALUE_STRING) {
        request.type = json.getText();
      } else if (field.equals("shape") && value == JsonToken.START_ARRAY) {
        request.shape = shape(json);
      } else if (field.equals("data") && value == JsonToken.START_ARRAY) {
        request.data = Optional.of(data(json));
      } else if (field.equals("parameters") && value == JsonToken.START_OBJECT) {
        readParameters(json, request);
      } else {
        json.skipChildren();
      }
    }
    require(json.currentToken() == JsonToken.END_OBJECT);
  }

  private static List<Long> shape(JsonParser json) throws IOException {
    List<Long> shape = new ArrayList<>();
    while (json.nextToken() == JsonToken.VALUE_NUMBER_INT) {
      long side = json.getLongValue();
      require(side >= 0 && side <= Integer.MAX_VALUE && shape.size() < MOST_DIMENSIONS);
      shape.add(side);
    }
    require(json.currentToken() == JsonToken.END_ARRAY);
    return shape;
  }

  /** Numbers in row-major order, nested or not. */
  private static byte[] data(JsonParser json) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    int depth = 1;
    while (depth > 0) {
      JsonToken token = json.nextToken();
      require(token != null);
      switch (token) {
        case START_ARRAY -> depth++;
        case END_ARRAY -> depth--;
        case VALUE_NUMBER_INT -> {
          int value = json.getIntValue();
          if (value < 0 || value > 255) {
            throw bad("a value is " + value + "; bytes are 0..255");
          }
          bytes.write(value);
        }
        default -> throw bad("the data are not numbers; give bytes, 0..255");
      }
    }
    return bytes.toByteArray();
  }

  private static void readOutput(JsonParser json, Request request) throws IOException {
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String field = json.currentName();
      JsonToken value = json.nextToken();
      if (field.equals("name") && value == JsonToken.VALUE_STRING) {
        request.output = Optional.of(json.getText());
      } else if (field.equals("parameters") && value == JsonToken.START_OBJECT) {
        readParameters(json, request);
      } else {
        json.skipChildren();
      }
    }
  }

  private static void readParameters(JsonParser json, Request request) throws IOException {
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String field = json.currentName();
      JsonToken value = json.nextToken();
      if (field.equals("binary_data_size") && value == JsonToken.VALUE_NUMBER_INT) {
        request.binaryBytes = json.getLongValue();
      } else if ((field.equals("binary_data") || field.equals("binary_data_output"))
          && value.isBoolean()) {
        request.binaryOutput = Optional.of(json.getBooleanValue());
      } else {
        json.skipChildren();
      }
    }
  }
}
