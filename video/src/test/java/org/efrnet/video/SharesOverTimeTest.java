package org.efrnet.video;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.efrnet.labels.ClassTable;
import org.junit.jupiter.api.Test;

class SharesOverTimeTest {
  private static final ClassTable TABLE = ClassTable.named("streets-3");

  @Test
  void everySecondHasItsShares() {
    SharesOverTime shares = new SharesOverTime(3);
    shares.add(0, new long[] {100, 0, 0}, 100);
    shares.add(0.5, new long[] {50, 50, 0}, 100);
    shares.add(2.1, new long[] {0, 0, 100}, 100);
    VideoReport.Shares found = shares.of(TABLE);
    assertThat(found.seconds()).containsExactly(0.0, 2.0);
    assertThat(found.classes().get(0).name()).isEqualTo("Way");
    assertThat(found.classes().get(0).mean()).isEqualTo(0.5);
    assertThat(found.classes().get(0).overTime()).containsExactly(0.75, 0.0);
    assertThat(found.classes().get(2).overTime()).containsExactly(0.0, 1.0);
  }

  @Test
  void aLongTimeIsToldInLongerStretches() {
    SharesOverTime shares = new SharesOverTime(3);
    int seconds = 10 * SharesOverTime.MOST;
    for (int i = 0; i < seconds; i++) {
      shares.add(i, new long[] {i % 4 == 0 ? 8 : 0, 0, 0}, 8);
    }
    VideoReport.Shares found = shares.of(TABLE);
    assertThat(found.seconds()).hasSize(seconds / 16).contains(0.0, 16.0, 32.0);
    assertThat(found.classes().get(0).mean()).isCloseTo(0.25, within(1e-12));
    assertThat(found.classes().get(0).overTime()).containsOnly(0.25);
  }
}
