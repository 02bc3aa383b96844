package org.efrnet.segment;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.efrnet.bundle.BundleConfig;
import org.efrnet.bundle.Bundles;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.images.Mask;
import org.efrnet.images.Picture;
import org.efrnet.images.Resize;
import org.efrnet.weights.FloatTensor;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ViewsTest {
  private static final ModelBundle BUNDLE = unsure();
  private static final int CLASSES = 11;

  private static Segmenter segmenter;

  /**
   * Fresh weights give logits so far apart that all probabilities are 0 or 1: these are at most 4.
   */
  private static ModelBundle unsure() {
    ModelBundle fresh = Bundles.untrained("enet", 32, 3);
    float largest = 0;
    try (Executable executable = prepared(fresh)) {
      for (float logit : logits(fresh, executable, picture(24, 16, 1))) {
        largest = Math.max(largest, Math.abs(logit));
      }
    }
    FloatTensor last = fresh.weights().get("cls.weight");
    float[] small = last.values().clone();
    for (int i = 0; i < small.length; i++) {
      small[i] *= 4 / largest;
    }
    return ModelBundle.of(
        fresh.config(),
        fresh.weights().with(Map.of("cls.weight", new FloatTensor(last.shape(), small))));
  }

  @BeforeAll
  static void load() {
    segmenter = Segmenter.load(BUNDLE, options(2));
  }

  @AfterAll
  static void close() {
    segmenter.close();
  }

  private static Segmenter.Options options(int threads) {
    return Segmenter.Options.DEFAULT
        .withEngine("reference")
        .withThreads(threads)
        .with(new SizePolicy.Native());
  }

  private static Picture picture(int width, int height, long seed) {
    byte[] rgb = new byte[3 * width * height];
    Random random = new Random(seed);
    // Smooth patches: noise alone makes the same class everywhere.
    int[] phases = random.ints(6, 0, 50).toArray();
    for (int i = 0; i < rgb.length; i++) {
      int x = i / 3 % width;
      int y = i / 3 / width;
      int c = i % 3;
      double wave = Math.sin((x + phases[c]) / 5.0) + Math.cos((y + phases[3 + c]) / 4.0);
      rgb[i] = (byte) Math.max(0, Math.min(255, 127 + 60 * wave + random.nextInt(20)));
    }
    return new Picture(width, height, rgb);
  }

  private static Picture mirrored(Picture picture) {
    byte[] rgb = new byte[picture.rgb().length];
    for (int y = 0; y < picture.height(); y++) {
      for (int x = 0; x < picture.width(); x++) {
        for (int c = 0; c < 3; c++) {
          rgb[3 * (y * picture.width() + x) + c] =
              picture.rgb()[3 * (y * picture.width() + picture.width() - 1 - x) + c];
        }
      }
    }
    return new Picture(picture.width(), picture.height(), rgb);
  }

  private static Mask mirrored(Mask mask) {
    byte[] ids = new byte[mask.ids().length];
    for (int i = 0; i < ids.length; i++) {
      int x = i % mask.width();
      ids[i] = mask.ids()[i - x + mask.width() - 1 - x];
    }
    return new Mask(mask.width(), mask.height(), ids);
  }

  private static Protocol windows(int width, int height, int stride) {
    return new Protocol(
        Optional.of(new Protocol.Window(width, height, stride, stride)), List.of(1.0), false);
  }

  private static Protocol scales(boolean flip, Double... scales) {
    return new Protocol(Optional.empty(), List.of(scales), flip);
  }

  @ParameterizedTest
  @ValueSource(ints = {24, 27})
  void aWindowAsLargeAsThePictureGivesThePlainResult(int width) {
    Picture picture = picture(width, 18, 1);
    Mask plain = segmenter.segment(picture).mask();
    assertThat(plain.histogram()[plain.at(0, 0)]).isLessThan(plain.ids().length);
    assertThat(segmenter.segment(picture, Protocol.PLAIN)).isEqualTo(plain);
    assertThat(segmenter.segment(picture, windows(width, 18, 7))).isEqualTo(plain);
    assertThat(segmenter.segment(picture, windows(500, 500, 3))).isEqualTo(plain);
  }

  @Test
  void logitsOfWindowsAreAveraged() {
    int width = 34;
    int height = 19;
    Picture picture = picture(width, height, 2);
    double[] sums = new double[CLASSES * width * height];
    int[] times = new int[width * height];
    try (Executable executable = prepared(BUNDLE)) {
      for (int y : new int[] {0, 3}) {
        for (int x : new int[] {0, 10, 18}) {
          float[] part = logits(BUNDLE, executable, part(picture, x, y, 16, 16));
          for (int i = 0; i < 16 * 16; i++) {
            int at = (y + i / 16) * width + x + i % 16;
            times[at]++;
            for (int k = 0; k < CLASSES; k++) {
              sums[k * width * height + at] += part[k * 16 * 16 + i];
            }
          }
        }
      }
    }
    byte[] expected = new byte[width * height];
    for (int i = 0; i < expected.length; i++) {
      assertThat(times[i]).isPositive();
      for (int k = 1; k < CLASSES; k++) {
        if (sums[k * expected.length + i] > sums[expected[i] * expected.length + i]) {
          expected[i] = (byte) k;
        }
      }
    }
    Mask mask = segmenter.segment(picture, windows(16, 16, 10));
    assertThat(agreement(mask, new Mask(width, height, expected))).isGreaterThan(0.998);
    assertThat(mask).isNotEqualTo(segmenter.segment(picture).mask());
  }

  private static Executable prepared(ModelBundle bundle) {
    return new ReferenceEngine()
        .prepare(bundle.model(), new EngineOptions(1, BundleConfig.FP32, bundle.calibration()));
  }

  private static Picture part(Picture picture, int left, int top, int width, int height) {
    byte[] rgb = new byte[3 * width * height];
    for (int i = 0; i < rgb.length; i++) {
      int x = left + i / 3 % width;
      int y = top + i / 3 / width;
      rgb[i] = picture.rgb()[3 * (y * picture.width() + x) + i % 3];
    }
    return new Picture(width, height, rgb);
  }

  /** Planar, of the picture's size. */
  private static float[] logits(ModelBundle bundle, Executable executable, Picture picture) {
    SizePolicy.Scaled padded =
        new SizePolicy.Scaled(picture.width(), picture.height())
            .roundedUp(bundle.network().sizeMultiple());
    float[] planes = new float[3 * padded.width() * padded.height()];
    bundle
        .config()
        .normalization()
        .planes(Resize.padded(picture, padded.width(), padded.height()), planes, 0);
    float[] all = executable.logits(planes, padded.height(), padded.width());
    int pixels = picture.width() * picture.height();
    float[] cropped = new float[CLASSES * pixels];
    for (int i = 0; i < cropped.length; i++) {
      int k = i / pixels;
      int x = i % pixels % picture.width();
      int y = i % pixels / picture.width();
      cropped[i] = all[(k * padded.height() + y) * padded.width() + x];
    }
    return cropped;
  }

  private static double agreement(Mask a, Mask b) {
    int same = 0;
    for (int i = 0; i < a.ids().length; i++) {
      same += a.ids()[i] == b.ids()[i] ? 1 : 0;
    }
    return (double) same / a.ids().length;
  }

  @Test
  void probabilitiesOfScalesAndMirrorImagesAreAveraged() {
    Picture picture = picture(24, 20, 5);
    double[][] sums = new double[24 * 20][CLASSES];
    try (Executable executable = prepared(BUNDLE)) {
      for (int[] size : new int[][] {{24, 20}, {36, 30}}) {
        Picture view = Resize.bilinear(picture, size[0], size[1]);
        addSoftmax(logits(BUNDLE, executable, view), size, sums, false);
        addSoftmax(logits(BUNDLE, executable, mirrored(view)), size, sums, true);
      }
    }
    byte[] expected = new byte[sums.length];
    for (int i = 0; i < sums.length; i++) {
      for (int k = 1; k < CLASSES; k++) {
        expected[i] = sums[i][k] > sums[i][expected[i]] ? (byte) k : expected[i];
      }
    }
    Mask mask = segmenter.segment(picture, scales(true, 1.0, 1.5));
    assertThat(agreement(mask, new Mask(24, 20, expected))).isGreaterThan(0.998);
    assertThat(mask).isNotEqualTo(segmenter.segment(picture, scales(false, 1.0, 1.5)));
    assertThat(mask).isNotEqualTo(segmenter.segment(picture, scales(true, 1.0)));
  }

  /** Bilinear with half-pixel centres by its definition, in double. */
  private static void addSoftmax(float[] logits, int[] size, double[][] sums, boolean mirrored) {
    for (int i = 0; i < sums.length; i++) {
      int x = i % 24;
      int y = i / 24;
      double across = Math.max(0, ((mirrored ? 23 - x : x) + 0.5) * size[0] / 24 - 0.5);
      double down = Math.max(0, (y + 0.5) * size[1] / 20 - 0.5);
      double[] pixel = new double[CLASSES];
      double sum = 0;
      for (int k = 0; k < CLASSES; k++) {
        for (int corner = 0; corner < 4; corner++) {
          int cx = Math.min((int) across + corner % 2, size[0] - 1);
          int cy = Math.min((int) down + corner / 2, size[1] - 1);
          double fx = across - (int) across;
          double fy = down - (int) down;
          double weight = (corner % 2 == 0 ? 1 - fx : fx) * (corner / 2 == 0 ? 1 - fy : fy);
          pixel[k] += weight * logits[(k * size[1] + cy) * size[0] + cx];
        }
        pixel[k] = Math.exp(pixel[k]);
        sum += pixel[k];
      }
      for (int k = 0; k < CLASSES; k++) {
        sums[i][k] += pixel[k] / sum;
      }
    }
  }

  @Test
  void withMirrorImagesLeftAndRightAreAlike() {
    Picture left = picture(27, 17, 7);
    Mask mask = segmenter.segment(left, scales(true, 1.0, 0.8));
    assertThat(segmenter.segment(mirrored(left), scales(true, 1.0, 0.8))).isEqualTo(mirrored(mask));

    byte[] rgb = left.rgb().clone();
    byte[] other = mirrored(left).rgb();
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = i / 3 % 27 > 13 ? other[i] : rgb[i];
    }
    Picture symmetric = new Picture(27, 17, rgb);
    assertThat(mirrored(symmetric).rgb()).isEqualTo(rgb);
    Mask once = segmenter.segment(symmetric).mask();
    assertThat(mirrored(once)).isNotEqualTo(once);
    Mask twice = segmenter.segment(symmetric, scales(true, 1.0));
    assertThat(mirrored(twice)).isEqualTo(twice);
  }

  @Test
  void threadsChangeNothing() {
    Picture picture = picture(25, 17, 9);
    Protocol protocol =
        new Protocol(Optional.of(new Protocol.Window(16, 16, 8, 8)), List.of(1.0, 1.3), true);
    Mask two = segmenter.segment(picture, protocol);
    try (Segmenter one = Segmenter.load(BUNDLE, options(1))) {
      assertThat(one.segment(picture, protocol)).isEqualTo(two);
    }
  }

  @Test
  void anotherSizeThanThePicturesIsScaledTimesTheScale() {
    Picture picture = picture(32, 32, 11);
    try (Segmenter half = Segmenter.load(BUNDLE, options(1).with(new SizePolicy.Exact(16, 16)))) {
      assertThat(half.segment(picture, scales(false, 2.0)))
          .isEqualTo(segmenter.segment(picture, Protocol.PLAIN));
    }
  }
}
