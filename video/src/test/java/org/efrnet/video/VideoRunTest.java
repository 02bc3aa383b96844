package org.efrnet.video;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicBoolean;
import org.efrnet.images.Picture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files, from end to end; FFmpeg's own programs make them and judge what comes out. */
@Timeout(120)
class VideoRunTest {
  /** Frame n is grey of 12 * n + 8, so that each can be told. */
  private static final String COUNTING =
      "-f lavfi -i color=black:s=64x48:r=10:d=2,format=yuv444p,geq=lum=16+12*N*0.86:cb=128:cr=128";

  @TempDir private Path dir;

  private static VideoReport run(Path file, VideoOptions options) throws VideoException {
    // Two, as a machine of two cores gets them.
    return VideoRun.run(
        VideoSource.of(file),
        options,
        List.of(new Brightness(), new Brightness()),
        () -> false,
        new Told());
  }

  private static VideoOptions to(Path out) {
    return VideoOptions.DEFAULT.to(out);
  }

  /** Keeps what it is told. */
  static final class Told implements VideoRun.Watcher {
    final List<String> notices = new ArrayList<>();
    long last;
    OptionalLong expected = OptionalLong.empty();

    @Override
    public void frame(long done, OptionalLong all, long dropped, double fps) {
      assertThat(done).isEqualTo(last + 1);
      assertThat(fps).isPositive();
      last = done;
      expected = all;
    }

    @Override
    public synchronized void notice(String line) {
      notices.add(line);
    }
  }

  @ParameterizedTest
  @CsvSource({
    // What is made; codec, size and rates of what is written.
    "-c:v mpeg4 a.mp4, out.mp4, 64x48, h264, 10/1",
    "-c:v mpeg4 a.avi, out.mp4, 64x48, h264, 10/1",
    "-c:v libvpx a.webm, out.mp4, 64x48, h264, 10/1",
    "-c:v libopenh264 a.mkv, out.mkv, 64x48, h264, 10/1",
    "-vf fps=30000/1001 -c:v mpeg4 a.mov, out.mov, 64x48, h264, 30000/1001",
    "-vf fps=24000/1001 -c:v mpeg4 a.mp4, out.mp4, 64x48, h264, 24000/1001",
    "-vf crop=63:47:exact=1 -c:v mpeg4 a.mp4, out.mp4, 63x47, vp9, 10/1",
    "-vf setsar=4/3 -c:v mpeg4 a.mp4, OUT.MP4, 64x48, h264, 10/1"
  })
  void framesSizeAndRateAreKept(String made, String written, String size, String codec, String rate)
      throws IOException {
    Path in = dir.resolve(made.replaceFirst(".* ", ""));
    Videos.make(COUNTING + " " + made.replaceFirst(" [^ ]*$", ""), in);
    Path out = dir.resolve(written);
    int frames = Videos.frames(in);
    assertThat(frames).isGreaterThanOrEqualTo(20);
    VideoReport report = run(in, to(out));
    assertThat(report.frames()).isEqualTo(frames);
    assertThat(report.isComplete()).isTrue();
    assertThat(report.dropped()).isZero();
    assertThat(Videos.video(out))
        .startsWith("codec_name=" + codec + "|width=" + size.replace("x", "|height=") + "|")
        .contains("|r_frame_rate=" + rate + "|")
        .endsWith("|nb_read_frames=" + frames);
    if (made.contains("setsar")) {
      assertThat(Videos.video(out)).contains("|sample_aspect_ratio=4:3|");
    }
    if (!written.endsWith("mkv")) {
      assertThat(Videos.video(out)).contains("|avg_frame_rate=" + rate + "|");
    }
    assertThat(Videos.names(dir)).containsExactlyInAnyOrder(in.getFileName().toString(), written);
  }

