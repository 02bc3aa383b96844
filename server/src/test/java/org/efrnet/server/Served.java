package org.efrnet.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.efrnet.bundle.BundleException;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.segment.Segmenter;

/** A service under test at a free port, and a client of it. */
final class Served implements AutoCloseable {
  static final Path STREET = Path.of("..", "samples", "street.jpg");
  static final String MODEL = "efrnet.camvid";

  /** Whatever goes wrong, no test waits longer. */
  private static final Duration MOST = Duration.ofSeconds(30);

  private static final ObjectMapper MAPPER = new ObjectMapper();

  /** Small enough for any machine that builds this. */
  static final Limits LIMITS =
      Limits.of(1L << 30).withBodyBytes(2 << 20).withDeadline(Duration.ofSeconds(20));

  private final HttpClient client = HttpClient.newHttpClient();
  private final Service service;

  private Served(Service service) {
    this.service = service;
  }

  /** With the embedded model, on a thread. */
  static Served start(Limits limits, Segmenter.Options options) throws IOException {
    Service service = Service.start("127.0.0.1", 0, limits);
    service.add(Segmenter.load(bundle(), options));
    service.open();
    return new Served(service);
  }

  static Served of(Service service) {
    return new Served(service);
  }

  static ModelBundle bundle() throws BundleException {
    return ModelBundle.named(MODEL);
  }

  static Segmenter.Options options() {
    return Segmenter.Options.DEFAULT.withThreads(1);
  }

  Service service() {
    return service;
  }

  String address(String path) {
    return "http://127.0.0.1:" + service.port() + path;
  }

  HttpResponse<byte[]> get(String path) throws IOException, InterruptedException {
    return send(HttpRequest.newBuilder(URI.create(address(path))));
  }

  /**
   * Posts bytes.
   *
   * @param headers names and values in turn
   */
  HttpResponse<byte[]> post(String path, byte[] body, String... headers)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(address(path)))
            .POST(HttpRequest.BodyPublishers.ofByteArray(body));
    return send(headers.length == 0 ? request : request.headers(headers));
  }

  HttpResponse<byte[]> send(HttpRequest.Builder request) throws IOException, InterruptedException {
    return client.send(request.timeout(MOST).build(), HttpResponse.BodyHandlers.ofByteArray());
  }

  HttpClient client() {
    return client;
  }

  static JsonNode json(HttpResponse<byte[]> response) throws IOException {
    return MAPPER.readTree(response.body());
  }

  /** A connection on which a test writes what it likes. */
  Socket socket() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), service.port());
    socket.setSoTimeout((int) MOST.toMillis());
    return socket;
  }

  static void write(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
    socket.getOutputStream().flush();
  }

  /** All that comes until the other side closes. */
  static String readAll(Socket socket) throws IOException {
    try (InputStream in = socket.getInputStream()) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** Words that would show a client this program's inside. */
  static final List<String> INTERNALS =
      List.of(
          "java.", "javax.", "org.efrnet", "org.eclipse", "Exception", "\tat ", "/root", "/tmp");

  @Override
  public void close() {
    // A test that failed before a closed gate would wait for it for ever.
    GatedEngine.open();
    service.close();
  }
}
