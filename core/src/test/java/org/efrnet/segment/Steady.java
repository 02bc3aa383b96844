package org.efrnet.segment;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.efrnet.graph.Model;

/**
 * An engine for tests of what lies around engines: its logits are its planes, in several weights,
 * so that every picture has a map of its own, and it allocates nothing but for a new size.
 */
final class Steady implements Engine {
  static final int CLASSES = 11;

  final AtomicInteger prepared = new AtomicInteger();
  final AtomicInteger closed = new AtomicInteger();
  private final String name;
  private final List<String> precisions;

  Steady() {
    this("steady", List.of("fp32"));
  }

  Steady(String name, List<String> precisions) {
    this.name = name;
    this.precisions = precisions;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String version() {
    return "1";
  }

  @Override
  public List<String> precisions() {
    if (precisions.isEmpty()) {
      throw new IllegalStateException("no " + name + " here; add it");
    }
    return precisions;
  }

  @Override
  public Executable prepare(Model model, EngineOptions options) {
    prepared.incrementAndGet();
    return new Prepared(options.precision());
  }

  /** Class k is worth red plus green and blue, turned by k. */
  static float logit(float red, float green, float blue, int k) {
    return red * (k % 3) + green * (k % 5) - blue * (k % 4) - k * 0.25f;
  }

  private final class Prepared implements Executable, LogitRows {
    private final String precision;
    private float[] planes = {};
    private int width;

    Prepared(String precision) {
      this.precision = precision;
    }

    @Override
    public LogitRows run(float[] input, int height, int columns) {
      if (planes.length != input.length) {
        planes = new float[input.length];
      }
      System.arraycopy(input, 0, planes, 0, input.length);
      width = columns;
      return this;
    }

    @Override
    public void read(int row, float[] into) {
      int plane = planes.length / 3;
      for (int i = 0, at = row * width; i < into.length; at++) {
        for (int k = 0; k < CLASSES && i < into.length; k++, i++) {
          into[i] = logit(planes[at], planes[plane + at], planes[2 * plane + at], k);
        }
      }
    }

    @Override
    public String precision() {
      return precision;
    }

    @Override
    public int classes() {
      return CLASSES;
    }

    @Override
    public void close() {
      closed.incrementAndGet();
    }
  }
}
