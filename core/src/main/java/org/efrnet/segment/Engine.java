package org.efrnet.segment;

import java.util.List;
import org.efrnet.graph.Model;

/**
 * What can compute a model's logits. Engines are found by {@link java.util.ServiceLoader}, have a
 * public constructor without arguments and no state of their own.
 */
public interface Engine {
  /** The name by which people choose it, such as {@code libtorch}. */
  String name();

  /** The version of what computes, such as libtorch's: another one may give other logits. */
  String version();

  /**
   * The precisions in which it computes on this machine, the fastest first; among them {@link
   * org.efrnet.bundle.BundleConfig#FP32}. One that the processor would have to imitate is no gain
   * and is left out.
   *
   * @throws IllegalStateException if the engine cannot run here, with the remedy
   */
  List<String> precisions();

  /**
   * Makes a model ready to run; rewriting it for speed is the engine's business.
   *
   * @param model as the network was written, with weights that fit it
   * @return owned by the caller, who closes it
   * @throws IllegalArgumentException if it does not compute in the precision of the options, or the
   *     calibration lacks what that precision needs
   * @throws IllegalStateException if the engine cannot run here, with the remedy
   */
  Executable prepare(Model model, EngineOptions options);
}
