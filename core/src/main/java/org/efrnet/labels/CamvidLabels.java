package org.efrnet.labels;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The 32 colour-coded classes of CamVid's original release and the 11 that they are grouped to.
 * Sources and choices: see {@code camvid-labels.tsv}.
 */
public final class CamvidLabels {
  /**
   * One of the 32.
   *
   * @param name the official one
   * @param colour the official one, which label pictures hold
   * @param trainId in the table {@code camvid-11}; {@link ClassTable#IGNORE} for Void
   */
  public record Label(String name, Colour colour, int trainId) {}

  private static final String IGNORED = "-";
  private static final List<Label> ALL = load();
  private static final ColourCode CODE =
      new ColourCode(
          "camvid-labels", ALL.stream().collect(Collectors.toMap(Label::colour, Label::trainId)));

  private CamvidLabels() {}

  /** All labels by name. */
  public static List<Label> all() {
    return ALL;
  }

  /** From the colours of the original's label pictures to the train ids of {@code camvid-11}. */
  public static ColourCode colourCode() {
    return CODE;
  }

  private static List<Label> load() {
    ClassTable classes = ClassTable.named("camvid-11");
    try (InputStream table = CamvidLabels.class.getResourceAsStream("camvid-labels.tsv")) {
      return new String(table.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.startsWith("#"))
          .skip(1)
          .map(line -> label(line, classes))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Label label(String line, ClassTable classes) {
    String[] cells = line.split("\t", -1);
    return new Label(
        cells[0],
        new Colour(
            Integer.parseInt(cells[1]), Integer.parseInt(cells[2]), Integer.parseInt(cells[3])),
        cells[4].equals(IGNORED) ? ClassTable.IGNORE : classes.byName(cells[4]).orElseThrow().id());
  }
}
