package org.efrnet.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** {@code efrnet serve} as a process. */
class ServeCommandTest {
  private static final Path STREET = Path.of("..", "samples", "street.jpg");
  private static final Pattern ADDRESS = Pattern.compile("listening at (http://[^ ]*)");

  @TempDir private Path dir;

  private Process serve(String... words) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx256m", "-cp", System.getProperty("java.class.path")));
    command.addAll(
        List.of("-Defrnet.cache=" + System.getProperty("efrnet.cache"), Main.class.getName()));
    command.addAll(List.of("serve", "--threads", "1"));
    command.addAll(List.of(words));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("OMP_NUM_THREADS", "1");
    return builder
        .redirectOutput(dir.resolve("out").toFile())
        .redirectError(dir.resolve("err").toFile())
        .start();
  }

  private String address(Process process) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (System.nanoTime() < end && process.isAlive()) {
      Matcher said = ADDRESS.matcher(Files.readString(dir.resolve("out")));
      if (said.find()) {
        return said.group(1);
      }
      Thread.sleep(50);
    }
    throw new AssertionError(Files.readString(dir.resolve("err")));
  }

  @Test
  void toldToStopItAnswersWhatIsUnderWayAndExitsWithZero() throws Exception {
    Process process = serve("--port", "0", "--queue", "8");
    try {
      URI segment = URI.create(address(process) + "v1/segment");
      byte[] street = Files.readAllBytes(STREET);
      AtomicInteger good = new AtomicInteger();
      AtomicInteger refused = new AtomicInteger();
      List<String> torn = Collections.synchronizedList(new ArrayList<>());
      AtomicBoolean stop = new AtomicBoolean();
      List<Thread> clients = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        Thread client = new Thread(() -> load(segment, street, stop, good, refused, torn));
        client.start();
        clients.add(client);
      }
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
      while (good.get() < 10) {
        assertThat(System.nanoTime()).isLessThan(end);
        Thread.sleep(10);
      }
      process.destroy();
      assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
      stop.set(true);
      for (Thread client : clients) {
        client.join();
      }
      assertThat(process.exitValue()).as(Files.readString(dir.resolve("err"))).isZero();
      assertThat(torn).isEmpty();
      assertThat(Files.readString(dir.resolve("err"))).isEmpty();
    } finally {
      process.destroyForcibly();
    }
  }

  /** Asks until the service is gone; an answer that began must be whole. */
  private static void load(
      URI segment,
      byte[] street,
      AtomicBoolean stop,
      AtomicInteger good,
      AtomicInteger refused,
      List<String> torn) {
    HttpClient client = HttpClient.newHttpClient();
    HttpRequest request =
        HttpRequest.newBuilder(segment)
            .timeout(Duration.ofSeconds(30))
            .header("Accept", "image/png")
            .POST(HttpRequest.BodyPublishers.ofByteArray(street))
            .build();
    while (!stop.get()) {
      try {
        HttpResponse<byte[]> answer = client.send(request, HttpResponse.BodyHandlers.ofByteArray());
        long length = answer.headers().firstValueAsLong("Content-Length").orElse(-1);
        if (answer.statusCode() == 200) {
          good.incrementAndGet();
        } else {
          refused.incrementAndGet();
        }
        boolean known = List.of(200, 429, 503).contains(answer.statusCode());
        if (!known || length != answer.body().length) {
          torn.add(answer.statusCode() + " " + length + " " + answer.body().length);
        }
      } catch (IOException e) {
        // Nothing listens any more, or it closed an idle connection just when we asked.
        return;
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private static int run(StringWriter err, String... words) {
    CommandLine line = Main.commandLine();
    line.setErr(new PrintWriter(err, true));
    return line.execute(words);
  }

  @Test
  void wrongUsageIsSaidInALine() {
    StringWriter err = new StringWriter();
    assertThat(run(err, "serve", "--port", "70000")).isEqualTo(2);
    assertThat(run(err, "serve", "--queue", "0")).isEqualTo(2);
    assertThat(run(err, "serve", "--max-body", "0")).isEqualTo(2);
    assertThat(run(err, "serve", "--model", "efrnet.camvit")).isEqualTo(1);
    assertThat(err.toString().lines())
        .hasSize(4)
        .anyMatch(line -> line.contains("--port is 70000, must be within 0..65535"))
        .anyMatch(line -> line.contains("queue is 0, must be at least 1"))
        .anyMatch(line -> line.contains("did you mean 'efrnet.camvid'?"));
  }

  @Test
  void helpSaysOfItElsewhereWhatItSaysItself() {
    CommandLine own = Main.commandLine().getSubcommands().get("serve");
    assertThat(own.getCommandSpec().usageMessage().description()[0])
        .isEqualTo(ElsewhereCommand.KNOWN.get("serve").description());
  }

  @Test
  void aTakenPortIsSaidInALine() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      StringWriter err = new StringWriter();
      assertThat(run(err, "serve", "--port", Integer.toString(taken.getLocalPort()))).isEqualTo(1);
      assertThat(err.toString().lines()).hasSize(1);
      assertThat(err.toString()).contains("cannot listen at 127.0.0.1:" + taken.getLocalPort());
    }
  }
}
