package org.efrnet.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.efrnet.bundle.Bundles;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.images.Pictures;
import org.efrnet.segment.Segmentation;
import org.efrnet.segment.Segmenter;
import org.efrnet.segment.SizePolicy;
import org.efrnet.spark.LabelOrder.Results;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Spark in this process, with two tasks at once. */
class ClusterTest {
  private static final Segmenter.Options OPTIONS =
      Segmenter.Options.DEFAULT.withThreads(1).withPrecision("fp32");
  private static final int SCENES = 12;

  @TempDir private static Path shared;

  private static Path model;
  private static Path pictures;
  private static List<Path> broken;
  private static Cluster cluster;
  private static Labelling labelling;

  @TempDir private Path dir;

  /** Remembers what it is told, and stops after so many pictures. */
  private static final class Remembering implements Watcher {
    private final long most;
    private final List<String> failures = new ArrayList<>();
    private long done;
    private long all;

    Remembering(long most) {
      this.most = most;
    }

    @Override
    public void done(long count, long of) {
      done = count;
      all = of;
    }

    @Override
    public void failed(String message) {
      failures.add(message);
    }

    @Override
    public void waiting(String message) {
      throw new AssertionError(message);
    }

    @Override
    public boolean stopped() {
      return done >= most;
    }
  }

  @BeforeAll
  static void make() throws IOException {
    model = Labelled.model(shared.resolve("model"));
    pictures = shared.resolve("pictures");
    Labelled.scenes(pictures.resolve("a/b:c"), 0, SCENES / 2);
    Labelled.scenes(pictures, SCENES / 2, SCENES);
    broken = Labelled.broken(pictures, pictures.resolve("a/b:c/s100.png"));
    cluster = Cluster.open("local[2]", Map.of(), 1);
    labelling = Labelling.of(model.toString(), OPTIONS, false);
  }

  @AfterAll
  static void close() {
    cluster.close();
  }

  /** Every good picture's mask as one machine writes it, by the name that labelling gives it. */
  private static Map<String, byte[]> expected() throws IOException {
    Map<String, byte[]> masks = new TreeMap<>();
    try (Segmenter segmenter = Segmenter.load(ModelBundle.read(model), OPTIONS);
        Stream<Path> all = Files.walk(pictures)) {
      for (Path picture : all.filter(Files::isRegularFile).toList()) {
        if (!broken.contains(picture)) {
          Path mask = shared.resolve("one.mask.png");
          segmenter.segment(Pictures.read(picture)).writeMask(mask);
          String name = pictures.relativize(picture).toString();
          masks.put(name.replaceFirst("\\.png$", ".mask.png"), Files.readAllBytes(mask));
        }
      }
    }
    return masks;
  }

  private LabelOrder order(Path out, Results results) {
    return new LabelOrder(pictures.toString(), out.toString(), results, labelling);
  }

  private static Remembering toTheEnd() {
    return new Remembering(Long.MAX_VALUE);
  }

  @Test
  void masksAreThoseOfOneMachineAndBrokenPicturesKeepNobodyFromThem() throws IOException {
    Path out = dir.resolve("masks");
    Remembering watcher = toTheEnd();
    assertThat(cluster.label(order(out, Results.MASKS), watcher))
        .isEqualTo(new LabelReport(SCENES + 3, 0, SCENES, 3, false));
    assertThat(watcher.done).isEqualTo(watcher.all).isEqualTo(SCENES + 3);
    for (Path picture : broken) {
      assertThat(watcher.failures)
          .filteredOn(line -> line.startsWith(picture + ": ") && !line.contains("\n"))
          .hasSize(1);
    }
    Map<String, byte[]> expected = expected();
    Set<String> files = new HashSet<>(Labelled.files(out).keySet());
    assertThat(files.remove(LabelRun.NOTE)).isTrue();
    assertThat(files).isEqualTo(expected.keySet());
    for (Map.Entry<String, byte[]> mask : expected.entrySet()) {
      assertThat(out.resolve(mask.getKey())).hasBinaryContent(mask.getValue());
    }
  }

