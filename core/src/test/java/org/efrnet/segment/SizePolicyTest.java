package org.efrnet.segment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.efrnet.segment.SizePolicy.Scaled;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SizePolicyTest {
  @ParameterizedTest
  @CsvSource({
    "960, 720, 480",
    "480, 360, 480",
    "1920, 1080, 640",
    "333, 251, 478",
    "1, 1, 360",
    "1, 1000, 1",
    "3, 2160, 1",
    "1023, 720, 512"
  })
  void keepsTheAspectRatioAtTheBundlesHeight(int width, int height, int columns) {
    assertThat(new SizePolicy.BundleHeight().of(width, height, 360))
        .isEqualTo(new Scaled(columns, 360));
    assertThat(new SizePolicy.Height(360).of(width, height, 99))
        .isEqualTo(new Scaled(columns, 360));
  }

  @Test
  void nativeAndExactSizesAreWhatTheySay() {
    assertThat(new SizePolicy.Native().of(7, 5, 360)).isEqualTo(new Scaled(7, 5));
    assertThat(new SizePolicy.Exact(64, 48).of(7, 5, 360)).isEqualTo(new Scaled(64, 48));
  }

  @Test
  void readsWhatPeopleWrite() {
    assertThat(SizePolicy.parse("native")).isEqualTo(new SizePolicy.Native());
    assertThat(SizePolicy.parse("640x360")).isEqualTo(new SizePolicy.Exact(640, 360));
    assertThat(SizePolicy.parse("512")).isEqualTo(new SizePolicy.Height(512));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "big", "x360", "640x", "0", "0x5", "-3", "9999999", "99999999", "1x2x3"})
  void refusesOtherSizes(String text) {
    assertThatThrownBy(() -> SizePolicy.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("size ");
  }

  @Test
  void refusesAWidthBeyondWhatCanBeResized() {
    assertThatThrownBy(() -> new SizePolicy.Height(360).of(10_000, 1, 360))
        .hasMessageContaining("10000x1")
        .hasMessageContaining("3600000 wide");
  }
}
