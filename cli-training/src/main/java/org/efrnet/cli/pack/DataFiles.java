package org.efrnet.cli.pack;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.efrnet.data.Cityscapes;
import org.efrnet.data.DataSets;

/**
 * The files of a data set: its lists, its class table, and all that its layout's folders hold. What
 * else lies beside them stays where it is.
 */
final class DataFiles {
  private static final String LIST = ".txt";

  private DataFiles() {}

  /**
   * The files, by the names that they have below the folder. Every list is opened first, so that
   * all pictures that it names are there.
   *
   * @throws IOException in one line, if the layout is not known, a list is at fault, or a link
   *     leads out of the folder
   */
  static Map<String, Path> of(Path dir) throws IOException {
    DataSets.Layout layout = DataSets.layoutOf(dir);
    Path root = dir.toRealPath();
    // Cityscapes has no lists: what is not unpacked is no split.
    List<String> splits =
        layout == DataSets.Layout.CITYSCAPES ? openable(dir) : splits(root, layout);
    for (String split : splits) {
      DataSets.open(dir, split);
    }
    Map<String, Path> files = new TreeMap<>();
    for (String split : splits) {
      add(files, root, root.resolve(split + LIST));
    }
    add(files, root, root.resolve("classes.yaml"));
    for (String folder : folders(layout)) {
      add(files, root, root.resolve(folder));
    }
    return files;
  }

  private static List<String> splits(Path root, DataSets.Layout layout) throws IOException {
    List<String> splits = new ArrayList<>();
    try (DirectoryStream<Path> lists = Files.newDirectoryStream(root, "*" + LIST)) {
      for (Path list : lists) {
        String name = list.getFileName().toString();
        splits.add(name.substring(0, name.length() - LIST.length()));
      }
    }
    if (layout != DataSets.Layout.FOLDER) {
      splits.retainAll(List.of("train", "val", "test"));
    } else {
      splits.removeIf(split -> !split.matches("[A-Za-z0-9_-]{1,64}"));
    }
    if (splits.isEmpty()) {
      throw new PackException(
          "data " + root + " has no list such as train.txt: nothing could be trained on");
    }
    return splits.stream().sorted().toList();
  }

  private static List<String> openable(Path dir) throws IOException {
    List<String> splits = new ArrayList<>();
    for (String split : Cityscapes.SPLITS) {
      if (DataSets.has(dir, split)) {
        splits.add(split);
      }
    }
    return splits;
  }

  private static List<String> folders(DataSets.Layout layout) {
    return switch (layout) {
      case FOLDER -> List.of("images", "masks");
      case CITYSCAPES -> Cityscapes.FOLDERS;
      case CAMVID_ORIGINAL -> List.of("701_StillsRaw_full", "LabeledApproved_full");
      case CAMVID -> List.of("train", "trainannot", "val", "valannot", "test", "testannot");
    };
  }

  private static void add(Map<String, Path> files, Path root, Path start) throws IOException {
    if (!Files.exists(start)) {
      return;
    }
    try (Stream<Path> all = Files.walk(start, FileVisitOption.FOLLOW_LINKS)) {
      for (Path path : all.toList()) {
        if (!path.toRealPath().startsWith(root)) {
          throw new PackException(
              path
                  + " leads out of the data folder to "
                  + path.toRealPath()
                  + ": put the file itself there instead of a link");
        }
        if (Files.isRegularFile(path)) {
          files.put(Folders.name(root, path), path);
        }
      }
    } catch (UncheckedIOException e) {
      throw new PackException(
          start + " cannot be read whole: " + e.getCause().getMessage() + "; check its links", e);
    }
  }
}
