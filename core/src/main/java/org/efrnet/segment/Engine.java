package org.efrnet.segment;

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
   * Makes a model ready to run; rewriting it for speed is the engine's business.
   *
   * @param model as the network was written, with weights that fit it
   * @return owned by the caller, who closes it
   * @throws IllegalStateException if the engine cannot run here, with the remedy
   */
  Executable prepare(Model model, EngineOptions options);
}
