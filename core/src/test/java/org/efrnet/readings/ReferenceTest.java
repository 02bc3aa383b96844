package org.efrnet.readings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import org.efrnet.conformance.Oracle;
import org.efrnet.ops.BatchNorm;
import org.efrnet.ops.ChannelDropout;
import org.efrnet.ops.Conv;
import org.efrnet.ops.ConvTranspose;
import org.efrnet.ops.Interpolation;
import org.efrnet.ops.Name;
import org.efrnet.ops.Pool;
import org.efrnet.ops.Pooled;
import org.efrnet.ops.Prelu;
import org.efrnet.ops.Size;
import org.efrnet.readings.Reference.Planes;
import org.efrnet.weights.FloatTensor;
import org.efrnet.weights.Weights;
import org.junit.jupiter.api.Test;

/** Every operation against a case worked out by hand, and EFRNet against another program. */
class ReferenceTest {
  private static final Name AT = new Name("at");

  private static Planes plane(int height, int width, double... values) {
    return new Planes(1, values.length / height / width, height, width, values);
  }

  private static Reference with(String name, int[] shape, float... values) {
    return new Reference(Weights.of(Map.of(name, new FloatTensor(shape, values))));
  }

  private static final Reference BARE = new Reference(Weights.empty());

  /** 0, 1, 2, ... */
  private static Planes counting(int channels, int height, int width) {
    double[] values = new double[channels * height * width];
    for (int i = 0; i < values.length; i++) {
      values[i] = i;
    }
    return new Planes(1, channels, height, width, values);
  }

  @Test
  void convolutionIsCrossCorrelationWithZeroPadding() {
    Conv conv = Conv.square(AT, 1, 1, 3);
    Reference ops = with("at.weight", new int[] {1, 1, 3, 3}, 1, 2, 3, 4, 5, 6, 7, 8, 9);
    assertThat(ops.conv(plane(2, 2, 1, 10, 100, 1000), conv).values())
        .containsExactly(9865, 8754, 6532, 5421);
  }

  @Test
  void convolutionStridesDilatesAndAddsItsBias() {
    Conv conv = new Conv(AT, 1, 1, new Size(1, 2), 2, Size.square(0), new Size(1, 2), 1, true);
    Reference ops =
        new Reference(
            Weights.of(
                Map.of(
                    "at.weight", new FloatTensor(new int[] {1, 1, 1, 2}, new float[] {1, 10}),
                    "at.bias", new FloatTensor(new int[] {1}, new float[] {0.5f}))));
    Planes out = ops.conv(counting(1, 3, 5), conv);
    assertThat(out.toTensor().shape()).containsExactly(1, 1, 2, 2);
    assertThat(out.values()).containsExactly(20.5, 42.5, 130.5, 152.5);
  }

  @Test
  void groupsSeeTheirOwnChannelsOnly() {
    Conv conv = new Conv(AT, 4, 2, Size.square(1), 1, Size.square(0), Size.square(1), 2, false);
    Reference ops = with("at.weight", new int[] {2, 2, 1, 1}, 1, 10, 100, 1000);
    assertThat(ops.conv(plane(1, 1, 1, 2, 3, 4), conv).values()).containsExactly(21, 4300);
  }

  @Test
  void transposedConvolutionPaintsItsKernel() {
    ConvTranspose conv = new ConvTranspose(AT, 1, 1, 3, 2, 1, false);
    Reference ops = with("at.weight", new int[] {1, 1, 3, 3}, 1, 2, 3, 4, 5, 6, 7, 8, 9);
    Planes x = plane(1, 2, 1, 10);
    // Columns of the full picture: 1x[1 2 3] from column 0, 10x[1 2 3] from column 2.
    assertThat(ops.convTranspose(x, conv, plane(1, 3, 0, 0, 0)).values())
        .containsExactly(5, 46, 50);
    assertThat(ops.convTranspose(x, conv, counting(1, 2, 4)).values())
        .containsExactly(5, 46, 50, 60, 8, 79, 80, 90);
  }

