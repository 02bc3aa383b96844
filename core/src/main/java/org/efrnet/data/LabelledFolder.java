package org.efrnet.data;

import com.fasterxml.jackson.databind.node.TextNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.IntConsumer;
import java.util.stream.Stream;
import org.efrnet.images.Mask;
import org.efrnet.images.Masks;
import org.efrnet.images.Pictures;
import org.efrnet.labels.ClassTable;
import org.efrnet.labels.Colour;
import org.efrnet.labels.ColourCode;
import org.efrnet.labels.LabelException;
import org.efrnet.labels.LabelId;
import org.efrnet.labels.SegmentationClass;
import org.efrnet.text.OneLine;

/**
 * One's own data: pictures, masks, classes and lists in one folder.
 *
 * <pre>
 * DIR/classes.yaml             classes, colours, ignored ids: {@link ClassTable#read}
 * DIR/images/X.png             pictures, PNG or JPEG; in sub-folders too: images/monday/X.jpg
 * DIR/masks/X.png              their masks, PNG of the same sizes: masks/monday/X.png
 * DIR/train.txt, DIR/val.txt   the splits, as many and of such names as one likes
 * </pre>
 *
 * <p>A line of a list is a picture's path below {@code images}; its mask has the same path below
 * {@code masks}, with the suffix {@code .png}. A mask of another name follows after a tab. Names
 * may hold blanks. The lists, unlike folders for the splits, tell for certain whether a picture is
 * in two splits: by its path. Pictures of one sub-folder are one sequence, those of none are {@code
 * images}.
 *
 * <p>A mask's pixels are label ids (8-bit grey or palette PNG) or, in an RGB PNG, colours of the
 * class table and nothing else: blended edges are refused. A palette's colours mean nothing, unless
 * they are the table's own and stand at other values: such a mask is refused, too. Without the
 * folder {@code masks} the data set has no truth. A file that leads out of the folder through a
 * symbolic link is refused.
 */
public final class LabelledFolder {
  static final String CLASSES = "classes.yaml";
  private static final String IMAGES = "images";
  private static final String MASKS = "masks";
  private static final String PNG = ".png";

  private LabelledFolder() {}

  /**
   * Reads classes and lists and looks for every file; no picture is decoded yet.
   *
   * @param split the name of a list without {@code .txt}, or several joined by {@code +}
   * @throws DataException in one line, when something is missing, named twice, outside the folder,
   *     or the class table is at fault
   */
  public static DataSet open(Path dir, String split) throws DataException {
    DataFolder folder = DataFolder.open(dir, "data");
    ClassTable classes = classes(folder);
    Path images = folder.path(IMAGES);
    Path masks = folder.path(MASKS);
    boolean labelled = !Files.notExists(masks);
    List<PairedFiles.Pair> pairs = new ArrayList<>();
    for (String one : folder.splits(split)) {
      for (DataFolder.Line line : folder.list(one)) {
        String[] columns = line.text().split("\t", -1);
        if (columns.length > 2) {
          throw new DataException(
              line.place()
                  + " has "
                  + columns.length
                  + " columns: write a picture, or a picture, a tab and its mask");
        }
        List<String> parts = folder.parts(columns[0].strip(), line);
        Path picture = folder.existing(folder.below(images, parts, line), line.place());
        String name = DataFolder.stem(String.join("/", parts));
        String mask = columns.length == 2 ? columns[1].strip() : name + PNG;
        Path labels = folder.below(masks, folder.parts(mask, line), line);
        pairs.add(
            new PairedFiles.Pair(
                name,
                parts.size() == 1 ? IMAGES : String.join("/", parts.subList(0, parts.size() - 1)),
                picture,
                labelled ? Optional.of(folder.existing(labels, line.place())) : Optional.empty(),
                line.place()));
      }
    }
    ColourCode code = ColourCode.of(classes);
    return new PairedFiles(
        classes.name() + " " + split, classes, pairs, file -> truth(file, classes, code));
  }

  /**
   * Writes data sets as such a folder, which {@link #open} reads back: pictures as PNG, masks as
   * palette PNG that hold label ids and show the classes' colours. {@code classes.yaml} comes last:
   * a folder without it was left off in the middle.
   *
   * @param dir missing or empty; nothing that stands there is touched
   * @param splits labelled data sets of the same classes, by the name of their list
   * @param written told after each picture how many are written
   * @throws DataException in one line, when the folder holds anything, a name would lead out of it
   *     or stands twice
   * @throws IOException when a file cannot be written
   * @throws IllegalArgumentException if there is no split, or classes differ
   */
  public static void write(Path dir, Map<String, DataSet> splits, IntConsumer written)
      throws IOException {
    ClassTable classes = splits.values().iterator().next().classes();
    if (splits.values().stream().anyMatch(split -> !split.classes().equals(classes))) {
      throw new IllegalArgumentException("the splits " + splits.keySet() + " differ in classes");
    }
    requireEmpty(dir);
    Path images = Files.createDirectories(dir.resolve(IMAGES));
    Path masks = Files.createDirectories(dir.resolve(MASKS));
    int[] palette = classes.labelPalette();
    Set<String> names = new HashSet<>();
    for (Map.Entry<String, DataSet> split : splits.entrySet()) {
      StringBuilder list = new StringBuilder();
      for (int i = 0; i < split.getValue().size(); i++) {
        Example example = split.getValue().load(i);
        String file = example.name() + PNG;
        if (!names.add(file)) {
          throw new DataException(
              "picture '" + OneLine.of(file) + "' stands twice in the splits: name each once");
        }
        Path picture = below(images, file);
        Path mask = below(masks, file);
        Files.createDirectories(picture.getParent());
        Files.createDirectories(mask.getParent());
        Pictures.writePng(picture, example.picture());
        Masks.write(mask, classes.toLabelIds(example.truth()), palette);
        list.append(file).append('\n');
        written.accept(names.size());
      }
      Files.writeString(below(dir, split.getKey() + ".txt"), list);
    }
    Files.writeString(dir.resolve(CLASSES), yaml(classes));
  }

