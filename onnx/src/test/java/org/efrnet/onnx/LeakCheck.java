package org.efrnet.onnx;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.Assumptions;

/**
 * Runs work many times and sees how the memory of the process grows, which Linux tells.
 *
 * @param residentGrowth bytes more after the work than after its warm-up
 */
record LeakCheck(long residentGrowth) {
  /** More than this is a leak, however often the work ran. */
  private static final long TOLERATED_BYTES = 50L << 20;

  /**
   * @param warmUp runs before the first look: allocators, code caches and thread pools fill
   * @param runs runs after it
   * @param work is given the number of the run
   */
  static LeakCheck of(int warmUp, int runs, IntConsumer work) {
    Path status = Path.of("/proc/self/status");
    Assumptions.assumeTrue(Files.exists(status), "no /proc to read the process's memory from");
    for (int i = 0; i < warmUp; i++) {
      work.accept(i);
    }
    System.gc();
    long before = residentBytes(status);
    for (int i = 0; i < runs; i++) {
      work.accept(warmUp + i);
    }
    System.gc();
    return new LeakCheck(residentBytes(status) - before);
  }

  private static long residentBytes(Path status) {
    try {
      return Files.readAllLines(status).stream()
          .filter(line -> line.startsWith("VmRSS:"))
          .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("[^0-9]", "")))
          .findFirst()
          .orElseThrow();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Whether something leaks. */
  boolean leaks() {
    return residentGrowth > TOLERATED_BYTES;
  }
}
