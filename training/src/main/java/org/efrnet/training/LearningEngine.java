package org.efrnet.training;

import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import org.efrnet.engine.OneDnnLearner;
import org.efrnet.graph.Model;
import org.efrnet.learning.Learner;
import org.efrnet.learning.LearningRule;
import org.efrnet.learning.Precision;
import org.efrnet.learning.Processes;
import org.efrnet.torch.Execution;
import org.efrnet.torch.LibtorchLearner;
import org.efrnet.torch.Natives;
import org.efrnet.torch.TorchProcesses;

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
   * @param processes that learn together
   * @param notice told why libtorch has to stand in
   * @throws IllegalArgumentException if oneDNN was asked for and cannot
   */
  Learner learner(
      Model model,
      LearningRule rule,
      Precision precision,
      String device,
      int threads,
      Processes processes,
      Consumer<String> notice) {
    if (processes.size() > 1) {
      return libtorch(model, rule, precision, device, threads, processes);
    }
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
    return libtorch(model, rule, precision, device, threads, processes);
  }

  private Learner libtorch(
      Model model,
      LearningRule rule,
      Precision precision,
      String device,
      int threads,
      Processes processes) {
    requireTogether(processes.size());
    Natives.setThreads(threads);
    Natives.requireDevice(device);
    Optional<TorchProcesses> together =
        processes instanceof TorchProcesses several ? Optional.of(several) : Optional.empty();
    return new LibtorchLearner(model, rule, Execution.CPU.with(precision).on(device), together);
  }

  /**
   * Refuses an engine that cannot learn in so many processes.
   *
   * @throws IllegalArgumentException saying why
   */
  public void requireTogether(int processes) {
    if (processes > 1 && this == ONEDNN) {
      throw new IllegalArgumentException(
          "engine onednn learns in one process: its batch norm sees that one's pictures alone;"
              + " choose libtorch or auto for "
              + processes);
    }
  }
}
