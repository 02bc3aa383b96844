package org.efrnet.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NearestTest {
  private static final List<String> KNOWN =
      List.of("learningRate", "batch", "momentum", "crop", "weightDecay");

  @ParameterizedTest
  @CsvSource({
    "learningrate,learningRate",
    "learnigRate,learningRate",
    "leraningRate,learningRate",
    "bacth,batch",
    "btch,batch",
    "weight,weightDecay",
    "crops,crop",
    "momentum,momentum"
  })
  void aSlipFindsItsName(String slip, String name) {
    assertThat(Nearest.to(slip, KNOWN)).contains(name);
    assertThat(Nearest.hint(slip, KNOWN)).isEqualTo(" (did you mean '" + name + "'?)");
  }

  @ParameterizedTest
  @CsvSource({"palette", "x", "we", "''"})
  void whatWasNotMeantIsNotNamed(String word) {
    assertThat(Nearest.to(word, KNOWN)).isEmpty();
    assertThat(Nearest.hint(word, KNOWN)).isEmpty();
  }

  @Test
  void theFirstOfEqualsWins() {
    assertThat(Nearest.to("b1", List.of("b2", "b3"))).contains("b2");
    assertThat(Nearest.to("b1", List.of("b3", "b2"))).contains("b3");
  }

  @Test
  void aHostileNameIsNotCompared() {
    assertThat(Nearest.to("a".repeat(300), List.of("a".repeat(300)))).isEmpty();
  }

  @Test
  void oneEditInALongNameIsAlwaysFoundAgain() {
    Random random = new Random(11);
    for (int round = 0; round < 200; round++) {
      StringBuilder name = new StringBuilder(KNOWN.get(random.nextInt(KNOWN.size())));
      String meant = name.toString();
      int at = random.nextInt(name.length() - 1);
      switch (random.nextInt(4)) {
        case 0 -> name.deleteCharAt(at);
        case 1 -> name.insert(at, 'q');
        case 2 -> name.setCharAt(at, 'q');
        default -> {
          char first = name.charAt(at);
          name.setCharAt(at, name.charAt(at + 1));
          name.setCharAt(at + 1, first);
        }
      }
      assertThat(Nearest.to(name.toString(), KNOWN)).as(name.toString()).contains(meant);
    }
  }
}
