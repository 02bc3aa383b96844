package org.efrnet.torch;

import java.util.function.Supplier;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch_cuda;

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
    loaded(
        () -> {
          torch.set_num_threads(threads);
          return threads;
        });
  }

  /** Threads of libtorch's operations. */
  public static int threads() {
    return loaded(torch::get_num_threads);
  }

  /** Whether a word names a device, {@code cpu}, {@code cuda} or {@code cuda:N}, there or not. */
  public static boolean isDevice(String word) {
    return word.matches("cpu|cuda(:[0-9]{1,2})?");
  }

  /**
   * Refuses a device that is not there.
   *
   * @param device {@code cpu}, {@code cuda} or {@code cuda:N}
   * @throws IllegalArgumentException if it is none of these
   * @throws IllegalStateException if libtorch cannot use it here, with the remedy
   */
  public static void requireDevice(String device) {
    if (!isDevice(device)) {
      throw new IllegalArgumentException(
          "device '" + device + "' is none of cpu, cuda and cuda:N, such as cuda:1");
    }
    if (!device.equals("cpu") && !loaded(Natives::seesCard)) {
      throw new IllegalStateException(
          "device "
              + device
              + ": libtorch sees no CUDA card; it needs natives built for CUDA, an NVIDIA driver and"
              + " the libraries of CUDA 13 and cuDNN 9 (see docs/gpu-host.md), or use cpu");
    }
    if (device.startsWith("cuda:")) {
      long cards = loaded(torch::getNumGPUs);
      if (Integer.parseInt(device.substring(5)) >= cards) {
        throw new IllegalStateException(
            "device " + device + ": this machine has " + cards + ", the first is cuda:0");
      }
    }
  }

  /**
   * Libtorch asks but once for its part that computes on a card, and takes what is loaded by then.
   * With its libraries that part is not: where they have just been unpacked it comes before those
   * that it needs.
   */
  private static boolean seesCard() {
    try {
      Loader.load(torch_cuda.class);
    } catch (LinkageError | TypeNotPresentException e) {
      // Without CUDA's natives, or without the Java that goes with them.
      return false;
    }
    return torch.hasCUDA();
  }

  private static <T> T loaded(Supplier<T> call) {
    try {
      return call.get();
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