  private static void requireEmpty(Path dir) throws IOException {
    if (Files.notExists(dir, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    try (Stream<Path> files = Files.list(dir)) {
      Optional<Path> first = files.sorted().findFirst();
      if (first.isPresent()) {
        throw new DataException(
            dir
                + " is not empty, it holds "
                + OneLine.of(first.get().getFileName().toString())
                + ": name a new folder, or remove this one yourself");
      }
    }
  }

  /** A name that {@link #open} would not read is not written. */
  private static Path below(Path folder, String file) throws DataException {
    boolean leadsDown =
        file.chars().noneMatch(c -> Character.isISOControl(c) || c == '\\')
            && Arrays.stream(file.split("/", -1)).noneMatch(List.of("", ".", "..")::contains);
    if (!leadsDown) {
      throw new DataException(
          "'" + OneLine.of(file) + "' is no name of a file below " + folder + ": rename it");
    }
    return folder.resolve(file);
  }

  private static String yaml(ClassTable classes) {
    StringBuilder yaml = new StringBuilder();
    yaml.append("# The classes, in the order in which a network numbers them.\n");
    yaml.append("# label: the value of their pixels in masks/, 0..255, each once.\n");
    yaml.append("# colour: red, green, blue; shown for them, and what an RGB mask holds.\n");
    yaml.append("name: ").append(quoted(classes.name())).append("\nclasses:\n");
    for (SegmentationClass entry : classes.classes()) {
      yaml.append("  - {label: ").append(classes.labelOf(entry.id()).value());
      yaml.append(", name: ").append(quoted(entry.name()));
      yaml.append(", colour: ").append(list(entry.colour())).append("}\n");
    }
    yaml.append("# Pixels of these values count neither in training nor in judging.\n");
    yaml.append("ignore: ");
    yaml.append(classes.ignoredLabels().stream().map(LabelId::value).toList()).append('\n');
    yaml.append("# What stands for them in an RGB mask.\n");
    yaml.append("ignoreColour: ").append(list(classes.ignored())).append('\n');
    return yaml.toString();
  }

  /** In JSON's manner, which is YAML too: a name may be {@code no}, or hold a colon. */
  private static String quoted(String text) {
    return TextNode.valueOf(text).toString();
  }

  private static List<Integer> list(Colour colour) {
    return List.of(colour.red(), colour.green(), colour.blue());
  }

  private static ClassTable classes(DataFolder folder) throws DataException {
    try {
      return ClassTable.read(folder.existing(folder.path(CLASSES), "its layout"));
    } catch (LabelException e) {
      throw new DataException(e.getMessage(), e);
    }
  }

  private static Mask truth(Path file, ClassTable classes, ColourCode code) throws IOException {
    Masks.Stored stored = Masks.readStored(file);
    if (stored instanceof Masks.Stored.Colours colours) {
      return code.toTrainIds(colours.picture(), file.toString());
    }
    Masks.Stored.Ids ids = (Masks.Stored.Ids) stored;
    requireOwnNumbers(file, ids, classes, code);
    return classes.toTrainIds(ids.mask(), file.toString());
  }

  /**
   * Programs that save an RGB mask with a palette number the colours as they please; read as label
   * ids those numbers would be other classes, unseen. Such a mask shows nothing but the table's
   * colours, and more than one of them for a value that is not that class's label.
   */
  private static void requireOwnNumbers(
      Path file, Masks.Stored.Ids ids, ClassTable classes, ColourCode code) throws LabelException {
    long[] pixels = ids.mask().histogram();
    int foreign = 0;
    int value = -1;
    for (int id = 0; id < pixels.length; id++) {
      if (pixels[id] == 0) {
        continue;
      }
      if (id >= ids.palette().size()) {
        return;
      }
      OptionalInt shown = code.trainIdOf(Colour.ofRgb(ids.palette().get(id)));
      if (shown.isEmpty()) {
        return;
      }
      if (shown.getAsInt() != ClassTable.IGNORE
          && !shown.equals(classes.trainIdOf(new LabelId(id)))) {
        foreign++;
        value = value < 0 ? id : value;
      }
    }
    if (foreign < 2) {
      return;
    }
    Colour colour = Colour.ofRgb(ids.palette().get(value));
    SegmentationClass meant = classes.byColour(colour).orElseThrow();
    int first = 0;
    while ((ids.mask().ids()[first] & 0xff) != value) {
      first++;
    }
    throw new LabelException(
        "label mask "
            + file
            + ": value "
            + value
            + " is shown in "
            + colour
            + ", the colour of class '"
            + OneLine.of(meant.name())
            + "', whose label is "
            + classes.labelOf(meant.id()).value()
            + " ("
            + pixels[value]
            + (pixels[value] == 1 ? " pixel, at (" : " pixels, the first at (")
            + first % ids.mask().width()
            + ", "
            + first / ids.mask().width()
            + "), and "
            + (foreign - 1)
            + " more such values); its palette was numbered anew when it was saved; export it as"
            + " 8-bit RGB, or with the label ids as palette indices");
  }
}
