package org.efrnet.text;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class OneLineTest {
  @Test
  void ordinaryTextStaysAsItIs() {
    assertThat(OneLine.of("Straße 7 \uD83D\uDE97 'x'")).isEqualTo("Straße 7 \uD83D\uDE97 'x'");
  }

  @Test
  void whatBreaksALineOrTerminalIsWrittenOut() {
    assertThat(OneLine.of("a\r\nb\u001b[2Jc\u2028d\u202ee"))
        .isEqualTo("a\\u000d\\u000ab\\u001b[2Jc\\u2028d\\u202ee");
    assertThat(OneLine.of("x\uD83D")).isEqualTo("x\\ud83d");
  }

  @Test
  void longTextIsCut() {
    assertThat(OneLine.of("z".repeat(5000))).isEqualTo("z".repeat(120) + "...");
    assertThat(OneLine.of("z".repeat(120))).isEqualTo("z".repeat(120));
  }
}
