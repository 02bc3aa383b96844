package org.efrnet.cli.compare;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.efrnet.cli.compare.Measured.Bundle;
import org.efrnet.cli.compare.Measured.Count;
import org.efrnet.cli.compare.Measured.Time;
import org.efrnet.cli.compare.Table.Cell;
import org.efrnet.cli.compare.Table.Column;
import org.efrnet.cli.compare.Table.Note;
import org.efrnet.cli.compare.Table.Row;
import org.efrnet.cli.compare.Table.Source;
import org.efrnet.metrics.Spread;

/** The paper's four tables as measured here. */
final class Tables {
  /** The network that all of this is about. */
  static final String OURS = "efrnet";

  private static final double MILLION = 1e6;

  private final Measured measured;

  Tables(Measured measured) {
    this.measured = measured;
  }

  List<Table> all() {
    return List.of(ablation(), size(), speed(), classes());
  }

  private static Cell of(Optional<Count> count, Function<Count, Cell> cell) {
    return count.map(cell).orElse(Cell.DASH);
  }

  private Table ablation() {
    JsonNode printed = measured.printed("table1");
    List<Row> rows = new ArrayList<>();
    for (JsonNode row : Measured.rows(printed)) {
      String network = row.path("network").asText();
      Optional<Count> count = measured.count(network);
      rows.add(
          new Row(
              List.of(
                  Cell.text(row.path("method").asText()),
                  Cell.text(network),
                  of(count, c -> Cell.count(c.parameters())),
                  of(count, c -> Cell.ours(c.gmac(), 3)),
                  of(count, c -> Cell.ours(c.convGmac(), 3)),
                  Cell.printed(Measured.number(row.path("miou")), 1),
                  accuracyOf(network)),
              measured.mark(network),
              network.equals(OURS)));
    }
    return new Table(
        "table1",
        "Table 1: what the modules bring",
        "Parameters and operations "
            + atPaperSize()
            + ". mIoU in percent: the paper's on "
            + printed.path("data").asText()
            + "; ours on "
            + measured.data().orElse("no data")
            + ". The two are different data and cannot be compared.",
        List.of(
            Column.text("Model", "model"),
            Column.text("Network here", "network"),
            Column.number("Parameters", "parameters"),
            Column.number("GMac, paper's rule", "gmac"),
            Column.number("GMac, convolutions", "conv_gmac"),
            Column.number("mIoU printed", "miou_printed"),
            Column.number("mIoU measured", "miou_measured")),
        rows,
        List.of());
  }

  private String atPaperSize() {
    JsonNode two = measured.printed("table2");
    return "at "
        + two.path("width").asInt()
        + "x"
        + two.path("height").asInt()
        + " with "
        + two.path("classes").asInt()
        + " classes";
  }

  /** The mIoU of a network's bundles; or why there is none. */
  private Cell accuracyOf(String network) {
    List<List<Bundle>> groups =
        measured.groups().values().stream()
            .filter(bundles -> bundles.get(0).network().equals(network))
            .toList();
    if (groups.isEmpty()) {
      return Cell.missing(Measured.NO_BUNDLE);
    }
    List<List<Bundle>> judged =
        groups.stream().filter(bundles -> Measured.miou(bundles).count() > 0).toList();
    if (!judged.isEmpty()) {
      return new Cell(
          judged.stream()
              .map(
                  bundles ->
                      (judged.size() > 1 ? bundles.get(0).name() + ": " : "") + said(bundles))
              .collect(Collectors.joining("; ")),
          String.format(Locale.ROOT, "%.3f", Measured.miou(judged.get(0)).mean()),
          Source.OURS);
    }
    // A longer reason stands in Table 4.
    boolean data = groups.get(0).get(0).why().equals(Measured.NO_DATA);
    return Cell.missing(data ? Measured.NO_DATA : "not measured: refused");
  }

  private static String said(List<Bundle> bundles) {
    return meanAndDeviation(Measured.miou(bundles))
        + (bundles.stream().anyMatch(Bundle::leak) ? " LEAK" : "");
  }

  /** As 53.28, or 53.28 ± 0.41 (3 seeds). */
  static String meanAndDeviation(Spread spread) {
    return spread.count() < 2
        ? String.format(Locale.ROOT, "%.2f", spread.mean())
        : String.format(
            Locale.ROOT,
            "%.2f \u00b1 %.2f (%d seeds)",
            spread.mean(),
            spread.deviation(),
            spread.count());
  }

