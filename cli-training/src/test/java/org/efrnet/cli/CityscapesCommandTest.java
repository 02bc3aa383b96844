package org.efrnet.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.efrnet.cli.CommandLineTest.run;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import javax.imageio.ImageIO;
import org.efrnet.cli.CommandLineTest.Result;
import org.efrnet.data.Cityscapes;
import org.efrnet.data.CityscapesScenes;
import org.efrnet.data.StreetScenes;
import org.efrnet.images.Mask;
import org.efrnet.images.Masks;
import org.efrnet.labels.ClassTable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code evaluate} on Cityscapes' layout, and its protocols and audit on any. */
class CityscapesCommandTest {
  @TempDir private static Path shared;

  private static Path bundle;
  private static Path data;

  @TempDir private Path dir;

  @BeforeAll
  static void make() throws IOException {
    bundle = shared.resolve("bundle");
    CommandLineTest.randomBundle(ClassTable.named("cityscapes-19")).write(bundle);
    data = shared.resolve("cityscapes");
    StreetScenes scenes = StreetScenes.of(3, 96, 64, 6);
    CityscapesScenes.write(data, "train", scenes, "aachen", "ulm");
    CityscapesScenes.write(data, "val", StreetScenes.of(2, 96, 64, 7), "lindau", "munster");
    CityscapesScenes.write(data, "test", scenes, "berlin", "bonn", "mainz");
  }

  /** What the network gives, written as a submission would be, but into a folder. */
  private Path unpacked(String split) throws IOException {
    Path zip = dir.resolve("it.zip");
    Result result = run("evaluate", bundle, "--data", data, "--split", split, "--submission", zip);
    assertThat(result.err()).doesNotContain("efrnet:");
    assertThat(result.code()).isZero();
    Path folder = Files.createDirectory(dir.resolve("results"));
    try (ZipInputStream in = new ZipInputStream(Files.newInputStream(zip))) {
      for (ZipEntry e = in.getNextEntry(); e != null; e = in.getNextEntry()) {
        Files.write(folder.resolve(e.getName()), in.readAllBytes());
      }
    }
    return folder;
  }

  @Test
  void aSubmissionHoldsLabelIdsByTheOfficialNames() throws IOException {
    Path folder = unpacked("test");
    try (var files = Files.list(folder)) {
      assertThat(files.map(f -> f.getFileName().toString()).sorted())
          .containsExactly(
              "berlin_000000_000019_labelIds.png",
              "bonn_000001_000019_labelIds.png",
              "mainz_000002_000019_labelIds.png");
    }
    Path first = folder.resolve("berlin_000000_000019_labelIds.png");
    Mask mask = Masks.read(first);
    assertThat(mask.width()).isEqualTo(96);
    assertThat(mask.height()).isEqualTo(64);
    // A train id would be 0..6 here and there: no class has such a label.
    ClassTable classes = ClassTable.named("cityscapes-19");
    assertThat(classes.toTrainIds(mask, "it").histogram()[ClassTable.IGNORE]).isZero();
    var png = ImageIO.read(new ByteArrayInputStream(Files.readAllBytes(first)));
    assertThat(png.getRaster().getNumBands()).isEqualTo(1);
    assertThat(dir.resolve("it.zip")).exists();
    try (var files = Files.list(dir)) {
      assertThat(files.map(f -> f.getFileName().toString())).noneMatch(f -> f.endsWith(".part"));
    }
  }

  @Test
  void aModelAndItsFilesOnDiskAreJudgedAlike() throws IOException {
    Result judged =
        run("evaluate", bundle, "--data", data, "--split", "val", "--audit", "--format", "json");
    assertThat(judged.code()).isZero();
    JsonNode ofModel = judged.json();
    Path folder = unpacked("val");
    JsonNode ofFiles =
        run(
                "evaluate",
                "--predictions",
                folder,
                "--data",
                data,
                "--split",
                "val",
                "--audit",
                "--format",
                "json")
            .json();
    assertThat(ofFiles.get("cityscapes")).isEqualTo(ofModel.get("cityscapes"));
    assertThat(ofFiles.get("audit")).isEqualTo(ofModel.get("audit"));
    assertThat(ofFiles.get("miou")).isEqualTo(ofModel.get("miou"));
    JsonNode official = ofModel.get("cityscapes");
    assertThat(100 * official.get("averageScoreClasses").doubleValue())
        .isCloseTo(ofModel.get("miou").doubleValue(), org.assertj.core.api.Assertions.within(6e-4));
    assertThat(official.get("classes")).hasSize(19);
    assertThat(official.get("categories")).hasSize(7);
    assertThat(official.get("averageScoreInstClasses").isNumber()).isTrue();
    assertThat(ofModel.get("audit").get(0).get("headline").booleanValue()).isTrue();
    assertThat(ofModel.get("audit").get(0).get("percent")).isEqualTo(ofModel.get("miou"));

    String table = run("evaluate", "--predictions", folder, "--data", data, "--split", "val").out();
    assertThat(table).contains("2 pictures", "classes            IoU      iIoU", "categories");
    assertThat(table).containsPattern("(?m)^vehicle +: +[0-9.]{5} +[0-9.]{5}$");
  }

