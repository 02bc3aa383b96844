package org.efrnet.images;

/**
 * How far a reader goes.
 *
 * @param maxPixels the most pixels (width times height) a file may claim, checked in its header
 *     before anything is allocated for them; at least 1
 * @param lenient whether a JPEG that ends early is read all the same, its missing part grey
 */
public record ReadOptions(long maxPixels, boolean lenient) {
  /** 100 million pixels, strict. */
  public static final ReadOptions DEFAULT = new ReadOptions(100_000_000, false);

  public ReadOptions {
    if (maxPixels < 1) {
      throw new IllegalArgumentException("maxPixels " + maxPixels + " must be at least 1");
    }
  }

  void requireSize(String name, long width, long height) throws PictureException {
    if (width < 1 || height < 1) {
      throw new PictureException(
          name, "its header claims " + width + "x" + height + " pixels", "save it anew");
    }
    if (width > Resize.MAX_SIDE || height > Resize.MAX_SIDE) {
      throw new PictureException(
          name,
          "its header claims " + width + "x" + height + " pixels",
          "sides go up to " + Resize.MAX_SIDE + ", cut it into parts");
    }
    long most = Math.min(maxPixels, Integer.MAX_VALUE / 4);
    if (width * height > most) {
      throw new PictureException(
          name,
          "its header claims "
              + width
              + "x"
              + height
              + " pixels, more than the budget of "
              + most
              + " pixels",
          "shrink it, or raise the budget if you trust the file");
    }
  }
}
