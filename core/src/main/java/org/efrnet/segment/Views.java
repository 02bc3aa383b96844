package org.efrnet.segment;

import java.util.List;
import java.util.Optional;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.images.Mask;
import org.efrnet.images.Picture;
import org.efrnet.images.Region;
import org.efrnet.images.Resize;
import org.efrnet.readings.Shape;
import org.efrnet.readings.Shapes;
import org.efrnet.segment.UpsampleArgmax.Axis;

/**
 * Class maps by a {@link Protocol}: several views of a picture, or windows of it. Meant for
 * evaluations, where a picture takes seconds: work arrays are made anew for each. There are two at
 * most, however many views and windows there are: the logits of one view where windows overlap, and
 * the probabilities at the picture's size where there are several views.
 *
 * <p>For one thread, the executable's.
 */
final class Views {
  /** The one place of a window as large as the picture. */
  private static final int[] START = {0};

  private final ModelBundle bundle;
  private final Segmenter.Options options;
  private final Executable executable;
  private final int channels;
  private final List<Integer> unscored;
  private final int[] scored;
  private final int classes;

  Views(ModelBundle bundle, Segmenter.Options options, Executable executable) {
    this.bundle = bundle;
    this.options = options;
    this.executable = executable;
    this.channels = executable.classes();
    this.unscored = bundle.config().architecture().unscored();
    this.scored = ScoredRows.kept(channels, unscored);
    this.classes = scored.length;
  }

  /** Logits of one view, channels last; valid until the executable's next call. */
  private record Logits(LogitRows rows, int width, int height) {}

  /**
   * The class map, of the picture's size.
   *
   * @throws IllegalArgumentException if the network cannot take a view or a window of it
   * @throws ArithmeticException if the network gives NaN or infinity
   */
  Mask segment(Picture picture, Protocol protocol) {
    int width = picture.width();
    int height = picture.height();
    SizePolicy.Scaled base = options.size().of(width, height, bundle.config().height());
    byte[] ids = new byte[width * height];
    if (protocol.views() == 1) {
      Logits logits = logits(scaled(picture, base, protocol.scales().get(0)), protocol);
      new UpsampleArgmax(classes, logits.height, logits.width, height, width)
          .into(new ScoredRows(channels, unscored, logits.width).of(logits.rows), ids);
      return new Mask(width, height, ids);
    }
    float[] sums = new float[values(classes, width, height)];
    try (Halves halves = new Halves(options.threads())) {
      for (double scale : protocol.scales()) {
        Picture view = scaled(picture, base, scale);
        add(logits(view, protocol), false, sums, width, height, halves);
        if (protocol.flip()) {
          add(logits(mirrored(view), protocol), true, sums, width, height, halves);
        }
      }
    }
    for (int i = 0, from = 0; i < ids.length; i++, from += classes) {
      int best = 0;
      for (int k = 1; k < classes; k++) {
        best = sums[from + k] > sums[from + best] ? k : best;
      }
      ids[i] = (byte) best;
    }
    return new Mask(width, height, ids);
  }

  /** Rows by the calling thread and, if there may be two, by another one. */
  private static final class Halves implements AutoCloseable {
    private final Optional<Partner> partner;

    Halves(int threads) {
      partner =
          threads > 1
              ? Optional.of(new Partner(Thread.currentThread().getName() + "-views"))
              : Optional.empty();
    }

    private interface Rows {
      void from(int first, int end);
    }

    void rows(int height, Rows work) {
      if (partner.isPresent()) {
        int middle = height / 2;
        partner.get().both(() -> work.from(middle, height), () -> work.from(0, middle));
      } else {
        work.from(0, height);
      }
    }

    @Override
    public void close() {
      partner.ifPresent(Partner::close);
    }
  }

  private static Picture scaled(Picture picture, SizePolicy.Scaled base, double scale) {
    int width = (int) Math.max(1, Math.round(base.width() * scale));
    int height = (int) Math.max(1, Math.round(base.height() * scale));
    return Resize.bilinear(picture, width, height);
  }

  private static Picture mirrored(Picture picture) {
    int width = picture.width();
    byte[] from = picture.rgb();
    byte[] rgb = new byte[from.length];
    for (int row = 0; row < from.length; row += 3 * width) {
      for (int x = 0; x < width; x++) {
        System.arraycopy(from, row + 3 * x, rgb, row + 3 * (width - 1 - x), 3);
      }
    }
    return new Picture(width, picture.height(), rgb);
  }

  private static int values(int channels, int width, int height) {
    long values = (long) channels * width * height;
    if (values > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(
          "a picture of "
              + width
              + "x"
              + height
              + " pixels with "
              + channels
              + " classes has more values than an array can hold; choose smaller scales, or"
              + " pictures");
    }
    return (int) values;
  }

