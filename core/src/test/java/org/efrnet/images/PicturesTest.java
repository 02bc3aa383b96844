package org.efrnet.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PicturesTest {
  private static final Path ROBUST = Path.of("..", "..", "shared", "robust");

  /** Every file of the shared corpus behaves as its manifest says. */
  @Test
  void sharedCorpus() throws Exception {
    assumeTrue(Files.exists(ROBUST.resolve("MANIFEST.tsv")), "no shared corpus here");
    List<String> lines = Files.readAllLines(ROBUST.resolve("MANIFEST.tsv"));
    for (String line : lines.subList(1, lines.size())) {
      String[] cells = line.split("\t", -1);
      Path file = ROBUST.resolve(cells[0]);
      if (cells[1].startsWith("error")) {
        assertThatThrownBy(() -> Pictures.read(file))
            .as(cells[0])
            .isInstanceOf(PictureException.class)
            .hasMessageContaining(cells[0])
            .hasMessageMatching("[^\\n]+; [^\\n]+");
        continue;
      }
      Picture picture = Pictures.read(file);
      assertThat(picture.width() + "x" + picture.height()).as(cells[0]).isEqualTo(cells[2]);
      if (cells[3].startsWith("mk_ref.png")) {
        Picture reference = Pictures.read(ROBUST.resolve("mk_ref.png"));
        double difference = difference(picture, reference);
        assertThat(difference)
            .as(cells[0])
            .isLessThanOrEqualTo(cells[3].contains("exactly") ? 0 : 6);
      }
    }
    Picture upright = Pictures.read(ROBUST.resolve("exif_orient_landscape_1.jpg"));
    for (int orientation : new int[] {3, 6, 8}) {
      Path file = ROBUST.resolve("exif_orient_landscape_" + orientation + ".jpg");
      assertThat(difference(Pictures.read(file), upright)).as(file.toString()).isLessThan(8);
    }
    assertThat(
            Pictures.read(ROBUST.resolve("mk_trunc50.jpg"), new ReadOptions(10_000_000, true))
                .height())
        .isEqualTo(720);
  }

  private static double difference(Picture a, Picture b) {
    assertThat(a.rgb()).hasSameSizeAs(b.rgb());
    long sum = 0;
    for (int i = 0; i < a.rgb().length; i++) {
      sum += Math.abs((a.rgb()[i] & 0xff) - (b.rgb()[i] & 0xff));
    }
    return (double) sum / a.rgb().length;
  }

  @Test
  void whatIsNoPictureIsSaidInOneLine(@TempDir Path folder) throws Exception {
    Path empty = Files.createFile(folder.resolve("empty.png"));
    assertThatThrownBy(() -> Pictures.read(empty)).hasMessageContaining("the file is empty");
    Path text = Files.writeString(folder.resolve("text.jpg"), "hello");
    assertThatThrownBy(() -> Pictures.read(text))
        .hasMessageContaining("not a PNG, JPEG, BMP, GIF or TIFF picture");
    assertThatThrownBy(() -> Pictures.read(folder)).hasMessageContaining("a folder");
    assertThatThrownBy(() -> Pictures.read(folder.resolve("none.png")))
        .isInstanceOf(PictureException.class)
        .hasMessageContaining("no such file");
  }
}
