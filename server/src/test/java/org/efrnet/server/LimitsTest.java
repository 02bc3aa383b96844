package org.efrnet.server;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LimitsTest {
  @ParameterizedTest
  @ValueSource(longs = {16, 64, 247, 1024, 8192})
  void theLargestBodyHasRoomAsAForm(long mebibytes) {
    Limits limits = Limits.of(mebibytes << 20);
    assertThat(limits.bodyBytes()).isBetween(1, 16 << 20);
    assertThat(4L * limits.bodyBytes()).isLessThanOrEqualTo(limits.bodyBytesInFlight());
  }

  @Test
  void aLargerBodyGetsRoomAsWell() {
    Limits limits = Limits.of(1L << 30).withBodyBytes(256 << 20);
    assertThat(limits.bodyBytes()).isEqualTo(256 << 20);
    assertThat(limits.bodyBytesInFlight()).isEqualTo(1L << 30);
    assertThat(Limits.of(1L << 30).withBodyBytes(1 << 20).bodyBytesInFlight()).isEqualTo(1L << 27);
  }
}
