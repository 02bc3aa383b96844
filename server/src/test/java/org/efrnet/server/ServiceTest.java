package org.efrnet.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.efrnet.images.Masks;
import org.efrnet.images.Picture;
import org.efrnet.images.Pictures;
import org.efrnet.segment.Segmentation;
import org.efrnet.segment.Segmenter;
import org.efrnet.text.Sha256;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What the service answers, request by request. */
class ServiceTest {
  private static final String MASK = "image/png;content=mask";

  private static Served served;
  private static byte[] street;
  private static Segmentation expected;

  @BeforeAll
  static void start() throws Exception {
    served = Served.start(Served.LIMITS, Served.options());
    street = Files.readAllBytes(Served.STREET);
    try (Segmenter segmenter = Segmenter.load(Served.bundle(), Served.options())) {
      expected = segmenter.segment(Pictures.read(Served.STREET));
    }
  }

  @AfterAll
  static void stop() {
    served.close();
  }

  private static HttpResponse<byte[]> segment(byte[] body, String accept) throws Exception {
    return served.post("/v1/segment", body, "Accept", accept);
  }

  private static JsonNode refused(HttpResponse<byte[]> response, int status, String type)
      throws IOException {
    String text = new String(response.body(), StandardCharsets.UTF_8);
    assertThat(response.statusCode()).as(text).isEqualTo(status);
    assertThat(response.headers().firstValue("Content-Type")).hasValue("application/problem+json");
    JsonNode problem = Served.json(response);
    assertThat(problem.get("type").asText()).isEqualTo("urn:efrnet:" + type);
    assertThat(problem.get("status").asInt()).isEqualTo(status);
    assertThat(problem.get("title").asText()).isNotBlank();
    assertThat(problem.get("detail").asText()).isNotBlank();
    assertThat(problem.get("requestId").asText()).matches("[0-9a-f]{16}");
    assertThat(text).doesNotContain(Served.INTERNALS.toArray(String[]::new));
    return problem;
  }

  @Test
  void aPictureGivesWhatTheSegmenterGives() throws Exception {
    assertThat(segment(street, "image/png").body()).isEqualTo(Pictures.png(expected.overlay(0.5)));
    HttpResponse<byte[]> mask = segment(street, MASK);
    assertThat(mask.headers().firstValue("Content-Type")).hasValue("image/png");
    assertThat(mask.body()).isEqualTo(Masks.png(expected.mask(), expected.classes().palette()));
    JsonNode json = Served.json(segment(street, "application/json"));
    assertThat(json.get("width").asInt()).isEqualTo(751);
    assertThat(json.get("model").asText()).isEqualTo(Served.MODEL);
    assertThat(json.has("runs")).isFalse();
    assertThat(json.at("/millis/network").asDouble()).isPositive();
    double all = 0;
    for (JsonNode type : json.get("classes")) {
      all += type.get("share").asDouble();
    }
    assertThat(all).isBetween(0.999999, 1.000001);
  }

  @Test
  void theClassMapComesInRunsAndInPolygons() throws Exception {
    JsonNode runs = Served.json(segment(street, "application/json;mask=runs")).get("runs");
    ByteArrayOutputStream ids = new ByteArrayOutputStream();
    for (int i = 0; i < runs.size(); i += 2) {
      byte[] run = new byte[runs.get(i + 1).asInt()];
      Arrays.fill(run, (byte) runs.get(i).asInt());
      ids.writeBytes(run);
    }
    assertThat(ids.toByteArray()).isEqualTo(expected.mask().ids());
    JsonNode polygons =
        Served.json(
                served.post(
                    "/v1/segment?min-area=500",
                    street,
                    "Accept",
                    "application/json; mask=\"polygons\""))
            .get("polygons");
    assertThat(polygons.get("type").asText()).isEqualTo("FeatureCollection");
    assertThat(polygons.get("features")).hasSameSizeAs(expected.polygons(500));
  }