  private Table size() {
    JsonNode printed = measured.printed("table2");
    List<Row> rows = new ArrayList<>();
    List<Note> notes = new ArrayList<>();
    Set<String> shown = new LinkedHashSet<>();
    for (JsonNode row : Measured.rows(printed)) {
      boolean first = true;
      for (String network : Measured.texts(row.path("networks"))) {
        Optional<Count> count = measured.count(network);
        // The printed row stands once: beside its likeliest network, whether that is here or not.
        if (first || count.isPresent()) {
          rows.add(sizeRow(row, network, count, first));
          shown.add(network);
        }
        first = false;
      }
      notes.add(new Note(row.path("method").asText(), row.path("reading").asText()));
    }
    for (Count count : measured.counts()) {
      if (!shown.contains(count.name())) {
        rows.add(
            sizeRow(MissingNode.getInstance(), count.name(), measured.count(count.name()), false));
      }
      if (!count.isThere()) {
        notes.add(new Note(count.name(), "not counted: " + count.refused()));
      }
      if (!count.reconstruction().isEmpty()) {
        notes.add(new Note(count.name(), "reconstruction: " + count.reconstruction()));
      }
    }
    return new Table(
        "table2",
        "Table 2: size and operations",
        "Counted "
            + atPaperSize()
            + ". GMac by the paper's rule counts convolutions, biases, batch norm, activations and"
            + " pooling; beside it convolutions alone. What the paper prints as GFlops is in"
            + " several units: the quotient tells which. Its mIoU is on "
            + printed.path("data").asText()
            + ", "
            + Measured.NO_DATA.replace("not measured", "not measured here")
            + ".",
        List.of(
            Column.text("Network", "network"),
            Column.number("Parameters", "parameters"),
            Column.number("GMac, paper's rule", "gmac"),
            Column.number("GMac, convolutions", "conv_gmac"),
            Column.text("Printed as", "printed_as"),
            Column.number("Params, M", "printed_million_parameters"),
            Column.number("GFlops", "printed_gflops"),
            Column.number("mIoU, %", "printed_miou"),
            Column.number("GFlops / our GMac", "printed_by_ours")),
        rows,
        notes);
  }

  private Row sizeRow(JsonNode row, String network, Optional<Count> count, boolean withPrinted) {
    double gflops = withPrinted ? Measured.number(row.path("gflops")) : Double.NaN;
    return new Row(
        List.of(
            Cell.text(network),
            count.isPresent()
                ? Cell.count(count.get().parameters())
                : Cell.missing("no such network here"),
            of(count, c -> Cell.ours(c.gmac(), 3)),
            of(count, c -> Cell.ours(c.convGmac(), 3)),
            withPrinted
                ? new Cell(row.path("method").asText(), row.path("method").asText(), Source.PRINTED)
                : Cell.DASH,
            withPrinted
                ? Cell.printed(Measured.number(row.path("millionParameters")), 2)
                : Cell.DASH,
            withPrinted ? Cell.printed(gflops, 2) : Cell.DASH,
            withPrinted ? Cell.printed(Measured.number(row.path("miou")), 1) : Cell.DASH,
            of(count, c -> Cell.ours(gflops / Measured.comparable(row, c), 2))),
        measured.mark(network),
        network.equals(OURS));
  }

