package org.efrnet.segment;

import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import org.efrnet.text.Nearest;
import org.efrnet.text.OneLine;

/** The engines on the class path, and the reference, which is always there. */
public final class Engines {
  private Engines() {}

  private static List<Engine> found() {
    List<Engine> engines = new ArrayList<>();
    ServiceLoader.load(Engine.class).forEach(engines::add);
    return engines;
  }

  /** The names that {@link #named} knows here; the reference, being slow, last. */
  public static List<String> names() {
    List<Engine> engines = found();
    engines.add(new ReferenceEngine());
    return engines.stream().map(Engine::name).toList();
  }

  /**
   * The engine of that name.
   *
   * @throws IllegalArgumentException if there is none, naming those that are there
   */
  public static Engine named(String name) {
    List<Engine> engines = found();
    engines.add(new ReferenceEngine());
    return engines.stream()
        .filter(engine -> engine.name().equals(name))
        .findFirst()
        .orElseThrow(
            () -> {
              List<String> names = engines.stream().map(Engine::name).toList();
              return new IllegalArgumentException(
                  "no engine is named '"
                      + OneLine.of(name)
                      + "'"
                      + Nearest.hint(name, names)
                      + "; on the class path are "
                      + String.join(", ", names));
            });
  }

  /**
   * The first engine of the class path; never the reference, which takes minutes for a street.
   *
   * @throws IllegalStateException if there is none
   */
  public static Engine first() {
    return found().stream()
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalStateException(
                    "no engine is on the class path; add org.efrnet:efrnet-torch, or choose '"
                        + ReferenceEngine.NAME
                        + "', which is slow"));
  }
}
