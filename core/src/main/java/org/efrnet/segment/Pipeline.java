package org.efrnet.segment;

import java.util.Optional;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.images.Mask;
import org.efrnet.images.Picture;
import org.efrnet.images.PlaneScaler;
import org.efrnet.readings.Shape;
import org.efrnet.readings.Shapes;

/**
 * From a picture to its class map, for one thread. Work arrays are kept for the next picture of the
 * same size, as a video's are.
 */
final class Pipeline {
  /** A little above a frame of 7680x4320; keeps every array of up to 60 classes within Java's. */
  private static final int MOST_PIXELS = 1 << 25;

  private static final float[] NO_VALUES = {};

  private final ModelBundle bundle;
  private final Segmenter.Options options;
  private final Executable executable;
  private Sizes sizes = new Sizes(0, 0, 0, 0, 0, 0);
  private float[] planes = NO_VALUES;

  /** Of the last picture's size; empty before the first. */
  private Optional<Work> work = Optional.empty();

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

  /** Who works at pictures of one size, with their work arrays. */
  private record Work(
      PlaneScaler scaler, UpsampleArgmax upsampling, Optional<Confidence> confidence) {}

  Pipeline(ModelBundle bundle, Segmenter.Options options, Executable executable) {
    this.bundle = bundle;
    this.options = options;
    this.executable = executable;
  }

  Executable executable() {
    return executable;
  }

  /**
   * Segments a picture.
   *
   * @param reuse whose arrays receive the result, where they have its number of pixels
   */
  Segmentation segment(Picture next, Optional<Segmentation> reuse) {
    long start = System.nanoTime();
    prepareFor(next);
    Work tools = work.orElseThrow();
    tools.scaler.into(next, planes);
    long prepared = System.nanoTime();
    LogitRows logits = executable.run(planes, sizes.paddedHeight, sizes.paddedWidth);
    long computed = System.nanoTime();
    int pixels = next.width() * next.height();
    boolean fits = reuse.isPresent() && reuse.get().mask().ids().length == pixels;
    byte[] ids = fits ? reuse.get().mask().ids() : new byte[pixels];
    choose(tools.upsampling, logits, ids);
    Optional<byte[]> sure = Optional.empty();
    if (tools.confidence.isPresent()) {
      sure =
          fits && reuse.get().confidence().isPresent()
              ? reuse.get().confidence()
              : Optional.of(new byte[pixels]);
      tools.confidence.get().into(logits, ids, sure.get());
    }
    long end = System.nanoTime();
    return new Segmentation(
        next,
        new Mask(next.width(), next.height(), ids),
        bundle.classes(),
        sure,
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
        options.size().of(picture.width(), picture.height(), bundle.config().height());
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
    // The old work arrays go before the new ones come; without memory for these there are none.
    sizes = new Sizes(0, 0, 0, 0, 0, 0);
    work = Optional.empty();
    planes = NO_VALUES;
    planes = new float[3 * next.paddedWidth * next.paddedHeight];
    work =
        Optional.of(
            new Work(
                new PlaneScaler(
                    next.width,
                    next.height,
                    next.scaledWidth,
                    next.scaledHeight,
                    next.paddedWidth,
                    next.paddedHeight,
                    bundle.config().normalization()),
                new UpsampleArgmax(
                    classes, next.scaledHeight, next.scaledWidth, next.height, next.width),
                options.confidence()
                    ? Optional.of(
                        new Confidence(
                            classes, next.scaledHeight, next.scaledWidth, next.height, next.width))
                    : Optional.empty()));
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

  private void choose(UpsampleArgmax upsampling, LogitRows logits, byte[] ids) {
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
    work = Optional.empty();
    planes = NO_VALUES;
  }
}
