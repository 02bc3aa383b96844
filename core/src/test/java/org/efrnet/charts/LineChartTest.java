package org.efrnet.charts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.StringReader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.efrnet.images.Picture;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

class LineChartTest {
  private static final Ink RED = Ink.of(0xff0000);
  private static final Axis X = Axis.linear("step");
  private static final Axis Y = Axis.linear("loss");

  private static LineChart chart(Series... series) {
    return new LineChart("Loss", X, Y, List.of(series));
  }

  private static Series series(double... xy) {
    int points = xy.length / 2;
    return Series.of(
        "line",
        IntStream.range(0, points).mapToDouble(i -> xy[2 * i]).toArray(),
        IntStream.range(0, points).mapToDouble(i -> xy[2 * i + 1]).toArray());
  }

  private static Document parsed(String svg) throws Exception {
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new InputSource(new StringReader(svg)));
  }

  private static List<Element> elements(Document document, String tag) {
    NodeList nodes = document.getElementsByTagName(tag);
    return IntStream.range(0, nodes.getLength()).mapToObj(i -> (Element) nodes.item(i)).toList();
  }

  private static int rgb(Picture picture, int x, int y) {
    int t = 3 * (y * picture.width() + x);
    return (picture.rgb()[t] & 0xff) << 16
        | (picture.rgb()[t + 1] & 0xff) << 8
        | (picture.rgb()[t + 2] & 0xff);
  }

  /** How red the pixel of a unit is: 0 white, 255 the line. */
  private static int red(Picture picture, double x, double y, int scale) {
    int rgb = rgb(picture, (int) Math.floor(x * scale), (int) Math.floor(y * scale));
    return (rgb >> 16) - (rgb & 0xff);
  }

  private static int colouredColumns(Picture picture) {
    int columns = 0;
    for (int x = 0; x < picture.width(); x++) {
      boolean coloured = false;
      for (int y = 0; y < picture.height(); y++) {
        int rgb = rgb(picture, x, y);
        coloured |= (rgb >> 16) - (rgb & 0xff) > 100;
      }
      columns += coloured ? 1 : 0;
    }
    return columns;
  }

  private static int[] colouredRows(Picture picture, int column) {
    return IntStream.range(0, picture.height())
        .filter(y -> (rgb(picture, column, y) >> 16) - (rgb(picture, column, y) & 0xff) > 100)
        .toArray();
  }

  @Test
  void aKnownPointIsWhereItsValueSays() throws Exception {
    // x 0..10 spans the plot's width and y 0..100 its height, so (5, 50) is its middle.
    LineChart chart = chart(series(0, 0, 5, 50, 10, 100).in(RED).marked());
    List<Element> dots = elements(parsed(chart.svg(400, 300)), "circle");
    assertThat(dots).hasSize(3);
    double[] x = dots.stream().mapToDouble(d -> Double.parseDouble(d.getAttribute("cx"))).toArray();
    double[] y = dots.stream().mapToDouble(d -> Double.parseDouble(d.getAttribute("cy"))).toArray();
    assertThat(x[1]).isCloseTo((x[0] + x[2]) / 2, within(0.02));
    assertThat(y[1]).isCloseTo((y[0] + y[2]) / 2, within(0.02));
    assertThat(x[0]).isLessThan(x[1]);
    assertThat(y[0]).isGreaterThan(y[1]);
    for (int scale : new int[] {1, 2, 3}) {
      Picture picture = chart.picture(400, 300, scale);
      assertThat(picture.width()).isEqualTo(400 * scale);
      assertThat(picture.height()).isEqualTo(300 * scale);
      int[] rows = colouredRows(picture, picture.width() - 16 * scale);
      // The rightmost point lies on the upper end, the leftmost on the axis.
      assertThat(rows).isNotEmpty();
      assertThat(red(picture, 384 - 1.5, y[2] + 1, scale)).isGreaterThan(150);
      assertThat(red(picture, 200, y[2] + 1, scale)).isZero();
    }
  }

  @Test
  void anAntiAliasedLineHasSoftEdgesAndAFullCore() {
    Picture picture = chart(series(0, 0, 10, 93).in(RED)).picture(400, 300, 3);
    long full = 0;
    long soft = 0;
    for (int x = 300; x < 900; x++) {
      for (int row = 0; row < picture.height(); row++) {
        int rgb = rgb(picture, x, row);
        int redness = (rgb >> 16) - (rgb & 0xff);
        full += redness == 255 ? 1 : 0;
        soft += redness > 20 && redness < 235 ? 1 : 0;
      }
    }
    assertThat(full).isGreaterThan(600 * 3);
    assertThat(soft).isGreaterThan(600);
  }

  @Test
  void aGapIsNotBridgedAndALonePointIsADot() throws Exception {
    double none = Double.NaN;
    LineChart chart =
        chart(series(0, 1, 1, 1, 2, 1, 3, none, 4, 1, 5, none, 6, 1, 7, 1, 8, 1).in(RED));
    Document svg = parsed(chart.svg(400, 300));
    assertThat(elements(svg, "path")).hasSize(1);
    assertThat(elements(svg, "path").get(0).getAttribute("d").split("M")).hasSize(3);
    assertThat(elements(svg, "circle")).hasSize(1);
    int across = colouredColumns(chart.picture(400, 300, 1));
    int whole =
        colouredColumns(
            chart(series(0, 1, 1, 1, 2, 1, 3, 1, 4, 1, 5, 1, 6, 1, 7, 1, 8, 1).in(RED))
                .picture(400, 300, 1));
    // Four of eight steps are drawn, and the dot.
    assertThat(across).isBetween(whole / 2, whole / 2 + 12);
    for (double gap : new double[] {Double.POSITIVE_INFINITY, 2e300, Double.NEGATIVE_INFINITY}) {
      assertThat(chart(series(0, 1, 1, gap, 2, 1)).description()).startsWith("line: 2 points");
    }
  }

  @Test
  void nothingAndOnePointAreDrawn() throws Exception {
    for (LineChart empty :
        List.of(
            chart(),
            chart(series()),
            chart(series(1, Double.NaN)),
            new LineChart("t", X, Axis.logarithmic("y"), List.of(series(1, 0, 2, -5))))) {
      assertThat(empty.svg(400, 300)).contains("no points yet").doesNotContain("NaN");
      assertThat(colouredColumns(empty.picture(400, 300, 1))).isZero();
    }
    for (Axis y : List.of(Y, Axis.logarithmic("loss"), Y.including(0))) {
      LineChart one = new LineChart("t", X, y, List.of(series(20, 2.4).in(RED)));
      assertThat(elements(parsed(one.svg(400, 300)), "circle")).hasSize(1);
      assertThat(colouredColumns(one.picture(400, 300, 1))).isBetween(2, 6);
      assertThat(one.description()).isEqualTo("line: 1 point, last 2.4 at step 20");
    }
  }

  @Test
  void aSpikeAmongAHundredThousandPointsIsSeen() throws Exception {
    int points = 100_000;
    double[] x = IntStream.range(0, points).asDoubleStream().toArray();
    double[] y = new double[points];
    Arrays.fill(y, 1);
    y[61_803] = 9;
    y[61_804] = -7;
    LineChart chart = chart(Series.of("line", x, y).in(RED));
    String svg = chart.svg(400, 300);
    assertThat(svg.length()).isLessThan(30_000);
    Picture picture = chart.picture(400, 300, 2);
    int tallest = 0;
    int at = 0;
    for (int column = 0; column < picture.width(); column++) {
      int rows = colouredRows(picture, column).length;
      at = rows > tallest ? column : at;
      tallest = Math.max(tallest, rows);
    }
    assertThat(tallest).isGreaterThan(300);
    double left = firstColoured(picture);
    assertThat((at - left) / (picture.width() - 32 - left)).isBetween(0.61, 0.625);
    assertThat(parsed(svg).getDocumentElement().getAttribute("aria-label"))
        .isEqualTo(
            "Loss. line: 100 000 points, last 1 at step 99 999".replace("100 000", "100000"));
  }

  private static int firstColoured(Picture picture) {
    return IntStream.range(0, picture.width())
        .filter(column -> colouredRows(picture, column).length > 0)
        .findFirst()
        .orElseThrow();
  }

  @Test
  void thinningKeepsEveryColumnsExtremesAndOrder() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    for (int round = 0; round < 50; round++) {
      int points = 1 + random.nextInt(3000);
      double[] x = random.doubles(points).map(v -> 100 * v).sorted().toArray();
      double[] y = random.doubles(points).toArray();
      int gapsEvery = 1 + random.nextInt(50);
      for (int i = 0; i < points; i++) {
        y[i] = random.nextInt(gapsEvery + 1) == 0 ? Double.NaN : y[i];
      }
      Series line = Series.of("line", x, y);
      Thinning thin = Thinning.of(line, i -> !Double.isNaN(line.y(i)), v -> v, v -> v, 1);
      double[] least = new double[100];
      double[] most = new double[100];
      Arrays.fill(least, Double.POSITIVE_INFINITY);
      Arrays.fill(most, Double.NEGATIVE_INFINITY);
      for (int i = 0; i < points; i++) {
        if (!Double.isNaN(y[i])) {
          least[(int) x[i]] = Math.min(least[(int) x[i]], y[i]);
          most[(int) x[i]] = Math.max(most[(int) x[i]], y[i]);
        }
      }
      List<double[]> all = new ArrayList<>(thin.runs());
      all.addAll(thin.alone());
      int kept = 0;
      for (double[] run : all) {
        for (int i = 0; i < run.length; i += 2) {
          assertThat(i == 0 || run[i] >= run[i - 2]).as("seed " + seed).isTrue();
          int column = (int) run[i];
          least[column] = least[column] == run[i + 1] ? Double.POSITIVE_INFINITY : least[column];
          most[column] = most[column] == run[i + 1] ? Double.NEGATIVE_INFINITY : most[column];
          kept++;
        }
      }
      assertThat(least).as("seed " + seed).containsOnly(Double.POSITIVE_INFINITY);
      assertThat(most).as("seed " + seed).containsOnly(Double.NEGATIVE_INFINITY);
      assertThat(kept).as("seed " + seed).isLessThanOrEqualTo(400);
    }
  }

  @Test
  void equalRatiosAreEqualLengthsOnALogarithmicAxis() throws Exception {
    LineChart chart =
        new LineChart(
            "t", X, Axis.logarithmic("y"), List.of(series(0, 0.01, 1, 0.1, 2, 1, 3, 10).marked()));
    double[] y =
        elements(parsed(chart.svg(400, 300)), "circle").stream()
            .mapToDouble(dot -> Double.parseDouble(dot.getAttribute("cy")))
            .toArray();
    assertThat(y[0] - y[1]).isCloseTo(y[1] - y[2], within(0.03));
    assertThat(y[1] - y[2]).isCloseTo(y[2] - y[3], within(0.03));
    assertThat(y[0] - y[1]).isGreaterThan(40);
  }

  @Test
  void anyNameIsDrawnAndEscaped() throws Exception {
    String name =
        "</title><script>alert(1)</script> & \"q\" \u0000\u0008\ud800 \ud83d\ude97 \u9053";
    Series line = Series.of(name, new double[] {1, 2}, new double[] {1, 2});
    LineChart chart =
        new LineChart(
            name,
            Axis.linear(name),
            Axis.linear(name.repeat(40)),
            List.of(line.marked(), line, line));
    Document svg = parsed(chart.svg(400, 300));
    assertThat(elements(svg, "script")).isEmpty();
    assertThat(elements(svg, "title").get(0).getTextContent())
        .startsWith("</title><script>alert(1)</script> & \"q\" ???");
    assertThat(chart.picture(400, 300, 1).height()).isGreaterThan(300);
  }

  @Test
  void everySeriesOfManyIsInTheLegendBelowThePlotAndLooksDifferent() throws Exception {
    List<Series> many = new ArrayList<>();
    for (int i = 0; i < 19; i++) {
      many.add(Series.of("class " + i, new double[] {0, 1}, new double[] {i, i + 1}));
    }
    LineChart chart = new LineChart("t", X, Y, many);
    Document svg = parsed(chart.svg(400, 300));
    double height = Double.parseDouble(svg.getDocumentElement().getAttribute("height"));
    assertThat(height).isGreaterThan(300);
    assertThat(elements(svg, "text").stream().map(Element::getTextContent))
        .contains("class 0", "class 18");
    for (Element text : elements(svg, "text")) {
      if (text.getTextContent().startsWith("class")) {
        assertThat(Double.parseDouble(text.getAttribute("y"))).isBetween(300.0, height);
      }
    }
    List<Element> lines = elements(svg, "path");
    assertThat(lines).hasSize(2 * 19);
    assertThat(
            lines.stream()
                .limit(19)
                .map(p -> p.getAttribute("stroke") + p.getAttribute("stroke-dasharray"))
                .distinct())
        .hasSize(19);
    assertThat(chart.picture(400, 300, 2).height()).isGreaterThan(600);
    assertThat(elements(parsed(chart(many.get(0)).svg(400, 300)), "text").stream())
        .noneMatch(text -> text.getTextContent().startsWith("class"));
  }

  @Test
  void theStandardColoursAreReadableOnTheirGround() {
    for (int i = 0; i < Ink.standards(); i++) {
      Ink ink = Ink.standard(i);
      assertThat(contrast(ink.onLight(), 0xffffff)).as("%06x", ink.onLight()).isGreaterThan(3);
      assertThat(contrast(ink.onDark(), 0x1b1f24)).as("%06x", ink.onDark()).isGreaterThan(3);
    }
    assertThat(Ink.standard(Ink.standards())).isEqualTo(Ink.standard(0));
  }

  /** The contrast ratio of WCAG 2: 3 is enough for graphics. */
  private static double contrast(int a, int b) {
    double light = Math.max(luminance(a), luminance(b));
    double dark = Math.min(luminance(a), luminance(b));
    return (light + 0.05) / (dark + 0.05);
  }

  private static double luminance(int rgb) {
    return 0.2126 * linear(rgb >> 16 & 0xff)
        + 0.7152 * linear(rgb >> 8 & 0xff)
        + 0.0722 * linear(rgb & 0xff);
  }

  private static double linear(int value) {
    double v = value / 255.0;
    return v <= 0.03928 ? v / 12.92 : Math.pow((v + 0.055) / 1.055, 2.4);
  }

  @Test
  void anyValuesGiveAPictureAndXml() throws Exception {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    double[] wild = {
      0,
      -0.0,
      1,
      -1,
      1e300,
      -1e300,
      Double.MIN_VALUE,
      Double.MAX_VALUE,
      Double.NaN,
      1e-300,
      Double.NEGATIVE_INFINITY,
      1 + 1e-16,
      123456789.125,
      1e15
    };
    for (int round = 0; round < 300; round++) {
      int points = random.nextInt(5);
      double[] y = new double[points];
      double[] x = new double[points];
      for (int i = 0; i < points; i++) {
        y[i] = wild[random.nextInt(wild.length)];
        double at = wild[random.nextInt(wild.length)];
        x[i] = Math.abs(at) <= 1e300 ? at : i;
      }
      Arrays.sort(x);
      Axis axis = random.nextBoolean() ? Y : Axis.logarithmic("loss");
      LineChart chart = new LineChart("t", X, axis, List.of(Series.of("line", x, y), series(1, 1)));
      String what =
          "seed "
              + seed
              + ": "
              + Arrays.toString(x)
              + " "
              + Arrays.toString(y)
              + " "
              + axis.scale();
      String svg = chart.svg(160, 120);
      assertThat(svg).as(what).doesNotContain("NaN").doesNotContain("Infinity");
      parsed(svg);
      assertThat(chart.picture(160, 120, 1).width()).as(what).isEqualTo(160);
    }
  }

  @Test
  void refusesWhatIsNoChart() {
    assertThatThrownBy(() -> Series.of("a", new double[2], new double[3]))
        .hasMessageContaining("2 x but 3 y");
    for (double[] x : new double[][] {{2, 1}, {Double.NaN, 1}, {0, 1e301}}) {
      assertThatThrownBy(() -> Series.of("a", x, new double[2]))
          .hasMessageContaining("series 'a': x of point");
    }
    assertThatThrownBy(() -> Axis.logarithmic("y").including(0)).hasMessageContaining("include 0");
    assertThatThrownBy(() -> Ink.of(0x1000000)).hasMessageContaining("1000000");
    assertThatThrownBy(() -> chart().svg(159, 300)).hasMessageContaining("159x300");
    assertThatThrownBy(() -> chart().picture(400, 300, 0)).hasMessageContaining("scale 0");
  }

  @Test
  void aSeriesKeepsNothingOfTheCallersArrays() {
    double[] x = {1, 2};
    double[] y = {3, 4};
    Series line = Series.of("a", x, y);
    x[0] = 9;
    y[1] = 9;
    assertThat(line.x(0)).isEqualTo(1);
    assertThat(line.y(1)).isEqualTo(4);
  }
}
