package org.efrnet.readings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.efrnet.graph.Graph;
import org.efrnet.networks.Networks;
import org.efrnet.ops.BatchNorm;
import org.efrnet.ops.Conv;
import org.efrnet.ops.ConvTranspose;
import org.efrnet.ops.Interpolation;
import org.efrnet.ops.Name;
import org.efrnet.ops.Network;
import org.efrnet.ops.Pool;
import org.efrnet.ops.Prelu;
import org.efrnet.ops.Size;
import org.junit.jupiter.api.Test;

class ShapesTest {
  private static final Name A = new Name("a");
  private static final Shapes OPS = new Shapes();
  private static final Shape X = new Shape(2, 3, 5, 7);

  private static void refused(ThrowingCallable call, String message) {
    assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessage(message);
  }

  @Test
  void namesWhatDoesNotFit() {
    Shape other = new Shape(2, 4, 5, 7);
    refused(
        () -> OPS.conv(X, Conv.pointwise(A, 4, 8)),
        "convolution a: 2x3x5x7 does not fit 4 input channels");
    refused(
        () -> OPS.convTranspose(X, new ConvTranspose(A, 4, 8, 3, 2, 1, false), X),
        "transposed convolution a: 2x3x5x7 does not fit 4 input channels");
    refused(
        () -> OPS.convTranspose(X, new ConvTranspose(A, 3, 8, 3, 2, 1, false), X),
        "transposed convolution a cannot turn 5 into 5 (kernel 3, stride 2, padding 1)");
    refused(
        () -> OPS.batchNorm(X, new BatchNorm(A, 4, 1e-3, 0.1)),
        "batch norm a: 2x3x5x7 does not fit 4 channels");
    refused(() -> OPS.prelu(X, new Prelu(A, 2)), "PReLU a: 2x3x5x7 does not fit 2 slopes");
    refused(() -> OPS.add(X, other), "sum: 2x3x5x7 does not fit 2x4x5x7");
    refused(() -> OPS.mul(X, new Shape(2, 3, 1, 7)), "product: 2x3x1x7 does not fit 2x3x5x7");
    refused(
        () -> OPS.concat(List.of(X, new Shape(2, 3, 5, 6))),
        "concatenation: 2x3x5x6 does not fit 2x3x5x7");
    refused(() -> OPS.maxUnpool(X, other, X), "unpooling: 2x3x5x7 does not fit indices 2x4x5x7");
    refused(
        () -> OPS.padChannels(X, 2), "padding to 2 channels: 2x3x5x7 does not fit fewer channels");
  }

  @Test
  void namesWhatLeavesNothing() {
    String remedy = ": the picture is too small for this network";
    Conv unpadded = new Conv(A, 3, 8, Size.square(6), 1, Size.square(0), Size.square(1), 1, false);
    refused(() -> OPS.conv(X, unpadded), "convolution a leaves nothing (2x8x0x2)" + remedy);
    Shape row = new Shape(1, 3, 1, 7);
    refused(() -> OPS.maxPool(row, Pool.HALVE), "pooling leaves nothing (1x3x0x3)" + remedy);
  }

  @Test
  void namesWhatMeansHasNone() {
    refused(
        () -> OPS.avgPool(X, new Pool(2, 2, 0, true)),
        "average pooling with Pool[kernel=2, stride=2, padding=0, ceil=true]: 2x3x5x7 does not fit"
            + " windows that hang over the border");
    refused(() -> OPS.gridPool(X, 0), "pooling to 0 bins: 2x3x5x7 does not fit at least one");
    refused(
        () -> OPS.shrink(X, 0, Interpolation.BILINEAR),
        "shrinking by 0: 2x3x5x7 does not fit a factor of at least 1");
  }

  @Test
  void descriptionsThatMeanNothingAreRefused() {
    Size one = Size.square(1);
    Size none = Size.square(0);
    refused(
        () -> new Conv(A, 3, 4, one, 1, none, one, 2, false),
        "convolution a: 3 -> 4 channels in 2 groups is not possible");
    refused(
        () -> new Conv(A, 3, 4, one, 1, none, none, 1, false),
        "convolution a: kernel 1x1, stride 1, padding 0x0 and dilation 0x0 are not possible");
    refused(
        () -> new ConvTranspose(A, 3, 4, 2, 0, 0, false),
        "transposed convolution a: 3 -> 4 channels, kernel 2, stride 0 and padding 0 are not"
            + " possible");
    refused(
        () -> new Pool(2, 2, 2, false),
        "pooling with kernel 2, stride 2 and padding 2 is not possible: padding is at most half"
            + " the kernel");
  }

  @Test
  void everyNetworkGivesTheSizeOfItsImage() {
    for (String name : Networks.names()) {
      Network network = Networks.named(name, 4).orElseThrow();
      int step = network.sizeMultiple();
      for (int k = 2; k < 30; k++) {
        Shape image = Shape.image(1, (k + 6) * step, k * step + (step == 1 ? 6 : 0));
        assertThat(Graph.of(network).logits(new Shapes(), image))
            .as("%s on %s", name, image)
            .isEqualTo(image.withChannels(4));
      }
    }
  }
}