  @Test
  void whatIsLabelledIsNotDoneAgain() throws IOException {
    // So many that some are left however fast this machine is: a run is asked to stop five times a
    // second, and what is under way then is ended.
    int scenes = 400;
    Path many = Files.createDirectory(dir.resolve("many"));
    Labelled.scenes(many, 0, scenes);
    Labelled.broken(many, many.resolve("s100.png"));
    Path out = dir.resolve("masks");
    LabelOrder order = new LabelOrder(many.toString(), out.toString(), Results.MASKS, labelling);
    LabelReport first = cluster.label(order, new Remembering(1));
    assertThat(first.stopped()).isTrue();
    assertThat(first.labelled()).isPositive().isLessThan(scenes);
    Map<String, Long> half = Labelled.files(out);
    half.remove(LabelRun.NOTE);
    // What a killed writer leaves.
    Path left =
        Files.writeString(
            out.resolve(".s111.mask.png.123e4567-e89b-12d3-a456-426614174000.part"), "half");

    LabelReport second = cluster.label(order, toTheEnd());
    // Those that were under way when the first run was ended are there, too.
    assertThat(second.before()).isEqualTo(half.size()).isGreaterThanOrEqualTo(first.labelled());
    assertThat(second.labelled()).isPositive().isEqualTo(scenes - second.before());
    assertThat(Labelled.files(out)).containsAllEntriesOf(half).hasSize(scenes + 1);
    assertThat(left).doesNotExist();

    // What a power cut leaves.
    Path lost = out.resolve(half.keySet().iterator().next());
    Files.write(lost, new byte[0]);

    LabelReport third = cluster.label(order, toTheEnd());
    assertThat(third).isEqualTo(new LabelReport(scenes + 3, scenes - 1, 1, 3, false));
    assertThat(lost).isNotEmptyFile();
  }

  @Test
  void aTableHasARowOfEveryPictureOnce() throws IOException {
    Path out = dir.resolve("table");
    Labelled.scenes(dir.resolve("few"), 0, 2);
    LabelOrder few =
        new LabelOrder(
            dir.resolve("few").toString() + "/*.png", out.toString(), Results.PARQUET, labelling);
    assertThat(cluster.label(few, toTheEnd()).labelled()).isEqualTo(2);
    assertThat(cluster.label(few, toTheEnd())).isEqualTo(new LabelReport(2, 2, 0, 0, false));
    // What a task of a killed run had handed in.
    Path handedIn =
        Files.createDirectories(out.resolve("_temporary/0/task_202601010000000_0000_m_000000"));
    try (Stream<Path> files = Files.list(out)) {
      Path part =
          files.filter(file -> file.toString().endsWith(".parquet")).findFirst().orElseThrow();
      Files.copy(part, handedIn.resolve("part-killed.parquet"));
    }
    LabelReport report = cluster.label(order(out, Results.PARQUET), toTheEnd());
    assertThat(report).isEqualTo(new LabelReport(SCENES + 3, 0, SCENES, 3, false));

    Dataset<Row> table = cluster.session().read().parquet(out.toString());
    assertThat(table.columns())
        .containsExactly("path", "mask", "width", "height", "shares", "error");
    assertThat(table.filter("error IS NULL AND mask IS NOT NULL").count()).isEqualTo(SCENES + 2);
    List<Row> failed = table.filter("error IS NOT NULL AND mask IS NULL").collectAsList();
    assertThat(failed)
        .extracting(row -> Path.of(row.<String>getAs("path").replaceFirst("^file:/*", "/")))
        .containsExactlyInAnyOrderElementsOf(broken);
    Row one = table.filter("path LIKE '%pictures/s106.png'").collectAsList().get(0);
    assertThat(one.<byte[]>getAs("mask")).isEqualTo(expected().get("s106.mask.png"));
    assertThat(one.<Integer>getAs("width")).isEqualTo(64);
    assertThat(one.<Integer>getAs("height")).isEqualTo(48);
  }

