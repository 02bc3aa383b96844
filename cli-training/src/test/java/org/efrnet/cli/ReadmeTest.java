package org.efrnet.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.efrnet.bundle.BundleConfig;
import org.efrnet.bundle.ModelBundle;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the README says is what the repository does. */
class ReadmeTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

  @TempDir private Path dir;

  private static String readme() throws IOException {
    return Files.readString(ROOT.resolve("README.md"));
  }

  private static String block(String language) throws IOException {
    Matcher matcher =
        Pattern.compile("```" + language + "\n(.*?)```", Pattern.DOTALL).matcher(readme());
    assertThat(matcher.find()).isTrue();
    return matcher.group(1);
  }

  @Test
  void theSnippetIsTheCompiledOne() throws IOException {
    String source = Files.readString(Path.of("src/test/java/org/efrnet/cli/ReadmeSnippet.java"));
    String compiled =
        source
            .substring(
                source.indexOf("// README: begin\n") + "// README: begin\n".length(),
                source.indexOf("    // README: end"))
            .stripTrailing()
            .stripIndent();
    assertThat(block("java").strip()).isEqualTo(compiled.strip());
  }

  /** Runs a class of this class path in a folder that has the repository's samples. */
  private String java(String mainClass, String... words) throws Exception {
    Path samples = dir.resolve("samples");
    if (!Files.exists(samples)) {
      Files.createDirectories(samples);
      Files.copy(ROOT.resolve("samples/street.jpg"), samples.resolve("street.jpg"));
    }
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Defrnet.cache=" + dir.resolve("cache"),
                "-cp",
                System.getProperty("java.class.path"),
                mainClass));
    command.addAll(List.of(words));
    Process process =
        new ProcessBuilder(command).directory(dir.toFile()).redirectErrorStream(true).start();
    String out;
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      out = String.join("\n", reader.lines().toList());
    }
    assertThat(process.waitFor()).as(out).isZero();
    return out;
  }

  /** Starts the snippet in a process of its own: it writes into the current folder. */
  static final class SnippetMain {
    private SnippetMain() {}

    public static void main(String[] args) throws IOException {
      ReadmeSnippet.run();
    }
  }

  @Test
  void theSnippetRuns() throws Exception {
    assertThat(java(SnippetMain.class.getName())).contains("Road");
    assertThat(dir.resolve("overlay.png")).isNotEmptyFile();
  }

  @Test
  void theFirstCommandSegmentsTheStreet() throws Exception {
    List<String> commands =
        block("sh")
            .lines()
            .map(line -> line.replaceFirst("#.*", "").strip())
            .filter(line -> line.startsWith("./efrnet "))
            .toList();
    assertThat(commands).first().isEqualTo("./efrnet segment samples/street.jpg");
    String[] words = commands.get(0).substring("./efrnet ".length()).split(" ");
    assertThat(java(Main.class.getName(), words)).contains("samples/street.jpg", "Building", "Sky");
    assertThat(dir.resolve("street.overlay.png")).isNotEmptyFile();
    assertThat(dir.resolve("street.mask.png")).isNotEmptyFile();
    assertThat(Files.readString(dir.resolve("street.json"))).contains("CC-BY-NC-4.0");
    assertThat(block("sh")).contains("mvn verify");
  }

  /** Numbers that a new model changes, in the places where they stand. */
  @Test
  void theFiguresAreTheEmbeddedModels() throws IOException {
    ModelBundle bundle = ModelBundle.of("efrnet.camvid");
    List<String> rows =
        bundle.card().lines().filter(line -> line.matches("\\| (all|0001TP|Seq05VD) .*")).toList();
    assertThat(rows).hasSize(3);
    String plain = readme().replace("**", "");
    for (String row : rows) {
      assertThat(plain).contains(row.substring(row.indexOf('|', 1)));
    }
    Map<String, BundleConfig.Precision> precisions = bundle.config().precisions();
    double bf16 = precisions.get(BundleConfig.BF16).miouLoss().get("camvid test");
    double int8 = precisions.get(BundleConfig.INT8).miouLoss().get("camvid test");
    assertThat(plain)
        .contains(
            String.format(Locale.ROOT, "bf16 and int8 the model loses %.2f and %.2f", bf16, int8))
        .contains(
            String.format(Locale.ROOT, "%.2f points of mIoU in bf16, %.2f in int8", bf16, int8));
  }

  @Test
  void everyLinkLeadsSomewhere() throws IOException {
    List<Path> pages = new ArrayList<>(List.of(ROOT.resolve("README.md")));
    try (Stream<Path> docs = Files.walk(ROOT.resolve("docs"))) {
      pages.addAll(docs.filter(p -> p.toString().endsWith(".md")).toList());
    }
    int links = 0;
    for (Path page : pages) {
      Matcher matcher = Pattern.compile("]\\(([^)#]+)[^)]*\\)").matcher(Files.readString(page));
      while (matcher.find()) {
        String target = matcher.group(1);
        if (!target.startsWith("http")) {
          links++;
          assertThat(page.resolveSibling(target)).as("link in " + page).exists();
        }
      }
    }
    assertThat(links).isGreaterThan(5);
  }
}
