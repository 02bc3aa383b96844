package org.efrnet.data;

import org.efrnet.images.Mask;
import org.efrnet.labels.ClassTable;

/** Generated scenes in the three classes of the table {@code streets-3}. */
final class GroupedScenes implements DataSet {
  private static final byte WAY = 0;
  private static final byte OBSTACLE = 1;
  private static final byte SURROUNDINGS = 2;

  /** The class of each of the eight, in their order. */
  private static final byte[] GROUPS = {
    SURROUNDINGS, SURROUNDINGS, WAY, WAY, SURROUNDINGS, OBSTACLE, OBSTACLE, OBSTACLE
  };

  private final StreetScenes scenes;
  private final ClassTable classes = ClassTable.named("streets-3");

  GroupedScenes(StreetScenes scenes) {
    this.scenes = scenes;
  }

  @Override
  public String name() {
    return scenes.name() + ", three classes";
  }

  @Override
  public ClassTable classes() {
    return classes;
  }

  @Override
  public int size() {
    return scenes.size();
  }

  @Override
  public String nameOf(int index) {
    return scenes.nameOf(index);
  }

  @Override
  public String sequenceOf(int index) {
    return scenes.sequenceOf(index);
  }

  @Override
  public Example load(int index) {
    Example scene = scenes.load(index);
    return new Example(scene.name(), scene.picture(), grouped(scene.truth()));
  }

  /** Of the way, whatever touches another class is left out: the rim that people draw badly. */
  private static Mask grouped(Mask truth) {
    int width = truth.width();
    int height = truth.height();
    byte[] groups = new byte[truth.ids().length];
    for (int i = 0; i < groups.length; i++) {
      groups[i] = GROUPS[truth.ids()[i]];
    }
    byte[] ids = groups.clone();
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int i = y * width + x;
        boolean inside =
            (x == 0 || groups[i - 1] == WAY)
                && (x == width - 1 || groups[i + 1] == WAY)
                && (y == 0 || groups[i - width] == WAY)
                && (y == height - 1 || groups[i + width] == WAY);
        if (groups[i] == WAY && !inside) {
          ids[i] = (byte) ClassTable.IGNORE;
        }
      }
    }
    return new Mask(width, height, ids);
  }
}
