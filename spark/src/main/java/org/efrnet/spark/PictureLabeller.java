package org.efrnet.spark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Optional;
import org.apache.spark.ml.Transformer;
import org.apache.spark.ml.param.BooleanParam;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsWritable;
import org.apache.spark.ml.util.Identifiable$;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.efrnet.segment.Segmenter;
import org.efrnet.segment.SizePolicy;

/**
 * A stage of Spark's pipelines that labels pictures: from a column of their bytes to a struct as
 * {@link LabelFunction#schema} describes it. Needs {@code spark-mllib}, which every installation of
 * Spark has.
 *
 * <pre>{@code
 * Dataset<Row> frames = spark.read().format("binaryFile").load("/frames");
 * new PictureLabeller().setModel("efrnet.camvid").transform(frames)
 *     .select("path", "labels.mask", "labels.error");
 * }</pre>
 */
public final class PictureLabeller extends Transformer implements DefaultParamsWritable {
  private static final long serialVersionUID = 1;

  private final String uid;
  private final Param<String> inputCol;
  private final Param<String> outputCol;
  private final Param<String> model;
  private final Param<String> size;
  private final Param<String> engine;
  private final Param<String> precision;
  private final IntParam threads;
  private final BooleanParam lenient;

  /** A stage with a name of its own. */
  public PictureLabeller() {
    this(Identifiable$.MODULE$.randomUID("efrnet"));
  }

  /** A stage of that name, as Spark makes it when it reads or copies one. */
  public PictureLabeller(String uid) {
    // First: a parameter takes the name of its stage with it.
    this.uid = uid;
    this.inputCol =
        new Param<>(this, "inputCol", "the column of the pictures' bytes (default: content)");
    this.outputCol = new Param<>(this, "outputCol", "the struct's column (default: labels)");
    this.model =
        new Param<>(this, "model", "a model's name or a bundle's folder (default: efrnet.camvid)");
    this.size = new Param<>(this, "size", "native, WxH or HEIGHT (default: as the model says)");
    this.engine = new Param<>(this, "engine", "what computes (default: the fastest that runs)");
    this.precision =
        new Param<>(this, "precision", "fp32, bf16 or int8 (default: the fastest allowed)");
    this.threads = new IntParam(this, "threads", "threads of a picture (default: spark.task.cpus)");
    this.lenient =
        new BooleanParam(this, "lenient", "take truncated JPEG pictures as far as they go");
    setDefault(inputCol, "content");
    setDefault(outputCol, "labels");
    setDefault(model, "efrnet.camvid");
    setDefault(lenient, false);
  }

  @Override
  public String uid() {
    return uid;
  }

  /** The column of the pictures' bytes. */
  public Param<String> inputCol() {
    return inputCol;
  }

  /** The struct's column. */
  public Param<String> outputCol() {
    return outputCol;
  }

  /** A model's name or a bundle's folder. */
  public Param<String> model() {
    return model;
  }

  /** The size at which the network sees a picture. */
  public Param<String> size() {
    return size;
  }

  /** What computes. */
  public Param<String> engine() {
    return engine;
  }

  /** Numbers to compute in. */
  public Param<String> precision() {
    return precision;
  }

  /** Threads of a picture, at most {@code spark.task.cpus}. */
  public IntParam threads() {
    return threads;
  }

  /** Whether truncated JPEG pictures are taken as far as they go. */
  public BooleanParam lenient() {
    return lenient;
  }

  /** Names the column of the pictures' bytes. */
  public PictureLabeller setInputCol(String name) {
    set(inputCol, name);
    return this;
  }

  /** Names the struct's column. */
  public PictureLabeller setOutputCol(String name) {
    set(outputCol, name);
    return this;
  }

  /** Chooses the model: a name, or a bundle's folder, which every executor sees at this path. */
  public PictureLabeller setModel(String nameOrPath) {
    set(model, nameOrPath);
    return this;
  }

  /** Chooses the size at which the network sees a picture. */
  public PictureLabeller setSize(String text) {
    set(size, text);
    return this;
  }

  /** Chooses what computes. */
  public PictureLabeller setEngine(String name) {
    set(engine, name);
    return this;
  }

  /** Chooses the numbers to compute in. */
  public PictureLabeller setPrecision(String name) {
    set(precision, name);
    return this;
  }

  /** Chooses the threads of a picture, at most {@code spark.task.cpus}. */
  public PictureLabeller setThreads(int count) {
    set(threads, count);
    return this;
  }

  /** Chooses whether truncated JPEG pictures are taken as far as they go. */
  public PictureLabeller setLenient(boolean whether) {
    set(lenient, whether);
    return this;
  }

  /**
   * Adds the struct's column. The model is loaded here, and what is left open is settled once for
   * all executors.
   *
   * @throws IllegalArgumentException if there is no such column of bytes, or the parameters are
   *     impossible
   * @throws UncheckedIOException if there is no such model, or it is damaged
   * @throws IllegalStateException if the engine cannot run here
   */
  @Override
  public Dataset<Row> transform(Dataset<?> dataset) {
    transformSchema(dataset.schema());
    int cores = dataset.sparkSession().sparkContext().getConf().getInt("spark.task.cpus", 1);
    Segmenter.Options options =
        Segmenter.Options.DEFAULT.withThreads(said(threads).map(n -> (Integer) n).orElse(cores));
    if (options.threads() > cores) {
      throw new IllegalArgumentException(
          "threads is "
              + options.threads()
              + ", a task has "
              + cores
              + " cores; set spark.task.cpus="
              + options.threads()
              + ", or ask for fewer threads");
    }
    options = said(size).map(SizePolicy::parse).map(options::with).orElse(options);
    options = said(engine).map(options::withEngine).orElse(options);
    options = said(precision).map(options::withPrecision).orElse(options);
    try {
      Labelling labelling =
          Labelling.of(said(model).orElseThrow(), options, (Boolean) said(lenient).orElse(false));
      return dataset.withColumn(
          said(outputCol).orElseThrow(),
          LabelFunction.of(labelling).apply(dataset.col(said(inputCol).orElseThrow())));
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
  }

  private <T> Optional<T> said(Param<T> parameter) {
    return isDefined(parameter) ? Optional.of($(parameter)) : Optional.empty();
  }

  @Override
  public StructType transformSchema(StructType schema) {
    String in = said(inputCol).orElseThrow();
    String out = said(outputCol).orElseThrow();
    DataType type =
        Arrays.stream(schema.fields())
            .filter(field -> field.name().equals(in))
            .findFirst()
            .map(StructField::dataType)
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "there is no column '"
                            + in
                            + "' among "
                            + String.join(", ", schema.fieldNames())
                            + "; name the one of the pictures' bytes by setInputCol"));
    if (!(type instanceof BinaryType)) {
      throw new IllegalArgumentException(
          "column '"
              + in
              + "' holds "
              + type.simpleString()
              + " and not bytes; name another one by setInputCol");
    }
    if (Arrays.asList(schema.fieldNames()).contains(out)) {
      throw new IllegalArgumentException(
          "there is a column '" + out + "' already; choose another name by setOutputCol");
    }
    return schema.add(out, LabelFunction.schema());
  }

  @Override
  public PictureLabeller copy(ParamMap extra) {
    return defaultCopy(extra);
  }

  /** Reads stages that were saved. */
  public static MLReader<PictureLabeller> read() {
    return new DefaultParamsReader<>();
  }

  /** Reads a stage that was saved there. */
  public static PictureLabeller load(String path) {
    return read().load(path);
  }
}
