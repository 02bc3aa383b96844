package org.efrnet.segment;

import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.efrnet.bundle.BundleConfig;
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

  /** Waking a second thread is not worth it for fewer pixels. */
  private static final int LEAST_SHARED = 1 << 16;

  private static final Picture NO_PICTURE = new Picture(1, 1, new byte[3]);
  private static final byte[] NO_BYTES = {};
  private static final float[] NO_VALUES = {};
  private static final LogitRows NO_LOGITS = (row, into) -> {};

  private final ModelBundle bundle;
  private final Segmenter.Options options;
  private final Executable executable;
  private final Optional<Partner> partner;
  private Sizes sizes = new Sizes(0, 0, 0, 0, 0, 0);
  private float[] planes = NO_VALUES;

  /** Of planes and map: one, or the upper and the lower. */
  private List<Part> parts = List.of();

  // What is under way, for the parts.
  private Picture picture = NO_PICTURE;
  private LogitRows logits = NO_LOGITS;
  private byte[] ids = NO_BYTES;
  private byte[] confidence = NO_BYTES;

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

  /** Some rows of the planes and of the map, with work arrays of its own. */
  private final class Part {
    private final PlaneScaler scaler;
    private final UpsampleArgmax upsampling;
    private final Optional<Confidence> sureness;
    private final ScoredRows scored;
    private final int firstPlaneRow;
    private final int planeRowsEnd;
    private final int firstRow;
    private final int rowsEnd;

    /** The part {@code index} of so many. */
    Part(Sizes s, int index, int count) {
      int classes = bundle.classes().size();
      this.scaler =
          new PlaneScaler(
              s.width,
              s.height,
              s.scaledWidth,
              s.scaledHeight,
              s.paddedWidth,
              s.paddedHeight,
              bundle.config().normalization());
      this.upsampling =
          new UpsampleArgmax(classes, s.scaledHeight, s.scaledWidth, s.height, s.width);
      this.sureness =
          options.confidence()
              ? Optional.of(
                  new Confidence(classes, s.scaledHeight, s.scaledWidth, s.height, s.width))
              : Optional.empty();
      BundleConfig.Architecture architecture = bundle.config().architecture();
      this.scored = new ScoredRows(architecture.classes(), architecture.unscored(), s.scaledWidth);
      this.firstPlaneRow = index * s.paddedHeight / count;
      this.planeRowsEnd = (index + 1) * s.paddedHeight / count;
      this.firstRow = index * s.height / count;
      this.rowsEnd = (index + 1) * s.height / count;
    }

    void prepare() {
      scaler.into(picture, planes, firstPlaneRow, planeRowsEnd);
    }

    void finish() {
      LogitRows rows = scored.of(logits);
      upsampling.into(rows, ids, firstRow, rowsEnd);
      if (sureness.isPresent()) {
        sureness.get().into(rows, ids, confidence, firstRow, rowsEnd);
      }
    }
  }

  /** On the thread that will use it, after whose name a second one is called. */
  Pipeline(ModelBundle bundle, Segmenter.Options options, Executable executable) {
    this.bundle = bundle;
    this.options = options;
    this.executable = executable;
    this.partner =
        options.threads() > 1
            ? Optional.of(new Partner(Thread.currentThread().getName() + "-2"))
            : Optional.empty();
  }

  Executable executable() {
    return executable;
  }

  /**
   * Segments a picture.
   *
   * @param reuse whose arrays receive the result, where they have its size
   */
  Segmentation segment(Picture next, Optional<Segmentation> reuse) {
    long start = System.nanoTime();
    prepareFor(next);
    int pixels = next.width() * next.height();
    try {
      picture = next;
      inParts(Part::prepare);
      long prepared = System.nanoTime();
      logits = executable.run(planes, sizes.paddedHeight, sizes.paddedWidth);
      long computed = System.nanoTime();
      boolean fits = reuse.isPresent() && reuse.get().mask().ids().length == pixels;
      ids = fits ? reuse.get().mask().ids() : new byte[pixels];
      Optional<byte[]> sure = Optional.empty();
      if (options.confidence()) {
        sure =
            fits && reuse.get().confidence().isPresent()
                ? reuse.get().confidence()
                : Optional.of(new byte[pixels]);
        confidence = sure.get();
      }
      choose();
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
    } finally {
      // Of a picture nothing stays but work arrays.
      picture = NO_PICTURE;
      logits = NO_LOGITS;
      ids = NO_BYTES;
      confidence = NO_BYTES;
    }
  }

  private void inParts(Consumer<Part> work) {
    if (parts.size() == 1) {
      work.accept(parts.get(0));
    } else {
      partner.orElseThrow().both(() -> work.accept(parts.get(1)), () -> work.accept(parts.get(0)));
    }
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
    SizePolicy.Scaled padded = scaled.roundedUp(bundle.network().sizeMultiple());
    long pixels = (long) padded.width() * padded.height();
    int classes = bundle.network().classes();
    if (Math.max(3, classes) * pixels > Integer.MAX_VALUE - 8 || pixels > MOST_PIXELS) {
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
            padded.width(),
            padded.height());
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
    boolean shared =
        partner.isPresent() && Math.max((long) next.width * next.height, pixels) >= LEAST_SHARED;
    // The old work arrays go before the new ones come; without memory for these there are none.
    sizes = new Sizes(0, 0, 0, 0, 0, 0);
    parts = List.of();
    planes = NO_VALUES;
    planes = new float[3 * next.paddedWidth * next.paddedHeight];
    parts =
        shared
            ? List.of(new Part(next, 0, 2), new Part(next, 1, 2))
            : List.of(new Part(next, 0, 1));
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

  private void choose() {
    try {
      inParts(Part::finish);
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
    partner.ifPresent(Partner::close);
    executable.close();
    parts = List.of();
    planes = NO_VALUES;
  }
}
