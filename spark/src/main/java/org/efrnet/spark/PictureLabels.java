package org.efrnet.spark;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.efrnet.images.Masks;
import org.efrnet.labels.SegmentationClass;
import org.efrnet.segment.Segmentation;

/** What became of a picture: a mask with its shares, or an error. */
sealed interface PictureLabels {
  /**
   * The struct in a table: {@code mask} (binary, a PNG), {@code width}, {@code height}, {@code
   * shares} (a map from a class's name to its share of the pixels, 0..1) and {@code error} (a
   * line); either {@code error} is null or all others are.
   */
  StructType SCHEMA =
      new StructType()
          .add("mask", DataTypes.BinaryType)
          .add("width", DataTypes.IntegerType)
          .add("height", DataTypes.IntegerType)
          .add("shares", DataTypes.createMapType(DataTypes.StringType, DataTypes.DoubleType, false))
          .add("error", DataTypes.StringType);

  /**
   * A picture that was segmented.
   *
   * @param mask the file that {@link Segmentation#writeMask} would write, byte by byte
   * @param shares of every class of the model, 0..1, by name in the order of the ids
   */
  record Labelled(byte[] mask, int width, int height, Map<String, Double> shares)
      implements PictureLabels {
    static Labelled of(Segmentation result) {
      Map<String, Double> shares = new LinkedHashMap<>();
      long[] pixels = result.mask().histogram();
      double all = result.mask().ids().length;
      for (SegmentationClass type : result.classes().classes()) {
        shares.put(type.name(), pixels[type.id()] / all);
      }
      return new Labelled(
          Masks.png(result.mask(), result.classes().palette()),
          result.mask().width(),
          result.mask().height(),
          shares);
    }

    @Override
    public Row row() {
      return RowFactory.create(mask, width, height, shares, null);
    }

    @Override
    public Optional<String> error() {
      return Optional.empty();
    }
  }

  /**
   * A picture that could not be.
   *
   * @param message a line that names the picture, what is wrong and the remedy
   */
  record Failed(String message) implements PictureLabels {
    @Override
    public Row row() {
      return RowFactory.create(null, null, null, null, message);
    }

    @Override
    public Optional<String> error() {
      return Optional.of(message);
    }
  }

  /** As {@link #SCHEMA} has it. */
  Row row();

  /** What is wrong with the picture. */
  Optional<String> error();
}
