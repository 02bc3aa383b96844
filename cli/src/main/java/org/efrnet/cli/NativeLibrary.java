package org.efrnet.cli;

import java.lang.reflect.InvocationTargetException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.efrnet.segment.Engines;
import org.efrnet.text.OneLine;

/**
 * A native library that some command needs. Its Java classes are known by name alone: they are on
 * the class path only where something uses them.
 *
 * @param name as people call it
 * @param binding the class of its Java binding
 * @param loading how it is loaded
 * @param needed whether {@code segment} fails without it
 * @param remedy what brings it here
 */
record NativeLibrary(String name, String binding, Loading loading, boolean needed, String remedy) {
  private static final String WITH_ENGINE = "add org.efrnet:efrnet-engine to the class path";
  private static final String WITH_TRAINING =
      "nothing, unless you train or want --engine libtorch: these fetch it";
  private static final String WITH_ONNX =
      "nothing, unless you want export or --engine onnxruntime: these fetch it";
  private static final String WITH_VIDEO = "nothing, unless you want video, which fetches it";

  /** All that this program may use. */
  static final List<NativeLibrary> ALL =
      List.of(
          new NativeLibrary(
              "oneDNN",
              "org.bytedeco.dnnl.global.dnnl",
              NativeLibrary::byJavacpp,
              true,
              WITH_ENGINE),
          new NativeLibrary(
              "OpenCL loader",
              "org.bytedeco.opencl.global.OpenCL",
              NativeLibrary::byJavacpp,
              true,
              WITH_ENGINE),
          new NativeLibrary(
              "OpenBLAS",
              "org.bytedeco.openblas.global.openblas",
              NativeLibrary::byJavacpp,
              false,
              WITH_TRAINING),
          new NativeLibrary(
              "libtorch",
              "org.bytedeco.pytorch.global.torch",
              NativeLibrary::byJavacpp,
              false,
              WITH_TRAINING),
          new NativeLibrary(
              "ONNX Runtime",
              "ai.onnxruntime.OrtEnvironment",
              binding -> byEngine("onnxruntime", "onnxruntime.native.path"),
              false,
              WITH_ONNX),
          new NativeLibrary(
              "FFmpeg",
              "org.bytedeco.ffmpeg.global.avformat",
              NativeLibrary::byJavacpp,
              false,
              WITH_VIDEO));

  /** Loads a library into this process. */
  @FunctionalInterface
  interface Loading {
    /**
     * Loads it.
     *
     * @return where it lies, if it says so
     */
    Optional<Path> load(Class<?> binding) throws ReflectiveOperationException;
  }

  /**
   * What came of looking.
   *
   * @param version of the Java binding's jar; empty if unknown
   * @param path of the library that was loaded; empty if unknown
   */
  record Probe(Finding finding, String version, String path) {}

  Probe probe() {
    Class<?> type;
    try {
      type = Class.forName(binding, false, NativeLibrary.class.getClassLoader());
    } catch (ClassNotFoundException e) {
      return new Probe(
          new Finding(name, Finding.State.MISSING, needed, "not on the class path", remedy),
          "",
          "");
    } catch (LinkageError e) {
      return broken(e, "");
    }
    String version = Optional.ofNullable(type.getPackage().getImplementationVersion()).orElse("");
    try {
      Optional<Path> path = loading.load(type);
      String where = path.map(Path::toString).orElse("");
      return new Probe(
          new Finding(
              name,
              Finding.State.OK,
              needed,
              (version + (where.isEmpty() ? "" : " at " + where)).strip(),
              ""),
          version,
          where);
    } catch (InvocationTargetException e) {
      return broken(e.getCause(), version);
    } catch (ReflectiveOperationException | LinkageError | RuntimeException e) {
      return broken(e, version);
    }
  }

  private Probe broken(Throwable problem, String version) {
    String message = innermost(problem);
    return new Probe(
        new Finding(name, Finding.State.BROKEN, needed, message, remedyFor(message)), version, "");
  }

  /** The loader's own words stand in the last cause. */
  static String innermost(Throwable problem) {
    Throwable cause = problem;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    String message = String.valueOf(cause.getMessage()).lines().findFirst().orElse("");
    return OneLine.of(cause.getClass().getSimpleName() + ": " + message, Main.LONGEST_MESSAGE);
  }

  /** What helps against what the system's loader says. */
  static String remedyFor(String message) {
    if (message.contains("GLIBC")) {
      return "this system's C library is too old: use a newer system, such as Debian 12 or Ubuntu"
          + " 22.04";
    }
    if (message.contains("libgomp")) {
      return "install OpenMP's library, for example with: apt-get install libgomp1";
    }
    if (message.contains("libstdc++")) {
      return "install the C++ library, for example with: apt-get install libstdc++6";
    }
    if (message.contains("failed to map segment") || message.contains("Operation not permitted")) {
      return "the folder of unpacked libraries must allow execution: set EFRNET_CACHE to one on a"
          + " file system that is not mounted noexec";
    }
    if (message.contains("No space left")) {
      return "free some disk space, or set EFRNET_CACHE to a folder on another disk";
    }
    if (message.contains("java.library.path") || message.contains("Could not find")) {
      return "the natives of this platform are not on the class path: add org.bytedeco's artefact"
          + " with this platform's classifier";
    }
    if (message.contains("NoClassDefFound") || message.contains("ClassNotFound")) {
      return "a jar is missing on the class path: run mvn clean and start again";
    }
    return "remove the folder of unpacked libraries, which is made anew (EFRNET_CACHE, or"
        + " ~/.javacpp/cache), and run this again";
  }

  private static Optional<Path> byJavacpp(Class<?> binding) throws ReflectiveOperationException {
    Object loaded =
        Class.forName("org.bytedeco.javacpp.Loader")
            .getMethod("load", Class.class)
            .invoke(null, binding);
    return Optional.ofNullable((String) loaded).map(Path::of);
  }

  private static Optional<Path> byEngine(String engine, String property) {
    int precisions = Engines.named(engine).precisions().size();
    return precisions > 0
        ? Optional.ofNullable(System.getProperty(property)).map(Path::of)
        : Optional.empty();
  }
}
