package org.efrnet.segment;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;
import org.efrnet.text.Nearest;
import org.efrnet.text.OneLine;

/** The engines on the class path, and the reference, which is always there. */
public final class Engines {
  /** The fastest first. */
  private static final List<String> PREFERRED = List.of("onednn", "onnxruntime", "libtorch");

  /** Of the reason why an engine cannot run. */
  private static final int LONGEST = 300;

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
   * The engine that is taken where none is named: of those on the class path that can run here, the
   * first of onednn, onnxruntime and libtorch, else any other; never the reference, which takes
   * minutes for a street.
   *
   * @throws IllegalStateException if there is none, with what keeps the others from running
   */
  public static Engine first() {
    return first(found());
  }

  static Engine first(List<Engine> found) {
    List<String> reasons = new ArrayList<>();
    List<Engine> ordered = new ArrayList<>(found);
    ordered.sort(Comparator.comparingInt(Engines::place));
    for (Engine engine : ordered) {
      try {
        engine.precisions();
        return engine;
      } catch (IllegalStateException | LinkageError e) {
        reasons.add(engine.name() + ": " + OneLine.of(String.valueOf(e.getMessage()), LONGEST));
      }
    }
    String remedy = "choose '" + ReferenceEngine.NAME + "', which is slow";
    throw new IllegalStateException(
        reasons.isEmpty()
            ? "no engine is on the class path; add org.efrnet:efrnet-torch, or " + remedy
            : "no engine of the class path can run here ("
                + String.join("; ", reasons)
                + "); mend one, or "
                + remedy);
  }

  private static int place(Engine engine) {
    int place = PREFERRED.indexOf(engine.name());
    return place < 0 ? PREFERRED.size() : place;
  }
}
