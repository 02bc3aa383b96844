package org.efrnet.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.efrnet.images.FileKinds;
import org.efrnet.images.FileKinds.Outcome;
import org.efrnet.images.Mask;
import org.efrnet.images.Masks;
import org.efrnet.labels.ClassTable;
import org.efrnet.labels.SegmentationClass;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pictures and masks of every kind, as users meet them: by the commands. */
class EveryPictureTest {
  private static final Path CORPUS = Path.of("..", "..", "shared", "robust");

  @TempDir private static Path shared;

  private static Path bundle;

  @TempDir private Path dir;

  @BeforeAll
  static void make() throws IOException {
    bundle = shared.resolve("bundle");
    CommandLineTest.randomBundle(ClassTable.named("streets-3")).write(bundle);
  }

  /** The complaints of a call by the file that each names; every line must name exactly one. */
  private static Map<String, String> complaints(String err, List<String> files) {
    Map<String, String> complaints = new TreeMap<>();
    for (String line : err.lines().filter(l -> !l.matches("segment \\d+ %")).toList()) {
      assertThat(line).startsWith("efrnet: ").contains("; ");
      List<String> named = files.stream().filter(f -> line.contains("/" + f + ":")).toList();
      assertThat(named).as(line).hasSize(1);
      assertThat(complaints.put(named.get(0), line)).as("second line on " + named).isNull();
    }
    return complaints;
  }

  /** One thread: the pictures are small, and threads that wait for each other cost more. */
  private static CommandLineTest.Result run(Object... words) {
    List<Object> all = new ArrayList<>(List.of(words));
    all.addAll(List.of("--threads", 1));
    return CommandLineTest.run(all.toArray());
  }

  private static String stem(String file) {
    return file.substring(0, file.lastIndexOf('.'));
  }

  @Test
  void everyKindOfPictureIsReadOrRefusedInOneLine() throws IOException {
    List<FileKinds.PictureKind> kinds = FileKinds.pictures();
    Path folder = Files.createDirectories(dir.resolve("pictures"));
    for (FileKinds.PictureKind kind : kinds) {
      Files.write(folder.resolve(kind.name()), kind.bytes());
    }
    Path out = dir.resolve("out");
    CommandLineTest.Result result = run("segment", folder, "-o", out, "--model", bundle);
    assertThat(result.code()).isEqualTo(1);
    List<String> refused =
        kinds.stream()
            .filter(kind -> kind.outcome() == Outcome.REFUSED)
            .map(FileKinds.PictureKind::name)
            .toList();
    List<String> all = kinds.stream().map(FileKinds.PictureKind::name).toList();
    assertThat(complaints(result.err(), all).keySet()).containsExactlyInAnyOrderElementsOf(refused);
    assertThat(result.out().lines()).hasSize(all.size() - refused.size());
    byte[] reference = Files.readAllBytes(out.resolve(stem(all.get(0)) + ".mask.png"));
    for (FileKinds.PictureKind kind : kinds) {
      Path mask = out.resolve(stem(kind.name()) + ".mask.png");
      if (kind.outcome() == Outcome.REFUSED) {
        assertThat(mask).doesNotExist();
        continue;
      }
      Mask read = Masks.read(mask);
      assertThat(read.width()).as(kind.name()).isEqualTo(FileKinds.WIDTH);
      assertThat(read.height()).as(kind.name()).isEqualTo(FileKinds.HEIGHT);
      if (kind.outcome() == Outcome.SAME) {
        assertThat(mask).as(kind.name()).hasBinaryContent(reference);
      }
    }
    try (Stream<Path> files = Files.list(out)) {
      assertThat(files).as("three results a picture").hasSize(3 * (all.size() - refused.size()));
    }
    Path half = folder.resolve("half-jpeg.jpg");
    Path lenient = dir.resolve("lenient");
    assertThat(run("segment", half, "-o", lenient, "--model", bundle, "--lenient").code()).isZero();
    assertThat(lenient.resolve("half-jpeg.mask.png")).exists();
  }

