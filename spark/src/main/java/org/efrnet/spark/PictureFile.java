package org.efrnet.spark;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.efrnet.images.PictureNames;

/**
 * A picture to label.
 *
 * @param address of the file
 * @param mask the name of its mask below the folder of results: the picture's below its own folder,
 *     with another ending
 */
record PictureFile(String address, String mask) implements Serializable {
  private static final long serialVersionUID = 1;
  private static final String WILDCARDS = "*?[{";

  /**
   * The pictures of a folder and of those below it, or those that a wildcard pattern names, in the
   * order of their addresses. What begins with a dot is left out.
   *
   * @param input as the user named it
   * @throws IOException if there is no picture, or two would have one mask
   */
  static List<PictureFile> in(Storage storage, String input) throws IOException {
    String address = storage.address(input);
    // By address, below what.
    Map<String, String> found = new TreeMap<>();
    if (storage.isFolder(address)) {
      put(storage.filesBelow(address), address, found);
    } else if (hasWildcard(address)) {
      String base = address;
      while (hasWildcard(base)) {
        base = base.substring(0, base.lastIndexOf('/'));
      }
      for (String one : storage.matching(address)) {
        put(storage.isFolder(one) ? storage.filesBelow(one) : List.of(one), base, found);
      }
    } else if (storage.exists(address)) {
      found.put(address, address.substring(address.lastIndexOf('/') + 1));
    } else {
      throw new FileNotFoundException(input + ": no such file or folder; check the path");
    }
    if (found.isEmpty()) {
      throw new FileNotFoundException(
          input + ": no " + String.join(", ", PictureNames.ENDINGS) + " there");
    }
    return named(found);
  }

  private static boolean hasWildcard(String address) {
    return address.chars().anyMatch(c -> WILDCARDS.indexOf(c) >= 0);
  }

  private static void put(List<String> files, String base, Map<String, String> found) {
    for (String file : files) {
      String name = file.substring(base.length() + 1);
      if (PictureNames.isPicture(file) && !("/" + name).contains("/.")) {
        found.put(file, name);
      }
    }
  }

  /** Pictures that differ by their endings alone keep these in the names of their masks. */
  private static List<PictureFile> named(Map<String, String> found) throws IOException {
    Map<String, Integer> bases = new HashMap<>();
    found.values().forEach(name -> bases.merge(base(name), 1, Integer::sum));
    List<PictureFile> pictures = new ArrayList<>();
    Set<String> masks = new HashSet<>();
    for (Map.Entry<String, String> one : found.entrySet()) {
      String base = base(one.getValue());
      String mask = (bases.get(base) > 1 ? one.getValue() : base) + PictureNames.MASK;
      if (!masks.add(mask)) {
        throw new IOException(
            Storage.shown(one.getKey())
                + ": another picture's mask would be named "
                + mask
                + " too; rename one of them");
      }
      pictures.add(new PictureFile(one.getKey(), mask));
    }
    return pictures;
  }

  private static String base(String name) {
    int slash = name.lastIndexOf('/') + 1;
    return name.substring(0, slash) + PictureNames.base(name.substring(slash));
  }

  /** As people name it. */
  String shown() {
    return Storage.shown(address);
  }
}
