package org.efrnet.spark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.efrnet.bundle.Bundles;
import org.efrnet.data.StreetScenes;
import org.efrnet.images.Pictures;

/** Folders of generated scenes and an untrained model, for tests. */
final class Labelled {
  private Labelled() {}

  /** A bundle that was never trained, in a folder. */
  static Path model(Path folder) throws IOException {
    Bundles.untrained("efrnet", 48, 1).write(folder);
    return folder;
  }

  /** Writes {@code FROM.png} to {@code TO-1.png}. */
  static void scenes(Path folder, int from, int to) throws IOException {
    Files.createDirectories(folder);
    StreetScenes scenes = StreetScenes.of(to, 64, 48, 7);
    for (int i = from; i < to; i++) {
      Pictures.writePng(folder.resolve("s" + (100 + i) + ".png"), scenes.load(i).picture());
    }
  }

  /** Writes three pictures that are none: nonsense, nothing, the first half of one. */
  static List<Path> broken(Path folder, Path whole) throws IOException {
    Path nonsense = Files.writeString(folder.resolve("nonsense.png"), "no picture");
    Path empty = Files.writeString(folder.resolve("empty.jpg"), "");
    byte[] bytes = Files.readAllBytes(whole);
    Path half = folder.resolve("half.png");
    Files.write(half, Arrays.copyOf(bytes, bytes.length / 2));
    return List.of(nonsense, empty, half);
  }

  /** All files below a folder, and when each was written. */
  static Map<String, Long> files(Path folder) throws IOException {
    Map<String, Long> files = new TreeMap<>();
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path file : all.filter(Files::isRegularFile).toList()) {
        files.put(folder.relativize(file).toString(), Files.getLastModifiedTime(file).toMillis());
      }
    }
    return files;
  }
}
