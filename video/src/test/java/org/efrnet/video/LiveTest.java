package org.efrnet.video;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Streams of this machine to itself. */
@Timeout(120)
class LiveTest {
  private static final int FRAMES = 50;
  private static final Reconnecting SOON =
      new Reconnecting(3, Duration.ofMillis(10), Duration.ofMillis(50));

  @TempDir private static Path shared;

  private static byte[] stream;

  @TempDir private Path dir;

  @BeforeAll
  static void make() throws IOException {
    Path file = shared.resolve("stream.ts");
    Videos.make("-f lavfi -i testsrc=s=64x48:r=25:d=2 -c:v mpeg4 -f mpegts", file);
    stream = Files.readAllBytes(file);
  }

  private static ServerSocket server() throws IOException {
    return new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
  }

  private static VideoSource at(ServerSocket server) {
    return VideoSource.of("tcp://127.0.0.1:" + server.getLocalPort());
  }

  private static void send(ServerSocket server) throws IOException {
    try (Socket socket = server.accept()) {
      socket.getOutputStream().write(stream);
    }
  }

  @Test
  void theLatestFrameIsTakenDropsAreCountedAndALostStreamIsOpenedAgain() throws Exception {
    CountDownLatch secondTime = new CountDownLatch(1);
    ServerSocket server = server();
    Thread sender =
        new Thread(
            () -> {
              try (server) {
                send(server);
                // Who connects again has read all of the first stream.
                try (Socket socket = server.accept()) {
                  secondTime.countDown();
                  socket.getOutputStream().write(stream);
                }
              } catch (IOException e) {
                throw new IllegalStateException(e);
              }
            });
    sender.start();
    VideoRunTest.Told told = new VideoRunTest.Told();
    Path out = dir.resolve("out.mp4");
    VideoReport report =
        VideoRun.run(
            at(server),
            VideoOptions.DEFAULT.to(out).with(SOON),
            List.of(
                (frame, reuse) -> {
                  waitFor(secondTime);
                  return new Brightness().segment(frame, reuse);
                }),
            () -> false,
            told);
    sender.join();
    assertThat(report.reconnected()).isEqualTo(1);
    // One was under way and one was the latest; the others of the first stream gave way.
    assertThat(report.dropped()).isGreaterThanOrEqualTo(FRAMES - 2);
    assertThat(report.frames() + report.dropped()).isEqualTo(2 * FRAMES);
    assertThat(report.fault().orElseThrow()).contains("gone after 3 attempts", "refused");
    assertThat(told.notices).hasSize(4).allMatch(line -> line.contains("opening it again in"));
    assertThat(Videos.frames(out)).isEqualTo((int) report.frames());
  }

  private static void waitFor(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void aStreamThatFallsSilentCanBeStopped() throws Exception {
    AtomicBoolean stop = new AtomicBoolean();
    CountDownLatch stopped = new CountDownLatch(1);
    ServerSocket server = server();
    Thread sender =
        new Thread(
            () -> {
              try (server;
                  Socket socket = server.accept()) {
                socket.getOutputStream().write(stream);
                // Neither a byte nor an end, until the reader gave up by itself.
                waitFor(stopped);
              } catch (IOException e) {
                throw new IllegalStateException(e);
              }
            });
    sender.start();
    Path out = dir.resolve("out.mp4");
    VideoReport report;
    try {
      report =
          VideoRun.run(
              at(server),
              VideoOptions.DEFAULT.to(out),
              List.of(
                  (frame, reuse) -> {
                    stop.set(true);
                    return new Brightness().segment(frame, reuse);
                  }),
              stop::get,
              new VideoRunTest.Told());
    } finally {
      stopped.countDown();
    }
    sender.join();
    assertThat(report.fault()).isEmpty();
    assertThat(report.frames()).isPositive();
    assertThat(Videos.frames(out)).isEqualTo((int) report.frames());
  }

  @Test
  void whatCannotBeReachedAtFirstIsAnError() throws IOException {
    int port;
    try (ServerSocket server = server()) {
      port = server.getLocalPort();
    }
    VideoSource source = VideoSource.of("rtsp://user:secret@127.0.0.1:" + port + "/street");
    assertThatThrownBy(
            () ->
                VideoRun.run(
                    source,
                    VideoOptions.DEFAULT,
                    List.of(new Brightness()),
                    () -> false,
                    new VideoRunTest.Told()))
        .isInstanceOf(VideoException.class)
        .hasMessageContaining("Connection refused")
        .hasMessageContaining("check the address")
        .hasMessageNotContaining("secret");
    assertThat(source.toString()).doesNotContain("secret");
  }

  @Test
  void wordsAreToldApart() {
    assertThat(VideoSource.of("/dev/video0").kind()).isEqualTo(VideoSource.Kind.CAMERA);
    assertThat(VideoSource.of("RTSP://a/b").kind()).isEqualTo(VideoSource.Kind.STREAM);
    assertThat(VideoSource.of("a/dev/video0").kind()).isEqualTo(VideoSource.Kind.FILE);
    assertThat(VideoSource.of("concat:a.mp4|b.mp4").kind()).isEqualTo(VideoSource.Kind.FILE);
    assertThatThrownBy(() -> VideoSource.of("file:///etc/passwd"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("file:// are not read");
    assertThatThrownBy(() -> VideoSource.of("concat://a"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void waitsDoubleUpToTheLongest() {
    Reconnecting waits = new Reconnecting(9, Duration.ofMillis(500), Duration.ofSeconds(3));
    assertThat(waits.before(1)).isEqualTo(Duration.ofMillis(500));
    assertThat(waits.before(3)).isEqualTo(Duration.ofSeconds(2));
    assertThat(waits.before(4)).isEqualTo(Duration.ofSeconds(3));
    assertThat(waits.before(1000)).isEqualTo(Duration.ofSeconds(3));
  }
}