  @Test
  void resultsOfAnotherModelOrOfUnknownOriginAreNotMixedIn() throws IOException {
    Path out = dir.resolve("masks");
    cluster.label(order(out, Results.MASKS), toTheEnd());
    Labelling larger =
        Labelling.of(model.toString(), OPTIONS.with(new SizePolicy.Height(64)), false);
    assertThatThrownBy(
            () ->
                cluster.label(
                    new LabelOrder(pictures.toString(), out.toString(), Results.MASKS, larger),
                    toTheEnd()))
        .isInstanceOf(IOException.class)
        .hasMessage(
            out
                + ": its results were made with size bundle, these would be with 64; choose another"
                + " folder, or the same options");
    assertThatThrownBy(() -> cluster.label(order(out, Results.PARQUET), toTheEnd()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("made with results masks, these would be with parquet");
    Files.delete(out.resolve(LabelRun.NOTE));
    assertThatThrownBy(() -> cluster.label(order(out, Results.MASKS), toTheEnd()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("no " + LabelRun.NOTE);
  }

  @Test
  void whatIsNotThereIsSaid() {
    for (String[] pair :
        new String[][] {
          {dir.resolve("none").toString(), "no such file or folder"},
          {dir.toString(), "no .jpg, .jpeg, .png, .bmp, .gif, .tif, .tiff there"},
          {dir + "/*.png", "no .jpg, .jpeg, .png, .bmp, .gif, .tif, .tiff there"}
        }) {
      assertThatThrownBy(
              () ->
                  cluster.label(
                      new LabelOrder(
                          pair[0], dir.resolve("out").toString(), Results.MASKS, labelling),
                      toTheEnd()))
          .isInstanceOf(IOException.class)
          .hasMessageStartingWith(pair[0] + ": " + pair[1]);
    }
  }

  @Test
  void picturesThatDifferByTheirEndingsKeepThem() throws IOException {
    Path twins = dir.resolve("twins");
    Labelled.scenes(twins, 0, 2);
    Files.copy(twins.resolve("s100.png"), twins.resolve("s100.jpg"));
    Path out = dir.resolve("out");
    LabelOrder order = new LabelOrder(twins.toString(), out.toString(), Results.MASKS, labelling);
    assertThat(cluster.label(order, toTheEnd()).labelled()).isEqualTo(3);
    assertThat(Labelled.files(out).keySet())
        .containsExactlyInAnyOrder(
            LabelRun.NOTE, "s100.jpg.mask.png", "s100.png.mask.png", "s101.mask.png");
  }

  /** A fault that no picture has a part in ends the job, in a line. */
  @Test
  void anotherModelUnderTheSameNameEndsTheJob() throws IOException {
    Path moved = Labelled.model(dir.resolve("model"));
    Labelling other = Labelling.of(moved.toString(), OPTIONS, false);
    Bundles.untrained("efrnet", 48, 2).write(moved);
    Segmenters.closeAll();
    assertThatThrownBy(
            () ->
                cluster.label(
                    new LabelOrder(
                        pictures.toString(), dir.resolve("out").toString(), Results.MASKS, other),
                    toTheEnd()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageStartingWith("bundle " + moved + " has digest ")
        .hasMessageContaining("give both the same bundle");
  }

  @Test
  void aTaskWithFewerCoresThanThreadsEndsTheJob() throws IOException {
    Labelling two = Labelling.of(model.toString(), OPTIONS.withThreads(2), false);
    assertThatThrownBy(
            () ->
                cluster.label(
                    new LabelOrder(
                        pictures.toString(), dir.resolve("out").toString(), Results.MASKS, two),
                    toTheEnd()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("set spark.task.cpus=2");
  }

  private Dataset<Row> frames() {
    return cluster
        .session()
        .read()
        .format("binaryFile")
        .option("recursiveFileLookup", "true")
        .load(pictures.toString());
  }

  @Test
  void sparkSqlLabels() throws IOException {
    LabelFunction.register(cluster.session(), "efrnet_label", labelling);
    frames().createOrReplaceTempView("frames");
    List<Row> rows =
        cluster
            .session()
            .sql(
                "SELECT path, l.mask, l.shares, l.error FROM (SELECT path, efrnet_label(content) AS"
                    + " l FROM frames)")
            .collectAsList();
    // Spark's own source leaves out empty files.
    assertThat(rows).hasSize(SCENES + 2);
    Map<String, byte[]> expected = expected();
    try (Segmenter segmenter = Segmenter.load(ModelBundle.read(model), OPTIONS)) {
      for (Row row : rows) {
        Path path = Path.of(row.<String>getAs("path").replaceFirst("^file:/*", "/"));
        String error = row.getAs("error");
        if (broken.contains(path)) {
          assertThat(error).startsWith("picture: ").doesNotContain("\n");
          assertThat(row.<byte[]>getAs("mask")).isNull();
          continue;
        }
        assertThat(error).isNull();
        String name = pictures.relativize(path).toString().replace(".png", ".mask.png");
        assertThat(row.<byte[]>getAs("mask")).isEqualTo(expected.get(name));
        Map<String, Double> shares = row.getJavaMap(row.fieldIndex("shares"));
        assertThat(shares).hasSize(segmenter.classes().size());
        for (Segmentation.Share share : segmenter.segment(Pictures.read(path)).shares()) {
          assertThat(shares).containsEntry(share.type().name(), share.fraction());
        }
      }
    }
  }

  /** However many fields of the struct are used: labelling is what costs. */
  @Test
  void aPictureIsLabelledOnce() {
    LabelFunction.register(cluster.session(), "efrnet_label", labelling);
    frames().createOrReplaceTempView("frames");
    String plan =
        cluster
            .session()
            .sql(
                "SELECT l.mask, l.width, l.error FROM (SELECT efrnet_label(content) AS l FROM"
                    + " frames) WHERE l.error IS NULL AND l.width > 1")
            .queryExecution()
            .executedPlan()
            .toString();
    assertThat(plan.split("efrnet_label\\(", -1)).as(plan).hasSize(2);
  }

  @Test
  void aStageOfAPipelineLabelsAndCanBeSaved() throws IOException {
    PictureLabeller stage =
        new PictureLabeller().setModel(model.toString()).setPrecision("fp32").setOutputCol("seen");
    Path saved = dir.resolve("pipeline");
    new Pipeline()
        .setStages(new PipelineStage[] {stage})
        .fit(frames())
        .write()
        .overwrite()
        .save(saved.toString());
    Dataset<Row> labelled = PipelineModel.load(saved.toString()).transform(frames());
    assertThat(labelled.schema()).isEqualTo(stage.transformSchema(frames().schema()));
    List<Row> rows =
        labelled.select("path", "seen.mask").where("seen.error IS NULL").collectAsList();
    assertThat(rows).hasSize(SCENES);
    Map<String, byte[]> expected = expected();
    for (Row row : rows) {
      Path path = Path.of(row.<String>getAs("path").replaceFirst("^file:/*", "/"));
      String name = pictures.relativize(path).toString().replace(".png", ".mask.png");
      assertThat(row.<byte[]>getAs("mask")).isEqualTo(expected.get(name));
    }
  }

  @Test
  void aStageSaysWhatDoesNotFit() {
    PictureLabeller stage = new PictureLabeller().setModel(model.toString());
    assertThatThrownBy(() -> stage.copy(ParamMap.empty()).setInputCol("bytes").transform(frames()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no column 'bytes' among path, modificationTime, length, content");
    assertThatThrownBy(() -> stage.copy(ParamMap.empty()).setInputCol("path").transform(frames()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("column 'path' holds string and not bytes");
    assertThatThrownBy(() -> stage.copy(ParamMap.empty()).setThreads(2).transform(frames()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("spark.task.cpus=2");
  }

  @Test
  void segmentersAreAsManyAsTasksAndSharedByAllJobs() throws IOException {
    Segmenters segmenters = Segmenters.of(labelling, labelling::bundle);
    Segmenter one = segmenters.take();
    segmenters.give(one);
    cluster.label(order(dir.resolve("masks"), Results.MASKS), toTheEnd());
    cluster.label(order(dir.resolve("again"), Results.MASKS), toTheEnd());
    // Two tasks at once need two at most, and what was there is used again and not made anew.
    Set<Segmenter> all = new HashSet<>(List.of(segmenters.take(), segmenters.take()));
    assertThat(all).contains(one).hasSize(2);
    all.forEach(segmenters::give);
  }
}
