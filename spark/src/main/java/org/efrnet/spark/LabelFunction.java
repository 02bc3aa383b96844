package org.efrnet.spark;

import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.expressions.UserDefinedFunction;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.StructType;
import org.efrnet.images.Pictures;

/**
 * A function from a picture's bytes (the column {@code content} of Spark's source {@code
 * binaryFile}) to a struct, as {@link #schema} describes it. A picture that fails gives a struct
 * with an error; no job fails for it.
 *
 * <pre>{@code
 * LabelFunction.register(spark, "efrnet_label", labelling);
 * spark.sql("SELECT path, l.mask, l.shares['Road'], l.error FROM"
 *     + " (SELECT path, efrnet_label(content) AS l FROM binaryFile.`/frames/*.jpg`)");
 * }</pre>
 */
public final class LabelFunction implements UDF1<byte[], Row> {
  private static final long serialVersionUID = 1;
  private static final String NAME = "picture";

  private final Labeller labeller;

  private LabelFunction(Labelling labelling) {
    this.labeller = new Labeller(labelling);
  }

  /** For the Dataset API. */
  public static UserDefinedFunction of(Labelling labelling) {
    // Not because it is: so Spark computes it once, however often the struct's fields are used.
    return functions.udf(new LabelFunction(labelling), schema()).asNondeterministic();
  }

  /** For Spark SQL, under that name, as long as the session lasts. */
  public static void register(SparkSession session, String name, Labelling labelling) {
    session.udf().register(name, of(labelling));
  }

  /**
   * The struct: {@code mask} (binary, an indexed PNG of the picture's size whose values are class
   * ids), {@code width}, {@code height}, {@code shares} (a map from a class's name to its share of
   * the pixels, 0..1) and {@code error} (a line). Either {@code error} is null or all others are.
   */
  public static StructType schema() {
    return PictureLabels.SCHEMA;
  }

  @Override
  public Row call(byte[] content) {
    byte[] bytes = content == null ? new byte[0] : content;
    return labeller.label((name, options) -> Pictures.read(bytes, name, options), NAME).row();
  }
}
