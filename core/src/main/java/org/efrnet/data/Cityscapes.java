package org.efrnet.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.efrnet.images.InstanceMap;
import org.efrnet.images.Mask;
import org.efrnet.images.Masks;
import org.efrnet.labels.ClassTable;
import org.efrnet.text.OneLine;

/**
 * Cityscapes in its official layout; its classes are the 19 of the table {@code cityscapes-19}.
 *
 * <pre>
 * DIR/leftImg8bit/{train,val,test,train_extra}/CITY/NAME_leftImg8bit.png
 * DIR/gtFine/{train,val}/CITY/NAME_gtFine_labelIds.png, NAME_gtFine_instanceIds.png
 * DIR/gtCoarse/{train,train_extra,val}/CITY/NAME_gtCoarse_labelIds.png, ..._instanceIds.png
 * </pre>
 *
 * <p>The coarsely labelled pictures may also lie below {@code leftImg8bit_trainextra}, as their
 * archive is called. Where {@code labelIds} are missing, {@code labelTrainIds} serve, whose values
 * are train ids. Pictures are found by looking into the folders; they come in the order of cities,
 * then names. A city is a sequence. The labels of {@code test} are kept secret, and the files that
 * come in their place hold nothing: that split never has truth. A file that leads out of the data
 * folder through a symbolic link is refused.
 */
public final class Cityscapes implements DataSet {
  static final String PICTURES = "leftImg8bit";
  static final String PICTURES_EXTRA = "leftImg8bit_trainextra";
  static final String FINE = "gtFine";
  static final String COARSE = "gtCoarse";

  /** The folders that hold pictures and labels. */
  public static final List<String> FOLDERS = List.of(PICTURES, PICTURES_EXTRA, FINE, COARSE);

  private static final String KIND = "Cityscapes";
  private static final String CLASSES = "cityscapes-19";
  private static final String COARSELY = "coarse:";
  private static final String TEST = "test";
  private static final String PICTURE_SUFFIX = "_leftImg8bit.png";
  private static final String TRAIN_IDS = "_labelTrainIds.png";

  /** All single splits. */
  public static final List<String> SPLITS =
      List.of("train", "val", TEST, "coarse:train", "coarse:train_extra", "coarse:val");

  /** What lies in the folder of a name: the pictures of a city. */
  private record City(String name, List<Path> pictures) {}

  private final List<Optional<Path>> labels;
  private final List<Optional<Path>> instances;
  private final TruthReader truth = new TruthReader();
  private final PairedFiles files;

  /** Tells the two kinds of label pictures apart by their names, as their makers do. */
  private static final class TruthReader implements PairedFiles.TruthReader {
    private final ClassTable labelIds = ClassTable.named(CLASSES);
    private final ClassTable trainIds = labelIds.ofTrainIds();

    @Override
    public Mask read(Path file) throws IOException {
      ClassTable table = file.toString().endsWith(TRAIN_IDS) ? trainIds : labelIds;
      return table.toTrainIds(Masks.read(file), file.toString());
    }
  }

  private Cityscapes(
      String split,
      List<PairedFiles.Pair> pairs,
      List<Optional<Path>> labels,
      List<Optional<Path>> instances)
      throws DataException {
    this.labels = List.copyOf(labels);
    this.instances = List.copyOf(instances);
    this.files = new PairedFiles("cityscapes " + split, ClassTable.named(CLASSES), pairs, truth);
  }

