package org.efrnet.torch;

import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.global.torch;

/** What this process holds outside Java's heap, and how many threads libtorch computes with. */
public final class Natives {
  private Natives() {}

  /**
   * Threads of libtorch's operations from now on, for the whole process.
   *
   * @param threads at least 1
   * @throws IllegalStateException if libtorch cannot be loaded here
   */
  public static void setThreads(int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException("threads is " + threads + ", must be at least 1");
    }
    try {
      torch.set_num_threads(threads);
      // On processors that NNPACK does not know, libtorch says so at every convolution of a small
      // map that it would have given to it: thousands of lines. It computes them itself then.
      torch.globalContext().setUserEnabledNNPACK(false);
    } catch (LinkageError e) {
      throw new IllegalStateException(
          "libtorch cannot be loaded ("
              + String.valueOf(e.getMessage()).lines().findFirst().orElse("")
              + "); add org.bytedeco's pytorch, openblas and javacpp natives for this platform",
          e);
    }
  }

  /** Native objects that Java still refers to: constant over calls, or something leaks. */
  public static long live() {
    return Pointer.totalCount();
  }

  /** Memory of this process that is in RAM, in bytes, Java's heap included. */
  public static long residentBytes() {
    return Pointer.physicalBytes();
  }
}
