package org.efrnet.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

class NormalizationTest {
  @Test
  void planesAreTheFormulaInEveryPixelAndChannel() {
    Random random = new Random(7);
    byte[] rgb = new byte[3 * 5 * 4];
    random.nextBytes(rgb);
    Picture picture = new Picture(5, 4, rgb);
    Normalization normalization =
        new Normalization(new float[] {0.1f, 0.2f, 0.3f}, new float[] {0.5f, 0.25f, 2});
    float[] planes = new float[2 + 3 * 20 + 1];

    normalization.planes(picture, planes, 2);

    for (int c = 0; c < 3; c++) {
      for (int y = 0; y < 4; y++) {
        for (int x = 0; x < 5; x++) {
          double expected =
              (picture.at(x, y, c) / 255.0 - normalization.mean()[c])
                  / normalization.deviation()[c];
          assertThat((double) planes[2 + c * 20 + y * 5 + x]).isCloseTo(expected, within(1e-6));
        }
      }
    }
    assertThat(new float[] {planes[0], planes[1], planes[62]}).containsOnly(0);
  }

  @Test
  void imageNetsNumbersAreTorchvisions() {
    float[] planes = new float[3];
    Normalization.IMAGENET.planes(new Picture(1, 1, new byte[] {0, -1, 127}), planes, 0);
    assertThat(planes[0]).isCloseTo(-0.485f / 0.229f, within(1e-6f));
    assertThat(planes[1]).isCloseTo((1 - 0.456f) / 0.224f, within(1e-6f));
    assertThat(planes[2]).isCloseTo((127 / 255f - 0.406f) / 0.225f, within(1e-6f));
  }

  @Test
  void blueComesFirstWhereTheNetworkReadsItSo() {
    Normalization rgb =
        new Normalization(new float[] {0.1f, 0.2f, 0.3f}, new float[] {0.5f, 0.25f, 2});
    Normalization bgr = new Normalization(rgb.mean(), rgb.deviation(), true);
    Picture picture = new Picture(2, 1, new byte[] {1, 2, 3, 40, 50, 60});
    float[] red = new float[6];
    float[] blue = new float[6];
    rgb.planes(picture, red, 0);
    bgr.planes(picture, blue, 0);
    assertThat(blue).containsExactly(red[4], red[5], red[2], red[3], red[0], red[1]);
    assertThat(bgr).isNotEqualTo(rgb);
    assertThat(bgr.toString()).endsWith(", blue first]");
  }

  @Test
  void refusesWhatCannotBeDividedByAndWhatDoesNotFit() {
    float[] mean = {0, 0, 0};
    assertThatThrownBy(() -> new Normalization(mean, new float[] {1, 0, 1}))
        .hasMessageContaining("channel 1")
        .hasMessageContaining("above 0");
    assertThatThrownBy(() -> new Normalization(new float[] {0, Float.NaN, 0}, mean))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Normalization(new float[2], new float[3]))
        .hasMessageContaining("2 means");
    Picture picture = new Picture(2, 1, new byte[6]);
    assertThatThrownBy(() -> Normalization.IMAGENET.planes(picture, new float[7], 2))
        .hasMessageContaining("2x1")
        .hasMessageContaining("7 values");
  }

  @Test
  void equalNumbersAreEqual() {
    Normalization copy =
        new Normalization(
            Normalization.IMAGENET.mean().clone(), Normalization.IMAGENET.deviation().clone());
    assertThat(copy).isEqualTo(Normalization.IMAGENET).hasSameHashCodeAs(Normalization.IMAGENET);
    assertThat(copy).isNotEqualTo(new Normalization(new float[3], copy.deviation()));
  }
}
