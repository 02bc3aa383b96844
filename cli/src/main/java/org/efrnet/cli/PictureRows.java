package org.efrnet.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.efrnet.data.DataSet;
import org.efrnet.data.Example;
import org.efrnet.images.Mask;
import org.efrnet.images.Masks;
import org.efrnet.images.Picture;
import org.efrnet.images.Pictures;
import org.efrnet.images.ReadOptions;
import org.efrnet.images.Resize;
import org.efrnet.labels.ClassTable;
import org.efrnet.labels.SegmentationClass;
import org.efrnet.segment.Segmenter;

/**
 * A few pictures, each in a row with its truth and with what several models see in it: small, ready
 * to stand in a page. Pictures are told by their place, for data sets may not allow more.
 */
final class PictureRows {
  private static final int MOST_ROWS = 4;
  private static final int MOST_MODELS = 6;
  private static final int WIDEST = 360;

  private record Row(String caption, Picture picture, Optional<Mask> truth) {}

  private final List<Row> rows;
  private final Optional<ClassTable> labelled;
  private final List<String> models = new ArrayList<>();
  private final List<List<String>> seen = new ArrayList<>();
  private final List<SegmentationClass> legend = new ArrayList<>();

  private PictureRows(List<Row> rows, Optional<ClassTable> labelled) {
    this.rows = List.copyOf(rows);
    this.labelled = labelled;
    labelled.ifPresent(this::addToLegend);
  }

  /** Pictures from all over a data set; the checkout's sample photograph if there is none. */
  static PictureRows of(Optional<DataSet> data) throws IOException {
    List<Row> rows = new ArrayList<>();
    if (data.isEmpty()) {
      byte[] jpeg = BenchCommand.picture();
      Picture picture = Pictures.read(jpeg, "sample", ReadOptions.DEFAULT);
      rows.add(new Row("Sample, without truth", picture, Optional.empty()));
      return new PictureRows(rows, Optional.empty());
    }
    int size = data.get().size();
    int count = Math.min(MOST_ROWS, size);
    for (int i = 0; i < count; i++) {
      int index = (int) ((2L * i + 1) * size / (2L * count));
      Example example = data.get().load(index);
      rows.add(
          new Row(
              "Picture " + (index + 1) + " of " + size,
              example.picture(),
              data.get().hasTruth() ? Optional.of(example.truth()) : Optional.empty()));
    }
    return new PictureRows(rows, Optional.of(data.get().classes()));
  }

  /** Adds a column, as long as there is room for one. */
  void add(Segmenter segmenter) {
    if (models.size() == MOST_MODELS) {
      return;
    }
    models.add(segmenter.bundle().config().name());
    addToLegend(segmenter.classes());
    List<String> column = new ArrayList<>();
    for (Row row : rows) {
      column.add(png(segmenter.segment(row.picture).mask(), segmenter.classes()));
    }
    seen.add(column);
  }

  private void addToLegend(ClassTable classes) {
    classes.classes().stream()
        .filter(
            c ->
                legend.stream()
                    .noneMatch(l -> l.name().equals(c.name()) && l.colour().equals(c.colour())))
        .forEach(legend::add);
  }

  /** {@code classes} (name, colour), {@code models}, {@code rows} of base64. */
  ObjectNode toJson() throws IOException {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    ArrayNode classes = node.putArray("classes");
    for (SegmentationClass c : legend) {
      String colour = String.format(Locale.ROOT, "#%06x", c.colour().rgb());
      classes.addObject().put("name", c.name()).put("colour", colour);
    }
    models.forEach(node.putArray("models")::add);
    ArrayNode array = node.putArray("rows");
    for (int i = 0; i < rows.size(); i++) {
      Row row = rows.get(i);
      ObjectNode one = array.addObject().put("caption", row.caption);
      Picture picture = row.picture;
      int width = Math.min(WIDEST, picture.width());
      int height = height(picture.width(), picture.height());
      one.put("width", width).put("height", height);
      one.put("jpeg", base64(SampleJpeg.of(Resize.bilinear(picture, width, height))));
      if (row.truth.isPresent() && labelled.isPresent()) {
        one.put("truth", png(row.truth.get(), labelled.get()));
      }
      ArrayNode masks = one.putArray("seen");
      for (List<String> column : seen) {
        masks.add(column.get(i));
      }
    }
    return node;
  }

  private static int height(int width, int height) {
    return width <= WIDEST ? height : Math.max(1, Math.round((float) height * WIDEST / width));
  }

  private static String png(Mask mask, ClassTable classes) {
    int[] palette = new int[256];
    Arrays.fill(palette, classes.ignored().rgb());
    int[] colours = classes.palette();
    System.arraycopy(colours, 0, palette, 0, Math.min(classes.size(), colours.length));
    int width = Math.min(WIDEST, mask.width());
    return base64(
        Masks.png(Resize.nearest(mask, width, height(mask.width(), mask.height())), palette));
  }

  private static String base64(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }
}
