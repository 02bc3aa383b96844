package org.efrnet.engine;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import org.bytedeco.javacpp.Loader;

/**
 * The number of threads that oneDNN computes with. It is OpenMP's, holds for the thread that sets
 * it, and is nowhere in oneDNN's own interface.
 */
final class OpenMp {
  /**
   * How often a thread looks for work before it sleeps. OpenMP's own number is three hundred
   * thousand: some milliseconds, in which it takes a core from whoever else has work to do. With
   * two other busy processes on two cores a picture then took ten times as long; with this number
   * it takes 4 % longer where nobody else is.
   */
  private static final String SPINS = "1000";

  private static volatile boolean changed;

  private OpenMp() {}

  /**
   * Lets waiting threads sleep soon, unless the environment says how they wait. To be called before
   * OpenMP is loaded, which reads the environment then and never again.
   */
  static void sleepSoon() {
    if (System.getenv("GOMP_SPINCOUNT") != null
        || System.getenv("OMP_WAIT_POLICY") != null
        || !System.getProperty("os.name").equals("Linux")) {
      return;
    }
    int keep = 0;
    try {
      NativeLibrary.getProcess()
          .getFunction("setenv")
          .invokeInt(new Object[] {"GOMP_SPINCOUNT", SPINS, keep});
    } catch (LinkageError e) {
      // Without JNA threads wait as they always did.
      return;
    }
  }

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
