package org.efrnet.cli.compare;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.efrnet.charts.Axis;
import org.efrnet.charts.BubbleChart;
import org.efrnet.charts.Ink;
import org.efrnet.cli.compare.Measured.Bundle;
import org.efrnet.cli.compare.Measured.Count;
import org.efrnet.cli.compare.Measured.Time;
import org.efrnet.cli.compare.Table.Cell;
import org.efrnet.cli.compare.Table.Row;
import org.efrnet.cli.compare.Table.Source;
import org.efrnet.metrics.Spread;
import org.efrnet.pages.Html;

/** The page of a comparison: plots, tables, pictures and doubts. */
final class Page {
  private static final int CHART_WIDTH = 500;
  private static final int CHART_HEIGHT = 380;
  private static final int WIDE = 10;
  private static final Ink OURS = Ink.standard(1);
  private static final Ink OTHERS = Ink.standard(0);
  private static final Ink RECONSTRUCTED = Ink.standard(6);
  private static final String FAMILY = "baseline";

  private static final String STYLE =
      """
      main{max-width:1240px}
      nav{display:flex;flex-wrap:wrap;gap:4px 16px;margin:14px 0 0}
      h2{font-size:20px;margin-top:44px;scroll-margin-top:12px}
      h3{font-size:15px;color:var(--text);margin-top:26px}
      .about{max-width:76ch}
      .charts{grid-template-columns:repeat(auto-fit,minmax(min(100%,480px),1fr))}
      .charts p{font-size:13px;margin:2px 8px 6px}
      .scroll{margin:12px 0}
      td,tbody th{white-space:nowrap}
      td.left,th.left{text-align:left}
      td.long{white-space:normal;min-width:200px}
      tbody th:first-child,thead th:first-child{position:sticky;left:0;background:var(--card);
      box-shadow:1px 0 0 var(--line)}
      thead th{white-space:normal;min-width:52px}
      td.printed,tbody th.printed:first-child{background:color-mix(in srgb,var(--tint) 38%,var(--card))}
      .wide th,.wide td{padding-left:7px;padding-right:7px}
      td.none{color:var(--soft);font-size:13px}
      tr.all th,tr.all td{font-weight:650}
      .mark{font-size:12px;font-weight:400;color:var(--soft);border:1px solid var(--line);
      border-radius:9px;padding:0 6px;margin-left:6px}
      .key{display:inline-block;width:12px;height:12px;border-radius:3px;vertical-align:-1px;
      margin-right:5px;border:1px solid var(--line)}
      .key.printed{background:color-mix(in srgb,var(--tint) 60%,var(--card))}
      .legend{display:flex;flex-wrap:wrap;gap:3px 14px;font-size:13px;margin:8px 0}
      .notes{font-size:13.5px;margin:8px 0;padding-left:20px;max-width:96ch}
      .notes li{margin:3px 0}
      .strip{display:grid;grid-auto-flow:column;grid-auto-columns:minmax(170px,360px);gap:8px;
      overflow-x:auto;margin:6px 0 14px}
      .strip figure{margin:0}
      .strip img{width:100%;image-rendering:auto}
      .strip img.mask{image-rendering:pixelated}
      .trial{border:1px solid var(--line);border-left:4px solid #d55e00;background:var(--card);
      border-radius:6px;padding:8px 12px;margin:14px 0 0}
      @media (max-width:600px){th,td{padding:5px 8px}
      tbody th:first-child{white-space:normal;overflow-wrap:anywhere;min-width:104px;max-width:136px}
      .mark{display:block;width:max-content;margin:2px 0 0}}
      """;

  private final Measured measured;

  private Page(Measured measured) {
    this.measured = measured;
  }

  /** When, on what and with what all of this was measured; plain text. */
  static String about(Measured measured) {
    JsonNode json = measured.json();
    JsonNode machine = json.path("machine");
    String text =
        "Measured "
            + json.path("made").asText()
            + " on "
            + machine.path("cpu").asText()
            + " ("
            + String.join(" ", Measured.texts(machine.path("flags")))
            + "), "
            + machine.path("cores").asInt()
            + " cores, "
            + machine.path("os").asText()
            + " "
            + machine.path("arch").asText()
            + ", Java "
            + machine.path("java").asText()
            + "; engine "
            + json.path("engine").asText()
            + " "
            + json.path("engineVersion").asText()
            + ", threads: "
            + json.path("threads").asInt()
            + ", load before: "
            + machine.path("load").asText()
            + ". The paper: "
            + json.path("printed").path("paper").path("title").asText()
            + ", "
            + json.path("printed").path("paper").path("venue").asText()
            + ".";
    return measured.isQuick()
        ? "A quick trial: its times and accuracies say nothing. " + text
        : text;
  }

