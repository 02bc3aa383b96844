package org.efrnet.segment;

import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.efrnet.bundle.Bundles;

/** The soak without an engine: what a segmenter itself keeps outside the heap is nothing. */
class SteadySoakTest extends SegmenterSoak {
  private final List<ByteBuffer> kept = new ArrayList<>();

  @Override
  protected Segmenter open() {
    return new Segmenter(
        Bundles.untrained("enet", 90, 1),
        Segmenter.Options.DEFAULT.with(GoldenCheck.NEVER),
        new Steady(),
        new GoldenMemory(Optional.empty()));
  }

  private static BufferPoolMXBean direct() {
    return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
        .filter(pool -> pool.getName().equals("direct"))
        .findFirst()
        .orElseThrow();
  }

  @Override
  protected long live() {
    return direct().getCount();
  }

  @Override
  protected long residentBytes() {
    return direct().getMemoryUsed();
  }

  @Override
  protected void leak(int bytes) {
    kept.add(ByteBuffer.allocateDirect(bytes));
  }

  /** Java frees a direct buffer's memory whole. */
  @Override
  protected void trim() {}

  @Override
  protected void mend() {
    kept.clear();
    // Java frees them when it finds them, which must not be during the other test.
    for (int i = 0; i < 500 && live() > 0; i++) {
      System.gc();
      LockSupport.parkNanos(10_000_000);
    }
  }
}
