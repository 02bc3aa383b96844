package org.efrnet.cli.compare;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;
import org.efrnet.cli.compare.Measured.Count;
import org.efrnet.cli.compare.Table.Cell;
import org.efrnet.cli.compare.Table.Column;
import org.efrnet.cli.compare.Table.Row;
import org.efrnet.cli.compare.Table.Source;
import org.efrnet.metrics.Spread;

/**
 * What does not add up in the paper, with the figures that show it: computed from what it prints
 * and from what is counted here.
 */
final class Doubts {
  private static final double BYTES = 4;
  private static final double MEBI = 1 << 20;

  /**
   * A doubt.
   *
   * @param paragraphs plain text
   */
  record Doubt(String title, List<String> paragraphs, Optional<Table> table) {
    Doubt {
      paragraphs = List.copyOf(paragraphs);
    }
  }

  private final Measured measured;

  Doubts(Measured measured) {
    this.measured = measured;
  }

  List<Doubt> all() {
    return List.of(
        units(), biSeNet(), icNet(), accuracies(), sign(), slip(), baseline(), quotedSpeeds());
  }

  private static String said(String format, Object... figures) {
    return String.format(Locale.ROOT, format, figures);
  }

  private JsonNode row(String table, String method) {
    return Measured.rows(measured.printed(table)).stream()
        .filter(row -> row.path("method").asText().equals(method))
        .findFirst()
        .orElseThrow(
            () -> new IllegalArgumentException(table + " has no printed row '" + method + "'"));
  }

  private double printed(String table, String method, String key) {
    return Measured.number(row(table, method).path(key));
  }

  private Doubt units() {
    List<Row> rows = new ArrayList<>();
    for (JsonNode row : Measured.rows(measured.printed("table2"))) {
      String network = row.path("networks").path(0).asText();
      double gflops = Measured.number(row.path("gflops"));
      Optional<Count> count = measured.count(network);
      double gmac = count.map(c -> Measured.comparable(row, c)).orElse(Double.NaN);
      rows.add(
          new Row(
              List.of(
                  new Cell(
                      row.path("method").asText(), row.path("method").asText(), Source.PRINTED),
                  Cell.text(network),
                  Cell.printed(gflops, 2),
                  Cell.ours(gmac, 2),
                  Cell.ours(gflops / gmac, 2),
                  Cell.text(unit(gflops / gmac))),
              measured.mark(network),
              network.equals(Tables.OURS)));
    }
    List<String> paragraphs = new ArrayList<>();
    paragraphs.add(
        "The column GFlops holds figures that the authors counted and figures quoted from other"
            + " papers, which count a multiply-accumulate as two operations.");
    Optional<Count> cgnet = measured.count("cgnet");
    Optional<Count> efrnet = measured.count(Tables.OURS);
    if (cgnet.isPresent() && efrnet.isPresent()) {
      paragraphs.add(
          said(
              "Printed, CGNet needs %.2f times the operations of EFRNet (%.2f and %.2f); counted"
                  + " alike, %.2f times (%.2f and %.2f GMac).",
              printed("table2", "CGNet", "gflops") / printed("table2", "EFRNet", "gflops"),
              printed("table2", "CGNet", "gflops"),
              printed("table2", "EFRNet", "gflops"),
              cgnet.get().gmac() / efrnet.get().gmac(),
              cgnet.get().gmac(),
              efrnet.get().gmac()));
    }
    return new Doubt(
        "Table 2 mixes units",
        paragraphs,
        Optional.of(
            new Table(
                "doubt-units",
                "",
                "",
                List.of(
                    Column.text("Printed as", "printed_as"),
                    Column.text("Network here", "network"),
                    Column.number("GFlops printed", "printed_gflops"),
                    Column.number("GMac here", "gmac"),
                    Column.number("Quotient", "quotient"),
                    Column.text("So printed are", "unit")),
                rows,
                List.of())));
  }