  private Table speed() {
    JsonNode printed = measured.printed("table3");
    Map<String, JsonNode> byNetwork = new LinkedHashMap<>();
    Measured.rows(printed).forEach(row -> byNetwork.put(row.path("network").asText(), row));
    double printedOurs =
        byNetwork.containsKey(OURS) ? Measured.number(byNetwork.get(OURS).path("fps")) : Double.NaN;
    List<Row> rows = new ArrayList<>();
    List<Note> notes = new ArrayList<>();
    Set<String> shown = new LinkedHashSet<>();
    for (Time time : measured.times()) {
      JsonNode row = byNetwork.get(time.network());
      boolean withPrinted = shown.add(time.network()) && row != null;
      double fps = withPrinted ? Measured.number(row.path("fps")) : Double.NaN;
      rows.add(speedRow(time, fps, printedOurs));
      if (!time.isThere()) {
        notes.add(new Note(time.network() + " in " + time.precision(), time.refused()));
      } else if (!time.ranAt().isEmpty() && withPrinted) {
        notes.add(new Note(time.network(), "padded to " + time.ranAt() + ", as it needs."));
      }
    }
    for (Map.Entry<String, JsonNode> entry : byNetwork.entrySet()) {
      JsonNode row = entry.getValue();
      if (!shown.contains(entry.getKey())) {
        double fps = Measured.number(row.path("fps"));
        rows.add(
            new Row(
                List.of(
                    Cell.text(entry.getKey()),
                    Cell.DASH,
                    Cell.missing("not measured"),
                    Cell.DASH,
                    Cell.DASH,
                    Cell.DASH,
                    Cell.DASH,
                    Cell.DASH,
                    Cell.printed(fps, 1),
                    Cell.printed(fps / printedOurs, 2)),
                "",
                false));
      }
      String reading = row.path("reading").asText("");
      if (!reading.isEmpty()) {
        notes.add(new Note(row.path("method").asText() + " as printed", reading));
      }
    }
    JsonNode json = measured.json();
    return new Table(
        "table3",
        "Table 3: speed",
        "Here: "
            + json.path("machine").path("cpu").asText()
            + ", "
            + threads()
            + ", engine "
            + json.path("engine").asText()
            + ", "
            + json.path("width").asInt()
            + "x"
            + json.path("height").asInt()
            + ", "
            + json.path("classes").asInt()
            + " classes, random weights (time does not depend on them); from normalised planes to"
            + " the class map, in one interleaved run of "
            + json.path("rounds").asInt()
            + " rounds"
            + (measured.isQuick() ? ": a trial, too short to compare" : "")
            + ". Printed: "
            + printed.path("machine").asText()
            + ", another machine: compare quotients, not frames.",
        List.of(
            Column.text("Network", "network"),
            Column.text("Precision", "precision"),
            Column.number("Frames/s", "frames_per_second"),
            Column.number("p50, ms", "p50_ms"),
            Column.number("p95, ms", "p95_ms"),
            Column.number("min, ms", "min_ms"),
            Column.number("p95 / p50", "p95_by_p50"),
            Column.number("Speed / EFRNet's", "by_efrnet"),
            Column.number("Frames/s printed", "printed_frames_per_second"),
            Column.number("Printed / EFRNet's", "printed_by_efrnet")),
        rows,
        notes);
  }

  private String threads() {
    int threads = measured.json().path("threads").asInt();
    return threads == 1 ? "1 thread" : threads + " threads";
  }

  private Row speedRow(Time time, double printed, double printedOurs) {
    double ours = measured.time(OURS, time.precision()).map(Time::perSecond).orElse(Double.NaN);
    return new Row(
        List.of(
            Cell.text(time.network()),
            Cell.text(time.precision()),
            time.isThere() ? Cell.ours(time.perSecond(), 1) : Cell.missing("refused"),
            Cell.ours(time.p50(), 2),
            Cell.ours(time.p95(), 2),
            Cell.ours(time.min(), 2),
            Cell.ours(time.p95() / time.p50(), 2),
            time.isThere() ? Cell.ours(time.perSecond() / ours, 2) : Cell.DASH,
            Cell.printed(printed, 1),
            Cell.printed(printed / printedOurs, 2)),
        measured.mark(time.network()),
        time.network().equals(OURS));
  }

  private Table classes() {
    JsonNode printed = measured.printed("table4");
    List<String> names = columnsOf(printed);
    List<Column> columns = new ArrayList<>();
    columns.add(Column.text("Model", "model"));
    columns.add(Column.text("Figure", "figure"));
    names.forEach(name -> columns.add(Column.number(shortened(name), name)));
    columns.add(Column.number("Mean of classes", "mean_of_classes"));
    columns.add(Column.number("mIoU", "miou"));
    List<Row> rows = new ArrayList<>();
    List<Note> notes = new ArrayList<>();
    for (JsonNode row : Measured.rows(printed)) {
      rows.add(printedClasses(row, names, Measured.texts(printed.path("classes"))));
      String reading = row.path("reading").asText();
      if (!reading.isEmpty()) {
        notes.add(new Note(row.path("method").asText() + " as printed", reading));
      }
    }
    for (List<Bundle> bundles : measured.groups().values()) {
      bundles.forEach(b -> rows.add(bundleClasses(b, names)));
      if (Measured.miou(bundles).count() > 1) {
        rows.add(spreadRow(bundles, names, true));
        rows.add(spreadRow(bundles, names, false));
      }
      for (Bundle bundle : bundles) {
        if (!bundle.isThere() && !bundle.why().equals(Measured.NO_DATA)) {
          notes.add(new Note(bundle.name(), bundle.why()));
        }
        if (bundle.leak()) {
          notes.add(
              new Note(bundle.name(), "LEAK: trained on pictures that it is judged on here."));
        }
        if (bundle.isThere() && classesDiffer(bundle, names)) {
          notes.add(new Note(bundle.name(), "its other classes are not among the paper's."));
        }
      }
    }
    if (measured.groups().isEmpty()) {
      notes.add(new Note("Measured", Measured.NO_BUNDLE));
    }
    return new Table(
        "table4",
        "Table 4: class by class",
        "Percent. Printed: "
            + printed.path("data").asText()
            + ". Measured: "
            + measured
                .data()
                .map(
                    data ->
                        data
                            + ", single scale, void ignored"
                            + (measured.json().path("data").path("generated").asBoolean()
                                ? "; drawn, so the figures say nothing of real streets"
                                : ""))
                .orElse("no data at hand")
            + ".",
        columns,
        rows,
        notes);
  }