  static String html(Measured measured, List<Table> tables, List<Doubts.Doubt> doubts) {
    return new Page(measured).html(tables, doubts);
  }

  private String html(List<Table> tables, List<Doubts.Doubt> doubts) {
    StringBuilder body = new StringBuilder("<h1>EFRNet compared</h1>\n");
    body.append(
        "<p class=\"about\">The networks and tables of the paper, counted and measured by one");
    body.append(" program on one machine, beside what the paper prints.</p>\n");
    if (measured.isQuick()) {
      body.append("<p class=\"trial\">A quick trial: its times and accuracies say nothing.</p>\n");
    }
    body.append(cards());
    body.append("<nav><a href=\"#plots\">Plots</a>");
    for (Table table : tables) {
      String title = table.title();
      body.append("<a href=\"#").append(table.id()).append("\">");
      body.append(Html.escaped(title)).append("</a>");
    }
    String rows = pictures();
    body.append(rows.isEmpty() ? "" : "<a href=\"#pictures\">Pictures</a>");
    body.append("<a href=\"#doubts\">What does not add up</a></nav>\n");
    body.append(plots());
    body.append(
        "<p class=\"legend\"><span><span class=\"key printed\"></span>printed in the paper");
    body.append("</span><span><span class=\"key\"></span>counted or measured here</span></p>\n");
    for (Table table : tables) {
      body.append("<h2 id=\"").append(table.id()).append("\">");
      body.append(Html.escaped(table.title())).append("</h2>\n<p class=\"about soft\">");
      body.append(Html.escaped(table.about())).append("</p>\n").append(table(table));
    }
    body.append(rows);
    body.append("<h2 id=\"doubts\">What does not add up in the paper</h2>\n");
    for (Doubts.Doubt doubt : doubts) {
      body.append("<h3>").append(Html.escaped(doubt.title())).append("</h3>\n");
      for (String paragraph : doubt.paragraphs()) {
        body.append("<p class=\"about\">").append(Html.escaped(paragraph)).append("</p>\n");
      }
      doubt.table().ifPresent(t -> body.append(table(t)));
    }
    body.append("<h2 id=\"how\">How it was measured</h2>\n<p class=\"about\">");
    body.append(Html.escaped(about(measured))).append("</p>\n");
    return Html.page("EFRNet compared", false, STYLE, body.toString());
  }

  private String cards() {
    StringBuilder cards = new StringBuilder("<dl class=\"figures\">\n");
    Optional<Count> count = measured.count(Tables.OURS);
    count.ifPresent(
        c -> {
          cards.append(Html.figure("EFRNet", Tables.millions(c.parameters()), "parameters"));
          cards.append(
              Html.figure("Operations", Html.number(c.gmac(), 2) + " GMac", "640\u00d7360"));
        });
    measured
        .time(Tables.OURS)
        .ifPresent(
            t ->
                cards.append(
                    Html.figure(
                        "Speed here",
                        Html.number(t.perSecond(), 1) + " /s",
                        "frames, "
                            + t.precision()
                            + ", "
                            + measured.json().path("width").asInt()
                            + "\u00d7"
                            + measured.json().path("height").asInt())));
    Spread miou =
        Spread.of(
            measured.groups().values().stream()
                .flatMap(List::stream)
                .filter(b -> b.network().equals(Tables.OURS))
                .mapToDouble(Bundle::miou)
                .toArray());
    cards.append(
        Html.figure(
            "mIoU",
            miou.count() == 0 ? Html.NONE : Html.number(miou.mean(), 2) + " %",
            miou.count() == 0 ? "no data at hand" : measured.data().orElse("")));
    return cards.append("</dl>\n").toString();
  }

  /** The networks that the paper's tables name. */
  private Set<String> ofThePaper() {
    Set<String> names = new LinkedHashSet<>();
    for (String table : List.of("table1", "table2", "table3", "table4")) {
      for (JsonNode row : Measured.rows(measured.printed(table))) {
        if (row.has("network")) {
          names.add(row.path("network").asText());
        }
        names.addAll(Measured.texts(row.path("networks")));
      }
    }
    return names;
  }

  private Ink ink(String network) {
    return network.equals(Tables.OURS) || network.startsWith(FAMILY)
        ? OURS
        : measured.mark(network).isEmpty() ? OTHERS : RECONSTRUCTED;
  }

