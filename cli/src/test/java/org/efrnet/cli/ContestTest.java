package org.efrnet.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ContestTest {
  @Test
  void everyoneWorksOnceARoundAndTheFirstChanges() {
    StringBuilder calls = new StringBuilder();
    Contest contest =
        new Contest(
            List.of(() -> calls.append('a'), () -> calls.append('b'), () -> calls.append('c')));
    contest.warmUp(0);
    assertThat(calls).hasToString("a".repeat(10) + "b".repeat(10) + "c".repeat(10));
    calls.setLength(0);
    List<Integer> told = new ArrayList<>();
    double[][] millis = contest.run(4, told::add);
    assertThat(calls).hasToString("abc" + "bca" + "cab" + "abc");
    assertThat(told).containsExactly(1, 2, 3, 4);
    assertThat(millis).hasDimensions(3, 4);
  }

  @Test
  void percentilesAreTimesThatWereMeasured() {
    double[] hundred = new double[100];
    for (int i = 0; i < 100; i++) {
      hundred[i] = 100 - i;
    }
    assertThat(Distribution.of(hundred)).isEqualTo(new Distribution(1, 50, 95, 99));
    assertThat(hundred[0]).as("left as it was").isEqualTo(100);
    assertThat(Distribution.of(new double[] {3, 1, 2})).isEqualTo(new Distribution(1, 2, 3, 3));
    assertThat(Distribution.of(new double[] {7})).isEqualTo(new Distribution(7, 7, 7, 7));
  }
}
