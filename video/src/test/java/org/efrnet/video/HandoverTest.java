package org.efrnet.video;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class HandoverTest {
  private final List<Integer> discarded = Collections.synchronizedList(new ArrayList<>());

  private static List<Integer> all(Handover<Integer> handover) throws InterruptedException {
    List<Integer> taken = new ArrayList<>();
    Optional<Integer> next = handover.take();
    while (next.isPresent()) {
      taken.add(next.get());
      next = handover.take();
    }
    return taken;
  }

  @Test
  void nothingIsLostWhereTheGiverWaits() throws InterruptedException {
    Handover<Integer> handover = new Handover<>(2, false, discarded::add);
    List<Integer> given = new ArrayList<>();
    Thread giver =
        new Thread(
            () -> {
              try {
                for (int i = 0; i < 1000; i++) {
                  given.add(i);
                  handover.put(i);
                }
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              } finally {
                handover.end();
              }
            });
    giver.start();
    assertThat(all(handover)).hasSize(1000).isEqualTo(given);
    assertThat(discarded).isEmpty();
  }

  @Test
  void theOldestGivesWayWhereTheLatestIsWanted() throws InterruptedException {
    Handover<Integer> handover = new Handover<>(1, true, discarded::add);
    for (int i = 0; i < 5; i++) {
      assertThat(handover.put(i)).isTrue();
    }
    handover.end();
    assertThat(all(handover)).containsExactly(4);
    assertThat(discarded).containsExactly(0, 1, 2, 3);
  }

  @Test
  void aGiverIsToldThatNobodyWantsMore() throws InterruptedException {
    Handover<Integer> handover = new Handover<>(1, false, discarded::add);
    handover.put(1);
    Thread canceller = new Thread(handover::cancel);
    canceller.start();
    assertThat(handover.put(2)).isFalse();
    assertThat(handover.take()).isEmpty();
    assertThat(discarded).containsExactly(1, 2);
  }
}
