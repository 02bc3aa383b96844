package org.efrnet.video;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WholenessTest {
  @TempDir private Path dir;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a.mp4",
        "a.mov",
        "a.avi",
        "a.mkv",
        "a.webm",
        "-movflags +faststart front.mp4",
        "-movflags +frag_keyframe+empty_moov parts.mp4"
      })
  void whatIsMissingIsCounted(String output) throws IOException {
    String name = output.replaceFirst(".* ", "");
    Path file = dir.resolve(name);
    String options = output.substring(0, output.length() - name.length());
    Videos.make(
        ("-f lavfi -i testsrc=s=64x48:r=10:d=1 -c:v "
                + (name.endsWith("webm") ? "libvpx" : "mpeg4")
                + " "
                + options)
            .strip(),
        file);
    long size = Files.size(file);
    assertThat(size).isPositive();
    assertThat(Wholeness.missing(file)).isZero();
    for (double share : new double[] {0.99, 0.7, 0.4}) {
      Path cut = dir.resolve("cut");
      Videos.cut(file, cut, share);
      // A box that lay behind the cut is not known of; the one that was cut is.
      assertThat(Wholeness.missing(cut)).isPositive().isLessThanOrEqualTo(size - Files.size(cut));
    }
  }

  @Test
  void whoDoesNotSayIsNotDoubted() throws IOException {
    Path file = dir.resolve("a.ts");
    Videos.make("-f lavfi -i testsrc=s=64x48:r=10:d=1 -c:v mpeg4", file);
    Path cut = dir.resolve("cut.ts");
    Videos.cut(file, cut, 0.5);
    assertThat(Wholeness.missing(cut)).isZero();
    assertThat(Wholeness.missing(Files.write(dir.resolve("empty"), new byte[0]))).isZero();
    assertThat(Wholeness.missing(Files.write(dir.resolve("zeros"), new byte[5000]))).isZero();
    // As a live encoder leaves it, its size unknown.
    Path live = dir.resolve("live.mkv");
    Videos.make("-f lavfi -i testsrc=s=64x48:r=10:d=1 -c:v mpeg4 -live 1", live);
    assertThat(Files.size(live)).isPositive();
    Videos.cut(live, cut, 0.5);
    assertThat(Wholeness.missing(cut)).isZero();
  }
}
