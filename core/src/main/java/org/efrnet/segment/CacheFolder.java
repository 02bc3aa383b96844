package org.efrnet.segment;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** Where on this machine is kept what saves time and can be made anew. */
public final class CacheFolder {
  private CacheFolder() {}

  /** The user's, which need not exist yet; empty if nothing says where it would be. */
  public static Optional<Path> ofUser() {
    return of(System::getProperty, System::getenv);
  }

  /**
   * Where caches go: what EFRNET_CACHE or JavaCPP's property say, which also hold the unpacked
   * natives; else what the system's customs say. Only absolute paths count: without a home, Java
   * takes {@code ?} for one.
   */
  static Optional<Path> of(UnaryOperator<String> property, UnaryOperator<String> environment) {
    String os = String.valueOf(property.apply("os.name")).toLowerCase(Locale.ROOT);
    String home = property.apply("user.home");
    List<Optional<Path>> places = new ArrayList<>();
    places.add(absolute(property.apply("efrnet.cache")));
    places.add(absolute(environment.apply("EFRNET_CACHE")));
    places.add(absolute(property.apply("org.bytedeco.javacpp.cachedir")));
    places.add(absolute(environment.apply("XDG_CACHE_HOME"), "efrnet"));
    if (os.startsWith("windows")) {
      places.add(absolute(environment.apply("LOCALAPPDATA"), "efrnet", "cache"));
    } else if (os.startsWith("mac")) {
      places.add(absolute(home, "Library", "Caches", "efrnet"));
    }
    places.add(absolute(home, ".cache", "efrnet"));
    return places.stream().flatMap(Optional::stream).findFirst();
  }

  private static Optional<Path> absolute(String path, String... below) {
    if (path == null || path.isBlank()) {
      return Optional.empty();
    }
    try {
      Path folder = Path.of(path);
      for (String name : below) {
        folder = folder.resolve(name);
      }
      return folder.isAbsolute() ? Optional.of(folder) : Optional.empty();
    } catch (InvalidPathException e) {
      return Optional.empty();
    }
  }
}
