package org.efrnet.torch;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** Several ranks as threads of this process: what they say to each other is the same. */
public final class Ranks {
  private Ranks() {}

  /** What a rank does. */
  public interface Work<T> {
    /** The work of one rank. */
    T by(TorchProcesses processes) throws Exception;
  }

  /** A port of the loopback that nobody listens at. */
  public static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /** A meeting on this machine. */
  public static Rendezvous meeting(int rank, int size, int port, int seconds) {
    return new Rendezvous(rank, size, rank, "127.0.0.1", port, rank == 0, "0", seconds);
  }

  /** Does the work in every rank at once, and parts in order; results by rank. */
  public static <T> List<T> all(int size, Work<T> work) throws Exception {
    return each(
        size,
        processes -> {
          T result = work.by(processes);
          processes.part();
          return result;
        });
  }

  /** Does the work in every rank at once; results by rank. */
  public static <T> List<T> each(int size, Work<T> work) throws Exception {
    int port = freePort();
    ExecutorService threads = Executors.newFixedThreadPool(size);
    try {
      List<Future<T>> futures = new ArrayList<>();
      for (int rank = 0; rank < size; rank++) {
        Rendezvous meeting = meeting(rank, size, port, 60);
        futures.add(
            threads.submit(
                () -> {
                  try (TorchProcesses processes = new TorchProcesses(meeting, "cpu", line -> {})) {
                    return work.by(processes);
                  }
                }));
      }
      List<T> results = new ArrayList<>();
      for (Future<T> future : futures) {
        results.add(future.get(5, TimeUnit.MINUTES));
      }
      return results;
    } finally {
      threads.shutdownNow();
    }
  }
}
