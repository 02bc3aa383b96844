package org.efrnet.torch;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.AbstractTensor;
import org.bytedeco.pytorch.Tensor;
import org.efrnet.bundle.Bundles;
import org.efrnet.segment.Segmenter;
import org.efrnet.segment.SegmenterSoak;
import org.efrnet.segment.SizePolicy;

class LibtorchSoakTest extends SegmenterSoak {
  private final List<Tensor> kept = new ArrayList<>();

  @Override
  protected Segmenter open() {
    return Segmenter.load(
        Bundles.untrained("efrnet", 90, 1),
        Segmenter.Options.DEFAULT
            .withEngine("libtorch")
            .withThreads(1)
            .with(new SizePolicy.Height(48)));
  }

  /** A frame takes libtorch tens of milliseconds, however small. */
  @Override
  protected int frames() {
    return super.frames() / 5;
  }

  @Override
  protected long live() {
    return Natives.live();
  }

  @Override
  protected long residentBytes() {
    return Natives.residentBytes();
  }

  @Override
  protected void leak(int bytes) {
    kept.add(AbstractTensor.create(new float[bytes / Float.BYTES], bytes / Float.BYTES));
  }

  @Override
  protected void trim() {
    Pointer.trimMemory();
  }

  @Override
  protected void mend() {
    kept.forEach(Tensor::close);
    kept.clear();
  }
}
