package org.efrnet.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.efrnet.bundle.BundleConfig;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.data.StreetScenes;
import org.efrnet.graph.Graph;
import org.efrnet.images.Normalization;
import org.efrnet.images.Picture;
import org.efrnet.labels.ClassTable;
import org.efrnet.networks.EfrNet;
import org.efrnet.networks.Networks;
import org.efrnet.pages.Browser;
import org.efrnet.readings.Parameters;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The comparison from the outside: words in; tables, files and a page out. */
class CompareCommandTest {
  private static final List<String> FILES =
      List.of(
          "compare.html",
          "compare.json",
          "compare.md",
          "table1.csv",
          "table2.csv",
          "table3.csv",
          "table4.csv");

  @TempDir private static Path shared;

  private static Path made;
  private static Run quick;

  @TempDir private Path dir;

  /** Two seeds of one training, which one row and its spread are made of, and a damaged bundle. */
  @BeforeAll
  static void compare() throws IOException {
    Path bundles = shared.resolve("bundles");
    for (int seed = 1; seed <= 2; seed++) {
      bundle("streets-" + seed, seed).write(bundles.resolve("seed-" + seed));
    }
    Path damaged = Files.createDirectories(bundles.resolve("seed-3"));
    Files.writeString(damaged.resolve("config.json"), "{}");
    made = shared.resolve("made");
    quick =
        Run.of(
            "compare",
            "--quick",
            "--networks",
            "efrnet,enet",
            "--bundles",
            bundles,
            "--threads",
            1,
            "-o",
            made);
  }

  private static ModelBundle bundle(String name, int seed) {
    ClassTable classes = ClassTable.named("camvid-11");
    return ModelBundle.of(
            BundleConfig.of(
                name,
                new BundleConfig.Architecture("efrnet", classes.size()),
                classes,
                Normalization.IMAGENET,
                64,
                new BundleConfig.TrainingSize(96, 64),
                new BundleConfig.Licence("Apache-2.0", "Random numbers."),
                Map.of()),
            Parameters.initial(Graph.of(EfrNet.of(classes.size())), seed))
        .withRecipe(
            "name: "
                + name
                + "\nseed: "
                + seed
                + "\ndata: {source: STREETS, split: train}\nepochs: 0\n");
  }

  private static JsonNode json() throws IOException {
    return new ObjectMapper().readTree(Files.readString(made.resolve("compare.json")));
  }

  private static List<String[]> csv(String file) throws IOException {
    return Files.readAllLines(made.resolve(file)).stream().map(l -> l.split(",", -1)).toList();
  }

  private static String[] row(List<String[]> rows, String name) {
    return rows.stream().filter(r -> r[0].equals(name)).findFirst().orElseThrow();
  }

  @Test
  void makesEveryFileAndPrintsTheTables() throws IOException {
    assertThat(quick.code()).as(quick.err()).isZero();
    try (Stream<Path> files = Files.list(made)) {
      assertThat(files.map(f -> f.getFileName().toString()))
          .containsExactlyInAnyOrderElementsOf(FILES);
    }
    assertThat(quick.out()).isEqualTo(Files.readString(made.resolve("compare.md")));
    assertThat(quick.out())
        .contains("# EFRNet compared", "A quick trial", "## Table 1", "## Table 2", "## Table 3")
        .contains("## Table 4", "accuracy (not IoU), printed", "not measured: no bundle");
  }

  @Test
  void everyNetworkIsCountedBesideWhatIsPrinted() throws IOException {
    List<String[]> rows = csv("table2.csv");
    assertThat(rows.stream().skip(1).map(r -> r[0]))
        .containsAll(Networks.names())
        .doesNotHaveDuplicates();
    String[] efrnet = row(rows, "efrnet");
    assertThat(efrnet).contains("480436", "3.014", "EFRNet", "0.48", "3.01", "65.7", "1.00");
    // SegNet's 286 are operations, two a multiply-accumulate; ICNet's 15.05 all that its code runs.
    assertThat(Double.parseDouble(row(rows, "segnet")[8])).isEqualTo(2, offset(0.02));
    assertThat(row(rows, "icnet-r18")[8]).isEqualTo("1.00");
    String reconstruction =
        Networks.named("rthpnet", 19).orElseThrow().reconstruction().orElseThrow();
    assertThat(Files.readString(made.resolve("compare.md")))
        .contains("rthpnet (reconstruction)", reconstruction);
  }

