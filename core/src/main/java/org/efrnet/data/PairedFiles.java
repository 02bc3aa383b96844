package org.efrnet.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.efrnet.images.Mask;
import org.efrnet.images.Picture;
import org.efrnet.images.Pictures;
import org.efrnet.labels.ClassTable;

/** Pictures and their masks as files: what the layouts of folders have in common. */
final class PairedFiles implements DataSet {
  /**
   * One example.
   *
   * @param labels empty in a split published without labels
   * @param place the line that names it, for errors
   */
  record Pair(String name, String sequence, Path picture, Optional<Path> labels, String place) {}

  /** Reads a mask file as train ids. */
  @FunctionalInterface
  interface TruthReader {
    Mask read(Path labels) throws IOException;
  }

  private final String name;
  private final ClassTable classes;
  private final List<Pair> pairs;
  private final TruthReader truth;
  private final boolean hasTruth;

  /**
   * @throws DataException when a name stands twice: it would count double, and as both trained and
   *     evaluated on
   */
  PairedFiles(String name, ClassTable classes, List<Pair> pairs, TruthReader truth)
      throws DataException {
    Map<String, String> places = new HashMap<>();
    for (Pair pair : pairs) {
      String before = places.putIfAbsent(pair.name, pair.place);
      if (before != null) {
        throw new DataException(
            pair.place
                + " names "
                + pair.picture
                + " again after "
                + before
                + ": name each picture once");
      }
    }
    this.name = name;
    this.classes = classes;
    this.pairs = List.copyOf(pairs);
    this.truth = truth;
    this.hasTruth = pairs.stream().allMatch(pair -> pair.labels.isPresent());
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

  @Override
  public String sequenceOf(int index) {
    return pairs.get(index).sequence;
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
    Mask mask = truth.read(labels);
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
    return new Example(pair.name, picture, mask);
  }
}
