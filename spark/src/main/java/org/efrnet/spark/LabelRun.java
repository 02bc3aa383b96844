package org.efrnet.spark;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.VoidFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.functions;
import org.efrnet.images.PictureNames;
import org.efrnet.spark.LabelOrder.Results;

/** Labels pictures that are not labelled yet. */
final class LabelRun {
  /** Says with what a folder's results were made; Spark's own readers leave such names alone. */
  static final String NOTE = "_labelling.json";

  private static final String TABLE = ".parquet";

  /** Tasks of a job of masks, at least; each one's end is a step of progress. */
  private static final int STEPS = 50;

  private static final int MOST_OF_TASK = 64;

  // Of a table a task writes a file, and a job's files appear together when it ends: jobs become
  // larger as there is more to lose by starting anew.
  private static final int FIRST_ROWS = 16;
  private static final int MOST_ROWS = 512;

  private final SparkSession session;
  private final JavaSparkContext context;
  private final Waiting waiting;
  private final LabelOrder order;
  private final Watcher watcher;
  private final Storage storage;
  private final Tally tally = new Tally();
  private int said;

  LabelRun(SparkSession session, Waiting waiting, LabelOrder order, Watcher watcher) {
    this.session = session;
    this.context = JavaSparkContext.fromSparkContext(session.sparkContext());
    this.waiting = waiting;
    this.order = order;
    this.watcher = watcher;
    this.storage = Storage.of(context);
  }

  LabelReport run() throws IOException {
    List<PictureFile> pictures = PictureFile.in(storage, order.input());
    String out = storage.address(order.output());
    Set<String> there = there(out);
    List<PictureFile> left =
        pictures.stream()
            .filter(p -> !there.contains(order.results() == Results.MASKS ? p.mask() : p.address()))
            .toList();
    int before = pictures.size() - left.size();
    watcher.done(before, pictures.size());
    context.sc().register(tally, "pictures");
    boolean stopped =
        !left.isEmpty()
            && (order.results() == Results.MASKS
                ? masks(left, out, before, pictures.size())
                : table(left, out, before, pictures.size()));
    Tally.Count count = tally.value();
    int failed = count.failures().size();
    return new LabelReport(pictures.size(), before, count.pictures() - failed, failed, stopped);
  }

  /**
   * What earlier runs made: names of masks, or addresses of pictures in the table.
   *
   * @throws IOException if that was made otherwise than it would be now
   */
  private Set<String> there(String out) throws IOException {
    Set<String> there = new HashSet<>();
    if (storage.exists(out)) {
      if (!storage.isFolder(out)) {
        throw new IOException(
            order.output() + ": is a file; results need a folder, choose another");
      }
      boolean table = false;
      for (String file : storage.filesBelow(out)) {
        String name = file.substring(out.length() + 1);
        // What tasks of a killed run had handed in, the next commit would add to its own.
        boolean handedIn = order.results() == Results.PARQUET && name.startsWith("_temporary/");
        if (handedIn || Storage.isLeftOver(file, PictureNames.MASK)) {
          storage.delete(file);
        } else if (name.endsWith(PictureNames.MASK) && !storage.isLost(file)) {
          there.add(name);
        }
        table |= name.endsWith(TABLE) && name.indexOf('/') < 0;
      }
      requireSame(out, table || !there.isEmpty());
      if (order.results() == Results.PARQUET) {
        there.clear();
        if (table) {
          session
              .read()
              .parquet(out)
              .select("path")
              .as(Encoders.STRING())
              .toLocalIterator()
              .forEachRemaining(there::add);
        }
      }
    }
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode note = mapper.createObjectNode().put("model", order.labelling().model());
    words().forEach(note::put);
    storage.write(
        out + "/" + NOTE,
        (mapper.writerWithDefaultPrettyPrinter().writeValueAsString(note) + "\n")
            .getBytes(StandardCharsets.UTF_8));
    return there;
  }

  private Map<String, String> words() {
    Map<String, String> words = order.labelling().words();
    words.put("results", order.results().name().toLowerCase(Locale.ROOT));
    return words;
  }