  @Test
  void transposedConvolutionMapsChannelsInThenOut() {
    ConvTranspose conv = new ConvTranspose(AT, 2, 3, 1, 1, 0, false);
    Reference ops = with("at.weight", new int[] {2, 3, 1, 1}, 1, 2, 3, 10, 20, 30);
    Planes x = plane(1, 1, 1, 2);
    assertThat(ops.convTranspose(x, conv, x).values()).containsExactly(21, 42, 63);
  }

  @Test
  void batchNormUsesRunningStatistics() {
    int[] shape = {1};
    Reference ops =
        new Reference(
            Weights.of(
                Map.of(
                    "at.weight", new FloatTensor(shape, new float[] {6}),
                    "at.bias", new FloatTensor(shape, new float[] {1}),
                    "at.running_mean", new FloatTensor(shape, new float[] {2}),
                    "at.running_var", new FloatTensor(shape, new float[] {8}))));
    assertThat(ops.batchNorm(plane(1, 2, 2, 5), new BatchNorm(AT, 1, 1, 0.1)).values())
        .containsExactly(1, 7);
  }

  @Test
  void activations() {
    Planes x = plane(1, 2, -4, 4, -8, 8);
    assertThat(with("at.weight", new int[] {1}, 0.25f).prelu(x, Prelu.scalar(AT)).values())
        .containsExactly(-1, 4, -2, 8);
    assertThat(with("at.weight", new int[] {2}, 0.25f, 0.5f).prelu(x, new Prelu(AT, 2)).values())
        .containsExactly(-1, 4, -4, 8);
    assertThat(BARE.clip(x, -5, 6).values()).containsExactly(-4, 4, -5, 6);
    assertThat(BARE.relu(x).values()).containsExactly(0, 4, 0, 8);
    assertThat(BARE.sigmoid(plane(1, 2, 0, Math.log(3))).values())
        .containsExactly(new double[] {0.5, 0.75}, within(1e-12));
    assertThat(BARE.dropout(x, new ChannelDropout(0.5))).isSameAs(x);
  }

  @Test
  void theFirstMaximumWinsAndPaddingNever() {
    Pooled<Planes> pooled =
        BARE.maxPoolWithIndices(plane(2, 4, -5, -5, -1, -2, -5, -9, -1, -1), Pool.HALVE);
    assertThat(pooled.values().values()).containsExactly(-5, -1);
    assertThat(pooled.indices().values()).containsExactly(0, 2);
    Planes padded = BARE.maxPool(counting(1, 3, 3), new Pool(3, 2, 1, false));
    assertThat(padded.values()).containsExactly(4, 5, 7, 8);
    assertThat(BARE.maxPool(plane(1, 1, -3), new Pool(3, 2, 1, false)).values())
        .containsExactly(-3);
  }

  @Test
  void ceilKeepsTheWindowThatHangsOver() {
    Planes x = counting(1, 3, 3);
    assertThat(BARE.maxPool(x, Pool.HALVE).values()).containsExactly(4);
    assertThat(BARE.maxPool(x, new Pool(2, 2, 0, true)).values()).containsExactly(4, 5, 7, 8);
    // 2 rows, padded by 1: a third window would start in the padding below and is dropped.
    assertThat(BARE.maxPool(counting(1, 2, 2), new Pool(2, 2, 1, true)).values())
        .containsExactly(0, 1, 2, 3);
  }

  @Test
  void unpoolingPutsValuesBackAndTheLastOneWins() {
    Planes like = counting(5, 3, 3);
    assertThat(BARE.maxUnpool(plane(1, 2, 7, 8), plane(1, 2, 4, 8), like).values())
        .containsExactly(0, 0, 0, 0, 7, 0, 0, 0, 8);
    assertThat(BARE.maxUnpool(plane(1, 2, 7, 8), plane(1, 2, 4, 4), like).values())
        .containsExactly(0, 0, 0, 0, 8, 0, 0, 0, 0);
    assertThatThrownBy(() -> BARE.maxUnpool(plane(1, 1, 7), plane(1, 1, 9), like))
        .hasMessage("unpooling: index 9 lies outside of 1x1x3x3");
  }

