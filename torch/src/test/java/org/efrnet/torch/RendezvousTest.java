package org.efrnet.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.efrnet.learning.LostProcessException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Processes come together, or say in one line why they do not. */
class RendezvousTest {
  private static Map<String, String> environment() {
    return new HashMap<>(
        Map.of(
            "WORLD_SIZE", "4",
            "RANK", "3",
            "LOCAL_RANK", "1",
            "MASTER_ADDR", "node-0",
            "MASTER_PORT", "29500"));
  }

  @Test
  void readsWhatLaunchersSay() {
    Rendezvous meeting = Rendezvous.of(environment(), 5).orElseThrow();
    assertThat(meeting).isEqualTo(new Rendezvous(3, 4, 1, "node-0", 29500, false, "0", 5));
    Map<String, String> first = environment();
    first.put("RANK", "0");
    assertThat(Rendezvous.of(first, 5).orElseThrow().listens()).isTrue();
    first.put("TORCHELASTIC_USE_AGENT_STORE", "True");
    assertThat(Rendezvous.of(first, 5).orElseThrow().listens()).isFalse();
    assertThat(Rendezvous.of(Map.of(), 5)).isEmpty();
    assertThat(Rendezvous.of(Map.of("WORLD_SIZE", "1", "RANK", "0"), 5)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "WORLD_SIZE, four, WORLD_SIZE is 'four'",
    "RANK, 4, 'RANK is ''4'': must be 0..3'",
    "RANK, '', RANK is missing",
    "MASTER_ADDR, '', MASTER_ADDR is missing",
    "MASTER_PORT, 65536, MASTER_PORT is '65536'",
    "LOCAL_RANK, -1, LOCAL_RANK is '-1'",
  })
  void namesWhatIsWrong(String name, String value, String message) {
    Map<String, String> wrong = environment();
    wrong.put(name, value);
    assertThatThrownBy(() -> Rendezvous.of(wrong, 5))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  private static void join(Rendezvous meeting) {
    new TorchProcesses(meeting, "cpu", line -> {}).close();
  }

  @Test
  void nobodyListensThere() throws Exception {
    Rendezvous meeting = Ranks.meeting(1, 2, Ranks.freePort(), 1);
    assertThatThrownBy(() -> join(meeting))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("rank 1 cannot reach rank 0 at " + meeting.place() + " within 1 s")
        .hasMessageContaining("MASTER_ADDR");
  }

  @Test
  void thereIsNoSuchHost() {
    Rendezvous meeting = new Rendezvous(1, 2, 1, "no-such-host.invalid", 29500, false, "0", 1);
    assertThatThrownBy(() -> join(meeting))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("no such host");
  }

  @Test
  void thePortIsInUse() throws Exception {
    try (ServerSocket taken = new ServerSocket(0)) {
      Rendezvous meeting = Ranks.meeting(0, 2, taken.getLocalPort(), 1);
      assertThatThrownBy(() -> join(meeting))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("rank 0 cannot listen at port " + taken.getLocalPort())
          .hasMessageContaining("MASTER_PORT");
    }
  }

  @Test
  void somebodyElseListensThere() throws Exception {
    try (ServerSocket mute = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
      Rendezvous meeting = Ranks.meeting(1, 2, mute.getLocalPort(), 1);
      assertThatThrownBy(() -> join(meeting))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("is no rank 0 of a training");
    }
  }

  @Test
  void theOthersDoNotCome() throws Exception {
    Rendezvous meeting = Ranks.meeting(0, 3, Ranks.freePort(), 1);
    assertThatThrownBy(() -> join(meeting))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("these ranks did not come")
        .hasMessageContaining(": 1, 2;");
  }

  /** What either of two says that try to meet at once. */
  private static List<String> complaints(Rendezvous one, Rendezvous other) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      Future<?> first = threads.submit(() -> join(one));
      Future<?> second = threads.submit(() -> join(other));
      return List.of(complaint(first), complaint(second));
    } finally {
      threads.shutdownNow();
    }
  }

  private static String complaint(Future<?> joining) throws Exception {
    try {
      joining.get(5, TimeUnit.MINUTES);
      return "";
    } catch (ExecutionException e) {
      return e.getCause().getMessage();
    }
  }

  @Test
  void twoHaveOneRank() throws Exception {
    int port = Ranks.freePort();
    Rendezvous late = new Rendezvous(0, 2, 0, "127.0.0.1", port, false, "0", 3);
    assertThat(complaints(Ranks.meeting(0, 2, port, 3), late))
        .anyMatch(line -> line.contains("two processes have RANK 0"));
  }

  @Test
  void theyDisagreeOnTheirNumber() throws Exception {
    int port = Ranks.freePort();
    assertThat(complaints(Ranks.meeting(0, 2, port, 20), Ranks.meeting(1, 3, port, 20)))
        .anyMatch(line -> line.contains("and another number elsewhere"));
  }

  @Test
  void sumsWordsAndValuesGoRound() throws Exception {
    List<List<String>> heard =
        Ranks.all(
            2,
            processes -> {
              float[] values = {-0f, Float.NaN, Float.MIN_VALUE};
              if (!processes.leads()) {
                values = new float[3];
              }
              processes.broadcast(values);
              double[] sums = {processes.rank() + 1, 0.5};
              processes.sum(sums);
              List<String> said =
                  new ArrayList<>(
                      processes.gather(processes.leads() ? "" : "grüße " + processes.rank()));
              said.add(Arrays.toString(values) + Arrays.toString(sums));
              said.add(processes.any(processes.rank() == 1) + " " + processes.any(false));
              return said;
            });
    assertThat(heard.get(0))
        .containsExactly("", "grüße 1", "[-0.0, NaN, 1.4E-45][3.0, 1.0]", "true false");
    assertThat(heard.get(1)).isEqualTo(heard.get(0));
  }

  @Test
  void whoeverGoesAwayIsNamed() throws Exception {
    List<String> said =
        Ranks.each(
            2,
            processes -> {
              processes.sum(new double[1]);
              if (processes.rank() == 1) {
                return "gone";
              }
              try {
                processes.sum(new double[1]);
                return "a sum without the other";
              } catch (LostProcessException e) {
                return e.getMessage();
              }
            });
    assertThat(said).containsExactly("rank 1 of 2 was lost", "gone");
  }
}
