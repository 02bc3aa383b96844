package org.efrnet.onnx;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.efrnet.segment.CacheFolder;

/**
 * ONNX Runtime's native libraries. Left to itself it unpacks them from its jar at every start of
 * Java; here that happens once, into the user's cache folder.
 */
final class Natives {
  /** What ONNX Runtime asks where its libraries lie. */
  private static final String PATH = "onnxruntime.native.path";

  /** Also whether and from where single ones of them are loaded. */
  private static final String ANY = "onnxruntime.native.";

  private static final List<String> LIBRARIES = List.of("onnxruntime", "onnxruntime4j_jni");

  private Natives() {}

  /**
   * ONNX Runtime, ready.
   *
   * @throws IllegalStateException if its libraries cannot be loaded here, with the remedy
   */
  static synchronized OrtEnvironment environment() {
    if (System.getProperties().stringPropertyNames().stream().noneMatch(n -> n.startsWith(ANY))) {
      CacheFolder.ofUser()
          .flatMap(Natives::unpacked)
          .ifPresent(folder -> System.setProperty(PATH, folder.toString()));
    }
    try {
      OrtEnvironment environment = OrtEnvironment.getEnvironment();
      // Who segments pictures sends nothing to anybody.
      environment.setTelemetry(false);
      return environment;
    } catch (LinkageError | OrtException | RuntimeException e) {
      Throwable cause = e;
      while (cause.getCause() != null) {
        cause = cause.getCause();
      }
      throw new IllegalStateException(
          "ONNX Runtime "
              + version()
              + " cannot be loaded on "
              + System.getProperty("os.name")
              + " "
              + System.getProperty("os.arch")
              + ": "
              + OnnxErrors.firstLine(String.valueOf(cause.getMessage()))
              + "; choose another engine, or let -D"
              + PATH
              + " name a folder with its libraries",
          e);
    }
  }

  /** Of ONNX Runtime's jar. */
  static String version() {
    return String.valueOf(OrtEnvironment.class.getPackage().getImplementationVersion());
  }

  /**
   * The folder with the libraries of this machine below a cache folder; they are unpacked if they
   * are not there. Empty if that cannot be done: then ONNX Runtime unpacks them as it does.
   */
  static Optional<Path> unpacked(Path cache) {
    Path folder = cache.resolve("onnxruntime-" + version() + "-" + platform());
    try {
      if (isComplete(folder)) {
        return Optional.of(folder);
      }
      Files.createDirectories(cache);
      // Another process must never see half of a library, so a whole folder gets its name at once.
      Path fresh = cache.resolve(folder.getFileName() + "." + UUID.randomUUID());
      try {
        Files.createDirectory(fresh);
        for (String library : LIBRARIES) {
          try (InputStream packed = resource(library).getInputStream()) {
            Files.copy(packed, fresh.resolve(System.mapLibraryName(library)));
          }
        }
        if (!isComplete(folder)) {
          delete(folder);
          Files.move(fresh, folder);
        }
      } finally {
        delete(fresh);
      }
    } catch (IOException | UncheckedIOException | SecurityException e) {
      // A full disk, a read-only home, a platform without libraries; or another process was faster.
      return isComplete(folder) ? Optional.of(folder) : Optional.empty();
    }
    return Optional.of(folder);
  }

  /** Whether all libraries lie there in their full length. */
  private static boolean isComplete(Path folder) {
    try {
      for (String library : LIBRARIES) {
        Path file = folder.resolve(System.mapLibraryName(library));
        if (!Files.isRegularFile(file)) {
          return false;
        }
        if (Files.size(file) != length(library)) {
          return false;
        }
      }
      return true;
    } catch (IOException | SecurityException e) {
      return false;
    }
  }

  private static String at(String library) {
    return "/ai/onnxruntime/native/" + platform() + "/" + System.mapLibraryName(library);
  }

  private static URLConnection resource(String library) throws IOException {
    URL packed = OrtEnvironment.class.getResource(at(library));
    if (packed == null) {
      throw new IOException("ONNX Runtime's jar has no " + at(library));
    }
    return packed.openConnection();
  }

  private static long length(String library) throws IOException {
    return resource(library).getContentLengthLong();
  }

  /** As ONNX Runtime's jar calls it, such as {@code linux-x64}. */
  private static String platform() {
    String os = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
    String arch = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
    String system = os.startsWith("mac") ? "osx" : os.startsWith("windows") ? "win" : "linux";
    return system + "-" + (arch.equals("amd64") || arch.equals("x86_64") ? "x64" : arch);
  }

  private static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