  @Test
  void perfectFilesAreRightInEverything() throws IOException {
    Cityscapes val = Cityscapes.open(data, "val");
    Path folder = Files.createDirectories(dir.resolve("results/deeper"));
    for (int i = 0; i < val.size(); i++) {
      Mask labels = val.classes().toLabelIds(val.truth(i));
      Masks.writeGrey(folder.resolve(val.nameOf(i) + "_any_end.png"), labels);
    }
    Path results = dir.resolve("results");
    Result right = run("evaluate", "--predictions", results, "--data", data, "--split", "val");
    assertThat(right.out())
        .contains("mIoU 100.00 %")
        .containsPattern("Score Average *: +1.000 +1.000");

    Path twice = folder.resolve(val.nameOf(0) + "_again.png");
    Masks.writeGrey(twice, val.truth(0));
    assertThat(complaint(results)).contains("2 are named lindau_000000_000019*.png");
    Files.delete(twice);
    Path last = folder.resolve(val.nameOf(1) + "_any_end.png");
    Masks.write(last, val.truth(1), val.classes().palette());
    assertThat(complaint(results)).contains("_any_end.png holds train ids, as its palette shows");
    Files.delete(last);
    assertThat(complaint(results)).contains("none is named munster_000001_000019*.png");
    assertThat(complaint(dir.resolve("none"))).contains("none: no such folder");
  }

  private static String complaint(Path results) {
    Result result = run("evaluate", "--predictions", results, "--data", data, "--split", "val");
    assertThat(result.code()).isEqualTo(1);
    return result.err().lines().filter(l -> l.startsWith("efrnet: ")).findFirst().orElseThrow();
  }

  @Test
  void protocolsAreReportedApart() {
    Result plain = run("evaluate", bundle, "--data", data, "--split", "val", "--size", "64x48");
    assertThat(plain.out()).contains("single scale, no flip, void ignored", "Score Average");
    Result more =
        run(
            "evaluate",
            bundle,
            "--data",
            data,
            "--split",
            "val",
            "--size",
            "64x48",
            "--scales",
            "0.75,1",
            "--flip",
            "--window",
            "48x48",
            "--stride",
            "24",
            "--audit");
    assertThat(more.err()).doesNotContain("efrnet:");
    assertThat(more.out())
        .contains("scales 0.75, 1, flip, windows 48x48 at strides 24x24")
        .contains("> ", "Table 4");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "evaluate --data x",
        "evaluate bundle --predictions p --data x",
        "evaluate bundle --data x --submission a.zip --audit",
        "evaluate --predictions p --data x --record",
        "evaluate bundle --data x --stride 3",
        "evaluate bundle --data x --window 8 --stride 9",
        "evaluate bundle --data x --scales 0",
        "evaluate bundle --data x --scales one",
      })
  void wrongWordsAreOneLineAndCode2(String words) {
    Result result = run((Object[]) words.split(" "));
    assertThat(result.code()).isEqualTo(2);
    assertThat(result.complaint()).contains("--help");
  }

  @Test
  void whatOnlyCityscapesHasIsSaid() throws IOException {
    Path camvid = dir.resolve("camvid");
    StreetScenes.writeCamvidLayout(camvid, java.util.Map.of("test", StreetScenes.of(1, 96, 64, 3)));
    assertThat(run("evaluate", bundle, "--data", camvid, "--submission", "a.zip").complaint())
        .contains("--submission is for Cityscapes", "the layout camvid");
    assertThat(run("evaluate", bundle, "--data", data, "--split", "test").complaint())
        .contains("no labels");
    assertThat(run("evaluate", "--predictions", dir, "--data", data, "--split", "test").complaint())
        .contains("no labels");
  }

  @Test
  void trainsOnTheLayoutAndRefusesALeak() throws IOException {
    Path recipe = Path.of("..", "recipes", "efrnet.cityscapes.yaml");
    Path out = dir.resolve("run");
    List<Object> words =
        List.of(
            "train",
            recipe,
            "phases=[{epochs: 1, batch: 2, crop: 64x48, scale: [1, 1]}]",
            "watch.pictures=1",
            "watch.samples=1",
            "bundle.height=64",
            "--data",
            data,
            "--out",
            out);
    Result trained = run(words.toArray());
    assertThat(trained.err()).contains("100 %");
    assertThat(trained.code()).isZero();
    Path model = out.resolve("bundle");
    assertThat(run("evaluate", model, "--data", data, "--split", "val").code()).isZero();
    assertThat(run("evaluate", model, "--data", data, "--split", "train").complaint())
        .contains("trained on 2 of the 2", "aachen_000000_000019");
    // Without the pictures trained on, the split's name tells.
    Path other = dir.resolve("other");
    CityscapesScenes.write(other, "val", StreetScenes.of(1, 96, 64, 7), "lindau");
    assertThat(run("evaluate", model, "--data", other, "--split", "val").code()).isZero();
  }
}
