package org.efrnet.segment;

import java.util.List;
import java.util.ServiceLoader;
import org.efrnet.text.Nearest;

/** The engines on the class path. */
public final class Engines {
  private Engines() {}

  /** All of them, in the order of the class path. */
  public static List<Engine> all() {
    return ServiceLoader.load(Engine.class).stream().map(ServiceLoader.Provider::get).toList();
  }

  /**
   * The first one.
   *
   * @throws IllegalStateException if there is none
   */
  public static Engine first() {
    return all().stream()
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalStateException(
                    "no engine on the class path; add the dependency org.efrnet:efrnet-torch"));
  }

  /**
   * The one of that name.
   *
   * @throws IllegalArgumentException if it is not there; the message says what is
   */
  public static Engine named(String name) {
    List<String> known = all().stream().map(Engine::name).toList();
    return all().stream()
        .filter(e -> e.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "no engine '"
                        + name
                        + "' on the class path"
                        + Nearest.to(name, known).map(n -> "; did you mean '" + n + "'?").orElse("")
                        + " there: "
                        + known));
  }
}
