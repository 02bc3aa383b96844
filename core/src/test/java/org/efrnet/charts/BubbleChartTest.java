package org.efrnet.charts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

/** Bubble charts as the SVG that pages show. */
class BubbleChartTest {
  private static final Axis X = Axis.logarithmic("ms");
  private static final Axis Y = Axis.linear("mIoU, %");

  private static BubbleChart.Bubble bubble(String name, double x, double y, double size) {
    return new BubbleChart.Bubble(name, x, y, size, Ink.standard(0), "");
  }

  private static BubbleChart chart(List<BubbleChart.Bubble> bubbles) {
    return new BubbleChart("Accuracy & time", X, Y, bubbles);
  }

  private static List<Element> elements(String svg, String tag) throws Exception {
    NodeList nodes =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(new InputSource(new StringReader(svg)))
            .getElementsByTagName(tag);
    return IntStream.range(0, nodes.getLength()).mapToObj(i -> (Element) nodes.item(i)).toList();
  }

  private static double number(Element element, String attribute) {
    return Double.parseDouble(element.getAttribute(attribute));
  }

  @Test
  void areasAreProportionalToSizesAndTheLargestIsBehind() throws Exception {
    String svg = chart(List.of(bubble("a", 1, 50, 1), bubble("b", 10, 60, 4))).svg(480, 320);
    List<Element> circles = elements(svg, "circle");
    assertThat(circles).hasSize(2);
    assertThat(circles.get(0).getTextContent()).contains("b: ms 10, mIoU, % 60");
    assertThat(number(circles.get(0), "r")).isEqualTo(2 * number(circles.get(1), "r"));
    assertThat(number(circles.get(0), "cx")).isGreaterThan(number(circles.get(1), "cx"));
    assertThat(number(circles.get(0), "cy")).isLessThan(number(circles.get(1), "cy"));
  }

  /** Ten points on nearly one place: every name is written, and no two of them touch. */
  @Test
  void namesOfACrowdDoNotOverlapAndStayInside() throws Exception {
    List<BubbleChart.Bubble> crowd = new ArrayList<>();
    crowd.add(bubble("far away", 1000, 80, 1));
    for (int i = 0; i < 9; i++) {
      crowd.add(bubble("network-" + i, 10 + 0.01 * i, 60 + 0.1 * i, 1));
    }
    String svg = chart(crowd).svg(560, 380);
    SvgPen pen = new SvgPen();
    List<double[]> boxes = new ArrayList<>();
    for (Element text : elements(svg, "text")) {
      String name = text.getTextContent();
      if (name.startsWith("network-") || name.equals("far away")) {
        double x = number(text, "x");
        double y = number(text, "y");
        boxes.add(new double[] {x, y - 10, x + pen.width(name, Pen.Tone.LABEL), y + 3});
      }
    }
    assertThat(boxes).hasSize(10);
    for (int i = 0; i < boxes.size(); i++) {
      double[] a = boxes.get(i);
      assertThat(a[0]).isPositive();
      assertThat(a[2]).isLessThan(560);
      for (double[] b : boxes.subList(i + 1, boxes.size())) {
        boolean apart = a[2] <= b[0] || b[2] <= a[0] || a[3] <= b[1] || b[3] <= a[1];
        assertThat(apart).as("%s %s", a, b).isTrue();
      }
    }
  }

  @Test
  void whatHasNoPlaceIsLeftOutAndAnEmptyChartSaysSo() throws Exception {
    String svg =
        chart(List.of(bubble("none", Double.NaN, 1, 1), bubble("zero", 0, 1, 1))).svg(480, 320);
    assertThat(elements(svg, "circle")).isEmpty();
    assertThat(svg).contains("nothing to show").contains("Accuracy &amp; time");
    assertThat(elements(chart(List.of(bubble("one", 5, 5, 0))).svg(480, 320), "circle")).hasSize(1);
    assertThatThrownBy(() -> bubble("odd", 1, 1, -1))
        .hasMessageContaining("bubble 'odd' has the size -1");
    assertThatThrownBy(() -> chart(List.of()).svg(10, 10)).hasMessageContaining("160x120");
  }
}
