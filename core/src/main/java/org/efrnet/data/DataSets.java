package org.efrnet.data;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** Opens a folder of data by the layout that it has. */
public final class DataSets {
  /** The layouts that are told apart. */
  public enum Layout {
    /** One's own data: {@link LabelledFolder}. */
    FOLDER,
    /** CamVid as it was released: {@link Camvid#openOriginal}. */
    CAMVID_ORIGINAL,
    /** CamVid as SegNet's authors laid it out: {@link Camvid#open}. */
    CAMVID,
    /** Cityscapes in its official layout: {@link Cityscapes#open}. */
    CITYSCAPES;

    /** As recipes name it: {@code camvid-original}. */
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  private DataSets() {}

  /**
   * Tells a folder's layout: by {@code classes.yaml}, else by the two folders of CamVid's original,
   * else by Cityscapes' folder of pictures, else by a list {@code train.txt}, {@code val.txt} or
   * {@code test.txt} with the folder {@code train} or {@code trainannot} (and so on) beside it.
   *
   * @throws DataException when there is no such folder or it has none of these, naming the layouts
   */
  public static Layout layoutOf(Path dir) throws DataException {
    if (!Files.isDirectory(dir)) {
      throw new DataException("data " + dir + ": no such folder; give the one of the data set");
    }
    if (Files.exists(dir.resolve(LabelledFolder.CLASSES))) {
      return Layout.FOLDER;
    }
    if (Files.isDirectory(dir.resolve(Camvid.ORIGINAL_LABELS))
        || Files.isDirectory(dir.resolve(Camvid.ORIGINAL_PICTURES))) {
      return Layout.CAMVID_ORIGINAL;
    }
    if (Files.isDirectory(dir.resolve(Cityscapes.PICTURES))
        || Files.isDirectory(dir.resolve(Cityscapes.PICTURES_EXTRA))) {
      return Layout.CITYSCAPES;
    }
    for (String split : Camvid.SPLITS) {
      if (Files.exists(dir.resolve(split + ".txt"))
          && (Files.isDirectory(dir.resolve(split))
              || Files.isDirectory(dir.resolve(split + "annot")))) {
        return Layout.CAMVID;
      }
    }
    throw new DataException(
        "data "
            + dir
            + ": its layout is not known; known are your own data (classes.yaml, images/, masks/,"
            + " train.txt), CamVid (train.txt, train/, trainannot/), CamVid's original ("
            + Camvid.ORIGINAL_PICTURES
            + "/, "
            + Camvid.ORIGINAL_LABELS
            + "/, train.txt) and Cityscapes ("
            + Cityscapes.PICTURES
            + "/, "
            + Cityscapes.FINE
            + "/)");
  }

  /**
   * Opens a split of a folder of any known layout.
   *
   * @param split such as {@code train}, or {@code train+val}
   * @throws DataException in one line, when the layout is not known or opening it fails
   */
  public static DataSet open(Path dir, String split) throws DataException {
    return switch (layoutOf(dir)) {
      case FOLDER -> LabelledFolder.open(dir, split);
      case CAMVID_ORIGINAL -> Camvid.openOriginal(dir, split);
      case CAMVID -> Camvid.open(dir, split);
      case CITYSCAPES -> Cityscapes.open(dir, split);
    };
  }

  /**
   * Whether a folder tells which pictures a split has: those of some splits may have been left out
   * of a copy.
   *
   * @param split a single one
   * @throws DataException in one line, when the layout is not known
   */
  public static boolean has(Path dir, String split) throws DataException {
    return layoutOf(dir) == Layout.CITYSCAPES
        ? Cityscapes.has(dir, split)
        : Files.exists(dir.resolve(split + ".txt"));
  }
}