  /** The logits of a view, seen whole or through windows, as large as the view. */
  private Logits logits(Picture view, Protocol protocol) {
    int width = view.width();
    int height = view.height();
    Optional<Protocol.Window> window = protocol.window();
    int across = window.map(w -> Math.min(w.width(), width)).orElse(width);
    int down = window.map(w -> Math.min(w.height(), height)).orElse(height);
    int[] xs = window.map(w -> Protocol.Window.starts(width, across, w.strideX())).orElse(START);
    int[] ys = window.map(w -> Protocol.Window.starts(height, down, w.strideY())).orElse(START);
    SizePolicy.Scaled padded =
        new SizePolicy.Scaled(across, down).roundedUp(bundle.network().sizeMultiple());
    requireTaken(view, across, down, padded);
    float[] planes = new float[3 * padded.width() * padded.height()];
    if (xs.length == 1 && ys.length == 1) {
      return new Logits(run(view, padded, planes), width, height);
    }
    float[] sums = new float[values(channels, width, height)];
    float[] line = new float[channels * across];
    for (int y : ys) {
      for (int x : xs) {
        Region part = new Region(x, y, across, down);
        LogitRows rows = run(Resize.bilinear(view, width, height, part), padded, planes);
        for (int row = 0; row < down; row++) {
          rows.read(row, line);
          int to = ((y + row) * width + x) * channels;
          for (int i = 0; i < line.length; i++) {
            sums[to + i] += line[i];
          }
        }
      }
    }
    divide(sums, times(xs, across, width), times(ys, down, height));
    int length = channels * width;
    return new Logits(
        (row, into) -> System.arraycopy(sums, row * length, into, 0, Math.min(length, into.length)),
        width,
        height);
  }

  /** By how many windows each place of a side is seen. */
  private static int[] times(int[] starts, int window, int length) {
    int[] times = new int[length];
    for (int start : starts) {
      for (int i = start; i < start + window; i++) {
        times[i]++;
      }
    }
    return times;
  }

  private void divide(float[] sums, int[] timesAcross, int[] timesDown) {
    int at = 0;
    for (int down : timesDown) {
      for (int across : timesAcross) {
        float times = (float) across * down;
        for (int k = 0; k < channels; k++, at++) {
          sums[at] /= times;
        }
      }
    }
  }

  private LogitRows run(Picture part, SizePolicy.Scaled padded, float[] planes) {
    bundle
        .config()
        .normalization()
        .planes(Resize.padded(part, padded.width(), padded.height()), planes, 0);
    return executable.run(planes, padded.height(), padded.width());
  }

  private void requireTaken(Picture view, int across, int down, SizePolicy.Scaled padded) {
    String what =
        "a view of "
            + view.width()
            + "x"
            + view.height()
            + " pixels, seen "
            + across
            + "x"
            + down
            + " at a time,";
    if (Math.max(3, channels) * (long) padded.width() * padded.height() > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(
          what + " has more values than an array can hold; choose smaller scales, or windows");
    }
    try {
      bundle.model().graph().logits(new Shapes(), Shape.image(1, padded.height(), padded.width()));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          what
              + " cannot be taken by network '"
              + bundle.network().name()
              + "': "
              + e.getMessage()
              + "; choose larger scales or windows",
          e);
    }
  }

  /** Adds the probabilities of a view at the picture's size. */
  private void add(
      Logits logits, boolean mirrored, float[] sums, int width, int height, Halves halves) {
    Axis rows = new Axis(logits.height, height);
    Axis columns = new Axis(logits.width, width);
    halves.rows(
        height,
        (first, end) -> {
          float[] upper = new float[channels * logits.width];
          float[] lower = new float[upper.length];
          float[] mixed = new float[upper.length];
          float[] pixel = new float[classes];
          for (int y = first; y < end; y++) {
            if (y == first || rows.low[y] != rows.low[y - 1]) {
              logits.rows.read(rows.low[y], upper);
              logits.rows.read(rows.high[y], lower);
            }
            UpsampleArgmax.mix(upper, 1 - rows.fraction[y], lower, rows.fraction[y], mixed);
            for (int x = 0; x < width; x++) {
              int l = columns.low[x] * channels;
              int r = columns.high[x] * channels;
              float right = columns.fraction[x];
              for (int k = 0; k < classes; k++) {
                pixel[k] = (1 - right) * mixed[l + scored[k]] + right * mixed[r + scored[k]];
              }
              int to = (y * width + (mirrored ? width - 1 - x : x)) * classes;
              addSoftmax(pixel, sums, to);
            }
          }
        });
  }

  private void addSoftmax(float[] pixel, float[] sums, int to) {
    float best = pixel[0];
    for (float value : pixel) {
      best = Math.max(best, value);
    }
    float sum = 0;
    for (int k = 0; k < pixel.length; k++) {
      pixel[k] = (float) Math.exp(pixel[k] - best);
      sum += pixel[k];
    }
    if (!(sum <= pixel.length)) {
      throw new ArithmeticException(
          "network '"
              + bundle.network().name()
              + "' of bundle '"
              + bundle.config().name()
              + "': a logit is not finite; the weights or the input are damaged, check both");
    }
    for (int k = 0; k < pixel.length; k++) {
      sums[to + k] += pixel[k] / sum;
    }
  }
}
