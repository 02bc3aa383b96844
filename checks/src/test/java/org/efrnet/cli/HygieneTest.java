package org.efrnet.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What may stand in the repository, and what README and CI must agree on. */
class HygieneTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

  /** Every clone pays for a large file for ever; 8 MB holds the bundle of the largest network. */
  private static final long LARGEST = 8L << 20;

  /**
   * The four sequences of CamVid and a frame number: its licence lets nobody redistribute pictures.
   */
  private static final Pattern CAMVID_PICTURE =
      Pattern.compile("(0001TP|0006R0|0016E5|Seq05VD)_f?\\d{5,}");

  private static final String TEST_COMMAND = "mvn verify";
  private static final String FIRST_COMMAND = "./efrnet segment samples/street.jpg";

  @Test
  void noFileOfTheIndexIsLarge() throws Exception {
    assertThat(larger(ROOT, LARGEST)).isEmpty();
  }

  @Test
  void noNameOfACamvidPictureStandsInTheIndex() throws Exception {
    assertThat(git(ROOT, "ls-files").stream().filter(line -> CAMVID_PICTURE.matcher(line).find()))
        .as("paths")
        .isEmpty();
    assertThat(naming(ROOT)).as("lines of text files").isEmpty();
  }

  @Test
  void aLargeFileAndACamvidNameAreFound(@TempDir Path repository) throws Exception {
    assumeTrue(Files.exists(ROOT.resolve(".git")), "git is needed, as in a checkout");
    git(repository, "init", "-q");
    Files.write(repository.resolve("large file.bin"), new byte[1001]);
    Files.write(repository.resolve("small.bin"), new byte[1000]);
    Files.writeString(repository.resolve("list.txt"), "0001TP_" + "006690.png\n");
    git(repository, "add", ".");
    assertThat(larger(repository, 1000)).containsExactly("large file.bin: 1001 bytes");
    assertThat(naming(repository)).containsExactly("list.txt:1:0001TP_" + "006690.png");
    assertThat(CAMVID_PICTURE.matcher("a/Seq05VD_" + "f00000.png").find()).isTrue();
  }

  @Test
  void ciRunsTheTestCommand() throws IOException {
    assertThat(Files.readString(ROOT.resolve(".ci/run")))
        .contains("mvn -B --no-transfer-progress verify", FIRST_COMMAND);
  }

  @Test
  void readmeSaysTheCommands() throws IOException {
    assertThat(Files.readString(ROOT.resolve("README.md"))).contains(TEST_COMMAND, FIRST_COMMAND);
  }

  @Test
  void samplesHaveNoExif() throws IOException {
    List<Path> pictures;
    try (Stream<Path> files = Files.list(ROOT.resolve("samples"))) {
      pictures = files.filter(file -> file.toString().endsWith(".jpg")).toList();
    }
    assertThat(pictures).isNotEmpty();
    for (Path picture : pictures) {
      String bytes = Files.readString(picture, StandardCharsets.ISO_8859_1);
      assertThat(bytes).as(picture.toString()).doesNotContain("Exif\0", "http://ns.adobe.com/xap");
    }
  }

  /** The files of the index whose staged content is longer than {@code limit} bytes. */
  private static List<String> larger(Path repository, long limit) throws Exception {
    List<String> found = new ArrayList<>();
    List<String> blobs = new ArrayList<>();
    List<String> paths = new ArrayList<>();
    for (String line : git(repository, "ls-files", "--stage")) {
      paths.add(line.substring(line.indexOf('\t') + 1));
      blobs.add(line.split("[ \t]")[1]);
    }
    List<String> sizes =
        run(repository, String.join("\n", blobs), "git", "cat-file", "--batch-check=%(objectsize)");
    assertThat(sizes).hasSameSizeAs(paths);
    for (int i = 0; i < sizes.size(); i++) {
      if (Long.parseLong(sizes.get(i)) > limit) {
        found.add(paths.get(i) + ": " + sizes.get(i) + " bytes");
      }
    }
    return found;
  }

  /** The lines of the index's text files that name a picture of CamVid. */
  private static List<String> naming(Path repository) throws Exception {
    return git(repository, "grep", "--cached", "-I", "-n", "-E", "(TP|R0|E5|VD)_f?[0-9]{5}")
        .stream()
        .filter(line -> CAMVID_PICTURE.matcher(line).find())
        .toList();
  }

  private static List<String> git(Path repository, String... arguments) throws Exception {
    assumeTrue(
        !repository.equals(ROOT) || Files.exists(ROOT.resolve(".git")),
        "only a git checkout has an index");
    List<String> command = new ArrayList<>();
    // A checkout that another user made, as in containers, is read all the same.
    command.addAll(List.of("git", "-c", "safe.directory=*", "-c", "core.quotePath=false"));
    command.addAll(List.of(arguments));
    return run(repository, "", command.toArray(String[]::new));
  }

  /** Lines of the output; an exit code over 1 fails (1 is git grep's "nothing found"). */
  private static List<String> run(Path folder, String input, String... command) throws Exception {
    File in = File.createTempFile("efrnet-hygiene", ".in");
    try {
      Files.writeString(in.toPath(), input);
      Process process =
          new ProcessBuilder(command)
              .directory(folder.toFile())
              .redirectInput(in)
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor()).as(String.join(" ", command)).isLessThanOrEqualTo(1);
      return output.lines().toList();
    } finally {
      Files.delete(in.toPath());
    }
  }
}