  /**
   * Looks for every file; no picture is decoded yet.
   *
   * @param dir the folder that holds {@code leftImg8bit}
   * @param split {@code train}, {@code val}, {@code test}, {@code coarse:train}, {@code
   *     coarse:train_extra} or {@code coarse:val}, or several joined by {@code +}
   * @throws DataException in one line, when the split is unknown or not there, a picture lacks its
   *     labels although others of the split have some, or a link leads out of the folder
   */
  public static Cityscapes open(Path dir, String split) throws DataException {
    DataFolder folder = DataFolder.open(dir, KIND);
    List<PairedFiles.Pair> pairs = new ArrayList<>();
    List<Optional<Path>> labels = new ArrayList<>();
    List<Optional<Path>> instances = new ArrayList<>();
    for (String one : splits(dir, split)) {
      Path pictures = pictures(folder, dir, one);
      Path truth = truthFolder(folder, one);
      boolean labelled = !one.equals(TEST) && Files.isDirectory(truth);
      for (City city : cities(pictures)) {
        for (Path picture : city.pictures) {
          folder.existing(picture, "split " + one);
          String file = picture.getFileName().toString();
          String name = file.substring(0, file.length() - PICTURE_SUFFIX.length());
          Path stem = truth.resolve(city.name).resolve(name + "_" + kind(one));
          Optional<Path> mask = labelled ? Optional.of(mask(folder, stem, picture, one)) : none();
          labels.add(mask);
          instances.add(
              labelled ? optional(folder, beside(stem, "_instanceIds.png"), one) : none());
          pairs.add(
              new PairedFiles.Pair(name, city.name, picture, mask, "split " + one + " of " + dir));
        }
      }
    }
    requireAllOrNone(labels, instances);
    return new Cityscapes(split, pairs, labels, instances);
  }

  /** Whether the pictures of a single split are there. */
  static boolean has(Path dir, String split) {
    return SPLITS.contains(split)
        && pictureFolders(dir, split).stream().anyMatch(Files::isDirectory);
  }

  private static List<String> splits(Path dir, String split) throws DataException {
    List<String> splits = List.of(split.split("\\+", -1));
    for (String one : splits) {
      if (!SPLITS.contains(one)) {
        throw new DataException(
            "unknown Cityscapes split '"
                + OneLine.of(one)
                + "' for "
                + dir
                + ": choose among "
                + String.join(", ", SPLITS)
                + ", or join them with + as in train+coarse:train_extra");
      }
    }
    if (new LinkedHashSet<>(splits).size() < splits.size()) {
      throw new DataException(
          "Cityscapes split '" + OneLine.of(split) + "' names a split twice: name each once");
    }
    return splits;
  }

  /** The name without {@code coarse:}. */
  private static String folderName(String split) {
    return split.startsWith(COARSELY) ? split.substring(COARSELY.length()) : split;
  }

  private static String kind(String split) {
    return split.startsWith(COARSELY) ? COARSE : FINE;
  }

  private static Path truthFolder(DataFolder folder, String split) {
    return folder.path(kind(split), folderName(split));
  }

  private static List<Path> pictureFolders(Path dir, String split) {
    String name = folderName(split);
    return List.of(
        dir.resolve(PICTURES).resolve(name),
        dir.resolve(PICTURES_EXTRA).resolve(name),
        dir.resolve(PICTURES_EXTRA).resolve(PICTURES).resolve(name));
  }

  private static Path pictures(DataFolder folder, Path dir, String split) throws DataException {
    List<Path> places = pictureFolders(folder.path(""), split);
    for (Path place : places) {
      if (Files.isDirectory(place)) {
        return place;
      }
    }
    List<String> here = SPLITS.stream().filter(other -> has(dir, other)).toList();
    throw new DataException(
        "Cityscapes split "
            + split
            + ": "
            + places.get(0)
            + " is missing: unpack the archive of its pictures in "
            + dir
            + (here.isEmpty()
                ? ""
                : ", or choose a split that is there: " + String.join(", ", here)));
  }