  @Test
  void speedIsOfOneContest() throws IOException {
    JsonNode json = json();
    assertThat(json.path("rounds").intValue()).isEqualTo(2);
    assertThat(json.path("speed")).hasSize(2);
    for (JsonNode one : json.path("speed")) {
      assertThat(one.path("min").doubleValue()).isPositive();
      assertThat(one.path("p50").doubleValue()).isBetween(one.path("min").doubleValue(), 1e6);
      assertThat(one.path("p95").doubleValue())
          .isGreaterThanOrEqualTo(one.path("p50").doubleValue());
      String[] row = row(csv("table3.csv"), one.path("network").textValue());
      assertThat(Double.parseDouble(row[2]))
          .isEqualTo(1000 / one.path("p50").doubleValue(), offset(0.06));
    }
    assertThat(row(csv("table3.csv"), "segnet")).contains("34.5").doesNotContain("refused");
  }

  @Test
  void seedsOfOneTrainingAreGroupedAndADamagedBundleIsNamed() throws IOException {
    List<String[]> rows = csv("table4.csv");
    double first =
        Double.parseDouble(row(rows, "\"streets-1")[row(rows, "\"streets-1").length - 1]);
    double second =
        Double.parseDouble(row(rows, "\"streets-2")[row(rows, "\"streets-2").length - 1]);
    String[] mean = row(rows, "mean of 2 seeds of efrnet");
    assertThat(Double.parseDouble(mean[mean.length - 1]))
        .isEqualTo((first + second) / 2, offset(0.011));
    assertThat(row(rows, "deviation of 2 seeds of efrnet")).hasSize(mean.length);
    assertThat(quick.out()).contains("seed-3", "config.json").contains("(2 seeds)");
    // The classes of what is printed add up as the doubts say.
    assertThat(row(rows, "EFRNet")).contains("70.20", "70.2", "6.3");
    assertThat(row(rows, "SegNet")).contains("65.21", "55.6", "accuracy_printed");
  }

  @Test
  void doubtsAreComputed() {
    assertThat(quick.out())
        .contains("20.5 and more", "would be 76.59", "70.02 in the abstract, 70.2 in the table")
        .contains("12.89 M with ResNet-18 and 1.54 M with Xception39", "49.2 and 5.9 MB")
        .contains("15.05 is met exactly, 15.054 GMac");
  }

  @Test
  void thePageIsMadeAgainFromItsJson() throws IOException {
    Path again = dir.resolve("again");
    Run run = Run.of("compare", "--from", made.resolve("compare.json"), "-o", again);
    assertThat(run.code()).as(run.err()).isZero();
    for (String file : FILES) {
      assertThat(again.resolve(file)).as(file).hasSameBinaryContentAs(made.resolve(file));
    }
  }

  @Test
  void whatIsNotAtHandIsSaid() throws IOException {
    ObjectNode json = (ObjectNode) json();
    json.remove(List.of("data", "bundles", "pictures"));
    Path file = dir.resolve("compare.json");
    Files.writeString(file, json.toString());
    Run none = Run.of("compare", "--from", file, "-o", dir.resolve("none"));
    assertThat(none.code()).as(none.err()).isZero();
    assertThat(none.out()).contains("not measured: no bundle").doesNotContain("streets-1");
    assertThat(none.out()).contains("ours on no data");
    json = (ObjectNode) json();
    json.remove("data");
    json.path("bundles").forEach(b -> ((ObjectNode) b).remove("scores"));
    Files.writeString(file, json.toString());
    assertThat(Run.of("compare", "--from", file, "-o", dir.resolve("none")).out())
        .contains("not measured: data not at hand");
  }

