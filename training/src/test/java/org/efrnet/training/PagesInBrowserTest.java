package org.efrnet.training;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.efrnet.images.Picture;
import org.efrnet.pages.Browser;
import org.efrnet.pages.Html;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The pages as a browser shows them. */
class PagesInBrowserTest {
  @TempDir private Path dir;

  private Browser browser;

  @BeforeEach
  void aBrowserIsHere() {
    browser = new Browser(dir);
  }

  @Test
  void aRunsPageIsSeenOnScreensAndPhones() throws Exception {
    RunFolders.complete(dir.resolve("run"));
    RunPage.write(dir.resolve("run"));
    Path page = dir.resolve("run/run.html");
    for (int width : new int[] {1200, 390}) {
      Picture picture = browser.screenshot(page, width, 1600);
      // Head with cards, then charts: text is grey on near white, lines have colours.
      assertThat(Browser.colours(picture, 0, 200)).as("head at %d", width).isGreaterThan(20);
      assertThat(Browser.colours(picture, 200, 800)).as("charts at %d", width).isGreaterThan(100);
    }
    assertThat(browser.contentWidths(page, 1200, 390)).containsExactly(1200, 390);
  }

  @Test
  void theSeedsPageIsSeenToo() throws Exception {
    for (String seed : List.of("seed-1", "seed-2")) {
      RunFolders.complete(dir.resolve("all").resolve(seed));
    }
    SeedsPage.write(
        dir.resolve("all"), List.of(dir.resolve("all/seed-1"), dir.resolve("all/seed-2")));
    Path page = dir.resolve("all/index.html");
    assertThat(Browser.colours(browser.screenshot(page, 1200, 900), 200, 800)).isGreaterThan(50);
    assertThat(browser.contentWidths(page, 390)).containsExactly(390);
  }

  /** That the checks above can fail. */
  @Test
  void foreignRequestsScriptsAndWidePagesWouldBeSeen() throws Exception {
    Path page = dir.resolve("foreign.html");
    String foreign =
        "<img alt='' src='http://example.org/a.png'><script>document.title = 'ran'</script>";
    Files.writeString(page, Html.page("t", false, foreign));
    Browser.Shown shown = browser.browse(page, "--dump-dom");
    assertThat(shown.console())
        .anyMatch(line -> line.contains("example.org") && line.contains("Content Security Policy"))
        .anyMatch(line -> line.contains("script"));
    assertThat(shown.dom()).contains("<title>t</title>");
    Files.writeString(page, Html.page("t", false, "<div style='width:700px'>wide</div>"));
    assertThat(browser.contentWidths(page, 390)).allMatch(width -> width > 700);
    Files.writeString(page, "<!DOCTYPE html>");
    assertThat(Browser.colours(browser.screenshot(page, 390, 400), 0, 400)).isEqualTo(1);
  }
}