  private static List<City> cities(Path pictures) throws DataException {
    Map<String, List<Path>> cities = new LinkedHashMap<>();
    for (Path city : sorted(pictures)) {
      if (Files.isDirectory(city)) {
        List<Path> found =
            sorted(city).stream()
                .filter(file -> file.getFileName().toString().endsWith(PICTURE_SUFFIX))
                .toList();
        cities.put(city.getFileName().toString(), found);
      }
    }
    if (cities.values().stream().allMatch(List::isEmpty)) {
      throw new DataException(
          pictures
              + " holds no picture CITY/NAME"
              + PICTURE_SUFFIX
              + ": unpack the archive of its pictures as it is");
    }
    return cities.entrySet().stream().map(e -> new City(e.getKey(), e.getValue())).toList();
  }

  private static List<Path> sorted(Path folder) throws DataException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    } catch (IOException e) {
      throw new DataException(
          folder + " cannot be read (" + OneLine.of(e.toString()) + "): check its permissions", e);
    }
  }

  private static Path beside(Path stem, String suffix) {
    return stem.resolveSibling(stem.getFileName() + suffix);
  }

  private static Path mask(DataFolder folder, Path stem, Path picture, String split)
      throws DataException {
    Path labelIds = beside(stem, "_labelIds.png");
    Optional<Path> found = optional(folder, labelIds, split);
    if (found.isEmpty()) {
      found = optional(folder, beside(stem, TRAIN_IDS), split);
    }
    return found.orElseThrow(
        () ->
            new DataException(
                labelIds
                    + " is missing, and so is "
                    + stem.getFileName()
                    + TRAIN_IDS
                    + ": the labels of "
                    + picture
                    + "; unpack the archive of the labels again"));
  }

  private static Optional<Path> optional(DataFolder folder, Path file, String split)
      throws DataException {
    return Files.exists(file)
        ? Optional.of(folder.existing(file, "split " + split))
        : Optional.empty();
  }

  private static Optional<Path> none() {
    return Optional.empty();
  }

  /** A copy with instances for some pictures only would give a figure over an unknown part. */
  private static void requireAllOrNone(List<Optional<Path>> labels, List<Optional<Path>> instances)
      throws DataException {
    if (instances.stream().noneMatch(Optional::isPresent)) {
      return;
    }
    for (int i = 0; i < instances.size(); i++) {
      if (labels.get(i).isPresent() && instances.get(i).isEmpty()) {
        throw new DataException(
            "the instances of "
                + labels.get(i).get()
                + " are missing although other pictures have theirs: unpack the archive of the"
                + " labels again");
      }
    }
  }

  /** Whether {@link #instances} gives every picture's. */
  public boolean hasInstances() {
    return instances.stream().allMatch(Optional::isPresent);
  }

  /**
   * Decodes the truth alone, train ids.
   *
   * @throws IOException naming the file and what is wrong with it, in one line
   * @throws IllegalStateException if there is none
   */
  public Mask truth(int index) throws IOException {
    return truth.read(
        labels
            .get(index)
            .orElseThrow(
                () -> new IllegalStateException(name() + " has no labels of " + nameOf(index))));
  }

  /**
   * Decodes the instances, if the data set has them: {@code 1000 * label + number} for a single
   * object, the label alone (below 1000) for everything else, crowds among it.
   *
   * @throws IOException naming the file and what is wrong with it, in one line
   */
  public Optional<InstanceMap> instances(int index) throws IOException {
    Optional<Path> file = instances.get(index);
    return file.isEmpty() ? Optional.empty() : Optional.of(InstanceMap.read(file.get()));
  }

  @Override
  public String name() {
    return files.name();
  }

  @Override
  public ClassTable classes() {
    return files.classes();
  }

  @Override
  public int size() {
    return files.size();
  }

  /** Such as {@code frankfurt_000000_000294}. */
  @Override
  public String nameOf(int index) {
    return files.nameOf(index);
  }

  /** The city. */
  @Override
  public String sequenceOf(int index) {
    return files.sequenceOf(index);
  }

  @Override
  public Example load(int index) throws IOException {
    return files.load(index);
  }

  @Override
  public boolean hasTruth() {
    return files.hasTruth();
  }
}
