package org.efrnet.data;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import org.efrnet.images.Mask;
import org.efrnet.images.Masks;
import org.efrnet.images.Picture;
import org.efrnet.images.Pictures;
import org.efrnet.labels.ClassTable;
import org.efrnet.text.OneLine;

/**
 * CamVid as SegNet's authors laid it out: {@code train.txt}, {@code val.txt} and {@code test.txt}
 * with a picture and its labels a line, in folders {@code train} and {@code trainannot} and so on.
 *
 * <p>The lists name absolute paths of their author's machine ({@code /SegNet/CamVid/train/X.png});
 * only the folder and the file's name count, looked up below the data folder. A file that leads out
 * of the data folder through a symbolic link is refused.
 */
public final class Camvid implements DataSet {
  private static final List<String> SPLITS = List.of("train", "val", "test");

  /** One line of a list, resolved. */
  private record Pair(String name, Path picture, Optional<Path> labels) {}

  private final String name;
  private final ClassTable classes;
  private final List<Pair> pairs;
  private final boolean hasTruth;

  private Camvid(String split, ClassTable classes, List<Pair> pairs) {
    this.name = "camvid " + split;
    this.classes = classes;
    this.pairs = pairs;
    this.hasTruth = pairs.stream().allMatch(pair -> pair.labels.isPresent());
  }

  /**
   * Reads the lists and looks for every file; no picture is decoded yet.
   *
   * @param dir the folder that holds the lists
   * @param split {@code train}, {@code val} or {@code test}, or several joined by {@code +}
   * @throws DataException in one line, when the split is unknown or a list or file is missing
   */
  public static Camvid open(Path dir, String split) throws DataException {
    ClassTable classes = ClassTable.named("camvid-11");
    List<String> splits = Arrays.asList(split.split("\\+", -1));
    for (String one : splits) {
      if (!SPLITS.contains(one)) {
        throw new DataException(
            "unknown CamVid split '"
                + OneLine.of(one)
                + "' for "
                + dir
                + ": choose train, val or test, or join them with + as in train+val");
      }
    }
    if (new LinkedHashSet<>(splits).size() < splits.size()) {
      throw new DataException(
          "CamVid split '"
              + OneLine.of(split)
              + "' for "
              + dir
              + " names a split twice: name each once");
    }
    Path root;
    try {
      root = dir.toRealPath();
    } catch (IOException e) {
      throw new DataException(
          "no CamVid folder at "
              + dir
              + ": give the folder that holds train.txt, val.txt, test.txt",
          e);
    }
    List<Pair> pairs = new ArrayList<>();
    for (String one : splits) {
      pairs.addAll(read(root, one));
    }
    return new Camvid(split, classes, List.copyOf(pairs));
  }

