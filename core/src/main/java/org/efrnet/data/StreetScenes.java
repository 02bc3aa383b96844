package org.efrnet.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.efrnet.images.Mask;
import org.efrnet.images.Masks;
import org.efrnet.images.Pictures;
import org.efrnet.labels.ClassTable;

/**
 * Generated street scenes with exact labels, for trying a training without any data and for tests.
 * Their classes are those of the table {@code streets}: Sky, Building, Road, Pavement, Tree, Car,
 * Pole, Pedestrian. Perspective, width of the street, houses, traffic, light and noise vary;
 * colours are shared between classes, so that texture, shape and place must be learnt.
 *
 * <p>Every scene is drawn anew when it is loaded and depends on the seed and its index only: the
 * same on every machine, and however many there are.
 */
public final class StreetScenes implements DataSet {
  /** CamVid's train id of each of our classes. */
  private static final int[] CAMVID_IDS = {0, 1, 3, 4, 5, 8, 2, 9};

  private static final int LEAST_SIDE = 32;

  private final int count;
  private final int width;
  private final int height;
  private final long seed;
  private final ClassTable classes = ClassTable.named("streets");

  private StreetScenes(int count, int width, int height, long seed) {
    this.count = count;
    this.width = width;
    this.height = height;
    this.seed = seed;
  }

  /**
   * Scenes 0..count-1 of a seed.
   *
   * @param count at least 1
   * @param width pixels, 32..4096; below 96 the small things are hardly seen
   * @param height pixels, 32..4096
   * @throws IllegalArgumentException outside these ranges
   */
  public static StreetScenes of(int count, int width, int height, long seed) {
    if (count < 1) {
      throw new IllegalArgumentException("street scenes: count " + count + " must be at least 1");
    }
    if (Math.min(width, height) < LEAST_SIDE || Math.max(width, height) > 4096) {
      throw new IllegalArgumentException(
          "street scenes: size " + width + "x" + height + ", both sides must be 32..4096");
    }
    return new StreetScenes(count, width, height, seed);
  }

  /**
   * Writes scenes as a CamVid folder: lists, pictures, and labels in CamVid's ids. {@link
   * Camvid#open} reads it back with the names unchanged.
   *
   * @param dir made if it is missing; files of the same names are replaced
   * @param splits scenes by split, among train, val and test
   * @throws IOException when a file cannot be written
   */
  public static void writeCamvidLayout(Path dir, Map<String, StreetScenes> splits)
      throws IOException {
    ClassTable camvid = ClassTable.named("camvid-11");
    for (Map.Entry<String, StreetScenes> entry : new TreeMap<>(splits).entrySet()) {
      String split = entry.getKey();
      StreetScenes scenes = entry.getValue();
      Path pictures = Files.createDirectories(dir.resolve(split));
      Path labels = Files.createDirectories(dir.resolve(split + "annot"));
      StringBuilder list = new StringBuilder();
      for (int i = 0; i < scenes.size(); i++) {
        Example example = scenes.load(i);
        String file = example.name() + ".png";
        Pictures.writePng(pictures.resolve(file), example.picture());
        Masks.write(labels.resolve(file), camvidIds(example.truth()), camvid.palette());
        list.append("/SegNet/CamVid/" + split + "/" + file + " ");
        list.append("/SegNet/CamVid/" + split + "annot/" + file + "\n");
      }
      Files.writeString(dir.resolve(split + ".txt"), list);
    }
  }

  /**
   * The same scenes in the three classes of the table {@code streets-3}: Way (road, pavement),
   * Obstacle (car, pole, pedestrian) and Surroundings (the rest). Of the way, pixels that touch
   * another class are ignored.
   */
  public DataSet inThreeClasses() {
    return new GroupedScenes(this);
  }

  private static Mask camvidIds(Mask truth) {
    byte[] ids = new byte[truth.ids().length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = (byte) CAMVID_IDS[truth.ids()[i]];
    }
    return new Mask(truth.width(), truth.height(), ids);
  }

  @Override
  public String name() {
    return "streets of seed " + seed + ", " + width + "x" + height;
  }

  @Override
  public ClassTable classes() {
    return classes;
  }

  @Override
  public int size() {
    return count;
  }

  /** Names seed and index but not the size: a scene is the same street at every size. */
  @Override
  public String nameOf(int index) {
    return String.format(Locale.ROOT, "S%d_%06d", seed, Objects.checkIndex(index, count));
  }

  @Override
  public String sequenceOf(int index) {
    Objects.checkIndex(index, count);
    return "S" + seed;
  }

  @Override
  public Example load(int index) {
    return StreetScene.draw(nameOf(index), width, height, StreetScene.mixBits(seed) + index);
  }
}
