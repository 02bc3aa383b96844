package org.efrnet.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class PolyScheduleTest {
  @Test
  void fallsAsThePaperSays() {
    PolySchedule schedule = new PolySchedule(0.01, 0.9, 0);
    assertThat(schedule.at(0, 100)).isEqualTo(0.01);
    assertThat(schedule.at(50, 100)).isCloseTo(0.01 * Math.pow(0.5, 0.9), within(1e-12));
    assertThat(schedule.at(99, 100)).isCloseTo(0.01 * Math.pow(0.01, 0.9), within(1e-12));
  }

  @Test
  void risesFirstAndNeverBeyondItsPeak() {
    PolySchedule schedule = new PolySchedule(0.1, 0.9, 0.1);
    double before = 0;
    for (int step = 0; step < 100; step++) {
      double rate = schedule.at(step, 1000);
      assertThat(rate).isGreaterThan(before).isLessThanOrEqualTo(0.1);
      before = rate;
    }
    for (int step = 101; step < 1000; step++) {
      double rate = schedule.at(step, 1000);
      assertThat(rate).isLessThan(schedule.at(step - 1, 1000)).isPositive();
    }
  }

  @Test
  void refusesWhatIsNoSchedule() {
    assertThatThrownBy(() -> new PolySchedule(0, 0.9, 0)).hasMessageContaining("rate 0.0");
    assertThatThrownBy(() -> new PolySchedule(1, 0.9, 1)).hasMessageContaining("warmup 1.0");
    assertThatThrownBy(() -> new PolySchedule(Double.NaN, 0.9, 0)).hasMessageContaining("NaN");
  }
}
