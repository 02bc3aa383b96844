package org.efrnet.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.efrnet.video.Videos;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command, with the model that it takes by default. */
class VideoCommandTest {
  @TempDir private static Path shared;

  private static Path video;

  @TempDir private Path dir;

  @BeforeAll
  static void make() throws IOException {
    video = shared.resolve("video.mp4");
    Videos.make(
        "-f lavfi -i testsrc=s=160x96:r=10:d=2 -f lavfi -i sine=d=2 -c:v mpeg4 -c:a aac"
            + " -movflags +faststart",
        video);
  }

  @Test
  void writesAVideoAndAReport() throws IOException {
    Path out = dir.resolve("out.mp4");
    Path report = dir.resolve("report.json");
    Run result =
        Run.of("video", video, "-o", out, "--size", "native", "--smooth", "--report", report);
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(result.out())
        .contains("20 frames of 160x96", "network ", "without --smooth", "h264, sound copied: aac");
    assertThat(result.err()).contains("video 100 %");
    assertThat(Videos.video(out)).contains("|width=160|height=96|").endsWith("=20");

    JsonNode json = new ObjectMapper().readTree(report.toFile());
    assertThat(json.get("frames").asInt()).isEqualTo(20);
    assertThat(json.get("fps").asDouble()).isPositive();
    assertThat(json.get("dropped").asInt()).isZero();
    assertThat(json.get("flicker").asDouble()).isBetween(0.0, 1.0);
    assertThat(json.get("flicker").asDouble())
        .isLessThanOrEqualTo(json.get("unsmoothedFlicker").asDouble());
    for (String stage : List.of("decode", "network", "draw", "encode", "total")) {
      JsonNode millis = json.get("millis").get(stage);
      assertThat(millis.get("p50").asDouble()).isLessThanOrEqualTo(millis.get("p95").asDouble());
      assertThat(millis.get("p95").asDouble()).isLessThanOrEqualTo(millis.get("p99").asDouble());
    }
    JsonNode shares = json.get("shares");
    double sum = 0;
    for (JsonNode mean : shares.get("mean")) {
      sum += mean.asDouble();
    }
    assertThat(sum).isBetween(0.999, 1.001);
    assertThat(shares.get("seconds")).hasSize(2);
    assertThat(shares.get("overTime").get("Road")).hasSize(2);
    assertThat(json.get("complete").asBoolean()).isTrue();
  }

  @Test
  void aFileThatIsCutOffIsAFailureThatLeavesAVideo() throws IOException {
    Path cut = dir.resolve("cut.mp4");
    Videos.cut(video, cut, 0.5);
    Path out = dir.resolve("out.mp4");
    Run result = Run.of("video", cut, "-o", out, "--size", "native", "--side-by-side");
    assertThat(result.code()).isEqualTo(1);
    assertThat(result.err().lines().filter(line -> line.startsWith("efrnet: ")))
        .singleElement()
        .asString()
        .contains("cut.mp4: the file is cut off: ", "bytes are missing", " and in " + out);
    assertThat(Videos.video(out)).contains("|width=320|height=96|");
    assertThat(Videos.frames(out)).isEqualTo(Videos.frames(cut)).isPositive();
  }

  @Test
  void whatCannotBeReadIsOneLine() throws IOException {
    Path text = Files.writeString(dir.resolve("text.mp4"), "hello");
    Path out = dir.resolve("out.mp4");
    assertThat(failed("video", dir.resolve("missing.mp4"), "-o", out)).contains("no such file");
    assertThat(failed("video", text, "-o", out)).contains("text.mp4: is not a video");
    assertThat(failed("video", "/dev/video987654")).contains("no such device");
    int port;
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = server.getLocalPort();
    }
    assertThat(failed("video", "rtsp://127.0.0.1:" + port + "/a")).contains("refused");
    assertThat(failed("video", video, "-o", dir.resolve("no/out.mp4"))).contains("its folder");
    assertThat(failed("video", video, "-o", out, "--report", dir.resolve("no/report.json")))
        .contains("its folder");
    assertThat(failed("video", video, "-o", out, "--model", dir)).contains(dir.toString());
    assertThat(out).doesNotExist();
  }

  private static String failed(Object... words) {
    Run result = Run.of(words);
    assertThat(result.code()).as(result.err()).isEqualTo(1);
    return result.complaint();
  }

  @Test
  void wrongWordsAreWrongUsage() {
    for (List<Object> words :
        List.<List<Object>>of(
            List.of("video"),
            List.of("video", "ftp://host/a.mp4"),
            List.of("video", video, "-o", "out.gif"),
            List.of("video", video, "--frames", "0"),
            List.of("video", video, "--engine", "onedn"))) {
      Run result = Run.of(words.toArray());
      assertThat(result.code()).as(words.toString()).isEqualTo(2);
      assertThat(result.complaint()).contains("--help");
    }
  }
}
