package org.efrnet.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.efrnet.images.Mask;
import org.efrnet.images.Masks;
import org.efrnet.labels.ClassTable;
import org.efrnet.labels.ColourCode;
import org.efrnet.labels.LabelException;

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
 * <p>A mask's pixels are label ids (8-bit grey or palette PNG; the palette's colours mean nothing)
 * or, in an RGB PNG, colours of the class table and nothing else: blended edges are refused.
 * Without the folder {@code masks} the data set has no truth. A file that leads out of the folder
 * through a symbolic link is refused.
 */
public final class LabelledFolder {
  static final String CLASSES = "classes.yaml";
  private static final String IMAGES = "images";
  private static final String MASKS = "masks";

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
        String mask = columns.length == 2 ? columns[1].strip() : name + ".png";
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
    return classes.toTrainIds(((Masks.Stored.Ids) stored).mask(), file.toString());
  }
}
