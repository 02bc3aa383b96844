package org.efrnet.bundle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.efrnet.images.Normalization;
import org.efrnet.networks.Networks;
import org.efrnet.readings.Parameter;
import org.efrnet.readings.Parameters;
import org.efrnet.readings.Reference;
import org.efrnet.weights.FloatTensor;
import org.efrnet.weights.Safetensors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GoldenTest {
  private static ModelBundle bundle;

  @TempDir Path dir;

  @BeforeAll
  static void make() {
    bundle = Bundles.untrained("enet", 36, 1);
  }

  @Test
  void everyNetworkHasOne() {
    for (String network : Networks.names()) {
      ModelBundle any = Bundles.untrained(network, 36, 2);
      Golden golden = any.golden();
      assertThat(golden.logits().shape()).as(network).containsExactly(11, 48, 64);
      // A picture and weights that tell classes apart, or nothing would be checked.
      assertThat(winners(golden)).as(network).isGreaterThan(1);
    }
  }

  private static long winners(Golden golden) {
    int pixels = 48 * 64;
    float[] logits = golden.logits().values();
    return IntStream.range(0, pixels)
        .map(
            i ->
                IntStream.range(0, 11)
                    .reduce(0, (a, b) -> logits[b * pixels + i] > logits[a * pixels + i] ? b : a))
        .distinct()
        .count();
  }

  @Test
  void isTheReferenceOnAPictureOfAStreet() {
    Golden golden = bundle.golden();
    FloatTensor image = golden.image(Normalization.IMAGENET);
    assertThat(image.shape()).containsExactly(1, 3, 48, 64);
    assertThat(golden.logits().values())
        .isEqualTo(Reference.logits(bundle.model(), image).values());
    byte[] rgb = golden.picture().rgb();
    assertThat(IntStream.range(0, rgb.length).map(i -> rgb[i]).distinct().count())
        .isGreaterThan(100);
  }

  @Test
  void padsAPictureForANetworkThatNeedsLargerSteps() {
    Golden golden = Golden.of(bundle.model(), 40, Normalization.IMAGENET);
    assertThat(golden.picture().rgb()).isEqualTo(bundle.golden().picture().rgb());
    assertThat(golden.logits().shape()).containsExactly(11, 80, 80);
    float[] planes = golden.image(Normalization.IMAGENET).values();
    assertThat(planes[79 * 80 + 79]).isEqualTo(planes[47 * 80 + 63]);
    assertThat(Golden.of(golden.contents(), 11, 40)).isEqualTo(golden);
    assertThatThrownBy(() -> Golden.of(golden.contents(), 11, 8))
        .hasMessageContaining("[11, 80, 80] instead of [11, 48, 64]");
  }

  @Test
  void differenceIsTheLargestAsAShareOfTheLargest() {
    Golden golden = bundle.golden();
    float[] same = golden.logits().values().clone();
    assertThat(golden.difference(same)).isZero();
    double largest =
        IntStream.range(0, same.length).mapToDouble(i -> Math.abs(same[i])).max().orElseThrow();
    float[] other = same.clone();
    other[7] += (float) (largest / 50);
    other[9] -= (float) (largest / 20);
    assertThat(golden.difference(other)).isCloseTo(0.05, within(1e-5));
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      other[3] = bad;
      assertThat(golden.difference(other)).isInfinite();
    }
    assertThat(golden.difference(new float[7])).isInfinite();
    Golden silent =
        new Golden(golden.picture(), new FloatTensor(new int[] {1, 48, 64}, new float[48 * 64]));
    assertThat(silent.difference(new float[48 * 64])).isZero();
    float[] loud = new float[48 * 64];
    loud[0] = 1e-30f;
    assertThat(silent.difference(loud)).isInfinite();
  }

  @Test
  void aNetworkThatExplodesHasNoneAndIsNotWritten() {
    // Of the last layer, behind which nothing makes them small again.
    List<Parameter> all = Parameters.of(bundle.model().graph());
    Parameter last = all.get(all.size() - 1);
    float[] huge = new float[last.count()];
    Arrays.fill(huge, Float.MAX_VALUE);
    ModelBundle explodes =
        ModelBundle.of(
            bundle.config(),
            bundle.weights().with(Map.of(last.name(), new FloatTensor(last.shape(), huge))));
    assertThatThrownBy(explodes::golden).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> explodes.write(dir.resolve("x")))
        .isInstanceOf(BundleException.class)
        .hasMessageContaining("is not written: a golden logit is")
        .message()
        .doesNotContain("\n");
    assertThat(dir).isEmptyDirectory();
  }

  private void assertRefused(String... parts) throws IOException {
    BundleFiles.writeSums(dir.resolve("b"));
    assertThatThrownBy(() -> ModelBundle.read(dir.resolve("b")))
        .isInstanceOf(BundleException.class)
        .hasMessageContaining("golden.safetensors")
        .hasMessageContainingAll(parts)
        .message()
        .doesNotContain("\n");
  }

  @Test
  void refusesAFileThatHoldsSomethingElse() throws IOException {
    bundle.write(dir.resolve("b"));
    Path file = dir.resolve("b/golden.safetensors");
    byte[] good = Files.readAllBytes(file);
    for (int bits : List.of(0x7fc00000, 0x7f800000, 0xff800000)) {
      byte[] bytes = good.clone();
      for (int i = 0; i < 4; i++) {
        bytes[bytes.length - 4 + i] = (byte) (bits >> (8 * i));
      }
      Files.write(file, bytes);
      assertRefused("NaN, infinite");
    }

    Map<String, FloatTensor> tensors = bundle.golden().contents().tensors();
    FloatTensor picture = tensors.get("picture");
    FloatTensor logits = tensors.get("logits");
    write(file, Map.of("picture", picture));
    assertRefused("must hold the tensors 'picture' and 'logits' and nothing else");
    write(file, Map.of("picture", picture, "logits", logits, "more", logits));
    assertRefused("nothing else");
    write(
        file,
        Map.of(
            "picture", new FloatTensor(new int[] {64, 48, 3}, picture.values()), "logits", logits));
    assertRefused("'picture' of shape [64, 48, 3] instead of [48, 64, 3]");
    write(
        file,
        Map.of(
            "picture",
            picture,
            "logits",
            new FloatTensor(new int[] {11, 64, 48}, logits.values())));
    assertRefused("'logits' of shape [11, 64, 48] instead of [11, 48, 64]");
    write(
        file,
        Map.of(
            "picture",
            picture,
            "logits",
            new FloatTensor(new int[] {10, 48, 64}, new float[10 * 48 * 64])));
    assertRefused("'logits' of shape [10, 48, 64]");
    for (float value : new float[] {0.5f, -1, 256, 1e30f}) {
      float[] values = picture.values().clone();
      values[5] = value;
      write(file, Map.of("picture", new FloatTensor(picture.shape(), values), "logits", logits));
      assertRefused("the value " + value + " at 5");
    }
  }

  private static void write(Path file, Map<String, FloatTensor> tensors) throws IOException {
    Safetensors.write(file, new Safetensors.Contents(tensors, Map.of()));
  }
}
