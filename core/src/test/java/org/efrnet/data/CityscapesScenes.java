package org.efrnet.data;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.efrnet.images.Mask;
import org.efrnet.images.Masks;
import org.efrnet.images.Picture;
import org.efrnet.images.Pictures;

/** Small data sets in Cityscapes' official layout, for tests: real frames may not be copied. */
public final class CityscapesScenes {
  /** Label ids of Sky, Building, Road, Pavement, Tree, Car, Pole, Pedestrian. */
  private static final byte[] LABELS = {23, 11, 7, 8, 21, 26, 17, 24};

  private static final int CAR = 26;
  private static final int PERSON = 24;

  private CityscapesScenes() {}

  /**
   * Writes generated street scenes as a split: the lowest rows are "ego vehicle", cars and people
   * are objects by the eighth of the picture that they stand in, those on the right are crowds.
   *
   * @param split {@code train}, {@code val} or {@code test}, whose labels are left out
   * @param cities a picture for each; cities may repeat
   */
  public static void write(Path dir, String split, StreetScenes scenes, String... cities)
      throws IOException {
    for (int i = 0; i < cities.length; i++) {
      Example scene = scenes.load(i);
      String name = "%s_%06d_%06d".formatted(cities[i], i, 19);
      writePicture(dir, split, cities[i], name, scene.picture());
      if (!split.equals("test")) {
        Mask labels = labels(scene.truth());
        writeLabels(dir, "gtFine", split, cities[i], name, labels, instances(labels));
      }
    }
  }

  private static Mask labels(Mask truth) {
    byte[] ids = new byte[truth.ids().length];
    for (int i = 0; i < ids.length; i++) {
      boolean own = i / truth.width() > truth.height() - 4;
      ids[i] = own ? 1 : LABELS[truth.ids()[i]];
    }
    return new Mask(truth.width(), truth.height(), ids);
  }

  private static char[] instances(Mask labels) {
    char[] numbers = new char[labels.ids().length];
    for (int i = 0; i < numbers.length; i++) {
      int label = labels.ids()[i];
      int part = 8 * (i % labels.width()) / labels.width();
      boolean single = (label == CAR || label == PERSON) && part < 6;
      numbers[i] = (char) (single ? 1000 * label + part : label);
    }
    return numbers;
  }

  /** Writes {@code leftImg8bit/SPLIT/CITY/NAME_leftImg8bit.png}. */
  public static void writePicture(Path dir, String split, String city, String name, Picture picture)
      throws IOException {
    Path folder = Files.createDirectories(dir.resolve("leftImg8bit").resolve(split).resolve(city));
    Pictures.writePng(folder.resolve(name + "_leftImg8bit.png"), picture);
  }

  /** Writes label ids and instances below {@code gtFine} or {@code gtCoarse}. */
  public static void writeLabels(
      Path dir, String kind, String split, String city, String name, Mask labels, char[] instances)
      throws IOException {
    Path folder = Files.createDirectories(dir.resolve(kind).resolve(split).resolve(city));
    Masks.writeGrey(folder.resolve(name + "_" + kind + "_labelIds.png"), labels);
    writeInstances(
        folder.resolve(name + "_" + kind + "_instanceIds.png"), labels.width(), instances);
  }

  /** Writes numbers as a 16-bit grey PNG. */
  public static void writeInstances(Path file, int width, char[] numbers) throws IOException {
    int height = numbers.length / width;
    BufferedImage grey = new BufferedImage(width, height, BufferedImage.TYPE_USHORT_GRAY);
    for (int i = 0; i < numbers.length; i++) {
      grey.getRaster().setSample(i % width, i / width, 0, numbers[i]);
    }
    ImageIO.write(grey, "png", file.toFile());
  }
}
