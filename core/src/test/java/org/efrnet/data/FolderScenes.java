package org.efrnet.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.efrnet.images.Mask;
import org.efrnet.images.Masks;
import org.efrnet.images.Picture;
import org.efrnet.images.Pictures;
import org.efrnet.labels.ClassTable;
import org.efrnet.labels.SegmentationClass;

/** Generated scenes as a user would lay out own data, and colour-coded masks of any kind. */
final class FolderScenes {
  static final ClassTable STREETS = ClassTable.named("streets");

  private FolderScenes() {}

  static void writeClasses(Path dir) throws IOException {
    StringBuilder yaml = new StringBuilder("name: yard\nclasses:\n");
    for (SegmentationClass entry : STREETS.classes()) {
      // Label ids that are no train ids: a mix-up of the two would show.
      yaml.append(
          "  - {label: %d, name: %s, colour: [%s]}\n"
              .formatted(entry.id() + 20, entry.name(), entry.colour()));
    }
    Files.writeString(dir.resolve("classes.yaml"), yaml + "ignore: [255]\n");
  }

  /** Scenes under a name each; masks of ids for even, of colours for odd indices. */
  static void write(Path dir, String split, StreetScenes scenes, String... names)
      throws IOException {
    for (int i = 0; i < names.length; i++) {
      Path picture = dir.resolve("images").resolve(names[i] + ".png");
      Path mask = dir.resolve("masks").resolve(names[i] + ".png");
      Files.createDirectories(picture.getParent());
      Files.createDirectories(mask.getParent());
      Example scene = scenes.load(i);
      Pictures.writePng(picture, scene.picture());
      if (i % 2 == 0) {
        Masks.write(mask, labelIds(scene.truth()), STREETS.palette());
      } else {
        Pictures.writePng(mask, coloured(scene.truth(), STREETS.palette()));
      }
    }
    Files.writeString(
        dir.resolve(split + ".txt"),
        String.join(".png\n", names) + (names.length > 0 ? ".png" : ""));
  }

  private static Mask labelIds(Mask truth) {
    byte[] ids = truth.ids().clone();
    for (int i = 0; i < ids.length; i++) {
      ids[i] = (byte) (ids[i] + 20);
    }
    return new Mask(truth.width(), truth.height(), ids);
  }

  /** Each pixel in the colour 0xRRGGBB of its id. */
  static Picture coloured(Mask ids, int[] colours) {
    byte[] rgb = new byte[3 * ids.ids().length];
    for (int i = 0; i < ids.ids().length; i++) {
      int colour = colours[ids.ids()[i] & 0xff];
      rgb[3 * i] = (byte) (colour >> 16);
      rgb[3 * i + 1] = (byte) (colour >> 8);
      rgb[3 * i + 2] = (byte) colour;
    }
    return new Picture(ids.width(), ids.height(), rgb);
  }
}