  private static String unit(double quotient) {
    if (Double.isNaN(quotient)) {
      return "not known: no such network here";
    }
    if (Math.abs(quotient - 2) < 0.1) {
      return "2 operations a multiply-accumulate";
    }
    return Math.abs(quotient - 1) < 0.1
        ? "multiply-accumulates"
        : "another unit or another network";
  }

  private Doubt biSeNet() {
    double printed = printed("table2", "BiSeNet", "millionParameters");
    List<String> paragraphs = new ArrayList<>();
    Optional<Count> r18 = measured.count("bisenet-r18");
    Optional<Count> x39 = measured.count("bisenet-xception39");
    if (r18.isPresent() && x39.isPresent()) {
      paragraphs.add(
          said(
              "Printed are %.2f M parameters. BiSeNet has %s with ResNet-18 and %s with Xception39;"
                  + " at 4 bytes each these are %.1f and %.1f MB (of 2^20 bytes): %.2f is the size"
                  + " of a file.",
              printed,
              Tables.millions(r18.get().parameters()),
              Tables.millions(x39.get().parameters()),
              r18.get().parameters() * BYTES / MEBI,
              x39.get().parameters() * BYTES / MEBI,
              printed));
      paragraphs.add(
          said(
              "So EFRNet is not %.0f times smaller, as the printed row says, but %.0f times smaller"
                  + " than the one and %.1f times than the other.",
              printed / printed("table2", "EFRNet", "millionParameters"),
              r18.get().parameters() / (1e6 * printed("table2", "EFRNet", "millionParameters")),
              x39.get().parameters() / (1e6 * printed("table2", "EFRNet", "millionParameters"))));
    }
    paragraphs.add(
        said(
            "%.1f %% mIoU is what BiSeNet's paper gives for the Xception39 model, %.2f GFlops"
                + " belong to the ResNet-18 model: the row mixes two networks.",
            printed("table2", "BiSeNet", "miou"), printed("table2", "BiSeNet", "gflops")));
    return new Doubt(
        "BiSeNet's row is of two models, and 49.00 is in MB", paragraphs, Optional.empty());
  }

  private Doubt icNet() {
    List<String> paragraphs = new ArrayList<>();
    Optional<Count> r18 = measured.count("icnet-r18");
    Optional<Count> own = measured.count("icnet");
    r18.ifPresent(
        count ->
            paragraphs.add(
                said(
                    "%.2f is met exactly, %.3f GMac, by all that the code of an ICNet with a"
                        + " ResNet-18 runs; without what is computed for nothing, on the halved"
                        + " image, or for training alone it needs %.2f. It has %s parameters,"
                        + " printed are %.2f M, which nothing explains.",
                    printed("table2", "ICNet", "gflops"),
                    count.writtenGmac(),
                    count.gmac(),
                    Tables.millions(count.parameters()),
                    printed("table2", "ICNet", "millionParameters"))));
    own.ifPresent(
        count ->
            paragraphs.add(
                said(
                    "ICNet as its authors published it has %s parameters and %.2f GMac, %.1f and"
                        + " %.1f times EFRNet's: not the 20 and 3 times that the paper speaks of.",
                    Tables.millions(count.parameters()),
                    count.gmac(),
                    count.parameters() / (1e6 * printed("table2", "EFRNet", "millionParameters")),
                    count.gmac() / printed("table2", "EFRNet", "gflops"))));
    paragraphs.add(
        said(
            "The %.1f %% mIoU is the published ICNet's, a network of another backbone than the one"
                + " that was counted.",
            printed("table2", "ICNet", "miou")));
    return new Doubt("ICNet's row is of another ICNet", paragraphs, Optional.empty());
  }

  private double[] values(JsonNode row) {
    return IntStream.range(0, row.path("values").size())
        .mapToDouble(i -> Measured.number(row.path("values").path(i)))
        .toArray();
  }

