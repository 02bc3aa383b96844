package org.efrnet.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StrictYamlTest {
  private static void refused(String text, String part) {
    assertThatThrownBy(() -> StrictYaml.parse(text))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(part)
        .extracting(Throwable::getMessage)
        .matches(message -> message.lines().count() == 1, "one line");
  }

  @Test
  void aPlainDocumentIsATree() throws IOException {
    ObjectNode tree = StrictYaml.parse("a: 1\nb: [x, 2.5]\nc: {d: 'yes'} # note\n");
    assertThat(tree.path("a").intValue()).isEqualTo(1);
    assertThat(tree.path("b").get(1).doubleValue()).isEqualTo(2.5);
    assertThat(tree.path("c").path("d").textValue()).isEqualTo("yes");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a: &x 1\nb: 2\n",
        "a: &x {c: 1}\nb: 2\n",
        "a: &x [1]\n",
        "a: &x\n  - 1\n",
        "&x {a: 1}\n",
        "&x a: 1\n",
        "a: [&x 1]\n",
        "a: [&x {b: 1}]\n",
        "a: &x {b: 1}\nc: *x\n",
        "a: &x {b: 1}\nc:\n  <<: *x\n",
        "a: [1, *x]\n"
      })
  void anchorsAndAliasesAreRefused(String text) {
    refused(text, "has an anchor or alias (line ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a: !!str 1\n",
        "a: !!javax.script.ScriptEngineManager [x]\n",
        "a: !thing {b: 1}\n",
        "!thing {a: 1}\n",
        "a: [!!int '1']\n",
        "!!str a: 1\n",
        "a: !<tag:yaml.org,2002:str> 7\n"
      })
  void typeTagsAreRefused(String text) {
    refused(text, "has a type tag (line ");
  }

  @Test
  void whatIsNoMappingIsRefused() {
    refused("", "is not a mapping");
    refused("- 1\n- 2\n", "is not a mapping");
    refused("words", "is not a mapping");
    refused("a: 1\na: 2\n", "Duplicate field 'a'");
    refused("a: 1\n---\nb: 2\n", "is not valid YAML");
    refused("a: [1\nb: 2\n", "is not valid YAML");
    refused("a: \u0007\n", "is not valid YAML");
    refused("a: " + "[".repeat(100_000), "is not valid YAML");
    refused("a: " + "{b: ".repeat(100_000), "is not valid YAML");
  }

  @Test
  void anUnknownKeyIsNamedWithItsNearest() throws IOException {
    List<String> known = List.of("batch", "crop");
    StrictYaml.requireKnownKeys(StrictYaml.parse("batch: 1\ncrop: 2"), known);
    assertThatThrownBy(() -> StrictYaml.requireKnownKeys(StrictYaml.parse("bacth: 1"), known))
        .hasMessage("has the unknown key 'bacth' (did you mean 'batch'?)");
    assertThatThrownBy(() -> StrictYaml.requireKnownKeys(StrictYaml.parse("size: 1"), known))
        .hasMessage("has the unknown key 'size'; known are batch, crop");
  }
}