  @Test
  void everyFrameStandsInItsPlaceUnderItsColours() throws IOException {
    Path in = dir.resolve("in.avi");
    Videos.make(COUNTING + " -c:v ffv1", in);
    Path out = dir.resolve("out.mp4");
    run(in, to(out).withSideBySide(true));
    byte[] before = Videos.rgb(in);
    byte[] after = Videos.rgb(out);
    assertThat(after).hasSize(2 * before.length);
    int picture = 3 * 64 * 48;
    for (int n = 0; n < 20; n++) {
      int grey = before[n * picture + 1] & 0xff;
      assertThat(grey).isCloseTo(12 * n, within(3));
      int colour = Brightness.TABLE.palette()[grey >= 128 ? 1 : 0];
      int left = 2 * n * picture + 3 * (24 * 128 + 32);
      int right = left + 3 * 64;
      for (int c = 0; c < 3; c++) {
        assertThat(after[left + c] & 0xff).as("frame %d", n).isCloseTo(grey, within(6));
        int mixed = (grey + (colour >> (16 - 8 * c) & 0xff)) / 2;
        assertThat(after[right + c] & 0xff).as("frame %d", n).isCloseTo(mixed, within(9));
      }
    }
  }

  /** FFmpeg's own program turns frames too, and is asked what they are to look like. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "-display_rotation:v:0 90",
        "-display_rotation:v:0 180",
        "-display_rotation:v:0 270",
        "-display_hflip:v:0",
        "-display_vflip:v:0",
        "-display_rotation:v:0 90 -display_hflip:v:0",
        "-display_rotation:v:0 270 -display_hflip:v:0"
      })
  void framesAreUpright(String turned) throws IOException {
    Path lying = dir.resolve("lying.mp4");
    Videos.make("-f lavfi -i testsrc=s=96x64:r=5:d=0.4 -c:v libopenh264 -b:v 2M", lying);
    Path in = dir.resolve("in.mp4");
    Videos.make(turned + " -i " + lying + " -c copy", in);
    byte[] expected = Videos.rgb(in);
    List<Picture> seen = new ArrayList<>();
    Path out = dir.resolve("out.mp4");
    VideoRun.run(
        VideoSource.of(in),
        to(out),
        List.of(
            (frame, reuse) -> {
              seen.add(new Picture(frame.width(), frame.height(), frame.rgb().clone()));
              return new Brightness().segment(frame, reuse);
            }),
        () -> false,
        new Told());
    assertThat(seen).hasSize(2);
    boolean onItsSide = turned.contains("90") || turned.contains("270");
    assertThat(seen.get(0).width()).isEqualTo(onItsSide ? 64 : 96);
    assertThat(Videos.video(out))
        .contains(onItsSide ? "|width=64|height=96|" : "|width=96|height=64|");
    double difference = 0;
    for (int i = 0; i < seen.get(0).rgb().length; i++) {
      difference += Math.abs((seen.get(0).rgb()[i] & 0xff) - (expected[i] & 0xff));
    }
    assertThat(difference / seen.get(0).rgb().length).isLessThan(4);
  }

  @Test
  void soundIsCopiedPacketByPacket() throws IOException {
    Path in = dir.resolve("in.mp4");
    Videos.make(COUNTING + " -f lavfi -i sine=d=2 -c:v mpeg4 -c:a aac -shortest", in);
    for (String name : List.of("out.mp4", "out.mkv")) {
      Path out = dir.resolve(name);
      VideoReport report = run(in, to(out));
      assertThat(report.audio()).containsExactly("aac");
      assertThat(Videos.sound(out)).startsWith("MD5=").isEqualTo(Videos.sound(in));
      assertThat(Videos.frames(out)).isEqualTo(20);
    }
  }

  @Test
  void soundThatAContainerDoesNotTakeIsLeftOutAndSaid() throws IOException {
    Path in = dir.resolve("in.avi");
    Videos.make(COUNTING + " -f lavfi -i sine=d=2 -c:v mpeg4 -c:a adpcm_ms -shortest", in);
    Path mp4 = dir.resolve("out.mp4");
    VideoReport report = run(in, to(mp4));
    assertThat(report.audioLeftOut()).containsExactly("adpcm_ms");
    assertThat(report.audio()).isEmpty();
    assertThat(Videos.frames(mp4)).isEqualTo(20);
    Path mkv = dir.resolve("out.mkv");
    assertThat(run(in, to(mkv)).audio()).containsExactly("adpcm_ms");
    assertThat(Videos.sound(mkv)).isEqualTo(Videos.sound(in));
  }

  @Test
  void soundThatAContainerRefusesWhenItIsBegunIsLeftOutAlone() throws IOException {
    Path in = dir.resolve("in.mkv");
    // MP4 has a name for MP3, but no rate below 16 kHz for it.
    Videos.make(
        COUNTING
            + " -f lavfi -i sine=d=2:r=8000 -f lavfi -i sine=d=2 -map 0:v -map 1:a -map 2:a"
            + " -c:v mpeg4 -c:a:0 libmp3lame -c:a:1 aac",
        in);
    Path out = dir.resolve("out.mp4");
    VideoReport report = run(in, to(out));
    assertThat(report.audio()).containsExactly("aac");
    assertThat(report.audioLeftOut()).containsExactly("mp3");
    assertThat(Videos.frames(out)).isEqualTo(20);
    assertThat(Videos.names(dir)).containsExactlyInAnyOrder("in.mkv", "out.mp4");
  }

  @Test
  void framesThatAContainerCannotTakeNameOneThatCan() throws IOException {
    Path in = dir.resolve("in.mp4");
    Videos.make(COUNTING + " -vf crop=63:47:exact=1 -c:v mpeg4", in);
    assertThatThrownBy(() -> run(in, to(dir.resolve("out.mov"))))
        .isInstanceOf(VideoException.class)
        .hasMessageContaining("out.mov")
        .hasMessageContaining("63x47")
        .hasMessageContaining("name it .mp4 or .mkv");
    assertThat(Videos.names(dir)).containsExactly("in.mp4");
  }

  /** The clock of each part begins anew, or lies far ahead. */
  @ParameterizedTest
  @ValueSource(strings = {"out.mp4", "out.mkv"})
  void partsThatWereJoinedEndToEndPlayOneAfterTheOther(String name) throws IOException {
    Path in = dir.resolve("in.ts");
    for (String offset : List.of("0", "0", "3600", "20")) {
      Path part = dir.resolve("part.ts");
      Videos.make(
          COUNTING
              + " -f lavfi -i sine=d=2 -c:v libopenh264 -c:a aac -shortest -output_ts_offset "
              + offset,
          part);
      Files.write(
          in, Files.readAllBytes(part), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
      Files.delete(part);
    }
    Path out = dir.resolve(name);
    VideoReport report = run(in, to(out));
    assertThat(report.fault()).isEmpty();
    assertThat(report.damaged()).isZero();
    assertThat(report.frames()).isEqualTo(80);
    assertThat(report.audio()).containsExactly("aac");
    List<Double> times = Videos.times(out, "v:0");
    assertThat(times).hasSize(80).isSorted();
    for (int n = 1; n < 80; n++) {
      assertThat(times.get(n) - times.get(n - 1)).as("frame %d", n).isBetween(0.04, 0.2);
    }
    assertThat(times.get(79) - times.get(0)).isCloseTo(7.9, within(0.3));
    List<Double> sound = Videos.times(out, "a:0");
    assertThat(sound).hasSameSizeAs(Videos.times(in, "a:0")).isSorted();
    assertThat(sound.get(sound.size() - 1)).isCloseTo(times.get(79), within(0.4));
  }

  @ParameterizedTest
  @ValueSource(strings = {"in.avi", "in.mkv", "in.mp4"})
  void aFileThatIsCutOffGivesTheFramesThatItHas(String name) throws IOException {
    Path whole = dir.resolve("whole-" + name);
    Videos.make(
        "-f lavfi -i testsrc=s=320x240:r=10:d=2 -c:v mpeg4 -g 5 -movflags +faststart", whole);
    Path in = dir.resolve(name);
    Videos.cut(whole, in, 0.6);
    Path out = dir.resolve("out.mp4");
    VideoReport report = run(in, to(out));
    assertThat(report.isComplete()).isFalse();
    assertThat(report.fault().orElseThrow()).contains("cut off", "bytes are missing");
    assertThat(report.frames()).isBetween(3L, 19L).isEqualTo(Videos.frames(in));
    assertThat(Videos.frames(out)).isEqualTo((int) report.frames());
  }

  @Test
  void aFileWithoutItsIndexIsToldFromOneThatIsNoVideo() throws IOException {
    Path whole = dir.resolve("whole.mp4");
    Videos.make(COUNTING + " -c:v mpeg4", whole);
    Path in = dir.resolve("in.mp4");
    Videos.cut(whole, in, 0.5);
    Path out = dir.resolve("out.mp4");
    assertThatThrownBy(() -> run(in, to(out)))
        .isInstanceOf(VideoException.class)
        .hasMessageContaining("in.mp4: ends before its index")
        .hasMessageContaining("get the whole file");
    assertThat(out).doesNotExist();
  }

  @Test
  void damageInTheMiddleIsSaid() throws IOException {
    Path in = dir.resolve("in.avi");
    Videos.make("-f lavfi -i testsrc=s=320x240:r=10:d=2 -c:v mpeg4 -g 4", in);
    byte[] bytes = Files.readAllBytes(in);
    for (int i = bytes.length / 3; i < bytes.length / 2; i += 3) {
      bytes[i] ^= 0x55;
    }
    Files.write(in, bytes);
    Path out = dir.resolve("out.mp4");
    VideoReport report = run(in, to(out));
    assertThat(report.isComplete()).isFalse();
    assertThat(report.damaged()).isPositive();
    assertThat(report.frames()).isPositive();
    assertThat(Videos.frames(out)).isEqualTo((int) report.frames());
  }

  @Test
  void framesOfAnotherSizeAreScaledToTheFirst() throws IOException {
    Path small = dir.resolve("small.ts");
    Path large = dir.resolve("large.ts");
    Videos.make("-f lavfi -i testsrc=s=64x48:r=10:d=1 -c:v libopenh264", small);
    Videos.make("-f lavfi -i testsrc=s=128x96:r=10:d=1 -c:v libopenh264", large);
    Path in = dir.resolve("in.ts");
    Files.write(in, Files.readAllBytes(small));
    Files.write(in, Files.readAllBytes(large), StandardOpenOption.APPEND);
    Path out = dir.resolve("out.mp4");
    VideoReport report = run(in, to(out));
    assertThat(report.resized()).isEqualTo(10);
    assertThat(report.frames()).isEqualTo(20);
    assertThat(Videos.video(out)).contains("|width=64|height=48|").endsWith("=20");
  }

  @Test
  void timesOfAVideoWithoutASteadyRateAreKept() throws IOException {
    Path in = dir.resolve("in.mkv");
    Videos.make(
        COUNTING
            + " -vf setpts='round(if(lt(N,10),N,10+3*(N-10))/10/TB)' -fps_mode passthrough -enc_time_base 1:1000 -c:v mpeg4",
        in);
    Path out = dir.resolve("out.mkv");
    run(in, to(out));
    String[] times = {"-select_streams", "v:0", "-show_entries", "packet=pts_time"};
    assertThat(Videos.probe(in, times)).contains("pts_time=0.900", "pts_time=1.300");
    assertThat(Videos.probe(out, times)).isEqualTo(Videos.probe(in, times));
  }

  @Test
  void whoIsToldToStopLeavesAVideoThatPlays() throws IOException {
    Path in = dir.resolve("in.mp4");
    Videos.make("-f lavfi -i testsrc=s=64x48:r=10:d=60 -c:v mpeg4", in);
    Path out = dir.resolve("out.mp4");
    AtomicBoolean stop = new AtomicBoolean();
    VideoReport report =
        VideoRun.run(
            VideoSource.of(in),
            to(out),
            List.of(
                (frame, reuse) -> {
                  stop.set(true);
                  return new Brightness().segment(frame, reuse);
                }),
            stop::get,
            new Told());
    assertThat(report.frames()).isBetween(1L, 20L);
    assertThat(report.fault()).isEmpty();
    assertThat(Videos.frames(out)).isEqualTo((int) report.frames());
  }

  @Test
  void soManyFramesAndNoMore() throws IOException {
    Path in = dir.resolve("in.mp4");
    Videos.make(COUNTING + " -c:v mpeg4", in);
    Path out = dir.resolve("out.mp4");
    Told told = new Told();
    VideoReport report =
        VideoRun.run(
            VideoSource.of(in),
            to(out).withFrames(7),
            List.of(new Brightness()),
            () -> false,
            told);
    assertThat(report.frames()).isEqualTo(7);
    assertThat(report.dropped()).isZero();
    assertThat(report.isComplete()).isTrue();
    assertThat(told.last).isEqualTo(7);
    assertThat(told.expected).hasValue(20);
    assertThat(Videos.frames(out)).isEqualTo(7);
  }

  /** Three get the frames in turn, and the slowest holds up the order, not the others' work. */
  @Test
  void severalSegmentersShareTheFramesAndKeepTheirOrder() throws IOException {
    Path in = dir.resolve("in.avi");
    Videos.make(COUNTING + " -c:v ffv1", in);
    List<List<Integer>> greys = new ArrayList<>();
    List<FrameSegmenter> segmenters = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      List<Integer> own = new ArrayList<>();
      boolean slow = i == 1;
      greys.add(own);
      segmenters.add(
          (frame, reuse) -> {
            own.add(frame.rgb()[1] & 0xff);
            if (slow) {
              waitFor(20);
            }
            return new Brightness().segment(frame, reuse);
          });
    }
    Path out = dir.resolve("out.mp4");
    VideoReport report =
        VideoRun.run(
            VideoSource.of(in), to(out).withSideBySide(true), segmenters, () -> false, new Told());
    assertThat(report.frames()).isEqualTo(20);
    byte[] after = Videos.rgb(out);
    int picture = 3 * 128 * 48;
    for (int n = 0; n < 20; n++) {
      assertThat(greys.get(n % 3).get(n / 3)).as("frame %d", n).isCloseTo(12 * n, within(3));
      assertThat(after[n * picture + 1] & 0xff).as("frame %d", n).isCloseTo(12 * n, within(8));
    }
    assertThat(greys).extracting(List::size).containsExactly(7, 7, 6);
  }