  private Doubt accuracies() {
    List<Row> rows = new ArrayList<>();
    List<String> wrong = new ArrayList<>();
    for (JsonNode row : Measured.rows(measured.printed("table4"))) {
      double mean = Spread.of(values(row)).mean();
      double printed = Measured.number(row.path("mean"));
      boolean agrees = Math.abs(mean - printed) < 0.1;
      if (!agrees) {
        wrong.add(row.path("method").asText());
      }
      rows.add(
          new Row(
              List.of(
                  new Cell(
                      row.path("method").asText(), row.path("method").asText(), Source.PRINTED),
                  Cell.ours(mean, 2),
                  Cell.printed(printed, 1),
                  Cell.ours(mean - printed, 2),
                  Cell.text(
                      agrees ? "IoU" : "accuracies: the mean of IoU would be the last column")),
              "",
              false));
    }
    return new Doubt(
        "Table 4 prints accuracies as IoU",
        List.of(
            "The mean of a row's classes must be its last column, mIoU. In the rows of "
                + String.join(" and ", wrong)
                + " it is far above: these are shares of each class's pixels that were found, which"
                + " do not count what was wrongly given to the class. They must not be compared with"
                + " the other rows."),
        Optional.of(
            new Table(
                "doubt-accuracies",
                "",
                "",
                List.of(
                    Column.text("Printed row", "row"),
                    Column.number("Mean of its classes", "mean"),
                    Column.number("Last column", "printed"),
                    Column.number("Difference", "difference"),
                    Column.text("So the classes' figures are", "figures")),
                rows,
                List.of())));
  }

  private Doubt sign() {
    JsonNode table = measured.printed("table4");
    int place = Measured.texts(table.path("classes")).indexOf("SignSymbol");
    double[] own = values(row("table4", "EFRNet"));
    double next =
        Measured.rows(table).stream()
            .filter(row -> !row.path("method").asText().equals("EFRNet"))
            .mapToDouble(row -> values(row)[place])
            .min()
            .orElse(Double.NaN);
    double without =
        (IntStream.range(0, own.length).mapToDouble(i -> own[i]).sum() - own[place])
            / (own.length - 1);
    return new Doubt(
        said("EFRNet's Sign %.1f stands alone", own[place]),
        List.of(
            said(
                "The other rows have %.1f and more for signs. It is no slip of the table, for the"
                    + " row's mean %.2f holds it; without that class it would be %.2f.",
                next, Spread.of(own).mean(), without)),
        Optional.empty());
  }

  private Doubt slip() {
    double mean = Spread.of(values(row("table4", "EFRNet"))).mean();
    double inAbstract =
        Measured.number(measured.json().path("printed").path("paper").path("abstractMiou"));
    double inTable = printed("table4", "EFRNet", "mean");
    return new Doubt(
        said("%.2f in the abstract, %.1f in the table", inAbstract, inTable),
        List.of(
            said(
                "The mean of the eleven classes is %.2f: the table is right, by %.2f points more"
                    + " than the abstract, where two digits are swapped.",
                mean, mean - inAbstract)),
        Optional.empty());
  }

  private Doubt baseline() {
    double val = printed("table1", "Baseline", "miou");
    double test = printed("table2", "ENet", "miou");
    return new Doubt(
        "Table 1's baseline equals ENet's test figure",
        List.of(
            said(
                "Table 1 is of %s, Table 2 of %s; both give ENet exactly %.1f %% (difference %.1f)."
                    + " The baseline was perhaps not trained anew, and then what the modules bring"
                    + " is not known from this table.",
                measured.printed("table1").path("data").asText(),
                measured.printed("table2").path("data").asText(),
                val,
                val - test)),
        Optional.empty());
  }

  private Doubt quotedSpeeds() {
    double enet = printed("table3", "ENet", "fps");
    return new Doubt(
        "Table 3 may hold speeds of other machines",
        List.of(
            said(
                "ENet's %.1f frames/s are 1000 / 13 ms = %.1f, the entry of Cityscapes' benchmark"
                    + " list; ERFNet's %.1f are near the figure that its paper gives for another"
                    + " size and card. Table 3 says that all were measured alike at 640x360.",
                enet, 1000 / 13.0, printed("table3", "ERFNet", "fps"))),
        Optional.empty());
  }
}
