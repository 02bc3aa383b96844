package org.efrnet.labels;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.efrnet.images.Mask;
import org.efrnet.images.Picture;
import org.efrnet.text.OneLine;

/**
 * Which colour of an RGB-coded mask stands for which class; several colours may stand for one. A
 * colour is meant exactly or not at all: a mask whose edges were blended by resizing, smoothing or
 * JPEG holds colours between those of the classes, and is refused. Immutable.
 */
public final class ColourCode {
  private final String name;
  private final Map<Integer, Integer> trainIds;

  /**
   * @param name what errors call it
   * @param trainIds train ids by colour
   */
  ColourCode(String name, Map<Colour, Integer> trainIds) {
    this.name = name;
    Map<Integer, Integer> byRgb = new HashMap<>();
    trainIds.forEach((colour, id) -> byRgb.put(colour.rgb(), id));
    this.trainIds = Map.copyOf(byRgb);
  }

  /** Each class by its own colour; {@link ClassTable#ignored()} for pixels to be ignored. */
  public static ColourCode of(ClassTable table) {
    Map<Colour, Integer> trainIds = new HashMap<>();
    trainIds.put(table.ignored(), ClassTable.IGNORE);
    for (SegmentationClass entry : table.classes()) {
      trainIds.put(entry.colour(), entry.id());
    }
    return new ColourCode(table.name(), trainIds);
  }

  /** The train id that a colour stands for, {@link ClassTable#IGNORE} included; empty if none. */
  public OptionalInt trainIdOf(Colour colour) {
    Integer id = trainIds.get(colour.rgb());
    return id == null ? OptionalInt.empty() : OptionalInt.of(id);
  }

  /**
   * Colours to train ids.
   *
   * @param colours an RGB-coded mask
   * @param source the file of the mask, for the error
   * @return a new mask of train ids, {@link ClassTable#IGNORE} where ignored
   * @throws LabelException if a colour stands for nothing, naming the source, the colour, how many
   *     pixels have it, the first of them and the remedy
   */
  public Mask toTrainIds(Picture colours, String source) throws LabelException {
    byte[] ids = new byte[colours.width() * colours.height()];
    int last = rgb(colours, 0);
    Integer id = trainIds.get(last);
    for (int i = 0; i < ids.length; i++) {
      int rgb = rgb(colours, i);
      // Neighbours mostly share their colour, and the map is dearer than this comparison.
      if (rgb != last) {
        last = rgb;
        id = trainIds.get(rgb);
      }
      if (id == null) {
        throw withoutRule(colours, source, i);
      }
      ids[i] = id.byteValue();
    }
    return new Mask(colours.width(), colours.height(), ids);
  }

  private static int rgb(Picture colours, int pixel) {
    byte[] rgb = colours.rgb();
    return (rgb[3 * pixel] & 0xff) << 16
        | (rgb[3 * pixel + 1] & 0xff) << 8
        | (rgb[3 * pixel + 2] & 0xff);
  }

  private LabelException withoutRule(Picture colours, String source, int first) {
    int wanted = rgb(colours, first);
    long count = 0;
    Set<Integer> others = new HashSet<>();
    for (int i = first; i < colours.width() * colours.height(); i++) {
      int rgb = rgb(colours, i);
      if (rgb == wanted) {
        count++;
      } else if (!trainIds.containsKey(rgb)) {
        others.add(rgb);
      }
    }
    return new LabelException(
        "label mask "
            + source
            + ": colour "
            + Colour.ofRgb(wanted)
            + " has no rule in class table '"
            + OneLine.of(name)
            + "' ("
            + count
            + (count == 1 ? " pixel, at (" : " pixels, the first at (")
            + first % colours.width()
            + ", "
            + first / colours.width()
            + ")"
            + (others.isEmpty() ? "" : ", and " + others.size() + " more such colours")
            + "); give the colour a class, or export the mask without smoothing or resizing");
  }
}
