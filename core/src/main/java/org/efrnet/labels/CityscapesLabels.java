package org.efrnet.labels;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The 35 labels of Cityscapes with all that its evaluation needs to know of them. Source: the
 * labels table of the data set's own evaluation scripts, as {@code cityscapes-labels.tsv}.
 */
public final class CityscapesLabels {
  /**
   * One label.
   *
   * @param name the official one, in lower case
   * @param id its pixel value in {@code labelIds} pictures; -1 (licence plate) stands in none
   * @param trainId 0..18, or {@link ClassTable#IGNORE}; also for the licence plate, whose official
   *     train id is -1
   * @param category the group that category IoU sums over
   * @param categoryId 0..7, 0 being void
   * @param hasInstances whether single objects are told apart
   * @param ignoreInEval whether ground truth of this label is left out of the evaluation
   * @param colour the official one
   */
  public record Label(
      String name,
      LabelId id,
      int trainId,
      String category,
      int categoryId,
      boolean hasInstances,
      boolean ignoreInEval,
      Colour colour) {}

  private static final List<Label> ALL = load();

  private CityscapesLabels() {}

  /** All labels, ids 0..33 in order, the licence plate last. */
  public static List<Label> all() {
    return ALL;
  }

  private static List<Label> load() {
    try (InputStream table = CityscapesLabels.class.getResourceAsStream("cityscapes-labels.tsv")) {
      return new String(table.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .skip(1)
          .map(CityscapesLabels::label)
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Label label(String line) {
    String[] cells = line.split("\t", -1);
    int trainId = Integer.parseInt(cells[2]);
    return new Label(
        cells[0],
        new LabelId(Integer.parseInt(cells[1])),
        trainId < 0 ? ClassTable.IGNORE : trainId,
        cells[3],
        Integer.parseInt(cells[4]),
        Boolean.parseBoolean(cells[5]),
        Boolean.parseBoolean(cells[6]),
        new Colour(
            Integer.parseInt(cells[7]), Integer.parseInt(cells[8]), Integer.parseInt(cells[9])));
  }
}
