package org.efrnet.segment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProtocolTest {
  @ParameterizedTest
  @CsvSource({
    "10, 4, 3, '0 3 6'",
    "10, 4, 4, '0 4 6'",
    "10, 9, 5, '0 1'",
    "2048, 1024, 768, '0 768 1024'",
    "4, 4, 1, '0'",
    "3, 4, 1, '0'"
  })
  void windowsCoverASideAndEndAtItsEdge(int length, int window, int stride, String starts) {
    assertThat(Protocol.Window.starts(length, window, stride))
        .containsExactly(
            java.util.Arrays.stream(starts.split(" ")).mapToInt(Integer::parseInt).toArray());
  }

  @Test
  void itNamesItself() {
    assertThat(Protocol.PLAIN).hasToString("single scale, no flip");
    assertThat(new Protocol(Optional.empty(), List.of(0.75, 1.0, 1.25), true))
        .hasToString("scales 0.75, 1, 1.25, flip");
    assertThat(
            new Protocol(Optional.of(Protocol.window("1024x512", "768x384")), List.of(1.0), false))
        .hasToString("single scale, no flip, windows 1024x512 at strides 768x384");
  }

  @Test
  void windowsAreReadAsWords() {
    assertThat(Protocol.window("713", "475")).isEqualTo(new Protocol.Window(713, 713, 475, 475));
    assertThatThrownBy(() -> Protocol.window("wide", "1"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("window 'wide' is not WIDTHxHEIGHT, nor one number for both");
    assertThatThrownBy(() -> Protocol.window("8x8", "9"))
        .hasMessageContaining("stride 9x9 of a window 8x8")
        .hasMessageContaining("left out");
    assertThatThrownBy(() -> Protocol.window("8x8", "0")).hasMessageContaining("at least 1");
    assertThatThrownBy(() -> Protocol.window("0", "1")).hasMessageContaining("window 0x0");
  }

  @Test
  void scalesAreWithinReason() {
    for (List<Double> wrong :
        List.of(List.<Double>of(), List.of(1.0, 1.0), List.of(0.0), List.of(9.0))) {
      assertThatThrownBy(() -> new Protocol(Optional.empty(), wrong, false))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("scale");
    }
  }
}
