package org.efrnet.segment;

import org.efrnet.bundle.ModelBundle;
import org.efrnet.images.Mask;
import org.efrnet.images.Picture;
import org.efrnet.images.Resize;
import org.efrnet.readings.Shape;
import org.efrnet.readings.Shapes;

/**
 * From a picture to its class map, for one thread. Work arrays are kept for the next picture of the
 * same size, as a video's are.
 */
final class Pipeline {
  /** A little above a frame of 7680x4320; keeps every array of up to 60 classes within Java's. */
  private static final int MOST_PIXELS = 1 << 25;

  private final ModelBundle bundle;
  private final SizePolicy policy;
  private final Executable executable;
  private float[] planes = new float[0];
  private UpsampleArgmax upsampling = new UpsampleArgmax(1, 1, 1, 1, 1);
  private Sizes sizes = new Sizes(0, 0, 0, 0, 0, 0);

  /**
   * The sizes on the way.
   *
   * @param width of the picture
   * @param scaledWidth of what the policy says
   * @param paddedWidth of what the network sees
   */
  private record Sizes(
      int width,
      int height,
      int scaledWidth,
      int scaledHeight,
      int paddedWidth,
      int paddedHeight) {}

  Pipeline(ModelBundle bundle, SizePolicy policy, Executable executable) {
    this.bundle = bundle;
    this.policy = policy;
    this.executable = executable;
  }

  Executable executable() {
    return executable;
  }

  Segmentation segment(Picture picture) {
    long start = System.nanoTime();
    prepareFor(picture);
    Picture scaled = Resize.bilinear(picture, sizes.scaledWidth, sizes.scaledHeight);
    Picture padded = Resize.padded(scaled, sizes.paddedWidth, sizes.paddedHeight);
    bundle.config().normalization().planes(padded, planes, 0);
    long prepared = System.nanoTime();
    LogitRows logits = executable.run(planes, sizes.paddedHeight, sizes.paddedWidth);
    long computed = System.nanoTime();
    byte[] ids = new byte[picture.width() * picture.height()];
    choose(logits, ids);
    long end = System.nanoTime();
    return new Segmentation(
        picture,
        new Mask(picture.width(), picture.height(), ids),
        bundle.classes(),
        new Segmentation.Millis(
            millis(start, prepared),
            millis(prepared, computed),
            millis(computed, end),
            millis(start, end)));
  }

  private static double millis(long from, long to) {
    return (to - from) / 1e6;
  }

  private void prepareFor(Picture picture) {
    if (picture.width() == sizes.width && picture.height() == sizes.height) {
      return;
    }
    SizePolicy.Scaled scaled =
        policy.of(picture.width(), picture.height(), bundle.config().height());
    int multiple = bundle.network().sizeMultiple();
    long paddedWidth = roundedUp(scaled.width(), multiple);
    long paddedHeight = roundedUp(scaled.height(), multiple);
    int classes = bundle.classes().size();
    if (Math.max(3, classes) * paddedWidth * paddedHeight > Integer.MAX_VALUE - 8
        || paddedWidth * paddedHeight > MOST_PIXELS) {
      throw new IllegalArgumentException(
          sized(picture, scaled)
              + " is larger than the "
              + Math.min(MOST_PIXELS, (Integer.MAX_VALUE - 8) / Math.max(3, classes))
              + " pixels that network '"
              + bundle.network().name()
              + "' is given at most; choose a smaller size");
    }
    Sizes next =
        new Sizes(
            picture.width(),
            picture.height(),
            scaled.width(),
            scaled.height(),
            (int) paddedWidth,
            (int) paddedHeight);
    try {
      bundle
          .model()
          .graph()
          .logits(new Shapes(), Shape.image(1, next.paddedHeight, next.paddedWidth));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          sized(picture, scaled)
              + " cannot be taken by network '"
              + bundle.network().name()
              + "': "
              + e.getMessage()
              + "; choose a larger size",
          e);
    }
    planes = new float[3 * next.paddedWidth * next.paddedHeight];
    upsampling =
        new UpsampleArgmax(classes, next.scaledHeight, next.scaledWidth, next.height, next.width);
    // Last: after an exception above the next picture of this size must come by here again.
    sizes = next;
  }

  private static String sized(Picture picture, SizePolicy.Scaled scaled) {
    return "a picture of "
        + picture.width()
        + "x"
        + picture.height()
        + " pixels, scaled to "
        + scaled.width()
        + "x"
        + scaled.height()
        + ",";
  }

  private static long roundedUp(int side, int multiple) {
    return ((long) side + multiple - 1) / multiple * multiple;
  }

  private void choose(LogitRows logits, byte[] ids) {
    try {
      upsampling.into(logits, ids);
    } catch (ArithmeticException e) {
      ArithmeticException named =
          new ArithmeticException(
              "network '"
                  + bundle.network().name()
                  + "' of bundle '"
                  + bundle.config().name()
                  + "': "
                  + e.getMessage());
      named.initCause(e);
      throw named;
    }
  }

  void close() {
    executable.close();
    planes = new float[0];
  }
}
