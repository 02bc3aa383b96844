package org.efrnet.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.efrnet.bundle.Bundles;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.pages.DevTools;
import org.efrnet.segment.Segmenter;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page as a person uses it, in a browser. */
class PageTest {
  @TempDir private static Path dir;

  private static Served served;
  private static DevTools browser;

  @BeforeAll
  static void start() throws Exception {
    browser =
        DevTools.open(
            Files.createDirectory(dir.resolve("browser")),
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream");
    served = Served.start(Served.LIMITS, Served.options());
    ModelBundle second = Bundles.untrained("efrnet", 96, 7);
    served.service().add(Segmenter.load(second, Served.options().withPrecision("fp32")));
  }

  @AfterAll
  static void stop() throws Exception {
    if (served != null) {
      served.close();
    }
    if (browser != null) {
      browser.close();
    }
  }

  private static void open() throws Exception {
    browser.resize(1280, 900);
    browser.dark(false);
    browser.show(served.address("/"));
    browser.waitFor("document.documentElement.dataset.ready");
  }

  private static String text(String id) throws Exception {
    return browser.evaluate("document.getElementById('" + id + "').textContent").asText();
  }

  private static void sample() throws Exception {
    browser.evaluate("document.getElementById('sample').click()");
    browser.waitFor("document.querySelectorAll('#legend li.class').length > 3");
  }

  /** The red, green and blue of the first view's pixel at a share of its width and height. */
  private static JsonNode pixel(double x, double y) throws Exception {
    return browser.evaluate(
        "(() => {const c = document.querySelector('figure canvas');"
            + "return [...c.getContext('2d').getImageData(Math.floor("
            + x
            + " * c.width), Math.floor("
            + y
            + " * c.height), 1, 1).data].slice(0, 3)})()");
  }

  private static void set(String slider, int value) throws Exception {
    browser.evaluate(
        "(() => {const s = document.getElementById('"
            + slider
            + "'); s.value = "
            + value
            + "; s.dispatchEvent(new Event('input'))})()");
  }

  @Test
  void aDroppedPictureIsSegmentedAndTheSlidersChangeIt() throws Exception {
    open();
    browser.drop(Served.STREET, 400, 450);
    browser.waitFor("document.querySelectorAll('#legend li.class').length > 3");
    assertThat(text("legend")).contains("Building", "Tree", "Sky", "%");
    assertThat(text("times")).contains("network", "ms", "onednn");
    set("opacity", 0);
    JsonNode picture = pixel(0.5, 0.1);
    set("opacity", 100);
    JsonNode colours = pixel(0.5, 0.1);
    assertThat(colours).isNotEqualTo(picture);
    assertThat(colours.toString())
        .as("a colour of the classes")
        .isIn("[128,128,128]", "[128,128,0]", "[128,0,0]");
    set("wipe", 40);
    assertThat(pixel(0.5, 0.1)).as("right of the wipe").isEqualTo(picture);
    assertThat(pixel(0.2, 0.1)).as("left of it").isNotEqualTo(picture);
    assertThat(browser.complaints()).isEmpty();
  }

  @Test
  void thePointerNamesTheClassBelowIt() throws Exception {
    open();
    sample();
    JsonNode box =
        browser.evaluate(
            "(() => {const b = document.querySelector('figure canvas').getBoundingClientRect();"
                + "return [b.x, b.y, b.width, b.height]})()");
    browser.point(
        box.get(0).asDouble() + 0.5 * box.get(2).asDouble(),
        box.get(1).asDouble() + 0.05 * box.get(3).asDouble());
    browser.waitFor("document.querySelector('#legend li.pointed')");
    assertThat(text("under")).matches("(Sky|Tree|Building) at \\d+, \\d+");
    browser.point(5, 5);
    browser.waitFor("!document.querySelector('#legend li.pointed')");
  }

  @Test
  void whatIsRefusedIsSaid() throws Exception {
    open();
    Path text = Files.writeString(dir.resolve("<b>no picture.jpg"), "this is text");
    browser.choose("#file", text);
    browser.waitFor("!document.getElementById('message').hidden");
    assertThat(text("message")).contains("<b>no picture.jpg", "Not a picture", "PNG or JPEG");
    assertThat(browser.evaluate("document.querySelector('#message b')").isNull()).isTrue();
    byte[] street = Files.readAllBytes(Served.STREET);
    browser.choose("#file", Files.write(dir.resolve("cut.jpg"), Arrays.copyOf(street, 20_000)));
    browser.waitFor("document.getElementById('message').textContent.includes('truncated JPEG')");
    browser.choose("#file", Files.write(dir.resolve("big.jpg"), new byte[(2 << 20) + 1]));
    browser.waitFor("document.getElementById('message').textContent.includes('2.0 MiB')");
    sample();
    assertThat(browser.evaluate("document.getElementById('message').hidden").asBoolean()).isTrue();
  }

  @Test
  void modelsAreSwitchedAndSeenSideBySide() throws Exception {
    open();
    sample();
    String first = text("legend");
    browser.evaluate(
        "(() => {const m = document.getElementById('model'); m.selectedIndex = 1;"
            + "m.dispatchEvent(new Event('change'))})()");
    browser.waitFor("document.querySelector('figcaption').textContent === 'test.untrained'");
    browser.waitFor("document.getElementById('busy').hidden");
    assertThat(text("legend")).isNotEqualTo(first);
    browser.evaluate("document.getElementById('compare').click()");
    browser.waitFor("document.querySelectorAll('figure').length === 2");
    assertThat(
            browser
                .evaluate("[...document.querySelectorAll('figcaption')].map(c => c.textContent)")
                .toString())
        .isEqualTo("[\"test.untrained\",\"efrnet.camvid\"]");
  }

  @Test
  void aCameraIsSegmentedLive() throws Exception {
    open();
    browser.evaluate("document.getElementById('camera').click()");
    browser.waitFor("/^\\d+\\.\\d fps/.test(document.getElementById('fps').textContent)");
    browser.waitFor("document.querySelector('figure canvas').width === 640");
    browser.waitFor("document.querySelectorAll('#legend li.class').length > 0");
    browser.evaluate("document.getElementById('camera').click()");
    browser.waitFor("document.getElementById('fps').hidden");
    assertThat(text("camera")).isEqualTo("Use the camera");
    assertThat(browser.complaints()).isEmpty();
  }

  @Test
  void itIsUsedByKeysAndReadAloud() throws Exception {
    open();
    browser.press("Tab");
    assertThat(browser.evaluate("document.activeElement.textContent").asText())
        .isEqualTo("Skip to the picture");
    browser.press("Tab");
    assertThat(browser.evaluate("document.activeElement.id").asText()).isEqualTo("file");
    browser.press("Tab");
    assertThat(browser.evaluate("document.activeElement.id").asText()).isEqualTo("sample");
    browser.press("Enter");
    browser.waitFor("document.querySelectorAll('#legend li.class').length > 3");
    assertThat(
            browser
                .evaluate("document.querySelector('figure canvas').getAttribute('aria-label')")
                .asText())
        .startsWith("street.jpg, segmented by efrnet.camvid: ")
        .contains("Tree");
    browser.evaluate("document.getElementById('opacity').focus()");
    browser.press("ArrowLeft");
    assertThat(text("opacity-out")).isEqualTo("54 %");
    // Everything that can be used has a name.
    assertThat(
            browser
                .evaluate(
                    "[...document.querySelectorAll('button, select, input')].filter(e =>"
                        + " !(e.labels && e.labels.length) && !e.textContent.trim()).map(e => e.id)")
                .toString())
        .isEqualTo("[]");
  }

  @Test
  void itFitsAPhoneAndTheDark() throws Exception {
    open();
    sample();
    int day = browser.picture().at(2, 2, 0);
    browser.dark(true);
    assertThat(browser.picture().at(2, 2, 0)).isLessThan(60);
    assertThat(day).isGreaterThan(200);
    browser.resize(390, 844);
    assertThat(browser.evaluate("document.documentElement.scrollWidth").asInt()).isEqualTo(390);
  }

  @Test
  void nothingForeignMayRun() throws Exception {
    open();
    browser.evaluate(
        "(() => {const s = document.createElement('script'); s.textContent ="
            + " 'document.title = \"ran\"'; document.body.append(s);"
            + "const i = new Image(); i.src = 'http://example.org/a.png'; document.body.append(i)})()");
    assertThat(browser.evaluate("document.title").asText()).doesNotContain("ran");
    browser.waitFor("true");
    long end = System.nanoTime() + 5_000_000_000L;
    while (browser.complaints().size() < 2 && System.nanoTime() < end) {
      Thread.sleep(20);
    }
    assertThat(browser.complaints())
        .anyMatch(line -> line.contains("example.org") && line.contains("Content Security Policy"))
        .anyMatch(line -> line.contains("inline script") || line.contains("script-src"));
  }
}
