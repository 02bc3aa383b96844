package org.efrnet.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NoSuchElementException;
import org.junit.jupiter.api.Test;

class WeightsTest {
  private static FloatTensor tensor(float... values) {
    return new FloatTensor(new int[] {values.length}, values);
  }

  @Test
  void aMissingTensorIsNamedTogetherWithItsNearest() {
    Weights weights = Weights.of(Map.of("b0.conv.weight", tensor(1), "cls.weight", tensor(2)));
    assertThatThrownBy(() -> weights.get("b0.conv.wieght"))
        .isInstanceOf(NoSuchElementException.class)
        .hasMessage(
            "no tensor 'b0.conv.wieght' among the 2 of these weights"
                + " (did you mean 'b0.conv.weight'?)");
    assertThat(weights.find("b0")).isEmpty();
    assertThat(weights.find("cls.weight")).contains(tensor(2));
  }

  @Test
  void laterTensorsReplaceAndTheOriginalStays() {
    Weights weights = Weights.of(Map.of("a", tensor(1), "b", tensor(2, 3)));
    Weights changed = weights.with(Map.of("b", tensor(4), "c", tensor(5, 6, 7)));
    assertThat(weights.names()).containsExactly("a", "b");
    assertThat(weights.valueCount()).isEqualTo(3);
    assertThat(changed.names()).containsExactly("a", "b", "c");
    assertThat(changed.get("b")).isEqualTo(tensor(4));
    assertThat(changed.valueCount()).isEqualTo(5);
    assertThatThrownBy(() -> weights.tensors().put("x", tensor(1)))
        .isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(() -> weights.names().remove("a"))
        .isInstanceOf(UnsupportedOperationException.class);
  }

  @Test
  void theDigestDependsOnNamesShapesAndValuesAlone() {
    Map<String, FloatTensor> one = new LinkedHashMap<>();
    one.put("a", tensor(1, 2));
    one.put("b", tensor(3));
    Map<String, FloatTensor> other = new LinkedHashMap<>();
    other.put("b", tensor(3));
    other.put("a", tensor(1, 2));
    String digest = Weights.of(one).digest();
    assertThat(digest).matches("[0-9a-f]{64}").isEqualTo(Weights.of(other).digest());
    assertThat(Weights.of(one)).isEqualTo(Weights.of(other));
    assertThat(
            new String[] {
              Weights.of(one).with(Map.of("a", tensor(1, 3))).digest(),
              Weights.of(one)
                  .with(Map.of("a", new FloatTensor(new int[] {2, 1}, new float[] {1, 2})))
                  .digest(),
              Weights.of(Map.of("a", tensor(1, 2), "c", tensor(3))).digest(),
              Weights.of(Map.of("a", tensor(1), "b", tensor(2, 3))).digest(),
              Weights.empty().digest()
            })
        .doesNotContain(digest)
        .doesNotHaveDuplicates();
  }

  @Test
  void theDigestIsTheOneDescribed() {
    // printf '\1\0\0\0a\1\0\0\0\2\0\0\0\0\0\200\77\0\0\0\300' | sha256sum
    assertThat(Weights.of(Map.of("a", tensor(1, -2))).digest())
        .isEqualTo("166f5944431d94ff047d06bd8bd808c8fe175f76e3783df48342bfc8e80de976");
  }
}
