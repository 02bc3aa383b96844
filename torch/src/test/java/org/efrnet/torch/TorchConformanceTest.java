package org.efrnet.torch;

import java.util.Arrays;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AbstractTensor;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.efrnet.conformance.OpsConformance;
import org.efrnet.graph.Model;
import org.efrnet.readings.Parameters;
import org.efrnet.weights.FloatTensor;
import org.junit.jupiter.api.BeforeAll;

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
                Parameters.of(model.graph()), model.weights(), Execution.CPU, false)) {
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
}