  private String plots() {
    StringBuilder plots =
        new StringBuilder("<h2 id=\"plots\">Plots</h2>\n<div class=\"charts\">\n");
    chart(
        plots,
        new BubbleChart(
            "Printed accuracy against time here",
            Axis.logarithmic("time of a frame here, ms"),
            Axis.linear("mIoU as printed, Cityscapes test, %"),
            printedAccuracies()),
        "A circle's area is the network's parameters. Accuracy is quoted from the paper's Table 2,"
            + " time is measured here: up and to the left is better.");
    List<BubbleChart.Bubble> own = measuredAccuracies();
    if (!own.isEmpty()) {
      chart(
          plots,
          new BubbleChart(
              "Measured accuracy against time here",
              Axis.logarithmic("time of a frame here, ms"),
              Axis.linear("mIoU measured, %"),
              own),
          "On "
              + measured.data().orElse("")
              + ". Means over seeds; time is that of Table 3. A circle's area is the network's"
              + " parameters.");
    }
    chart(
        plots,
        new BubbleChart(
            "Operations against parameters",
            Axis.logarithmic("parameters, millions"),
            Axis.logarithmic("GMac at 640x360, paper's rule"),
            sizes()),
        "Both counted here, alike for all. A circle's area is the time of a frame here.");
    chart(
        plots,
        new BubbleChart(
            "Speed here against printed speed",
            Axis.logarithmic("frames/s as printed, GTX 1080 Ti"),
            Axis.logarithmic("frames/s here"),
            speeds()),
        "Two machines, and some printed figures are perhaps quoted. On one line from the lower left"
            + " to the upper right both would order the networks alike. A circle's area is the"
            + " network's parameters.");
    return plots.append("</div>\n").toString();
  }

  private List<BubbleChart.Bubble> speeds() {
    List<BubbleChart.Bubble> bubbles = new ArrayList<>();
    for (JsonNode row : Measured.rows(measured.printed("table3"))) {
      String network = row.path("network").asText();
      Optional<Time> time = measured.time(network);
      Optional<Count> count = measured.count(network);
      if (time.isPresent() && count.isPresent()) {
        bubbles.add(
            new BubbleChart.Bubble(
                network,
                Measured.number(row.path("fps")),
                time.get().perSecond(),
                count.get().parameters(),
                ink(network),
                Tables.millions(count.get().parameters()) + " parameters"));
      }
    }
    return bubbles;
  }

  private static void chart(StringBuilder plots, BubbleChart chart, String caption) {
    plots.append("<div>").append(chart.svg(CHART_WIDTH, CHART_HEIGHT));
    plots.append("<p class=\"soft\">").append(Html.escaped(caption)).append("</p></div>\n");
  }

  private List<BubbleChart.Bubble> printedAccuracies() {
    List<BubbleChart.Bubble> bubbles = new ArrayList<>();
    for (JsonNode row : Measured.rows(measured.printed("table2"))) {
      String network = row.path("accuracyOf").asText();
      bubble(network, network, Measured.number(row.path("miou"))).ifPresent(bubbles::add);
    }
    return bubbles;
  }

  private List<BubbleChart.Bubble> measuredAccuracies() {
    List<BubbleChart.Bubble> bubbles = new ArrayList<>();
    for (List<Bundle> bundles : measured.groups().values()) {
      Spread spread = Measured.miou(bundles);
      if (spread.count() > 0) {
        Bundle first = bundles.get(0);
        String name =
            spread.count() > 1 ? first.network() + ", " + spread.count() + " seeds" : first.name();
        bubble(name, first.network(), spread.mean()).ifPresent(bubbles::add);
      }
    }
    return bubbles;
  }

