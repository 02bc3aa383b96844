package org.efrnet.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Bytes as protobuf's documentation of its wire format has them, or worked out by hand. */
class ProtobufWriterTest {
  private static String hex(ProtobufWriter message) {
    return HexFormat.ofDelimiter(" ").formatHex(message.toBytes());
  }

  @ParameterizedTest
  @CsvSource({
    "1, 150, 08 96 01",
    "1, 0, 08 00",
    "1, 127, 08 7f",
    "1, 128, 08 80 01",
    "16, 1, 80 01 01",
    "1, -2, 08 fe ff ff ff ff ff ff ff ff 01",
  })
  void numbers(int field, long value, String bytes) {
    assertThat(hex(new ProtobufWriter().number(field, value))).isEqualTo(bytes);
  }

  @Test
  void textsMessagesAndReals() {
    assertThat(hex(new ProtobufWriter().text(2, "testing")))
        .isEqualTo("12 07 74 65 73 74 69 6e 67");
    assertThat(hex(new ProtobufWriter().text(2, "ä"))).isEqualTo("12 02 c3 a4");
    assertThat(hex(new ProtobufWriter().message(3, new ProtobufWriter().number(1, 150))))
        .isEqualTo("1a 03 08 96 01");
    assertThat(hex(new ProtobufWriter().real(2, 1))).isEqualTo("15 00 00 80 3f");
    assertThat(hex(new ProtobufWriter().number(1, 1).bytes(2, new byte[0]).number(1, 2)))
        .isEqualTo("08 01 12 00 08 02");
  }
}
