package org.efrnet.torch;

import java.util.Map;
import java.util.Optional;

/**
 * Where the processes of one training meet, as torch.distributed's launchers say it in the
 * environment.
 *
 * @param rank this process, 0 to size - 1
 * @param size processes in all
 * @param localRank this process among those of its host, which chooses its card
 * @param host where rank 0 listens ({@code MASTER_ADDR})
 * @param port there ({@code MASTER_PORT})
 * @param listens whether this process listens there itself; a launcher may do that instead
 * @param attempt tells apart what restarts leave behind where the launcher listens
 * @param seconds that processes wait for each other until all are there
 */
public record Rendezvous(
    int rank,
    int size,
    int localRank,
    String host,
    int port,
    boolean listens,
    String attempt,
    int seconds) {

  /**
   * What the environment says.
   *
   * @param seconds that processes wait for each other at the start
   * @return empty if it speaks of one process or of none
   * @throws IllegalArgumentException naming the variable that is missing or wrong
   */
  public static Optional<Rendezvous> of(Map<String, String> environment, int seconds) {
    if (environment.getOrDefault("WORLD_SIZE", "").isBlank()) {
      return Optional.empty();
    }
    int size = number(environment, "WORLD_SIZE", 1, 1 << 16);
    int rank = number(environment, "RANK", 0, size - 1);
    if (size == 1) {
      return Optional.empty();
    }
    String host = environment.getOrDefault("MASTER_ADDR", "").strip();
    if (host.isEmpty()) {
      throw new IllegalArgumentException(
          "WORLD_SIZE is " + size + " and MASTER_ADDR is missing: set it to the host of rank 0");
    }
    int localRank =
        environment.getOrDefault("LOCAL_RANK", "").isBlank()
            ? rank
            : number(environment, "LOCAL_RANK", 0, size - 1);
    boolean agent = environment.getOrDefault("TORCHELASTIC_USE_AGENT_STORE", "").equals("True");
    return Optional.of(
        new Rendezvous(
            rank,
            size,
            localRank,
            host,
            number(environment, "MASTER_PORT", 1, 65535),
            rank == 0 && !agent,
            environment.getOrDefault("TORCHELASTIC_RESTART_COUNT", "0"),
            seconds));
  }

  private static int number(Map<String, String> environment, String name, int low, int high) {
    String text = environment.getOrDefault(name, "").strip();
    if (text.matches("[0-9]{1,6}")) {
      int number = Integer.parseInt(text);
      if (number >= low && number <= high) {
        return number;
      }
    }
    throw new IllegalArgumentException(
        (text.isEmpty() ? name + " is missing" : name + " is '" + text + "'")
            + ": must be "
            + low
            + ".."
            + high
            + " where WORLD_SIZE is set");
  }

  /** Host and port. */
  String place() {
    return host + ":" + port;
  }
}
