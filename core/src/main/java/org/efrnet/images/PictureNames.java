package org.efrnet.images;

import java.util.List;
import java.util.Locale;

/** What names of files say of pictures, where a folder stands for those in it. */
public final class PictureNames {
  /** The endings of files that a folder stands for. */
  public static final List<String> ENDINGS =
      List.of(".jpg", ".jpeg", ".png", ".bmp", ".gif", ".tif", ".tiff");

  /** The ending of a mask that was made of a picture. */
  public static final String MASK = ".mask.png";

  /** The ending of a picture under its mask. */
  public static final String OVERLAY = ".overlay.png";

  /** The ending of how sure a mask is. */
  public static final String CONFIDENCE = ".confidence.png";

  private static final List<String> OWN = List.of(OVERLAY, MASK, CONFIDENCE);

  private PictureNames() {}

  /**
   * Whether a file of that name is one of the pictures of its folder: not what an earlier call
   * wrote, which is no picture of a street.
   */
  public static boolean isPicture(String file) {
    String small = file.toLowerCase(Locale.ROOT);
    return OWN.stream().noneMatch(file::endsWith) && ENDINGS.stream().anyMatch(small::endsWith);
  }

  /** The name without its ending, after which results are named. */
  public static String base(String file) {
    int dot = file.lastIndexOf('.');
    return dot > 0 ? file.substring(0, dot) : file;
  }
}