  private static List<Pair> read(Path root, String split) throws DataException {
    Path list = root.resolve(split + ".txt");
    List<String> lines;
    try {
      lines = Files.readAllLines(list);
    } catch (NoSuchFileException e) {
      throw new DataException(
          "CamVid list "
              + list
              + " is missing: give the folder that holds train.txt, val.txt,"
              + " test.txt",
          e);
    } catch (CharacterCodingException e) {
      throw new DataException(
          "CamVid list " + list + " is not UTF-8 text: write a picture and its labels a line", e);
    } catch (IOException e) {
      throw new DataException(
          "CamVid list " + list + " cannot be read (" + e + "): check that it is a readable file",
          e);
    }
    List<Pair> pairs = new ArrayList<>();
    int columnsOfFirst = 0;
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (line.isEmpty()) {
        continue;
      }
      String place = list + " line " + (i + 1);
      String[] columns = line.split("\\s+");
      if (columns.length > 2) {
        throw new DataException(
            place
                + " has "
                + columns.length
                + " columns: write a picture and its labels, without blanks in their names");
      }
      columnsOfFirst = columnsOfFirst == 0 ? columns.length : columnsOfFirst;
      if (columns.length != columnsOfFirst) {
        throw new DataException(
            place
                + " has "
                + columns.length
                + " column(s), the first line "
                + columnsOfFirst
                + ": name labels for every picture of the split or for none");
      }
      Path picture = resolve(root, columns[0], place);
      pairs.add(new Pair(stem(picture), picture, labels(root, columns, place)));
    }
    if (pairs.isEmpty()) {
      throw new DataException(
          "CamVid list " + list + " is empty: write a picture and its labels a line");
    }
    return pairs;
  }

  /**
   * A list without label column, or one whose whole label folder is absent, is a split published
   * without labels. A label folder in which a file is missing is a damaged copy.
   */
  private static Optional<Path> labels(Path root, String[] columns, String place)
      throws DataException {
    if (columns.length == 1) {
      return Optional.empty();
    }
    Path labels = below(root, columns[1], place);
    if (Files.notExists(labels.getParent())) {
      return Optional.empty();
    }
    return Optional.of(resolve(root, columns[1], place));
  }

  private static Path below(Path root, String entry, String place) throws DataException {
    String[] parts = entry.replace('\\', '/').split("/");
    String folder = parts.length < 2 ? "" : parts[parts.length - 2];
    String file = parts.length < 2 ? "" : parts[parts.length - 1];
    if (List.of("", ".", "..").contains(folder) || List.of("", ".", "..").contains(file)) {
      throw new DataException(
          place
              + " names '"
              + OneLine.of(entry)
              + "': write a folder and a file in it, as in train/X.png");
    }
    if (entry.chars().anyMatch(Character::isISOControl)) {
      throw new DataException(
          place + " names '" + OneLine.of(entry) + "' with control characters: rename the file");
    }
    try {
      return root.resolve(folder).resolve(file);
    } catch (InvalidPathException e) {
      throw new DataException(
          place + " names '" + OneLine.of(entry) + "', which is no file name here: rename it", e);
    }
  }

  private static Path resolve(Path root, String entry, String place) throws DataException {
    Path file = below(root, entry, place);
    Path real;
    try {
      real = file.toRealPath();
    } catch (IOException e) {
      throw new DataException(
          file + " is missing, named by " + place + ": copy it there or take the line out", e);
    }
    if (!real.startsWith(root)) {
      throw new DataException(
          file
              + " leads out of the data folder to "
              + real
              + ", named by "
              + place
              + ": put the file itself there instead of a link");
    }
    return file;
  }

  private static String stem(Path file) {
    String name = file.getFileName().toString();
    int dot = name.lastIndexOf('.');
    return dot > 0 ? name.substring(0, dot) : name;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public ClassTable classes() {
    return classes;
  }

  @Override
  public int size() {
    return pairs.size();
  }

  @Override
  public String nameOf(int index) {
    return pairs.get(index).name;
  }

  /** The part of the name before its first underscore, for example {@code 0001TP}. */
  @Override
  public String sequenceOf(int index) {
    String frame = nameOf(index);
    int underscore = frame.indexOf('_');
    return underscore > 0 ? frame.substring(0, underscore) : frame;
  }

  @Override
  public boolean hasTruth() {
    return hasTruth;
  }

  @Override
  public Example load(int index) throws IOException {
    Pair pair = pairs.get(index);
    Picture picture = Pictures.read(pair.picture);
    if (pair.labels.isEmpty()) {
      byte[] nothing = new byte[picture.width() * picture.height()];
      Arrays.fill(nothing, (byte) ClassTable.IGNORE);
      return new Example(pair.name, picture, new Mask(picture.width(), picture.height(), nothing));
    }
    Path labels = pair.labels.get();
    Mask mask = Masks.read(labels);
    if (mask.width() != picture.width() || mask.height() != picture.height()) {
      throw new DataException(
          labels
              + " is "
              + mask.width()
              + "x"
              + mask.height()
              + " but its picture "
              + pair.picture
              + " is "
              + picture.width()
              + "x"
              + picture.height()
              + ": use labels of the picture's own size");
    }
    return new Example(pair.name, picture, classes.toTrainIds(mask, labels.toString()));
  }
}