  @Test
  void wrongUsageAndBadInputAreOneLine() throws IOException {
    assertComplaint(2, "unknown network 'efrnt' (did you mean 'efrnet'?)", "--networks", "efrnt");
    assertComplaint(2, "--rounds is 0, must be 1..100000", "--rounds", 0);
    assertComplaint(2, "--precision 'fp33' is none of fp32", "--precision", "fp33");
    assertComplaint(2, "leave --quick out", "--from", "x.json", "--quick");
    assertComplaint(1, "no bundle is there", "--bundles", dir);
    assertComplaint(1, "missing.json: no such file", "--from", dir.resolve("missing.json"));
    assertComplaint(1, "no such", "--data", dir.resolve("missing"));
    Path file = dir.resolve("other.json");
    Files.writeString(file, "{\"format\":7}");
    assertComplaint(1, "'format' is 7, this version reads 1", "--from", file);
    Files.writeString(file, "{\"format\":");
    assertComplaint(1, "is not valid JSON", "--from", file);
  }

  private static void assertComplaint(int code, String text, Object... words) {
    List<Object> all = new ArrayList<>(List.of("compare"));
    all.addAll(List.of(words));
    Run run = Run.of(all.toArray());
    assertThat(run.code()).as(run.err()).isEqualTo(code);
    assertThat(run.err().strip()).contains(text).doesNotContain("\n").startsWith("efrnet: ");
  }

  /** Data with labels in CamVid's layout, and a model that was trained on them. */
  @Test
  void whoWasTrainedOnTheDataIsMarked() throws IOException {
    Path camvid = dir.resolve("camvid");
    StreetScenes.writeCamvidLayout(camvid, Map.of("test", StreetScenes.of(1, 96, 64, 3)));
    Path leaky = dir.resolve("leaky");
    bundle("leaky", 1)
        .withRecipe("name: leaky\nseed: 1\ndata: {source: CAMVID, split: train+test}\n")
        .write(leaky);
    Path out = dir.resolve("out");
    Run run =
        Run.of(
            "compare",
            "--quick",
            "--networks",
            "enet",
            "--bundles",
            leaky,
            "--data",
            camvid,
            "--no-pictures",
            "--threads",
            1,
            "-o",
            out);
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out()).contains("LEAK", "camvid test, 1 picture");
    assertThat(Files.readString(out.resolve("compare.html"))).doesNotContain("<img");
  }

  @Test
  void thePageIsSeenOnScreensAndPhones() throws Exception {
    Path page = made.resolve("compare.html");
    assertThat(Files.readString(page)).doesNotContain("src=\"http", "href=\"http", "<script");
    Browser browser = new Browser(dir);
    for (int width : new int[] {1280, 390}) {
      Picture picture = browser.screenshot(page, width, 5200);
      assertThat(Browser.colours(picture, 0, 300)).as("head at %d", width).isGreaterThan(20);
      assertThat(Browser.colours(picture, 300, 1200)).as("plots at %d", width).isGreaterThan(100);
      assertThat(Browser.colours(picture, 1200, 5200)).as("rest at %d", width).isGreaterThan(200);
    }
    assertThat(browser.contentWidths(page, 1280, 390)).containsExactly(1280, 390);
    String dom = browser.browse(page, "--dump-dom").dom();
    assertThat(dom.split("<table", -1)).as("tables and two of the doubts").hasSize(1 + 4 + 2);
    assertThat(dom.split("<svg", -1)).as("plots").hasSize(1 + 4);
    // Four scenes: the picture, its truth and the first seed's view of it.
    assertThat(dom.split("<img", -1)).as("pictures").hasSize(1 + 4 * 3);
  }
}
