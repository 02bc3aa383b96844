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
import org.efrnet.text.OneLine;

/**
 * The folder of a data set: its lists, and its files. Lists are foreign text, so what they name is
 * looked up inside the folder only, and a link that leads out of it is refused.
 */
final class DataFolder {
  private static final String LIST = ".txt";
  private static final String BYTE_ORDER_MARK = "\uFEFF";

  /**
   * A line of a list.
   *
   * @param text without blanks around it, never empty
   * @param place the list and the line's number, for errors
   */
  record Line(String text, String place) {}

  private final String kind;
  private final Path root;

  private DataFolder(String kind, Path root) {
    this.kind = kind;
    this.root = root;
  }

  /**
   * @param kind what errors call the data set, such as {@code CamVid}
   */
  static DataFolder open(Path dir, String kind) throws DataException {
    try {
      return new DataFolder(kind, dir.toRealPath());
    } catch (IOException e) {
      throw new DataException(
          "no " + kind + " folder at " + dir + ": give the folder that holds its lists", e);
    }
  }

  /** The single splits of {@code train} or {@code train+val}. */
  List<String> splits(String split) throws DataException {
    List<String> splits = Arrays.asList(split.split("\\+", -1));
    for (String one : splits) {
      if (!one.matches("[A-Za-z0-9_-]{1,64}")) {
        throw new DataException(
            "unknown "
                + kind
                + " split '"
                + OneLine.of(one)
                + "' for "
                + root
                + ": name a list such as train, or join lists with + as in train+val");
      }
    }
    if (new LinkedHashSet<>(splits).size() < splits.size()) {
      throw new DataException(
          kind
              + " split '"
              + OneLine.of(split)
              + "' for "
              + root
              + " names a split twice: name each once");
    }
    return splits;
  }

  /** The lines of a split's list that are not blank, at least one. */
  List<Line> list(String split) throws DataException {
    Path list = root.resolve(split + LIST);
    List<String> lines;
    try {
      requireInside(list, list.toRealPath(), "");
      lines = Files.readAllLines(list);
    } catch (DataException e) {
      throw e;
    } catch (NoSuchFileException e) {
      throw new DataException(
          kind
              + " list "
              + list
              + " is missing: give the folder that holds it, or a split that has one"
              + lists(),
          e);
    } catch (CharacterCodingException e) {
      throw new DataException(
          kind + " list " + list + " is not UTF-8 text: write a picture a line", e);
    } catch (IOException e) {
      throw new DataException(
          kind + " list " + list + " cannot be read (" + e + "): check that it is a readable file",
          e);
    }
    List<Line> found = new ArrayList<>();
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      // Some editors begin UTF-8 text with it; it is no part of a name.
      if (i == 0 && line.startsWith(BYTE_ORDER_MARK)) {
        line = line.substring(1);
      }
      if (!line.isBlank()) {
        found.add(new Line(line.strip(), list + " line " + (i + 1)));
      }
    }
    if (found.isEmpty()) {
      throw new DataException(kind + " list " + list + " is empty: write a picture a line");
    }
    return found;
  }

  private String lists() {
    try (var files = Files.list(root)) {
      List<String> names =
          files
              .map(file -> file.getFileName().toString())
              .filter(name -> name.endsWith(LIST))
              .map(name -> OneLine.of(name.substring(0, name.length() - LIST.length())))
              .sorted()
              .limit(10)
              .toList();
      return names.isEmpty() ? "" : " (here: " + String.join(", ", names) + ")";
    } catch (IOException e) {
      // The list that is missing is the fault to tell.
      return "";
    }
  }

  /** A path in the folder; whether it exists is not asked. */
  Path path(String first, String... more) {
    return root.resolve(Path.of(first, more));
  }

  /**
   * The parts of a file's path as a list names it, with / or \ between them; none is empty, {@code
   * .} or {@code ..}, so that they lead nowhere but down.
   */
  List<String> parts(String entry, Line line) throws DataException {
    if (entry.chars().anyMatch(Character::isISOControl)) {
      throw new DataException(
          line.place
              + " names '"
              + OneLine.of(entry)
              + "' with control characters: rename the file");
    }
    return Arrays.asList(entry.replace('\\', '/').split("/", -1));
  }

  /** Where parts lead below a folder; whether it exists is not asked. */
  Path below(Path folder, List<String> parts, Line line) throws DataException {
    if (parts.isEmpty() || parts.stream().anyMatch(List.of("", ".", "..")::contains)) {
      throw new DataException(
          line.place
              + " names '"
              + OneLine.of(line.text)
              + "': write a folder and a file in it, as in train/X.png, without . or ..");
    }
    try {
      return folder.resolve(String.join("/", parts));
    } catch (InvalidPathException e) {
      throw new DataException(
          line.place
              + " names '"
              + OneLine.of(line.text)
              + "', which is no file name here: rename it",
          e);
    }
  }

  /**
   * The same file, which exists and lies in the folder.
   *
   * @param by the line that names it, or what it is wanted for
   */
  Path existing(Path file, String by) throws DataException {
    Path real;
    try {
      real = file.toRealPath();
    } catch (IOException e) {
      throw new DataException(
          file + " is missing, named by " + by + ": copy it there or take the line out", e);
    }
    requireInside(file, real, ", named by " + by);
    return file;
  }

  private void requireInside(Path file, Path real, String by) throws DataException {
    if (!real.startsWith(root)) {
      throw new DataException(
          file
              + " leads out of the data folder to "
              + real
              + by
              + ": put the file itself there instead of a link");
    }
  }

  /** A file's name without its suffix. */
  static String stem(String file) {
    int dot = file.lastIndexOf('.');
    return dot > 0 ? file.substring(0, dot) : file;
  }
}