  @Test
  void resizing() {
    Planes x = plane(1, 2, 0, 8);
    assertThat(BARE.resize(x, counting(1, 1, 4), Interpolation.BILINEAR).values())
        .containsExactly(0, 2, 6, 8);
    assertThat(BARE.resize(x, counting(1, 1, 5), Interpolation.BILINEAR_ALIGNED).values())
        .containsExactly(0, 2, 4, 6, 8);
    assertThat(BARE.resize(x, counting(1, 1, 1), Interpolation.BILINEAR_ALIGNED).values())
        .containsExactly(0);
    assertThat(BARE.resize(x, counting(1, 1, 3), Interpolation.NEAREST).values())
        .containsExactly(0, 0, 8);
    Planes y = counting(1, 4, 2);
    assertThat(BARE.resize(y, counting(1, 2, 1), Interpolation.BILINEAR).values())
        .containsExactly(1.5, 5.5);
    assertThat(BARE.resize(y, counting(1, 3, 2), Interpolation.NEAREST).values())
        .containsExactly(0, 1, 2, 3, 4, 5);
  }

  @Test
  void channelsAndSums() {
    Planes a = plane(1, 2, 1, 2);
    Planes b = plane(1, 2, 3, 4, 5, 6);
    assertThat(BARE.concat(List.of(a, b)).values()).containsExactly(1, 2, 3, 4, 5, 6);
    Planes batch = new Planes(2, 1, 1, 1, new double[] {1, 2});
    assertThat(BARE.concat(List.of(batch, batch)).values()).containsExactly(1, 1, 2, 2);
    assertThat(BARE.padChannels(batch, 2).values()).containsExactly(1, 0, 2, 0);
    assertThat(BARE.globalAvgPool(b).values()).containsExactly(3.5, 5.5);
    // 3, 4 above 5, 6 under windows of 2 with a border of zeros, and a row as 2 bins that overlap.
    Pool bordered = new Pool(2, 2, 1, false);
    Planes square = new Planes(1, 1, 2, 2, new double[] {3, 4, 5, 6});
    assertThat(BARE.avgPool(square, bordered).values()).containsExactly(0.75, 1, 1.25, 1.5);
    assertThat(BARE.gridPool(plane(1, 3, 1, 2, 6), 2).values()).containsExactly(1.5, 4, 1.5, 4);
    assertThat(BARE.shrink(plane(1, 4, 1, 2, 6, 8), 2, Interpolation.BILINEAR).values())
        .containsExactly(1.5, 7);
    assertThat(BARE.shrink(plane(1, 5, 1, 2, 6, 8, 9), 2, Interpolation.BILINEAR_ALIGNED).values())
        .containsExactly(1, 6, 9);
    assertThat(BARE.add(b, b).values()).containsExactly(6, 8, 10, 12);
    assertThat(BARE.mul(b, b).values()).containsExactly(9, 16, 25, 36);
    assertThat(BARE.mul(b, plane(1, 1, 2, 10)).values()).containsExactly(6, 8, 50, 60);
  }

  @Test
  void refusesWhatDoesNotFit() {
    Reference ops = with("at.weight", new int[] {1, 1, 3, 3}, new float[9]);
    Planes x = counting(1, 4, 4);
    assertThatThrownBy(() -> ops.conv(x, Conv.pointwise(AT, 1, 1)))
        .hasMessage("tensor 'at.weight' has shape [1, 1, 3, 3], the network needs [1, 1, 1, 1]");
    assertThatThrownBy(() -> new Planes(1, 1, 2, 2, new double[3]))
        .hasMessage("planes of 1x1x2x2, but 3 values");
    assertThatThrownBy(() -> Planes.of(new FloatTensor(new int[] {2}, new float[2])))
        .hasMessage("a map has 4 sizes (N, C, H, W), not the 1 of FloatTensor[2]");
  }

  @Test
  void agreesWithAnIndependentEfrNet() {
    Oracle oracle = Oracle.efrnet();
    FloatTensor logits = Reference.logits(oracle.model(), oracle.tensor("input"));
    assertThat(logits.shape()).isEqualTo(oracle.tensor("logits").shape());
    assertThat(logits.values()).containsExactly(oracle.tensor("logits").values(), within(2e-6f));
  }
}