  private static boolean classesDiffer(Bundle bundle, List<String> names) {
    return !names.containsAll(bundle.classes().keySet());
  }

  /** The paper's classes in its order. */
  private static List<String> columnsOf(JsonNode printed) {
    return Measured.texts(printed.path("classes"));
  }

  /** Columns of 11 classes must be narrow. */
  private static String shortened(String name) {
    return name.substring(0, Math.min(5, name.length()));
  }

  private Row printedClasses(JsonNode row, List<String> names, List<String> order) {
    List<Cell> cells = new ArrayList<>();
    boolean accuracy = row.path("measure").asText().equals("accuracy");
    cells.add(new Cell(row.path("method").asText(), row.path("method").asText(), Source.PRINTED));
    cells.add(
        new Cell(figure(accuracy), accuracy ? "accuracy_printed" : "iou_printed", Source.PRINTED));
    double[] values =
        IntStream.range(0, order.size())
            .mapToDouble(i -> Measured.number(row.path("values").path(i)))
            .toArray();
    for (String name : names) {
      int place = order.indexOf(name);
      cells.add(place < 0 ? Cell.DASH : Cell.printed(values[place], 1));
    }
    cells.add(Cell.ours(Spread.of(values).mean(), 2));
    cells.add(Cell.printed(Measured.number(row.path("mean")), 1));
    return new Row(cells, "", false);
  }

  private static String figure(boolean accuracy) {
    return accuracy ? "accuracy (not IoU), printed" : "IoU, printed";
  }

  private Row bundleClasses(Bundle bundle, List<String> names) {
    List<Cell> cells = new ArrayList<>();
    cells.add(
        Cell.text(bundle.name() + (bundle.seed().isEmpty() ? "" : ", seed " + bundle.seed())));
    if (!bundle.isThere()) {
      boolean data = bundle.why().equals(Measured.NO_DATA);
      cells.add(Cell.missing(data ? Measured.NO_DATA : "not measured: refused"));
      names.forEach(name -> cells.add(Cell.DASH));
      cells.add(Cell.DASH);
      cells.add(Cell.DASH);
    } else {
      cells.add(new Cell("IoU, measured", "iou_measured", Source.OURS));
      for (String name : names) {
        cells.add(Cell.ours(bundle.classes().getOrDefault(name, Double.NaN), 1));
      }
      double[] all = bundle.classes().values().stream().mapToDouble(Double::doubleValue).toArray();
      cells.add(Cell.ours(Spread.of(all).mean(), 2));
      cells.add(Cell.ours(bundle.miou(), 2));
    }
    return new Row(
        cells,
        bundle.leak() ? "LEAK" : measured.mark(bundle.network()),
        bundle.network().equals(OURS));
  }

  private static Row spreadRow(List<Bundle> bundles, List<String> names, boolean mean) {
    List<Cell> cells = new ArrayList<>();
    int count = Measured.miou(bundles).count();
    cells.add(
        Cell.text(
            (mean ? "mean of " : "deviation of ")
                + count
                + " seeds of "
                + bundles.get(0).network()));
    cells.add(
        new Cell(
            mean ? "IoU, mean" : "IoU, standard deviation",
            mean ? "iou_mean" : "iou_deviation",
            Source.OURS));
    for (String name : names) {
      Spread spread =
          Spread.of(
              bundles.stream()
                  .mapToDouble(b -> b.classes().getOrDefault(name, Double.NaN))
                  .toArray());
      cells.add(Cell.ours(mean ? spread.mean() : spread.deviation(), 1));
    }
    cells.add(Cell.DASH);
    Spread spread = Measured.miou(bundles);
    cells.add(Cell.ours(mean ? spread.mean() : spread.deviation(), 2));
    return new Row(cells, "", mean && bundles.get(0).network().equals(OURS));
  }

  /** Millions with two decimals, as the paper prints parameters. */
  static String millions(long parameters) {
    return String.format(Locale.ROOT, "%.2f M", parameters / MILLION);
  }
}