  @Test
  void aFormsFirstFileIsThePicture() throws Exception {
    ByteArrayOutputStream form = new ByteArrayOutputStream();
    form.writeBytes(
        "--b\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhello\r\n--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"../../a.jpg\"\r\nContent-Type: image/jpeg\r\n\r\n"
            .getBytes(StandardCharsets.US_ASCII));
    form.writeBytes(street);
    form.writeBytes("\r\n--b--\r\n".getBytes(StandardCharsets.US_ASCII));
    HttpResponse<byte[]> mask =
        served.post(
            "/v1/segment",
            form.toByteArray(),
            "Accept",
            MASK,
            "Content-Type",
            "multipart/form-data; boundary=b");
    assertThat(mask.body()).isEqualTo(Masks.png(expected.mask(), expected.classes().palette()));
    refused(
        served.post("/v1/segment", street, "Content-Type", "multipart/form-data; boundary=b"),
        400,
        "bad-form");
    refused(
        served.post(
            "/v1/segment",
            "--b--\r\n".getBytes(StandardCharsets.US_ASCII),
            "Content-Type",
            "multipart/form-data; boundary=b"),
        400,
        "no-file");
  }

  @Test
  void whatIsWrongIsRefusedByName() throws Exception {
    refused(segment(street, "text/html"), 406, "not-acceptable");
    refused(served.post("/v1/segment?model=efrnet.camvit", street), 404, "no-such-model");
    refused(served.post("/v1/segment?opacity=2", street), 400, "bad-parameter");
    refused(served.post("/v1/segment?min-area=x", street), 400, "bad-parameter");
    refused(served.post("/v1/segment?lenient=yes", street), 400, "bad-parameter");
    refused(served.get("/v1/segment"), 405, "method");
    refused(served.get("/../../etc/passwd"), 400, "bad-request");
    refused(served.get("/v1/segment/../../secret"), 404, "not-found");
    refused(served.post("/v1/models", street), 405, "method");
  }

