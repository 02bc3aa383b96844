package org.efrnet.engine;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.efrnet.bundle.Bundles;
import org.efrnet.segment.GoldenCheck;
import org.efrnet.segment.Segmenter;
import org.efrnet.segment.SegmenterSoak;
import org.efrnet.segment.SizePolicy;

/** Plans of changing sizes, made and closed. */
class OneDnnSoakTest extends SegmenterSoak {
  private final List<BytePointer> leaked = new ArrayList<>();

  @Override
  protected Segmenter open() {
    return Segmenter.load(
        Bundles.untrained("efrnet", 90, 1),
        Segmenter.Options.DEFAULT
            .withEngine(OneDnnEngine.NAME)
            .withThreads(2)
            .with(new SizePolicy.Native())
            .with(GoldenCheck.NEVER));
  }

  @Override
  protected long live() {
    return Handles.live() + Pointer.totalCount();
  }

  @Override
  protected long residentBytes() {
    return residentOfProcess();
  }

  @Override
  protected void leak(int bytes) {
    BytePointer kept = new BytePointer(bytes);
    Pointer.memset(kept, 1, bytes);
    leaked.add(kept);
  }

  @Override
  protected void trim() {
    Pointer.trimMemory();
  }

  @Override
  protected void mend() {
    leaked.forEach(Pointer::close);
    leaked.clear();
  }
}
