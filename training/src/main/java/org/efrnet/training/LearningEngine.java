package org.efrnet.training;

import java.util.Locale;
import java.util.function.Consumer;
import org.efrnet.engine.OneDnnLearner;
import org.efrnet.graph.Model;
import org.efrnet.learning.Learner;
import org.efrnet.learning.LearningRule;
import org.efrnet.learning.Precision;
import org.efrnet.torch.Execution;
import org.efrnet.torch.LibtorchLearner;
import org.efrnet.torch.Natives;

/**
 * Who takes the steps of a training. They differ by rounding, and a run may change between them.
 */
public enum LearningEngine {
  /** oneDNN on the host where it can take this training's steps, else libtorch. */
  AUTO,
  /** oneDNN: several times as fast on a processor, for most networks. */
  ONEDNN,
  /** libtorch: every network, slopes that learn, cards. */
  LIBTORCH;

  /** As people write it. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * A learner.
   *
   * @param device {@code cpu}, {@code cuda} or {@code cuda:N}
   * @param threads that compute at once on the host; holds for the calling thread
   * @param notice told why libtorch has to stand in
   * @throws IllegalArgumentException if oneDNN was asked for and cannot
   */
  Learner learner(
      Model model,
      LearningRule rule,
      Precision precision,
      String device,
      int threads,
      Consumer<String> notice) {
    if (device.equals("cpu") && this != LIBTORCH) {
      try {
        return new OneDnnLearner(model, rule, precision, threads);
      } catch (IllegalArgumentException | IllegalStateException e) {
        if (this == ONEDNN) {
          throw e;
        }
        notice.accept("steps by libtorch: " + e.getMessage());
      }
    } else if (this == ONEDNN) {
      throw new IllegalArgumentException(
          "engine onednn computes on the host, not on " + device + "; choose libtorch");
    }
    Natives.setThreads(threads);
    Natives.requireDevice(device);
    return new LibtorchLearner(model, rule, Execution.CPU.with(precision).on(device));
  }
}
