package org.efrnet.engine;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.efrnet.segment.LogitRows;

/**
 * A model for pictures of one size, as a list of calls whose memory and arguments are all made. For
 * one thread at a time.
 */
final class Plan implements AutoCloseable {
  /**
   * One call.
   *
   * @param name of the operation in the network
   * @param what is done, in the field's words and oneDNN's; asked for by profiles alone
   * @param macs multiply-accumulates of a convolution, 0 of anything else
   * @param action the call itself
   */
  record Step(String name, Supplier<String> what, double macs, Runnable action) {}

  private final Handles handles;
  private final FloatBuffer image;
  private final List<Step> steps;
  private final LogitRows logits;

  /**
   * @param handles everything native of this plan, which it now owns
   * @param image where the planes go
   * @param logits what is there after the last step
   */
  Plan(Handles handles, FloatBuffer image, List<Step> steps, LogitRows logits) {
    this.handles = handles;
    this.image = image;
    this.steps = List.copyOf(steps);
    this.logits = logits;
  }

  LogitRows run(float[] planes) {
    image.put(0, planes, 0, planes.length);
    for (int i = 0; i < steps.size(); i++) {
      steps.get(i).action.run();
    }
    return logits;
  }

  List<Step> steps() {
    return steps;
  }

  /** The same, with the nanoseconds that each step took. */
  List<Long> timed(float[] planes) {
    image.put(0, planes, 0, planes.length);
    List<Long> times = new ArrayList<>();
    for (Step step : steps) {
      long start = System.nanoTime();
      step.action.run();
      times.add(System.nanoTime() - start);
    }
    return times;
  }

  @Override
  public void close() {
    handles.close();
  }
}
