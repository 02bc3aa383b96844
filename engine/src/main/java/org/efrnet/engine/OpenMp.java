package org.efrnet.engine;

import com.sun.jna.Function;
import com.sun.jna.Pointer;
import org.bytedeco.javacpp.Loader;

/**
 * The number of threads that oneDNN computes with. It is OpenMP's, holds for the thread that sets
 * it, and is nowhere in oneDNN's own interface.
 */
final class OpenMp {
  private static volatile boolean changed;

  private OpenMp() {}

  /**
   * Sets it for the calling thread.
   *
   * @throws IllegalStateException if OpenMP cannot be reached here
   */
  static void setThreads(int threads) {
    // Read by OpenMP when it is loaded: the launcher sets it, and then there is nothing to do.
    if (!changed && Integer.toString(threads).equals(System.getenv("OMP_NUM_THREADS"))) {
      return;
    }
    changed = true;
    call("omp_set_num_threads", Void.class, threads);
  }

  /** The number that holds for the calling thread. */
  static int threads() {
    return (Integer) call("omp_get_max_threads", Integer.class);
  }

  private static Object call(String name, Class<?> result, Object... arguments) {
    try {
      org.bytedeco.javacpp.Pointer address = Loader.addressof(name);
      if (address == null || address.isNull()) {
        throw new IllegalStateException(
            "OpenMP's " + name + " is not to be found; set OMP_NUM_THREADS before Java starts");
      }
      return Function.getFunction(new Pointer(address.address())).invoke(result, arguments);
    } catch (LinkageError e) {
      throw new IllegalStateException(
          "OpenMP cannot be called ("
              + String.valueOf(e.getMessage()).lines().findFirst().orElse("")
              + "); set OMP_NUM_THREADS before Java starts, or add net.java.dev.jna:jna",
          e);
    }
  }
}
