package org.efrnet.cli.compare;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.StreamSupport;
import org.efrnet.metrics.Spread;

/** What stands in a {@code compare.json}, by what it is asked for. */
final class Measured {
  /** Of whose accuracy nothing can be said without data. */
  static final String NO_DATA = "not measured: data not at hand";

  /** Of whose accuracy nothing can be said without weights. */
  static final String NO_BUNDLE = "not measured: no bundle";

  /**
   * A network's cost.
   *
   * @param writtenGmac with what is computed for nothing or for training alone
   * @param refused why it has none; empty if it has
   * @param reconstruction how it is one; empty if it is none
   */
  record Count(
      String name,
      long parameters,
      double gmac,
      double convGmac,
      double writtenGmac,
      String refused,
      String reconstruction) {
    boolean isThere() {
      return refused.isEmpty();
    }
  }

  /**
   * A network's time in milliseconds.
   *
   * @param ranAt such as {@code 640x384}, where the network needs more than it was given
   */
  record Time(
      String network,
      String precision,
      double min,
      double p50,
      double p95,
      String ranAt,
      String refused) {
    boolean isThere() {
      return refused.isEmpty();
    }

    double perSecond() {
      return 1000 / p50;
    }
  }

  /**
   * A bundle and how it did.
   *
   * @param miou percent; not a number if it was not measured
   * @param classes IoU in percent by name
   * @param why it was not measured; empty if it was
   */
  record Bundle(
      String name,
      String network,
      String group,
      String seed,
      double miou,
      double pixelAccuracy,
      Map<String, Double> classes,
      boolean leak,
      String why) {
    boolean isThere() {
      return why.isEmpty();
    }
  }

  private final JsonNode json;

  Measured(JsonNode json) {
    this.json = json;
  }

  JsonNode json() {
    return json;
  }

  JsonNode printed(String table) {
    return json.path("printed").path(table);
  }

  static List<JsonNode> rows(JsonNode table) {
    return StreamSupport.stream(table.path("rows").spliterator(), false).toList();
  }

  static List<String> texts(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false).map(JsonNode::asText).toList();
  }

  /** A number; not a number if there is none. */
  static double number(JsonNode node) {
    return node.isNumber() ? node.doubleValue() : Double.NaN;
  }

  boolean isQuick() {
    return json.path("quick").asBoolean();
  }

  /** The data that accuracy was measured on; empty if there was none. */
  Optional<String> data() {
    JsonNode data = json.path("data");
    return data.isObject()
        ? Optional.of(
            data.path("name").asText()
                + ", "
                + data.path("pictures").asInt()
                + (data.path("pictures").asInt() == 1 ? " picture" : " pictures"))
        : Optional.empty();
  }

  List<Count> counts() {
    List<Count> counts = new ArrayList<>();
    for (JsonNode n : json.path("networks")) {
      counts.add(
          new Count(
              n.path("name").asText(),
              n.path("parameters").asLong(),
              number(n.path("gmac")),
              number(n.path("convGmac")),
              number(n.path("writtenGmac")),
              n.path("refused").asText(""),
              n.path("reconstruction").asText("")));
    }
    return counts;
  }

  /** The count of a network, if it is here and has one. */
  Optional<Count> count(String network) {
    return counts().stream().filter(c -> c.name.equals(network) && c.isThere()).findFirst();
  }

  /** Those of a network's operations that a printed row counts, as we read it: GMac. */
  static double comparable(JsonNode printedRow, Count count) {
    return printedRow.path("counts").asText().equals("written")
        ? count.writtenGmac()
        : count.gmac();
  }

  /** Behind a network's name. */
  String mark(String network) {
    return counts().stream().anyMatch(c -> c.name.equals(network) && !c.reconstruction.isEmpty())
        ? "reconstruction"
        : "";
  }

  List<Time> times() {
    List<Time> times = new ArrayList<>();
    String asked = json.path("width").asInt() + "x" + json.path("height").asInt();
    for (JsonNode n : json.path("speed")) {
      String ran = n.path("width").asInt() + "x" + n.path("height").asInt();
      times.add(
          new Time(
              n.path("network").asText(),
              n.path("precision").asText(),
              number(n.path("min")),
              number(n.path("p50")),
              number(n.path("p95")),
              ran.equals(asked) || !n.has("width") ? "" : ran,
              n.path("refused").asText("")));
    }
    return times;
  }

  /** A network's time in the first precision, if it was measured. */
  Optional<Time> time(String network) {
    return times().stream().filter(t -> t.network.equals(network) && t.isThere()).findFirst();
  }

  /** A network's time in a precision, if it was measured. */
  Optional<Time> time(String network, String precision) {
    return times().stream()
        .filter(t -> t.network.equals(network) && t.precision.equals(precision) && t.isThere())
        .findFirst();
  }

  /** Bundles by what they have in common but for the seed, in the order of the first of each. */
  Map<String, List<Bundle>> groups() {
    Map<String, List<Bundle>> groups = new LinkedHashMap<>();
    for (JsonNode n : json.path("bundles")) {
      Map<String, Double> classes = new LinkedHashMap<>();
      for (JsonNode c : n.path("scores").path("classes")) {
        classes.put(c.path("name").asText(), number(c.path("iou")));
      }
      String refused = n.path("refused").asText("");
      Bundle bundle =
          new Bundle(
              n.path("name").asText(),
              n.path("network").asText(""),
              n.path("group").asText(n.path("name").asText()),
              n.path("seed").asText(""),
              number(n.path("scores").path("miou")),
              number(n.path("scores").path("pixelAccuracy")),
              classes,
              n.path("scores").path("leak").asBoolean(),
              !refused.isEmpty() ? "not measured: " + refused : n.has("scores") ? "" : NO_DATA);
      groups.computeIfAbsent(bundle.group, g -> new ArrayList<>()).add(bundle);
    }
    return groups;
  }

  /** The spread of mIoU over bundles. */
  static Spread miou(List<Bundle> bundles) {
    return Spread.of(bundles.stream().mapToDouble(Bundle::miou).toArray());
  }
}
