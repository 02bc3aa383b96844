package org.efrnet.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.efrnet.images.Mask;
import org.efrnet.images.Masks;
import org.efrnet.labels.CamvidLabels;
import org.efrnet.labels.ClassTable;
import org.efrnet.labels.ColourCode;
import org.efrnet.text.OneLine;

/**
 * CamVid, in two layouts; its splits are {@code train}, {@code val} and {@code test}, and its
 * classes the 11 of the table {@code camvid-11} in both, so that the same picture has the same name
 * in both. A file that leads out of the data folder through a symbolic link is refused.
 */
public final class Camvid {
  /** The folder of the original's pictures, {@code NAME.png}. */
  static final String ORIGINAL_PICTURES = "701_StillsRaw_full";

  /** The folder of the original's colour-coded labels, {@code NAME_L.png}. */
  static final String ORIGINAL_LABELS = "LabeledApproved_full";

  static final List<String> SPLITS = List.of("train", "val", "test");

  private static final String KIND = "CamVid";

  private Camvid() {}

  /**
   * Opens the copy of SegNet's authors: {@code train.txt}, {@code val.txt} and {@code test.txt}
   * with a picture and its labels a line, in folders {@code train} and {@code trainannot} and so
   * on. The lists name absolute paths of their author's machine ({@code
   * /SegNet/CamVid/train/X.png}) ; only the folder and the file's name count, looked up below the
   * data folder.
   *
   * <p>Reads the lists and looks for every file; no picture is decoded yet.
   *
   * @param dir the folder that holds the lists
   * @param split {@code train}, {@code val} or {@code test}, or several joined by {@code +}
   * @throws DataException in one line, when the split is unknown or a list or file is missing
   */
  public static DataSet open(Path dir, String split) throws DataException {
    DataFolder folder = DataFolder.open(dir, KIND);
    List<PairedFiles.Pair> pairs = new ArrayList<>();
    for (String one : splits(folder, dir, split)) {
      int columnsOfFirst = 0;
      for (DataFolder.Line line : folder.list(one)) {
        String[] columns = columns(line);
        columnsOfFirst = columnsOfFirst == 0 ? columns.length : columnsOfFirst;
        if (columns.length != columnsOfFirst) {
          throw new DataException(
              line.place()
                  + " has "
                  + columns.length
                  + " column(s), the first line "
                  + columnsOfFirst
                  + ": name labels for every picture of the split or for none");
        }
        Path picture = folder.existing(inFolder(folder, columns[0], line), line.place());
        String name = DataFolder.stem(picture.getFileName().toString());
        pairs.add(
            new PairedFiles.Pair(
                name, sequence(name), picture, labels(folder, columns, line), line.place()));
      }
    }
    ClassTable classes = ClassTable.named("camvid-11");
    return new PairedFiles(
        "camvid " + split,
        classes,
        pairs,
        labels -> classes.toTrainIds(Masks.read(labels), labels.toString()));
  }

  /**
   * Opens the original release: pictures {@code 701_StillsRaw_full/NAME.png} of 960x720, labels
   * {@code LabeledApproved_full/NAME_L.png} whose 32 colours are grouped to 11 classes ({@link
   * CamvidLabels}). It was released without splits: put {@code train.txt}, {@code val.txt} and
   * {@code test.txt} of SegNet's copy beside the two folders, as they are, or lists of a name a
   * line: of a line's first column, folders and the suffix are left off and the rest is the NAME.
   *
   * <p>Reads the lists and looks for every file; no picture is decoded yet.
   *
   * @param dir the folder that holds the lists and the two folders; without that of the labels, the
   *     data set has no truth
   * @param split {@code train}, {@code val} or {@code test}, or several joined by {@code +}
   * @throws DataException in one line, when the split is unknown or a list or file is missing
   */
  public static DataSet openOriginal(Path dir, String split) throws DataException {
    DataFolder folder = DataFolder.open(dir, KIND);
    Path pictures = folder.path(ORIGINAL_PICTURES);
    Path labels = folder.path(ORIGINAL_LABELS);
    boolean labelled = !Files.notExists(labels);
    List<PairedFiles.Pair> pairs = new ArrayList<>();
    for (String one : splits(folder, dir, split)) {
      for (DataFolder.Line line : folder.list(one)) {
        List<String> parts = folder.parts(columns(line)[0], line);
        String name = DataFolder.stem(parts.get(parts.size() - 1));
        Path picture = folder.below(pictures, List.of(name + ".png"), line);
        Path mask = folder.below(labels, List.of(name + "_L.png"), line);
        pairs.add(
            new PairedFiles.Pair(
                name,
                sequence(name),
                folder.existing(picture, line.place()),
                labelled ? Optional.of(folder.existing(mask, line.place())) : Optional.empty(),
                line.place()));
      }
    }
    ColourCode code = CamvidLabels.colourCode();
    return new PairedFiles(
        "camvid-original " + split,
        ClassTable.named("camvid-11"),
        pairs,
        file -> originalTruth(file, code));
  }

  private static Mask originalTruth(Path file, ColourCode code) throws IOException {
    if (Masks.readStored(file) instanceof Masks.Stored.Colours colours) {
      return code.toTrainIds(colours.picture(), file.toString());
    }
    throw new DataException(
        file + " holds ids, not the colours of CamVid's original: copy or download it anew");
  }

  private static List<String> splits(DataFolder folder, Path dir, String split)
      throws DataException {
    for (String one : split.split("\\+", -1)) {
      if (!SPLITS.contains(one)) {
        throw new DataException(
            "unknown CamVid split '"
                + OneLine.of(one)
                + "' for "
                + dir
                + ": choose train, val or test, or join them with + as in train+val");
      }
    }
    return folder.splits(split);
  }

  private static String[] columns(DataFolder.Line line) throws DataException {
    String[] columns = line.text().split("\\s+");
    if (columns.length > 2) {
      throw new DataException(
          line.place()
              + " has "
              + columns.length
              + " columns: write a picture and its labels, without blanks in their names");
    }
    return columns;
  }

  /**
   * A list without label column, or one whose whole label folder is absent, is a split published
   * without labels. A label folder in which a file is missing is a damaged copy.
   */
  private static Optional<Path> labels(DataFolder folder, String[] columns, DataFolder.Line line)
      throws DataException {
    if (columns.length == 1) {
      return Optional.empty();
    }
    Path labels = inFolder(folder, columns[1], line);
    if (Files.notExists(labels.getParent())) {
      return Optional.empty();
    }
    return Optional.of(folder.existing(labels, line.place()));
  }

  private static Path inFolder(DataFolder folder, String entry, DataFolder.Line line)
      throws DataException {
    List<String> parts = folder.parts(entry, line);
    return folder.below(
        folder.path(""),
        parts.size() < 2 ? List.of() : parts.subList(parts.size() - 2, parts.size()),
        line);
  }

  /** The part of the name before its first underscore, for example {@code 0001TP}. */
  private static String sequence(String name) {
    int underscore = name.indexOf('_');
    return underscore > 0 ? name.substring(0, underscore) : name;
  }
}
