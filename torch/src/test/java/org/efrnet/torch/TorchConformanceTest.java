package org.efrnet.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AbstractTensor;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.efrnet.conformance.OpsConformance;
import org.efrnet.conformance.RandomModels;
import org.efrnet.graph.Model;
import org.efrnet.learning.ParameterLayout;
import org.efrnet.networks.DavidtvsENet;
import org.efrnet.ops.Conv;
import org.efrnet.ops.Heads;
import org.efrnet.ops.Name;
import org.efrnet.ops.Network;
import org.efrnet.ops.Ops;
import org.efrnet.readings.Reference;
import org.efrnet.weights.FloatTensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The libtorch reading computes what the reference computes. */
class TorchConformanceTest extends OpsConformance {
  /** Which of colliding places an unpooling writes last is settled with one thread only. */
  @BeforeAll
  static void oneThread() {
    Natives.setThreads(1);
  }

  @Override
  protected FloatTensor logits(Model model, FloatTensor image) {
    long[] shape = Arrays.stream(image.shape()).asLongStream().toArray();
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard();
        ParameterStore store =
            new ParameterStore(
                ParameterLayout.of(model.graph()), model.weights(), Execution.CPU, false)) {
      Tensor x = AbstractTensor.create(image.values(), shape).contiguous(MemoryFormat.ChannelsLast);
      TorchOps ops = new TorchOps(store, Execution.CPU, new TorchOps.Mode.Inference());
      Tensor logits = model.graph().logits(ops, x);
      int[] sizes = new int[4];
      for (int i = 0; i < 4; i++) {
        sizes[i] = (int) logits.size(i);
      }
      return new FloatTensor(sizes, ParameterStore.download(logits));
    }
  }

  @Override
  protected double tolerance() {
    return 1e-5;
  }

  /** Where libtorch's own convolutions are wrong, or end the process. */
  @ParameterizedTest
  @CsvSource({
    "256, 512, 1, 1",
    "256, 512, 2, 1",
    "256, 512, 1, 2",
    "256, 512, 2, 2",
    "512, 512, 2, 2",
    "256, 1024, 1, 2",
    "1024, 256, 1, 2"
  })
  void wideProductsAreThoseOfTheReference(int in, int out, int stride, int threads) {
    Conv wide = Conv.pointwise(new Name("wide"), in, out).strided(stride);
    Model model = RandomModels.of(new Wide(wide), 1);
    Natives.setThreads(threads);
    try {
      for (int[] size : new int[][] {{1, 2}, {4, 6}, {13, 18}}) {
        FloatTensor image = RandomModels.image(2, 3, size[0], size[1], 2);
        assertThat(logits(model, image).values())
            .containsExactly(Reference.logits(model, image).values(), within(1e-3f));
      }
    } finally {
      oneThread();
    }
  }

  /** The published ENet of 2018 pools windows that overlap: maxima meet when they are put back. */
  @Test
  void theLastOfMaximaThatMeetWinsOnTwoThreads() {
    Model model = RandomModels.of(DavidtvsENet.of2018(4), 1);
    FloatTensor image = RandomModels.image(1, 3, 96, 128, 2);
    float[] expected = Reference.logits(model, image).values();
    Natives.setThreads(2);
    try {
      for (int round = 0; round < 5; round++) {
        float[] actual = logits(model, image).values();
        float largest = 0;
        float difference = 0;
        for (int i = 0; i < expected.length; i++) {
          largest = Math.max(largest, Math.abs(expected[i]));
          difference = Math.max(difference, Math.abs(actual[i] - expected[i]));
        }
        assertThat(difference / largest).isLessThan(1e-5f);
      }
    } finally {
      oneThread();
    }
  }

  /** A wide convolution of what a narrow one makes of the image. */
  private record Wide(Conv wide) implements Network {
    @Override
    public String name() {
      return "wide";
    }

    @Override
    public int classes() {
      return wide.out();
    }

    @Override
    public <T> Heads<T> heads(Ops<T> ops, T image) {
      T x = ops.relu(ops.conv(image, Conv.pointwise(new Name("narrow"), 3, wide.in())));
      return Heads.of(ops.conv(x, wide));
    }
  }
}
