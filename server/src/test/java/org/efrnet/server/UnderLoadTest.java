package org.efrnet.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.efrnet.images.Picture;
import org.efrnet.images.Pictures;
import org.efrnet.segment.Segmenter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** More work than there is room for, clients that are slow or gone, and an end in the middle. */
class UnderLoadTest {
  private static final byte[] SMALL = Pictures.png(new Picture(64, 48, new byte[3 * 64 * 48]));
  private static final String POST =
      "POST /v1/segment HTTP/1.1\r\nHost: x\r\nContent-Length: " + SMALL.length + "\r\n\r\n";

  /** Of limits that must not be what ends a test. */
  private static final Duration NEVER = Duration.ofMinutes(5);

  private final ExecutorService clients = Executors.newCachedThreadPool();

  @BeforeEach
  void openTheGate() {
    GatedEngine.open();
  }

  @AfterEach
  void letEverythingPass() {
    GatedEngine.open();
    clients.shutdownNow();
  }

  private static Segmenter.Options gated() {
    return Served.options().withEngine(GatedEngine.NAME);
  }

  private static void await(BooleanSupplier holds) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!holds.getAsBoolean()) {
      assertThat(System.nanoTime()).as("waited in vain").isLessThan(end);
      Thread.sleep(5);
    }
  }

  private static double metric(Served served, String name) throws Exception {
    String metrics = new String(served.get("/metrics").body(), StandardCharsets.UTF_8);
    return metrics
        .lines()
        .filter(line -> line.startsWith(name + " ") || line.startsWith(name + "{"))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
        .sum();
  }

  private Future<HttpResponse<byte[]>> post(Served served) {
    return clients.submit(() -> served.post("/v1/segment", SMALL));
  }

  /** Fills the queue behind the closed gate; the answers are due when it opens. */
  private List<Future<HttpResponse<byte[]>>> fill(Served served, int queue) throws Exception {
    GatedEngine.close();
    List<Future<HttpResponse<byte[]>>> answers = new ArrayList<>();
    while (metric(served, "efrnet_queue") < queue) {
      answers.add(post(served));
      int sent = answers.size();
      await(() -> waiting(served) >= Math.min(sent, queue) || taken(served) >= sent);
    }
    return answers;
  }

  private static double waiting(Served served) {
    try {
      return metric(served, "efrnet_queue");
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** How many pictures hold pixels: those in the queue and those with workers. */
  private static double taken(Served served) {
    try {
      // 64x48, and at the model's height 480x360.
      return metric(served, "efrnet_pixels_in_flight") / (64 * 48 + 480 * 360);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void whenTheQueueIsFullClientsAreToldToComeLater() throws Exception {
    try (Served served = Served.start(Served.LIMITS.withQueue(2), gated())) {
      List<Future<HttpResponse<byte[]>>> answers = fill(served, 2);
      HttpResponse<byte[]> refused = served.post("/v1/segment", SMALL);
      assertThat(refused.statusCode()).isEqualTo(429);
      assertThat(refused.headers().firstValueAsLong("Retry-After").orElse(0)).isBetween(1L, 60L);
      assertThat(Served.json(refused).get("type").asText()).isEqualTo("urn:efrnet:busy");
      // Others are served meanwhile.
      assertThat(served.get("/ready").statusCode()).isEqualTo(200);
      GatedEngine.open();
      for (Future<HttpResponse<byte[]>> answer : answers) {
        assertThat(answer.get(20, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
      }
      await(() -> taken(served) == 0);
    }
  }

  @Test
  void tooManyPixelsAtOnceAreRefusedToo() throws Exception {
    Limits limits = Limits.of(1L << 30);
    long one = 64 * 48 + 480 * 360;
    Limits tight =
        new Limits(
            limits.bodyBytes(),
            limits.bodyBytesInFlight(),
            one,
            2 * one,
            50,
            limits.deadline(),
            limits.bodyTime(),
            50,
            1);
    try (Served served = Served.start(tight, gated())) {
      GatedEngine.close();
      List<Future<HttpResponse<byte[]>>> two = List.of(post(served), post(served));
      await(() -> taken(served) == 2);
      assertThat(served.post("/v1/segment", SMALL).statusCode()).isEqualTo(429);
      GatedEngine.open();
      for (Future<HttpResponse<byte[]>> answer : two) {
        assertThat(answer.get(20, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
      }
    }
  }

  @Test
  void whatIsNotDoneInTimeIsSaid() throws Exception {
    try (Served served = Served.start(Served.LIMITS.withDeadline(Duration.ofSeconds(2)), gated())) {
      GatedEngine.close();
      HttpResponse<byte[]> late = served.post("/v1/segment", SMALL);
      assertThat(late.statusCode()).isEqualTo(504);
      assertThat(Served.json(late).get("type").asText()).isEqualTo("urn:efrnet:deadline");
      GatedEngine.open();
      await(() -> taken(served) == 0);
      assertThat(served.post("/v1/segment", SMALL).statusCode()).isEqualTo(200);
    }
  }

  @Test
  void aClientThatIsGoneCostsNoForwardPass() throws Exception {
    try (Served served =
        Served.start(Served.LIMITS.withDeadline(NEVER).withBodyTime(NEVER), gated())) {
      GatedEngine.close();
      Future<HttpResponse<byte[]>> first = post(served);
      await(() -> GatedEngine.atTheGate() == 1);
      int before = GatedEngine.passes();
      for (int i = 0; i < 6; i++) {
        try (Socket socket = served.socket()) {
          socket.getOutputStream().write(POST.getBytes(StandardCharsets.US_ASCII));
          socket.getOutputStream().write(SMALL);
          socket.getOutputStream().flush();
          int sent = i + 2;
          await(() -> taken(served) >= Math.min(sent, 2));
        }
      }
      // Those in the queue go at once, those with a worker when their turn comes.
      await(() -> waiting(served) == 0);
      GatedEngine.open();
      assertThat(first.get(20, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
      await(() -> taken(served) == 0);
      assertThat(GatedEngine.passes() - before).isEqualTo(1);
      assertThat(metric(served, "efrnet_cancelled_total")).isEqualTo(6);
    }
  }

  @Test
  void aRequestBehindAnotherIsNotLostByLookingForTheClient() throws Exception {
    try (Served served = Served.start(Served.LIMITS, gated());
        Socket socket = served.socket()) {
      GatedEngine.close();
      socket.getOutputStream().write(POST.getBytes(StandardCharsets.US_ASCII));
      socket.getOutputStream().write(SMALL);
      socket.getOutputStream().flush();
      await(() -> GatedEngine.atTheGate() == 1);
      // Sent while the first one is worked on, in two pieces.
      Served.write(socket, "GET /live HTT");
      Thread.sleep(200);
      Served.write(socket, "P/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
      Thread.sleep(100);
      GatedEngine.open();
      assertThat(Served.readAll(socket)).contains("\"millis\"").endsWith("alive\n");
    }
  }

  @Test
  void aSlowOrBrokenBodyIsGivenUp() throws Exception {
    try (Served served =
        Served.start(Served.LIMITS.withBodyTime(Duration.ofMillis(400)), gated())) {
      try (Socket stalled = served.socket()) {
        Served.write(stalled, POST + "abc");
        assertThat(Served.readAll(stalled)).startsWith("HTTP/1.1 408 ").contains("slow-body");
      }
      try (Socket dribbling = served.socket()) {
        Served.write(dribbling, POST);
        Future<?> drops =
            clients.submit(
                () -> {
                  for (int i = 0; i < 40; i++) {
                    Served.write(dribbling, "x");
                    Thread.sleep(50);
                  }
                  return null;
                });
        assertThat(Served.readAll(dribbling)).startsWith("HTTP/1.1 408 ").contains("slow-body");
        drops.cancel(true);
      }
      try (Socket broken = served.socket()) {
        Served.write(broken, POST + "abc");
        broken.shutdownOutput();
        assertThat(Served.readAll(broken)).startsWith("HTTP/1.1 400 ");
      }
      await(() -> taken(served) == 0);
      assertThat(metric(served, "efrnet_body_bytes_in_flight")).isZero();
      assertThat(served.post("/v1/segment", SMALL).statusCode()).isEqualTo(200);
    }
  }

  @Test
  void aClientThatHardlyReadsIsHungUpOn() throws Exception {
    byte[] noise = new byte[3 * 2000 * 1500];
    new Random(1).nextBytes(noise);
    byte[] file = Pictures.png(new Picture(2000, 1500, noise));
    Limits limits = Served.LIMITS.withBodyBytes(12 << 20).withBodyTime(Duration.ofSeconds(2));
    try (Served served = Served.start(limits, gated());
        Socket socket = new Socket()) {
      socket.setReceiveBufferSize(1 << 16);
      socket.connect(
          new InetSocketAddress(InetAddress.getLoopbackAddress(), served.service().port()));
      Served.write(
          socket,
          "POST /v1/segment HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAccept: image/png\r\n"
              + "Content-Length: "
              + file.length
              + "\r\n\r\n");
      socket.getOutputStream().write(file);
      byte[] some = new byte[1 << 16];
      String head =
          new String(some, 0, socket.getInputStream().read(some), StandardCharsets.ISO_8859_1);
      assertThat(head).startsWith("HTTP/1.1 200 ");
      int length = Integer.parseInt(head.replaceFirst("(?s).*Content-Length: (\\d+).*", "$1"));
      long read = 0;
      try {
        // Never idle, but far too slow for an answer of this length.
        for (int count = 0; count >= 0; count = socket.getInputStream().read(some)) {
          read += count;
          Thread.sleep(40);
        }
      } catch (SocketException e) {
        assertThat(e).hasMessageContaining("reset");
      }
      // The first piece is not counted.
      assertThat(read).isPositive().isLessThan(length - some.length);
    }
  }

  @Test
  void anEngineThatFailsItsSelfTestIsLost() throws Exception {
    try (Served served = Served.start(Served.LIMITS, gated())) {
      assertThat(served.get("/ready").statusCode()).isEqualTo(200);
      GatedEngine.breakDown();
      HttpResponse<byte[]> failed = served.post("/v1/segment", SMALL);
      assertThat(failed.statusCode()).isEqualTo(500);
      JsonNode problem = Served.json(failed);
      assertThat(problem.toString()).doesNotContain("secret", "native");
      await(() -> status(served, "/ready") == 503);
      assertThat(served.post("/v1/segment", SMALL).statusCode()).isEqualTo(503);
      assertThat(status(served, "/live")).isEqualTo(200);
      assertThat(status(served, "/v2/models/efrnet.camvid/ready")).isEqualTo(503);
    }
  }

  private static int status(Served served, String path) {
    try {
      return served.get(path).statusCode();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void beforeItsModelsAreLoadedItIsStarting() throws Exception {
    try (Served served = Served.of(Service.start("127.0.0.1", 0, Served.LIMITS))) {
      assertThat(status(served, "/live")).isEqualTo(200);
      for (String path : List.of("/ready", "/v1/models", "/v2/health/ready")) {
        HttpResponse<byte[]> early = served.get(path);
        assertThat(early.statusCode()).as(path).isEqualTo(503);
        assertThat(Served.json(early).get("type").asText()).isEqualTo("urn:efrnet:starting");
      }
      assertThat(served.post("/v1/segment", SMALL).statusCode()).isEqualTo(503);
    }
  }

  @Test
  void whenItClosesWhatIsUnderWayIsAnswered() throws Exception {
    Served served = Served.start(Served.LIMITS, gated());
    GatedEngine.close();
    List<Future<HttpResponse<byte[]>>> underWay = List.of(post(served), post(served), post(served));
    await(() -> taken(served) == 3);
    try (Socket kept = served.socket()) {
      Served.write(kept, "GET /ready HTTP/1.1\r\nHost: x\r\n\r\n");
      byte[] start = new byte[12];
      assertThat(kept.getInputStream().readNBytes(start, 0, 12)).isEqualTo(12);
      assertThat(new String(start, StandardCharsets.US_ASCII)).isEqualTo("HTTP/1.1 200");
      Future<?> closing = clients.submit(served.service()::close);
      await(() -> status(served, "/ready") == 503);
      assertThat(served.post("/v1/segment", SMALL).statusCode()).isEqualTo(503);
      assertThat(closing.isDone()).isFalse();
      GatedEngine.open();
      for (Future<HttpResponse<byte[]>> answer : underWay) {
        assertThat(answer.get(20, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
      }
      closing.get(20, TimeUnit.SECONDS);
    }
  }

  /** The long form is run by hand with a client of its own; docs/serving.md says how. */
  @Test
  void manyClientsAllGetAnAnswer() throws Exception {
    byte[] street = Files.readAllBytes(Served.STREET);
    int count = 60;
    try (Served served = Served.start(Served.LIMITS.withQueue(8), Served.options())) {
      CountDownLatch together = new CountDownLatch(count);
      List<Future<Map<Integer, Integer>>> all = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        Callable<Map<Integer, Integer>> client =
            () -> {
              Map<Integer, Integer> codes = new TreeMap<>();
              together.countDown();
              together.await();
              for (int k = 0; k < 3; k++) {
                codes.merge(served.post("/v1/segment", street).statusCode(), 1, Integer::sum);
              }
              return codes;
            };
        all.add(clients.submit(client));
      }
      Map<Integer, Integer> codes = new TreeMap<>();
      for (Future<Map<Integer, Integer>> one : all) {
        one.get(60, TimeUnit.SECONDS).forEach((code, n) -> codes.merge(code, n, Integer::sum));
      }
      assertThat(codes.keySet()).isSubsetOf(200, 429).contains(200);
      assertThat(codes.values().stream().mapToInt(n -> n).sum()).isEqualTo(3 * count);
      await(() -> taken(served) == 0);
      assertThat(metric(served, "efrnet_body_bytes_in_flight")).isZero();
    }
  }
}
