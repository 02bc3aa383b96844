package org.efrnet.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.efrnet.images.Picture;
import org.efrnet.images.Pictures;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunPageTest {
  @TempDir private Path run;

  private String page() throws IOException {
    RunPage.write(run);
    return Files.readString(run.resolve("run.html"));
  }

  private static int count(String text, String what) {
    return text.split(Pattern.quote(what), -1).length - 1;
  }

  @Test
  void showsTheWholeRun() throws IOException {
    RunFolders.complete(run);
    String html = page();
    assertThat(html).contains("<h1>streets.&lt;first&gt;</h1>", "<title>streets.&lt;first&gt;");
    assertThat(html).contains("2\u00a0000", "17.1", "epoch 10", "val of streets, 20 pictures");
    assertThat(html).contains("name: streets.&lt;first&gt;\nseed: 1");
    assertThat(count(html, "<svg")).isEqualTo(4);
    assertThat(count(html, "<img alt=\"Picture, truth and prediction of 0")).isEqualTo(4);
    assertThat(html.indexOf("<h3>Epoch 10")).isPositive().isLessThan(html.indexOf("<h3>Epoch 5"));
    assertThat(html).contains("<th scope=\"row\">Pedestrian</th><td>\u2013</td>");
    assertThat(html).contains("http-equiv=\"refresh\"").doesNotContain("Left out");
    try (Stream<Path> files = Files.list(run)) {
      assertThat(files.map(file -> String.valueOf(file.getFileName())))
          .containsExactlyInAnyOrder(
              "train.jsonl", "recipe.yaml", "samples", "run.html", "curves.png");
    }
    Picture curves = Pictures.read(run.resolve("curves.png"));
    assertThat(curves.width()).isEqualTo(880);
    assertThat(curves.height()).isGreaterThan(4 * 520);
  }

  @Test
  void asksNoHostForAnything() throws IOException {
    RunFolders.complete(run);
    String html = page().replace("http://www.w3.org/2000/svg", "");
    assertThat(html).doesNotContain("http:", "https:", "<script", "url(", "@import");
    Matcher sources = Pattern.compile("(?:src|href)=\"([^\"]{0,22})").matcher(html);
    int found = 0;
    while (sources.find()) {
      assertThat(sources.group(1)).startsWith("data:");
      found++;
    }
    assertThat(found).isEqualTo(5);
  }

  @Test
  void theLastAndTheBestStandBesideEachOther() throws IOException {
    Files.writeString(
        run.resolve("train.jsonl"),
        RunFolders.watch(200, 40) + RunFolders.watch(400, 52.5) + RunFolders.watch(600, 50.25));
    String html = page();
    Matcher row =
        Pattern.compile("mIoU</th><td[^>]*>([^<]*)</td><td[^>]*>([^<]*)</td>").matcher(html);
    assertThat(row.find()).isTrue();
    assertThat(row.group(1)).isEqualTo("50.25");
    assertThat(row.group(2)).isEqualTo("52.50");
    assertThat(html).contains("Last<br>epoch 3", "Best<br>epoch 2");
  }

  @Test
  void aRunThatHasBarelyBegunHasAPageToo() throws IOException {
    assertThat(page()).contains("Nothing is logged yet", "no points yet");
    Files.writeString(run.resolve("train.jsonl"), "{\"step\":2");
    assertThat(page()).contains("no points yet").doesNotContain("could not be read");
    Files.writeString(run.resolve("train.jsonl"), RunFolders.line(20, 2.5));
    Files.writeString(run.resolve("recipe.yaml"), "- [no recipe");
    assertThat(page())
        .contains("2.5000", "- [no recipe", "<h1>" + run.getFileName())
        .doesNotContain("no points yet");
    assertThat(Pictures.read(run.resolve("curves.png")).height()).isEqualTo(2 * 520);
    assertThatThrownBy(() -> RunPage.write(run.resolve("missing")))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessageContaining("missing");
  }

  @Test
  void namesFromOutsideAreText() throws IOException {
    String evil = "<img src=x onerror=alert(1)>&\\\"'";
    Files.writeString(
        run.resolve("train.jsonl"),
        RunFolders.watch(200, 40).replace("Road", evil).replace("val of streets", evil));
    Files.writeString(run.resolve("recipe.yaml"), "name: \"" + evil + "\"\n");
    assertThat(page())
        .doesNotContain("<img")
        .contains("&lt;img src=x onerror=alert(1)&gt;&amp;&quot;&#39;</h1>");
  }

  @Test
  void damagedLinesAndAFinishedRunAreSaid() throws IOException {
    Files.writeString(
        run.resolve("train.jsonl"), RunFolders.line(20, 2) + "{\"st\n" + RunFolders.line(40, 1));
    Files.createDirectory(run.resolve("bundle"));
    assertThat(page())
        .contains("1 line of train.jsonl could not be read", "Finished.")
        .doesNotContain("http-equiv=\"refresh\"");
  }

  @Test
  void staysSmallAndSaysWhatIsLeftOut() throws IOException {
    byte[] noise = new byte[3 * 600 * 300];
    new Random(1).nextBytes(noise);
    for (int epoch = 1; epoch <= 4; epoch++) {
      Path folder = run.resolve("samples/epoch-000" + epoch);
      Files.createDirectories(folder);
      for (int i = 0; i < 3; i++) {
        Pictures.writePng(folder.resolve(i + ".png"), new Picture(600, 300, noise));
      }
    }
    String html = page();
    assertThat(Files.size(run.resolve("run.html"))).isBetween(4_000_000L, 5_000_000L);
    // Six of 720 kB fit: those of the two newest epochs.
    assertThat(count(html, "<img")).isEqualTo(6);
    assertThat(html).contains("<h3>Epoch 4", "<h3>Epoch 3").doesNotContain("<h3>Epoch 2");
    assertThat(html).contains("Left out to keep the page small: 6 pictures");
  }

  @Test
  void aLongLogMakesAPageNoLargerThanAShortOne() throws IOException {
    Files.writeString(run.resolve("train.jsonl"), RunFolders.log(20_000, 30, 2));
    page();
    assertThat(Files.size(run.resolve("run.html"))).isLessThan(500_000);
    assertThat(Files.size(run.resolve("curves.png"))).isLessThan(500_000);
  }
}
