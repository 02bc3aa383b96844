package org.efrnet.server;

import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.efrnet.graph.Model;
import org.efrnet.segment.Engine;
import org.efrnet.segment.EngineOptions;
import org.efrnet.segment.Engines;
import org.efrnet.segment.Executable;
import org.efrnet.segment.LogitRows;

/** The engine {@code onednn} behind a gate that tests close, and that they can break. */
public final class GatedEngine implements Engine {
  static final String NAME = "gated";

  private static final int OPEN = 1 << 20;

  private static volatile Semaphore gate = new Semaphore(OPEN);
  private static volatile boolean broken;
  private static final AtomicInteger PASSES = new AtomicInteger();
  private static final AtomicInteger AT_THE_GATE = new AtomicInteger();

  /** Nothing passes until {@link #open}. */
  static void close() {
    gate = new Semaphore(0);
  }

  /** Everything passes, what waits too. */
  static void open() {
    broken = false;
    gate.release(OPEN);
  }

  /** From now on every pass fails. */
  static void breakDown() {
    broken = true;
  }

  /** Forward passes that began. */
  static int passes() {
    return PASSES.get();
  }

  /** Pictures that wait at the gate: one a segmenter. */
  static int atTheGate() {
    return AT_THE_GATE.get();
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public String version() {
    return "1";
  }

  @Override
  public List<String> precisions() {
    return Engines.named("onednn").precisions();
  }

  @Override
  public Executable prepare(Model model, EngineOptions options) {
    Executable behind = Engines.named("onednn").prepare(model, options);
    return new Executable() {
      @Override
      public LogitRows run(float[] planes, int height, int width) {
        AT_THE_GATE.incrementAndGet();
        gate.acquireUninterruptibly();
        AT_THE_GATE.decrementAndGet();
        PASSES.incrementAndGet();
        if (broken) {
          throw new IllegalStateException("native code at /usr/lib/secret.so failed");
        }
        return behind.run(planes, height, width);
      }

      @Override
      public String precision() {
        return behind.precision();
      }

      @Override
      public int classes() {
        return behind.classes();
      }

      @Override
      public void close() {
        behind.close();
      }
    };
  }
}