  private Optional<BubbleChart.Bubble> bubble(String name, String network, double miou) {
    Optional<Time> time = measured.time(network);
    Optional<Count> count = measured.count(network);
    return time.isEmpty() || count.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new BubbleChart.Bubble(
                name,
                time.get().p50(),
                miou,
                count.get().parameters(),
                ink(network),
                Tables.millions(count.get().parameters()) + " parameters"));
  }

  private List<BubbleChart.Bubble> sizes() {
    List<BubbleChart.Bubble> bubbles = new ArrayList<>();
    Set<String> names = ofThePaper();
    for (Count count : measured.counts()) {
      if (names.contains(count.name()) && count.isThere()) {
        double millis = measured.time(count.name()).map(Time::p50).orElse(0.0);
        bubbles.add(
            new BubbleChart.Bubble(
                count.name(),
                count.parameters() / 1e6,
                count.gmac(),
                millis,
                ink(count.name()),
                millis == 0
                    ? "time not measured"
                    : String.format(Locale.ROOT, "%.1f ms a frame", millis)));
      }
    }
    return bubbles;
  }

  private static String table(Table table) {
    StringBuilder html = new StringBuilder("<div class=\"scroll\"><table");
    html.append(table.columns().size() > WIDE ? " class=\"wide\"" : "");
    html.append(">\n<thead><tr>");
    for (int c = 0; c < table.columns().size(); c++) {
      Table.Column column = table.columns().get(c);
      html.append("<th scope=\"col\"").append(column.number() ? "" : " class=\"left\"");
      // Short names of classes are told in full.
      html.append(" title=\"").append(Html.escaped(column.key())).append("\">");
      html.append(Html.escaped(column.name())).append("</th>");
    }
    html.append("</tr></thead>\n<tbody>\n");
    double fastest = most(table, "frames_per_second");
    for (Row row : table.rows()) {
      html.append(row.emphasised() ? "<tr class=\"all\">" : "<tr>");
      for (int c = 0; c < row.cells().size(); c++) {
        cell(html, table.columns().get(c), row, c, fastest);
      }
      html.append("</tr>\n");
    }
    html.append("</tbody>\n</table></div>\n");
    if (!table.notes().isEmpty()) {
      html.append("<ul class=\"notes\">\n");
      for (Table.Note note : table.notes()) {
        html.append("<li><b>").append(Html.escaped(note.subject())).append("</b>: ");
        html.append(Html.escaped(note.text())).append("</li>\n");
      }
      html.append("</ul>\n");
    }
    return html.toString();
  }

  private static double most(Table table, String key) {
    double most = 0;
    for (int c = 0; c < table.columns().size(); c++) {
      if (table.columns().get(c).key().equals(key)) {
        for (Row row : table.rows()) {
          String value = row.cells().get(c).value();
          most = value.isEmpty() ? most : Math.max(most, Double.parseDouble(value));
        }
      }
    }
    return most;
  }

  private static void cell(
      StringBuilder html, Table.Column column, Row row, int place, double fastest) {
    Cell cell = row.cells().get(place);
    String printed = cell.source() == Source.PRINTED ? "printed" : "";
    if (place == 0) {
      html.append("<th scope=\"row\" class=\"").append(printed).append("\">");
      html.append(Html.escaped(cell.text()));
      if (!row.mark().isEmpty()) {
        html.append("<span class=\"mark\">").append(Html.escaped(row.mark())).append("</span>");
      }
      html.append("</th>");
      return;
    }
    String classes =
        (printed
                + (column.number() ? "" : " left")
                + (cell.source() == Source.NONE ? " none" : "")
                + (cell.text().length() > 40 ? " long" : ""))
            .strip();
    boolean bar = column.key().equals("frames_per_second") && !cell.value().isEmpty();
    html.append("<td class=\"").append(bar ? "bar " : "").append(classes).append('"');
    if (bar) {
      double part = 100 * Double.parseDouble(cell.value()) / fastest;
      html.append(" style=\"--part:").append(Html.number(part, 1)).append("%\"");
    }
    html.append('>').append(Html.escaped(cell.text())).append("</td>");
  }

  private String pictures() {
    JsonNode pictures = measured.json().path("pictures");
    if (pictures.path("rows").isEmpty()) {
      return "";
    }
    StringBuilder html = new StringBuilder("<h2 id=\"pictures\">Pictures</h2>\n");
    html.append(
        "<p class=\"about soft\">The picture, its truth (void in its own colour, mostly black), and what");
    html.append(" each model sees, in the classes' colours.</p>\n<p class=\"legend\">");
    for (JsonNode c : pictures.path("classes")) {
      String colour = c.path("colour").asText();
      if (colour.matches("#[0-9a-f]{6}")) {
        html.append("<span><span class=\"key\" style=\"background:").append(colour);
        html.append("\"></span>").append(Html.escaped(c.path("name").asText())).append("</span>");
      }
    }
    html.append("</p>\n");
    List<String> models = Measured.texts(pictures.path("models"));
    for (JsonNode row : pictures.path("rows")) {
      html.append("<div class=\"strip\">\n");
      figure(html, row, "jpeg", row.path("jpeg").asText(), row.path("caption").asText());
      if (row.has("truth")) {
        figure(html, row, "png", row.path("truth").asText(), "truth");
      }
      for (int i = 0; i < models.size(); i++) {
        figure(html, row, "png", row.path("seen").path(i).asText(), models.get(i));
      }
      html.append("</div>\n");
    }
    return html.toString();
  }

  private static void figure(
      StringBuilder html, JsonNode row, String type, String base64, String caption) {
    // What is read from a file must not get out of the attribute.
    if (!base64.matches("[A-Za-z0-9+/=]*")) {
      return;
    }
    html.append("<figure><img").append(type.equals("png") ? " class=\"mask\"" : "");
    html.append(" width=\"").append(row.path("width").asInt()).append("\" height=\"");
    html.append(row.path("height").asInt()).append("\" alt=\"").append(Html.escaped(caption));
    html.append("\" src=\"data:image/").append(type).append(";base64,").append(base64);
    html.append("\"><figcaption>").append(Html.escaped(caption)).append("</figcaption></figure>\n");
  }
}