  private void requireSame(String out, boolean anything) throws IOException {
    if (!anything) {
      return;
    }
    if (!storage.exists(out + "/" + NOTE)) {
      throw new IOException(
          order.output()
              + ": holds results, but no "
              + NOTE
              + " that says how they were made; choose another folder");
    }
    JsonNode note;
    try {
      note = new ObjectMapper().readTree(storage.text(out + "/" + NOTE));
    } catch (JsonProcessingException e) {
      throw new IOException(
          order.output() + ": its " + NOTE + " is damaged; choose another folder", e);
    }
    for (Map.Entry<String, String> word : words().entrySet()) {
      String then = note.path(word.getKey()).asText("unknown");
      if (!then.equals(word.getValue())) {
        throw new IOException(
            order.output()
                + ": its results were made with "
                + word.getKey()
                + " "
                + then
                + ", these would be with "
                + word.getValue()
                + "; choose another folder, or the same options");
      }
    }
  }

  /** Writes a picture's mask as soon as it is made. */
  private record MaskTask(Labeller labeller, Storage storage, String out, Tally tally)
      implements VoidFunction<Iterator<PictureFile>> {
    private static final long serialVersionUID = 1;

    @Override
    public void call(Iterator<PictureFile> pictures) throws IOException {
      while (pictures.hasNext()) {
        PictureFile picture = pictures.next();
        PictureLabels labels =
            labeller.label(
                (name, options) -> storage.picture(picture.address(), name, options),
                picture.shown());
        if (labels instanceof PictureLabels.Labelled labelled) {
          storage.write(out + "/" + picture.mask(), labelled.mask());
        }
        tally.add(labels);
      }
    }
  }

  private boolean masks(List<PictureFile> left, String out, long before, long all)
      throws IOException {
    int ofTask = Math.max(1, Math.min(left.size() / STEPS, MOST_OF_TASK));
    int tasks = (left.size() + ofTask - 1) / ofTask;
    MaskTask task = new MaskTask(new Labeller(order.labelling()), storage, out, tally);
    return waiting.stopped(
        () -> context.parallelize(left, tasks).foreachPartition(task),
        watcher,
        () -> say(before, all));
  }

  /** Makes a row of a picture. */
  private record RowFunction(Labeller labeller, Storage storage, Tally tally)
      implements UDF1<String, Row> {
    private static final long serialVersionUID = 1;

    @Override
    public Row call(String address) {
      PictureLabels labels =
          labeller.label(
              (name, options) -> storage.picture(address, name, options), Storage.shown(address));
      tally.add(labels);
      return labels.row();
    }
  }

  private boolean table(List<PictureFile> left, String out, long before, long all)
      throws IOException {
    RowFunction function = new RowFunction(new Labeller(order.labelling()), storage, tally);
    int tasks = Math.max(1, context.defaultParallelism() / order.labelling().threads());
    int rows = FIRST_ROWS;
    int next = 0;
    while (next < left.size()) {
      int end = (int) Math.min(left.size(), next + (long) rows * tasks);
      List<String> addresses = left.subList(next, end).stream().map(PictureFile::address).toList();
      Dataset<Row> table =
          session
              .createDataset(context.parallelize(addresses, tasks).rdd(), Encoders.STRING())
              .toDF("path")
              .withColumn(
                  "labels",
                  functions
                      .udf(function, PictureLabels.SCHEMA)
                      .asNondeterministic()
                      .apply(functions.col("path")))
              .select("path", "labels.*");
      if (waiting.stopped(
          () -> table.write().mode(SaveMode.Append).parquet(out),
          watcher,
          () -> say(before, all))) {
        return true;
      }
      next = end;
      rows = Math.min(2 * rows, MOST_ROWS);
    }
    return false;
  }

  private void say(long before, long all) {
    Tally.Count count = tally.value();
    for (String failure : count.failures().subList(said, count.failures().size())) {
      watcher.failed(failure);
    }
    said = count.failures().size();
    watcher.done(before + count.pictures(), all);
  }
}
