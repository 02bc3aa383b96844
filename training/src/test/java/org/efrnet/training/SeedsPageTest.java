package org.efrnet.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.efrnet.metrics.Spread;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SeedsPageTest {
  @TempDir private Path out;

  private Path run(String name, double loss, double miou, boolean finished) throws IOException {
    Path run = out.resolve(name);
    Files.createDirectories(run);
    Files.writeString(
        run.resolve("train.jsonl"),
        RunFolders.line(20, 2)
            + RunFolders.watch(200, 10)
            + RunFolders.line(400, loss)
            + RunFolders.watch(400, miou));
    if (finished) {
      Files.createDirectory(run.resolve("bundle"));
    }
    return run;
  }

  private JsonNode summary() throws IOException {
    return new ObjectMapper().readTree(Files.readString(out.resolve("summary.json")));
  }

  @Test
  void comparesFinishedRunsAndNamesTheOthers() throws IOException {
    SeedsPage.write(
        out,
        List.of(
            run("seed-1", 0.30, 50, true),
            run("seed-2", 0.20, 53, true),
            run("seed-3", 0.25, 52, true),
            run("seed-4", 9.99, 1, false),
            out.resolve("seed-5")));
    JsonNode json = summary();
    assertThat(json.path("finished").asInt()).isEqualTo(3);
    JsonNode miou = json.path("miou");
    assertThat(miou.path("runs").asInt()).isEqualTo(3);
    assertThat(miou.path("mean").asDouble()).isCloseTo(155 / 3.0, within(1e-5));
    assertThat(miou.path("standardDeviation").asDouble())
        .isCloseTo(Math.sqrt((25 + 16 + 1) / 9.0 / 2), within(1e-5));
    assertThat(miou.path("least").asDouble()).isEqualTo(50);
    assertThat(miou.path("most").asDouble()).isEqualTo(53);
    assertThat(json.path("loss").path("mean").asDouble()).isCloseTo(0.25, within(1e-9));
    assertThat(json.path("runs").get(3).path("state").asText()).isEqualTo("unfinished");
    assertThat(json.path("runs").get(4).path("state").asText()).isEqualTo("missing");
    assertThat(json.path("runs").get(4).path("miou").isNull()).isTrue();
    JsonNode absent = json.path("classes").get(7);
    assertThat(absent.path("name").asText()).isEqualTo("Pedestrian");
    assertThat(absent.path("iou").path("mean").isNull()).isTrue();
    for (String file : List.of("summary.md", "index.html")) {
      assertThat(Files.readString(out.resolve(file)))
          .contains("unfinished: seed-4; missing: seed-5.", "3 of 5 runs", "51.67", "1.53")
          .contains("50.00 to 53.00")
          .contains("Differences within this spread are no differences");
    }
    assertThat(Files.readString(out.resolve("summary.md")))
        .contains("| seed-2 | finished | 400 | 0.2000 | 53.00 | 73.00 |")
        .contains("| seed-5 | missing | 0 | - | - | - |");
    assertThat(Files.readString(out.resolve("index.html")))
        .contains("href=\"./seed-1/run.html\"", "seed-4 (unfinished)")
        .doesNotContain("href=\"./seed-5");
  }

  @Test
  void oneRunHasNoDeviationAndNoneHasNothing() throws IOException {
    SeedsPage.write(out, List.of(run("seed-1", 0.3, 50, true)));
    assertThat(summary().path("miou").path("standardDeviation").isNull()).isTrue();
    assertThat(summary().path("miou").path("mean").asDouble()).isEqualTo(50);
    SeedsPage.write(out.resolve("none"), List.of());
    assertThat(Files.readString(out.resolve("none/index.html"))).contains("0 of 0 runs");
    assertThat(Files.readString(out.resolve("none/summary.json"))).doesNotContain("NaN");
  }

  @Test
  void namesAndLinksAreEscaped() throws IOException {
    SeedsPage.write(out, List.of(run("a|b <i>#1?", 0.3, 50, true), run("c:d", 0.2, 51, true)));
    assertThat(Files.readString(out.resolve("index.html")))
        .contains("href=\"./a%7Cb%20%3Ci%3E%231%3F/run.html\">a|b &lt;i&gt;#1?</a>")
        .contains("href=\"./c:d/run.html\"");
    assertThat(Files.readString(out.resolve("summary.md"))).contains("| a\\|b <i>#1? |");
  }

  @Test
  void aRunElsewhereIsComparedWithoutALink(@TempDir Path elsewhere) throws IOException {
    Path run = run("seed-1", 0.3, 50, true);
    Files.move(run, elsewhere.resolve("moved"));
    SeedsPage.write(out, List.of(elsewhere.resolve("moved")));
    assertThat(Files.readString(out.resolve("index.html")))
        .contains("<th scope=\"row\">moved</th>")
        .doesNotContain("href=\"./");
  }

  @Test
  void theSpreadIsTheSamples() {
    Spread spread = Spread.of(2, 4, Double.NaN, 9);
    assertThat(spread.count()).isEqualTo(3);
    assertThat(spread.mean()).isEqualTo(5);
    assertThat(spread.deviation()).isCloseTo(Math.sqrt(13), within(1e-12));
    assertThat(Spread.of().mean()).isNaN();
  }
}
