package org.efrnet.pages;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.efrnet.images.Picture;
import org.efrnet.images.Pictures;

/**
 * A page as Chromium shows it ({@code apt-get install chromium}), for tests; they are skipped where
 * there is none, except in CI.
 */
public final class Browser {
  private static final Optional<Path> CHROMIUM =
      Stream.of("chromium", "chromium-browser", "google-chrome")
          .flatMap(
              name ->
                  Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                      .map(folder -> Path.of(folder, name)))
          .filter(Files::isExecutable)
          .findFirst();

  private final Path dir;

  /**
   * Starts nothing yet; the test is skipped if there is no browser.
   *
   * @param dir for the browser's files and screenshots; it is there
   */
  public Browser(Path dir) {
    this.dir = dir;
    requireChromium();
  }

  /** The browser's program; the test is skipped if there is none. */
  static Path requireChromium() {
    if (CHROMIUM.isEmpty()) {
      assertThat(System.getenv("CI")).as("in CI there must be a chromium on the path").isNull();
    }
    assumeTrue(CHROMIUM.isPresent(), "no chromium on the path: apt-get install chromium");
    return CHROMIUM.get();
  }

  /** What the browser printed: the page's elements, and its own messages. */
  public record Shown(String dom, String messages) {
    /** What the page's console says: errors, and requests that its policy forbids. */
    public List<String> console() {
      return messages.lines().filter(line -> line.contains("CONSOLE")).toList();
    }
  }

  /** Opens a page with more options of the browser, and waits until it has ended. */
  public Shown browse(Path page, String... options) throws Exception {
    Path out = dir.resolve("out.txt");
    Path err = dir.resolve("err.txt");
    List<String> command = new ArrayList<>();
    command.add(CHROMIUM.orElseThrow().toString());
    command.addAll(
        List.of(
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
            "--enable-logging=stderr",
            "--user-data-dir=" + dir.resolve("profile"),
            // A page that asked for something would have to ask a host that cannot be found.
            "--host-resolver-rules=MAP * ~NOTFOUND",
            "--disable-background-networking"));
    command.addAll(List.of(options));
    command.add(page.toUri().toString());
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start();
    boolean ended = process.waitFor(3, TimeUnit.MINUTES);
    if (!ended) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly().waitFor();
    }
    // Libraries below the browser print bytes of any kind.
    String messages = Files.readString(err, StandardCharsets.ISO_8859_1);
    assertThat(ended).as(messages).isTrue();
    assertThat(process.exitValue()).as(messages).isZero();
    return new Shown(Files.readString(out, StandardCharsets.ISO_8859_1), messages);
  }

  /** A page as it looks in a window, provided that the browser has nothing to complain of. */
  public Picture screenshot(Path page, int width, int height) throws Exception {
    Path file = dir.resolve("shot-" + width + ".png");
    Shown shown = browse(page, "--screenshot=" + file, "--window-size=" + width + "," + height);
    assertThat(shown.console()).isEmpty();
    Picture picture = Pictures.read(file);
    assertThat(picture.width()).isEqualTo(width);
    assertThat(picture.height()).isEqualTo(height);
    return picture;
  }

  /** Different colours in a part of a picture. */
  public static int colours(Picture picture, int fromRow, int toRow) {
    Set<Integer> colours = new HashSet<>();
    for (int i = 3 * fromRow * picture.width(); i < 3 * toRow * picture.width(); i += 3) {
      byte[] rgb = picture.rgb();
      colours.add((rgb[i] & 0xff) << 16 | (rgb[i + 1] & 0xff) << 8 | (rgb[i + 2] & 0xff));
    }
    return colours.size();
  }

  /** How wide the page's content is at each width, asked by a script of the test's. */
  public List<Integer> contentWidths(Path page, int... widths) throws Exception {
    String html =
        Files.readString(page)
            .replaceFirst("<meta http-equiv=\"Content-Security-Policy\"[^>]*>", "")
            .replaceFirst("<meta http-equiv=\"refresh\"[^>]*>", "");
    Files.writeString(
        dir.resolve("inner.html"),
        html.replace(
            "</body>",
            "<script>parent.postMessage(innerWidth + ':' + document.documentElement.scrollWidth,"
                + " '*')</script></body>"));
    Path frames = dir.resolve("frames.html");
    // A frame can be narrower than the narrowest window.
    StringBuilder outer =
        new StringBuilder("<title>widths</title><script>onmessage = e => document.title += ' '");
    outer.append(" + e.data</script>");
    for (int width : widths) {
      outer.append("<iframe height=800 style='border:0' src=inner.html width=");
      outer.append(width).append("></iframe>");
    }
    Files.writeString(frames, outer);
    String dom = browse(frames, "--dump-dom", "--virtual-time-budget=5000").dom;
    List<Integer> content = new ArrayList<>();
    for (int width : widths) {
      Matcher said = Pattern.compile("<title>widths.* " + width + ":(\\d+)").matcher(dom);
      assertThat(said.find()).as(dom).isTrue();
      content.add(Integer.valueOf(said.group(1)));
    }
    return content;
  }
}
