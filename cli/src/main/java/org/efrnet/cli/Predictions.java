package org.efrnet.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.efrnet.images.Mask;
import org.efrnet.images.Masks;
import org.efrnet.labels.ClassTable;
import org.efrnet.text.OneLine;

/**
 * Label maps that a network wrote as files: PNG of label ids, found as Cityscapes' official
 * evaluation finds them, by names that begin with the picture's, anywhere below a folder.
 */
final class Predictions {
  private static final String PNG = ".png";

  private final Path folder;
  private final NavigableMap<String, List<Path>> byName;

  private Predictions(Path folder, NavigableMap<String, List<Path>> byName) {
    this.folder = folder;
    this.byName = byName;
  }

  /** Looks for files; none is read yet. */
  static Predictions in(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      throw new Failure(
          "predictions " + folder + ": no such folder; give the one of the PNG files");
    }
    NavigableMap<String, List<Path>> byName = new TreeMap<>();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted().toList()) {
        String name = file.getFileName().toString();
        if (name.endsWith(PNG) && Files.isRegularFile(file)) {
          byName.merge(
              name, List.of(file), (a, b) -> Stream.concat(a.stream(), b.stream()).toList());
        }
      }
    }
    return new Predictions(folder, byName);
  }

  /**
   * The file of a picture.
   *
   * @throws Failure if there is none, or more than one
   */
  Path of(String picture) {
    List<Path> found =
        byName.tailMap(picture, true).entrySet().stream()
            .takeWhile(e -> e.getKey().startsWith(picture))
            .map(Map.Entry::getValue)
            .flatMap(List::stream)
            .toList();
    if (found.isEmpty()) {
      throw new Failure(
          "predictions "
              + folder
              + ": none is named "
              + OneLine.of(picture)
              + "*.png; every picture of the split needs one");
    }
    if (found.size() > 1) {
      throw new Failure(
          "predictions "
              + folder
              + ": "
              + found.size()
              + " are named "
              + OneLine.of(picture)
              + "*.png, such as "
              + found.get(0)
              + " and "
              + found.get(1)
              + "; keep one for each picture");
    }
    return found.get(0);
  }

  /**
   * The label ids of a file. Masks that {@code segment} writes hold train ids, which nothing but
   * their palette tells from label ids.
   */
  static Mask read(Path file, ClassTable classes) throws IOException {
    if (Masks.readStored(file) instanceof Masks.Stored.Ids ids) {
      List<Integer> palette = ids.palette();
      boolean trainIds =
          palette.size() >= classes.size()
              && classes.classes().stream()
                  .allMatch(entry -> palette.get(entry.id()) == entry.colour().rgb());
      if (trainIds) {
        throw new Failure(
            file
                + " holds train ids, as its palette shows: write label ids, such as by evaluate"
                + " --submission");
      }
      return ids.mask();
    }
    throw new Failure(file + " holds colours: write label ids as an 8-bit grey or palette PNG");
  }
}