  /** Every file of the shared corpus behaves as its manifest says. */
  @Test
  void sharedCorpus() throws IOException {
    assumeTrue(Files.exists(CORPUS.resolve("MANIFEST.tsv")), "no shared corpus here");
    List<String[]> lines =
        Files.readAllLines(CORPUS.resolve("MANIFEST.tsv")).stream()
            .skip(1)
            .map(line -> line.split("\t", -1))
            .toList();
    List<Object> words = new ArrayList<>(List.of("segment"));
    lines.forEach(line -> words.add(CORPUS.resolve(line[0])));
    words.addAll(List.of("-o", dir, "--model", bundle));
    CommandLineTest.Result result = run(words.toArray());
    assertThat(result.code()).isEqualTo(1);
    List<String> refused =
        lines.stream().filter(line -> line[1].startsWith("error")).map(line -> line[0]).toList();
    assertThat(refused).contains("mk_trunc50.jpg");
    assertThat(complaints(result.err(), lines.stream().map(line -> line[0]).toList()).keySet())
        .containsExactlyInAnyOrderElementsOf(refused);
    assertThat(result.out().lines()).hasSize(lines.size() - refused.size());
    for (String[] line : lines) {
      Path mask = dir.resolve(stem(line[0]) + ".mask.png");
      if (refused.contains(line[0])) {
        assertThat(mask).doesNotExist();
        continue;
      }
      Mask read = Masks.read(mask);
      assertThat(read.width() + "x" + read.height()).as(line[0]).isEqualTo(line[2]);
      if (line[3].startsWith("mk_ref.png, exactly")) {
        assertThat(mask).as(line[0]).hasSameBinaryContentAs(dir.resolve("mk_ref.mask.png"));
      }
    }
    Path cut = CORPUS.resolve("mk_trunc50.jpg");
    assertThat(run("segment", cut, "-o", dir, "--model", bundle, "--lenient").code()).isZero();
    assertThat(Masks.read(dir.resolve("mk_trunc50.mask.png")).height()).isEqualTo(720);
  }

  @Test
  void everyKindOfMaskIsReadRightlyOrRefusedInOneLine() throws IOException {
    Path own = dir.resolve("own");
    assertThat(
            CommandLineTest.run(
                    "scenes",
                    own,
                    "--count",
                    1,
                    "--val",
                    1,
                    "--size",
                    FileKinds.WIDTH + "x" + (FileKinds.HEIGHT + 2))
                .code())
        .isZero();
    FileKinds.PictureKind picture = FileKinds.pictures().get(0);
    Files.write(own.resolve("images").resolve(picture.name()), picture.bytes());
    ClassTable classes = ClassTable.named("streets-3");
    int[] colours =
        classes.classes().stream().map(SegmentationClass::colour).mapToInt(c -> c.rgb()).toArray();
    JsonNode reference = null;
    for (FileKinds.MaskKind kind : FileKinds.masks(new int[] {1, 2, 3, 9, 200}, colours)) {
      Path mask = own.resolve("masks").resolve(kind.name());
      Files.write(mask, kind.bytes());
      Files.writeString(own.resolve("own.txt"), picture.name() + "\t" + kind.name() + "\n");
      CommandLineTest.Result result =
          run("evaluate", bundle, "--data", own, "--split", "own", "--format", "json");
      if (kind.refusal().isEmpty()) {
        assertThat(result.code()).as(kind.name() + result.err()).isZero();
        JsonNode scores = result.json();
        reference = reference == null ? scores : reference;
        assertThat(scores).as(kind.name()).isEqualTo(reference);
        continue;
      }
      assertThat(result.code()).as(kind.name()).isEqualTo(1);
      assertThat(result.complaint()).contains("/" + kind.name(), kind.refusal());
      if (kind.name().equals("foreign.png")) {
        assertThat(result.complaint())
            .contains("(2 pixels, the first at (7, 2), and 1 more such values)");
      }
      if (kind.name().equals("blended.png")) {
        // Way and Obstacle meet first between the pixels 4 and 5 of the first row.
        assertThat(result.complaint())
            .containsPattern("colour 174,42,94 .*the first at \\(4, 0\\)");
      }
    }
    Files.delete(own.resolve("masks/grey.png"));
    Files.writeString(own.resolve("own.txt"), picture.name() + "\tgrey.png\n");
    assertThat(run("evaluate", bundle, "--data", own, "--split", "own").complaint())
        .contains("grey.png is missing, named by", "own.txt line 1");
  }
}