  /** Limits come before looking inside, and looking inside before decoding. */
  @Test
  void limitsAreHeldInTheirOrder() throws Exception {
    byte[] tooLong = new byte[Served.LIMITS.bodyBytes() + 1];
    refused(segment(tooLong, "*/*"), 413, "body-too-large");
    HttpRequest.Builder chunked =
        HttpRequest.newBuilder(URI.create(served.address("/v1/segment")))
            .POST(
                HttpRequest.BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(tooLong)));
    refused(served.send(chunked), 413, "body-too-large");
    refused(segment(new byte[0], "*/*"), 400, "empty-body");
    refused(segment("<html>".getBytes(StandardCharsets.US_ASCII), "*/*"), 415, "not-a-picture");
    refused(
        served.post(
            "/v1/segment", "GIF".getBytes(StandardCharsets.US_ASCII), "Content-Type", "image/jpeg"),
        415,
        "not-a-picture");
    byte[] bomb = Pictures.png(new Picture(8, 8, new byte[192]));
    ByteBuffer.wrap(bomb).putInt(16, 60_000).putInt(20, 60_000);
    refused(segment(bomb, "*/*"), 413, "image-too-large");
    // Few pixels, but at the model's height it would be a band of millions.
    refused(
        segment(Pictures.png(new Picture(30_000, 1, new byte[90_000])), "*/*"),
        413,
        "image-too-large");
    byte[] cut = Arrays.copyOf(street, street.length / 2);
    refused(segment(cut, "*/*"), 422, "broken-image");
    refused(served.post("/v1/segment?lenient=false", cut), 422, "broken-image");
    assertThat(served.post("/v1/segment?lenient=true", cut).statusCode()).isEqualTo(200);
    byte[] flipped = Pictures.png(new Picture(8, 8, new byte[192]));
    flipped[flipped.length - 20] ^= 1;
    refused(segment(flipped, "*/*"), 422, "broken-image");
  }

  private static String digest() throws Exception {
    HttpResponse<byte[]> good = segment(street, MASK);
    assertThat(good.statusCode()).isEqualTo(200);
    return Sha256.of(good.body());
  }

  @Test
  void noInputHarmsTheNext() throws Exception {
    String before = digest();
    Map<String, byte[]> inputs = new LinkedHashMap<>();
    Random random = new Random(5);
    byte[] png = Pictures.png(new Picture(40, 30, new byte[3600]));
    for (int i = 0; i < 12; i++) {
      byte[] wild = (i % 2 == 0 ? street : png).clone();
      for (int k = 0; k < 8; k++) {
        wild[random.nextInt(i % 3 == 0 ? 200 : wild.length) % wild.length] =
            (byte) random.nextInt(256);
      }
      inputs.put("flipped " + i, wild);
    }
    inputs.put("one pixel", Pictures.png(new Picture(1, 1, new byte[3])));
    inputs.put("a column", Pictures.png(new Picture(1, 3000, new byte[9000])));
    inputs.put("zeros", new byte[5000]);
    inputs.put("jpeg and html", concatenated(street, "<script>alert(1)</script>"));
    for (Map.Entry<String, byte[]> input : inputs.entrySet()) {
      judge(input.getKey(), segment(input.getValue(), "image/png"));
      assertThat(digest()).as("after %s", input.getKey()).isEqualTo(before);
    }
  }

  @Test
  void neitherDoesTheCorpusHarm() throws Exception {
    Path corpus = Path.of("..", "..", "shared", "robust");
    assumeTrue(Files.isDirectory(corpus), "no ../shared/robust here");
    String before = digest();
    try (Stream<Path> files = Files.list(corpus)) {
      for (Path file : files.sorted().toList()) {
        HttpResponse<byte[]> response = segment(Files.readAllBytes(file), MASK);
        judge(file.getFileName().toString(), response);
        boolean good =
            Files.readAllLines(corpus.resolve("MANIFEST.tsv")).stream()
                .anyMatch(line -> line.startsWith(file.getFileName() + "\tok"));
        assertThat(response.statusCode() == 200).as(file.toString()).isEqualTo(good);
        assertThat(digest()).as("after %s", file).isEqualTo(before);
      }
    }
  }

  private static void judge(String what, HttpResponse<byte[]> response) {
    assertThat(response.statusCode())
        .as(what)
        .satisfiesAnyOf(
            code -> assertThat(code).isEqualTo(200), code -> assertThat(code).isBetween(400, 422));
    if (response.statusCode() != 200) {
      assertThat(new String(response.body(), StandardCharsets.UTF_8))
          .as(what)
          .contains("requestId")
          .doesNotContain(Served.INTERNALS.toArray(String[]::new));
    }
  }

  private static byte[] concatenated(byte[] bytes, String text) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes(bytes);
    all.writeBytes(text.getBytes(StandardCharsets.US_ASCII));
    return all.toByteArray();
  }

  @Test
  void malformedRequestsGetProblemsToo() throws Exception {
    for (String line : List.of("GET /%zz HTTP/1.1", "GET / HTTP/9.9", "no request")) {
      try (Socket socket = served.socket()) {
        Served.write(socket, line + "\r\nHost: x\r\nConnection: close\r\n\r\n");
        String answer = Served.readAll(socket);
        assertThat(answer)
            .as(line)
            .startsWith("HTTP/1.1 ")
            .contains("application/problem+json", "requestId")
            .doesNotContain("Jetty", "Server:")
            .doesNotContain(Served.INTERNALS.toArray(String[]::new));
      }
    }
    try (Socket socket = served.socket()) {
      Served.write(socket, "GET / HTTP/1.1\r\nHost: x\r\nX: " + "y".repeat(20_000) + "\r\n\r\n");
      assertThat(Served.readAll(socket)).startsWith("HTTP/1.1 431 ").contains("long-headers");
    }
  }

  @Test
  void thePageComesFromHereAlone() throws Exception {
    for (String path : List.of("/", "/style.css", "/page.js", "/icon.svg", "/sample.jpg")) {
      HttpResponse<byte[]> file = served.get(path);
      assertThat(file.statusCode()).isEqualTo(200);
      assertThat(file.headers().firstValue("Content-Security-Policy").orElse(""))
          .startsWith("default-src 'self';")
          .doesNotContain("unsafe", "http", "*");
      assertThat(file.headers().firstValue("X-Content-Type-Options")).hasValue("nosniff");
      String tag = file.headers().firstValue("ETag").orElseThrow();
      assertThat(
              served
                  .send(
                      HttpRequest.newBuilder(URI.create(served.address(path)))
                          .header("If-None-Match", tag))
                  .statusCode())
          .isEqualTo(304);
    }
    String page = new String(served.get("/").body(), StandardCharsets.UTF_8);
    assertThat(page).doesNotContain("http://", "https://", "style=", "onclick", "<style");
    assertThat(page.replaceAll("<script src=\"page.js\" defer></script>", ""))
        .doesNotContain("<script");
  }

  @Test
  void healthVersionAndMetrics() throws Exception {
    assertThat(served.get("/live").statusCode()).isEqualTo(200);
    assertThat(served.get("/ready").statusCode()).isEqualTo(200);
    assertThat(Served.json(served.get("/version")).get("name").asText()).isEqualTo("efrnet");
    segment(street, "*/*");
    served.get("/made-up-" + System.nanoTime());
    String metrics = new String(served.get("/metrics").body(), StandardCharsets.UTF_8);
    assertThat(metrics)
        .contains(
            "efrnet_requests_seconds_count{route=\"/v1/segment\",status=\"200\"}",
            "efrnet_stage_seconds{model=\"efrnet.camvid\",stage=\"network\",quantile=\"0.95\"}",
            "efrnet_queue{model=\"efrnet.camvid\"} 0",
            "route=\"other\",status=\"404\"",
            "jvm_memory_used_bytes")
        .doesNotContain("made-up");
    JsonNode model = Served.json(served.get("/v1/models")).at("/models/0");
    assertThat(model.get("classes")).hasSize(11);
    assertThat(model.at("/classes/0/colour").asText()).isEqualTo("#808080");
    assertThat(model.get("digest").asText()).isEqualTo(Served.bundle().digest());
  }

  @Test
  void theDocumentNamesEveryRouteAndNoOther() throws Exception {
    JsonNode document = Served.json(served.get("/openapi.json"));
    Set<String> documented = new TreeSet<>();
    document
        .get("paths")
        .properties()
        .forEach(
            path ->
                path.getValue()
                    .fieldNames()
                    .forEachRemaining(
                        method -> {
                          if (!method.equals("parameters")) {
                            documented.add(method.toUpperCase(Locale.ROOT) + " " + path.getKey());
                          }
                        }));
    Set<String> routes = new TreeSet<>(served.service().routes());
    // The page's own parts are no interface.
    routes.removeAll(Set.of("GET /style.css", "GET /page.js", "GET /icon.svg", "GET /sample.jpg"));
    assertThat(documented).isEqualTo(routes);
  }

  private static byte[] inference(String parameters, String data, byte[] behind) {
    String shape =
        "\"shape\":[" + expected.picture().height() + "," + expected.picture().width() + ",3]";
    return concatenatedBytes(
        ("{\"id\":\"q\",\"inputs\":[{\"name\":\"image\",\"datatype\":\"UINT8\","
                + shape
                + ","
                + data
                + "}],"
                + parameters
                + "\"outputs\":[{\"name\":\"classes\"}]}")
            .getBytes(StandardCharsets.UTF_8),
        behind);
  }

  private static byte[] concatenatedBytes(byte[] a, byte[] b) {
    byte[] all = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, all, a.length, b.length);
    return all;
  }

  @Test
  void clientsOfTheInferenceProtocolSendTensors() throws Exception {
    assertThat(Served.json(served.get("/v2")).get("extensions").get(0).asText())
        .isEqualTo("binary_tensor_data");
    assertThat(served.get("/v2/health/ready").statusCode()).isEqualTo(200);
    assertThat(served.get("/v2/health/live").statusCode()).isEqualTo(200);
    String model = "/v2/models/" + Served.MODEL;
    assertThat(served.get(model + "/ready").statusCode()).isEqualTo(200);
    assertThat(Served.json(served.get(model)).at("/outputs/0/name").asText()).isEqualTo("classes");
    byte[] rgb = expected.picture().rgb();
    byte[] body =
        inference(
            "\"parameters\":{\"binary_data_output\":true},",
            "\"parameters\":{\"binary_data_size\":" + rgb.length + "}",
            rgb);
    int head = body.length - rgb.length;
    HttpResponse<byte[]> answer =
        served.post(
            model + "/infer", body, "Inference-Header-Content-Length", Integer.toString(head));
    assertThat(answer.statusCode())
        .as(new String(answer.body(), StandardCharsets.UTF_8))
        .isEqualTo(200);
    int at =
        Integer.parseInt(
            answer.headers().firstValue("Inference-Header-Content-Length").orElseThrow());
    JsonNode said = new ObjectMapper().readTree(Arrays.copyOf(answer.body(), at));
    assertThat(said.get("id").asText()).isEqualTo("q");
    assertThat(said.at("/outputs/0/parameters/binary_data_size").asInt())
        .isEqualTo(expected.mask().ids().length);
    assertThat(Arrays.copyOfRange(answer.body(), at, answer.body().length))
        .isEqualTo(expected.mask().ids());
    // And as JSON, nested.
    byte[] small = new byte[3 * 48 * 64];
    Arrays.fill(small, (byte) 200);
    StringBuilder data = new StringBuilder("[");
    for (int i = 0; i < small.length; i += 3) {
      data.append(i == 0 ? "" : ",").append("[200,200,200]");
    }
    String request =
        "{\"inputs\":[{\"name\":\"image\",\"shape\":[1,48,64,3],\"datatype\":\"UINT8\",\"data\":[["
            + data
            + "]]]}]}";
    JsonNode json =
        Served.json(served.post(model + "/infer", request.getBytes(StandardCharsets.UTF_8)));
    assertThat(json.at("/outputs/0/data")).as(json.toString()).hasSize(48 * 64);
    assertThat(json.at("/outputs/0/shape").toString()).isEqualTo("[1,48,64]");
  }

  @Test
  void wrongTensorsAreRefusedInItsWords() throws Exception {
    String infer = "/v2/models/" + Served.MODEL + "/infer";
    for (String request :
        List.of(
            "",
            "[]",
            "{",
            "{\"inputs\":[]}",
            "{\"inputs\":[{\"name\":\"pixels\",\"datatype\":\"UINT8\",\"shape\":[1,1,3],\"data\":[1,2,3]}]}",
            "{\"inputs\":[{\"name\":\"image\",\"datatype\":\"FP32\",\"shape\":[1,1,3],\"data\":[1,2,3]}]}",
            "{\"inputs\":[{\"name\":\"image\",\"datatype\":\"UINT8\",\"shape\":[1,1],\"data\":[1,2,3]}]}",
            "{\"inputs\":[{\"name\":\"image\",\"datatype\":\"UINT8\",\"shape\":[64,64,3],\"data\":[1,2,3]}]}",
            "{\"inputs\":[{\"name\":\"image\",\"datatype\":\"UINT8\",\"shape\":[1,1,3],\"data\":[1,2,300]}]}",
            "{\"inputs\":[{\"name\":\"image\",\"datatype\":\"UINT8\",\"shape\":[1,1,3]}]}",
            "{\"inputs\":[{\"name\":\"image\",\"datatype\":\"UINT8\",\"shape\":"
                + "[".repeat(5000))) {
      JsonNode problem =
          refused(
              served.post(infer, request.getBytes(StandardCharsets.UTF_8)),
              400,
              "bad-inference-request");
      assertThat(problem.get("error").asText()).as(request).isNotBlank();
    }
    refused(
        served.post(
            infer,
            "{\"inputs\":[{\"name\":\"image\",\"datatype\":\"UINT8\",\"shape\":[2147483647,2147483647,3],\"data\":[1]}]}"
                .getBytes(StandardCharsets.UTF_8)),
        413,
        "image-too-large");
    refused(served.post("/v2/models/none/infer", street), 404, "no-such-model");
  }

  /** Text messages of a stream, in order. */
  private static final class Answers implements WebSocket.Listener {
    private final StringBuilder text = new StringBuilder();
    private final BlockingQueue<String> messages = new LinkedBlockingQueue<>();

    @Override
    public CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
      text.append(data);
      if (last) {
        messages.add(text.toString());
        text.setLength(0);
      }
      socket.request(1);
      return null;
    }

    JsonNode next() throws Exception {
      String message = messages.poll(20, TimeUnit.SECONDS);
      assertThat(message).isNotNull();
      return new ObjectMapper().readTree(message);
    }
  }

  @Test
  void aStreamAnswersTheLatestFrames() throws Exception {
    Answers answers = new Answers();
    URI address = URI.create(served.address("/v1/live").replace("http", "ws"));
    WebSocket socket = served.client().newWebSocketBuilder().buildAsync(address, answers).join();
    socket.sendBinary(ByteBuffer.wrap(street), true).join();
    JsonNode first = answers.next();
    assertThat(first.get("frame").asInt()).isEqualTo(1);
    assertThat(first.get("runs")).isNotEmpty();
    socket.sendBinary(ByteBuffer.wrap("nothing".getBytes(StandardCharsets.US_ASCII)), true).join();
    JsonNode problem = answers.next();
    assertThat(problem.get("status").asInt()).isEqualTo(415);
    assertThat(problem.get("frame").asInt()).isEqualTo(2);
    for (int i = 0; i < 20; i++) {
      socket.sendBinary(ByteBuffer.wrap(street), true).join();
    }
    JsonNode last = answers.next();
    int answered = 1;
    while (last.get("frame").asInt() < 22) {
      last = answers.next();
      answered++;
    }
    assertThat(last.get("frame").asInt()).as("the latest is never dropped").isEqualTo(22);
    assertThat(answered + last.get("dropped").asInt()).isEqualTo(20);
    socket.sendClose(WebSocket.NORMAL_CLOSURE, "").join();
  }

  @Test
  void streamsOfForeignPagesAreRefused() {
    URI address = URI.create(served.address("/v1/live").replace("http", "ws"));
    assertThatThrownBy(
            () ->
                served
                    .client()
                    .newWebSocketBuilder()
                    .header("Origin", "http://example.org")
                    .buildAsync(address, new Answers())
                    .join())
        .isInstanceOf(CompletionException.class)
        .cause()
        .isInstanceOfSatisfying(
            WebSocketHandshakeException.class,
            e -> assertThat(e.getResponse().statusCode()).isEqualTo(403));
  }

  @Test
  void anAddressThatCannotBeHadIsSaid() {
    assertThatThrownBy(
            () -> Service.start("127.0.0.1", served.service().port(), Served.LIMITS).close())
        .isInstanceOf(IOException.class)
        .hasMessageContaining("cannot listen at 127.0.0.1:" + served.service().port());
  }

  @Test
  void aModelIsServedOnce() throws Exception {
    Segmenter again = Segmenter.load(Served.bundle(), Served.options());
    assertThatThrownBy(() -> served.service().add(again))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'efrnet.camvid' is there already");
  }
}
