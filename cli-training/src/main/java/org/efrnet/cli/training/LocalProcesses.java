package org.efrnet.cli.training;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.efrnet.cli.Main;

/**
 * The processes of one training on this machine: started, watched and ended together by the process
 * that was asked for them. What several of them say alike is said once.
 */
final class LocalProcesses {
  /** In a started process's environment: the one that started it. */
  static final String PARENT = "EFRNET_PARENT";

  /** Libtorch's own remarks on connections, which say less than what this program says of them. */
  private static final String CHATTER = "[Gloo] ";

  /** When one has failed, the others find out and leave a checkpoint meanwhile. */
  private static final int SECONDS_TO_FOLLOW = 27;

  private static final int SIGNALLED = 128;

  private final int count;
  private final int threads;
  private final int port;
  private final PrintWriter out;
  private final PrintWriter err;
  private final List<Process> processes = new ArrayList<>();
  private final List<Thread> listeners = new ArrayList<>();
  private final Set<String> said = new HashSet<>();

  /**
   * @param threads that compute in each
   * @param out where the leading one's results go
   */
  LocalProcesses(int count, int threads, PrintWriter out, PrintWriter err) throws IOException {
    this.count = count;
    this.threads = threads;
    this.out = out;
    this.err = err;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      this.port = socket.getLocalPort();
    }
  }

  /**
   * Runs a command in all of them.
   *
   * @param words the command and what follows
   * @param stop true asks them to stop between steps
   * @return the exit code
   */
  int run(List<String> words, AtomicBoolean stop) throws IOException, InterruptedException {
    try {
      for (int rank = 0; rank < count; rank++) {
        start(rank, words);
      }
      return await(stop);
    } finally {
      for (Process process : processes) {
        process.destroyForcibly();
      }
    }
  }

  private void start(int rank, List<String> words) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    // They share the memory that one would have.
    command.add("-XX:MaxRAMPercentage=" + Math.max(1, 50 / count));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    command.addAll(words);
    ProcessBuilder builder = new ProcessBuilder(command);
    Map<String, String> environment = builder.environment();
    environment.put("MASTER_ADDR", "127.0.0.1");
    environment.put("MASTER_PORT", Integer.toString(port));
    environment.put("WORLD_SIZE", Integer.toString(count));
    environment.put("RANK", Integer.toString(rank));
    environment.put("LOCAL_RANK", Integer.toString(rank));
    environment.put("OMP_NUM_THREADS", Integer.toString(threads));
    environment.put(PARENT, Long.toString(ProcessHandle.current().pid()));
    environment.putIfAbsent("TORCH_CPP_LOG_LEVEL", "FATAL");
    Process process = builder.start();
    processes.add(process);
    listen(process.getInputStream(), rank, out);
    listen(process.getErrorStream(), rank, err);
  }

  private void listen(InputStream from, int rank, PrintWriter to) {
    Thread listener =
        new Thread(
            () -> {
              try (BufferedReader lines =
                  new BufferedReader(new InputStreamReader(from, Charset.defaultCharset()))) {
                lines.lines().forEach(line -> pass(line, rank, to));
              } catch (IOException | UncheckedIOException e) {
                // The process is gone, and has said what it had to say.
              }
            },
            "efrnet-rank-" + rank);
    listener.setDaemon(true);
    listener.start();
    listeners.add(listener);
  }

  private void pass(String line, int rank, PrintWriter to) {
    synchronized (said) {
      if (line.startsWith(CHATTER) || line.isBlank()) {
        return;
      }
      boolean remark = rank > 0 || line.startsWith("efrnet: ");
      if (!remark || said.add(line)) {
        to.println(line);
      }
    }
  }

  private int await(AtomicBoolean stop) throws InterruptedException {
    int failed = -1;
    long deadline = Long.MAX_VALUE;
    boolean asked = false;
    while (processes.stream().anyMatch(Process::isAlive) && System.nanoTime() < deadline) {
      if (stop.get() && !asked) {
        asked = true;
        processes.forEach(Process::destroy);
      }
      for (int rank = 0; rank < count && failed < 0; rank++) {
        Process process = processes.get(rank);
        if (!process.isAlive() && process.exitValue() != 0) {
          failed = rank;
          deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS_TO_FOLLOW);
        }
      }
      Thread.sleep(50);
    }
    boolean mute = processes.get(0).isAlive();
    processes.forEach(Process::destroyForcibly);
    int code = 0;
    for (Process process : processes) {
      int ended = process.waitFor();
      // Ranks that fail alike fail with one code.
      code = Math.max(code, ended == 2 ? 2 : ended == 0 ? 0 : 1);
    }
    for (Thread listener : listeners) {
      listener.join(2000);
    }
    // The leading one tells of others; of itself it cannot, nor if it waits for ever.
    if (failed >= 0 && !stop.get() && (mute || processes.get(0).exitValue() >= SIGNALLED)) {
      int ended = processes.get(failed).exitValue();
      err.println(
          "efrnet: rank "
              + failed
              + " of "
              + count
              + (ended >= SIGNALLED
                  ? " was killed by signal " + (ended - SIGNALLED)
                  : " ended with code " + ended)
              + "; go on with --resume, in any number of processes, if there is a checkpoint");
    }
    return code;
  }
}
