package org.efrnet.segment;

import org.efrnet.graph.Model;

/**
 * Something that can compute networks: libtorch today. Engines are found by {@link
 * java.util.ServiceLoader}: whichever stands on the class path can be used.
 */
public interface Engine {
  /** The name by which people choose it, such as {@code libtorch}. */
  String name();

  /** Makes a model ready to run; the caller owns and closes the result. */
  Executable prepare(Model model, EngineOptions options);
}