  private static void waitFor(int millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void aLiveSourceHasOneSegmenterAndAFileOneAtLeast() {
    for (List<FrameSegmenter> wrong :
        List.of(
            List.<FrameSegmenter>of(),
            List.<FrameSegmenter>of(new Brightness(), new Brightness()))) {
      assertThatThrownBy(
              () ->
                  VideoRun.run(
                      VideoSource.of("tcp://127.0.0.1:1"),
                      VideoOptions.DEFAULT,
                      wrong,
                      () -> false,
                      new Told()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("give one for a live source");
    }
  }

  @Test
  void whatWasDoneBeforeTheNetworkFailedIsKept() throws IOException {
    Path in = dir.resolve("in.mp4");
    Videos.make(COUNTING + " -c:v mpeg4", in);
    Path out = dir.resolve("out.mp4");
    List<Long> calls = new ArrayList<>();
    FrameSegmenter failing =
        (frame, reuse) -> {
          calls.add(0L);
          if (calls.size() == 4) {
            throw new ArithmeticException("logits are NaN");
          }
          return new Brightness().segment(frame, reuse);
        };
    VideoReport report =
        VideoRun.run(VideoSource.of(in), to(out), List.of(failing), () -> false, new Told());
    assertThat(report.fault()).hasValue("frame 4 could not be segmented: logits are NaN");
    assertThat(report.frames()).isEqualTo(3);
    assertThat(Videos.frames(out)).isEqualTo(3);

    Path none = dir.resolve("none.mp4");
    FrameSegmenter useless =
        (frame, reuse) -> {
          throw new IllegalArgumentException("too small");
        };
    assertThatThrownBy(
            () ->
                VideoRun.run(
                    VideoSource.of(in), to(none), List.of(useless), () -> false, new Told()))
        .hasMessage("too small");
    assertThat(none).doesNotExist();
    assertThat(Videos.names(dir)).containsExactly("in.mp4", "out.mp4");
  }

  @Test
  void theReportTellsStagesFlickerAndShares() throws IOException {
    Path in = dir.resolve("in.avi");
    // Grey of 127 and of 129 in turn: still to the eye, and another class each time.
    Videos.make(
        "-f lavfi -i color=black:s=64x48:r=10:d=3,format=gray,geq=lum=127+2*mod(N\\,2) -c:v ffv1",
        in);
    VideoReport plain = run(in, VideoOptions.DEFAULT);
    assertThat(plain.frames()).isEqualTo(30);
    assertThat(plain.flicker()).hasValue(1.0);
    assertThat(plain.unsmoothedFlicker()).hasValue(1.0);
    assertThat(plain.stillShare()).isEqualTo(1);
    assertThat(plain.codec()).isEmpty();
    assertThat(plain.millis().keySet())
        .containsExactly("decode", "prepare", "network", "finish", "draw", "encode", "total");
    assertThat(plain.millis().get("network")).isEqualTo(new VideoReport.Percentiles(2.0, 2.0, 2.0));
    assertThat(plain.shares().seconds()).containsExactly(0.0, 1.0, 2.0);
    assertThat(plain.shares().classes().get(1).mean()).isEqualTo(0.5);
    VideoReport smooth = run(in, VideoOptions.DEFAULT.withSmooth(true));
    assertThat(smooth.unsmoothedFlicker()).hasValue(1.0);
    assertThat(smooth.flicker().orElseThrow()).isLessThan(0.5);
  }

  private void refused(Path file, String... words) {
    Path out = dir.resolve("refused.mp4");
    assertThatThrownBy(() -> run(file, to(out)))
        .isInstanceOf(VideoException.class)
        .hasMessageStartingWith(file + ": ")
        .satisfies(e -> assertThat(e.getMessage()).contains(words).doesNotContain("\n"));
    assertThat(out).doesNotExist();
  }

  @Test
  void whatIsNoVideoIsRefused() throws IOException {
    refused(dir.resolve("missing.mp4"), "no such file");
    refused(dir, "is a folder");
    refused(Files.write(dir.resolve("empty.mp4"), new byte[0]), "is empty");
    refused(Files.writeString(dir.resolve("text.mp4"), "hello"), "is not a video");
    Path sound = dir.resolve("sound.mp4");
    Videos.make("-f lavfi -i sine=d=0.2 -c:a aac", sound);
    refused(sound, "has no video stream");
  }

  @Test
  void aFileOpensNoOtherFile() throws IOException {
    Path real = dir.resolve("real.ts");
    Videos.make(COUNTING + " -c:v mpeg4 -f mpegts", real);
    String playlist =
        "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nfile://" + real + "\n#EXT-X-ENDLIST\n";
    refused(Files.writeString(dir.resolve("playlist.mp4"), playlist), "is not a video");
    String script = "ffconcat version 1.0\nfile " + real.getFileName() + "\n";
    refused(Files.writeString(dir.resolve("script.mp4"), script), "is not a video");
  }

  @Test
  void whereNothingCanBeWrittenIsSaidBeforeWork() throws IOException {
    Path in = dir.resolve("in.mp4");
    Videos.make(COUNTING + " -c:v mpeg4", in);
    byte[] before = Files.readAllBytes(in);
    assertThatThrownBy(() -> run(in, to(in))).hasMessageContaining("is the video itself");
    assertThat(Files.readAllBytes(in)).isEqualTo(before);
    assertThatThrownBy(() -> run(in, to(dir.resolve("no/out.mp4"))))
        .hasMessageContaining("its folder is not there");
    assertThatThrownBy(() -> to(dir.resolve("out.gif")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageEndingWith("must end in one of .m4v, .mkv, .mov, .mp4");
  }

  @Test
  void namesAreTakenAsTheyAre() throws IOException {
    Path made = dir.resolve("made.mp4");
    Videos.make(COUNTING + " -c:v mpeg4", made);
    Path in = Files.move(made, dir.resolve("concat:a|b 100% #1?.mp4"));
    Path out = dir.resolve("http:out %03d.mp4");
    assertThat(run(in, to(out)).frames()).isEqualTo(20);
    assertThat(Files.size(out)).isPositive();
  }

  @Test
  void memoryStaysFlat() throws IOException {
    Path status = Path.of("/proc/self/status");
    assumeTrue(Files.exists(status), "no /proc to read the process's memory from");
    Path in = dir.resolve("in.mp4");
    Videos.make(
        "-f lavfi -i testsrc=s=320x240:r=10:d=1 -f lavfi -i sine=d=1 -c:v mpeg4 -c:a aac", in);
    Path out = dir.resolve("out.mp4");
    for (int i = 0; i < 10; i++) {
      run(in, to(out));
    }
    long before = resident(status);
    for (int i = 0; i < 30; i++) {
      run(in, to(out));
    }
    // One frame that stayed of each run would be 7 MB, with its natives more.
    assertThat(resident(status) - before).isLessThan(6L << 20);
  }

  private static long resident(Path status) throws IOException {
    System.gc();
    return Files.readString(status, StandardCharsets.UTF_8)
        .lines()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("[^0-9]", "")))
        .findFirst()
        .orElseThrow();
  }

  @ParameterizedTest
  @CsvSource({"clip.mp4, 38, 1280, 720, 25/1", "walk.avi, 795, 768, 576, 10/1"})
  void realVideos(String name, int frames, int width, int height, String rate) throws IOException {
    Path in = Path.of("..", "..", "shared", "samples", name);
    assumeTrue(Files.exists(in), "no sample videos beside the checkout");
    Path out = dir.resolve("out.mp4");
    VideoReport report = run(in, to(out));
    assertThat(report.isComplete()).isTrue();
    assertThat(report.frames()).isEqualTo(frames);
    assertThat(Videos.video(out))
        .startsWith("codec_name=h264|width=" + width + "|height=" + height + "|")
        .contains("|r_frame_rate=" + rate + "|avg_frame_rate=" + rate + "|")
        .endsWith("|nb_read_frames=" + frames);
    if (name.endsWith("mp4")) {
      assertThat(Videos.sound(out)).isEqualTo(Videos.sound(in));
    }
  }

  /** With {@code -Dlong}: the real walk three times in a row, in a heap that is there at once. */
  @Test
  void memoryStaysFlatOverARealVideo() throws IOException {
    Path in = Path.of("..", "..", "shared", "samples", "walk.avi");
    Path status = Path.of("/proc/self/status");
    assumeTrue(
        System.getProperty("long") != null && Files.exists(in) && Files.exists(status),
        "only with -Dlong and the sample videos");
    Path out = dir.resolve("out.mp4");
    run(in, to(out));
    long first = resident(status);
    run(in, to(out));
    run(in, to(out));
    assertThat(resident(status) - first).isLessThan(16L << 20);
  }

  @Test
  void nothingIsWrittenWhereNothingIsAskedFor() throws IOException {
    Path in = dir.resolve("in.mp4");
    Videos.make(COUNTING + " -c:v mpeg4", in);
    VideoReport report = run(in, VideoOptions.DEFAULT);
    assertThat(report.codec()).isEqualTo(Optional.empty());
    assertThat(Videos.names(dir)).containsExactly("in.mp4");
  }
}
