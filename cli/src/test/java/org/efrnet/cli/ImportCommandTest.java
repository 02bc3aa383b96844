package org.efrnet.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.graph.Graph;
import org.efrnet.images.Mask;
import org.efrnet.images.Picture;
import org.efrnet.images.Pictures;
import org.efrnet.networks.DavidtvsENet;
import org.efrnet.ops.Network;
import org.efrnet.readings.Parameters;
import org.efrnet.segment.Segmenter;
import org.efrnet.weights.FloatTensor;
import org.efrnet.weights.Safetensors;
import org.efrnet.weights.Weights;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImportCommandTest {
  private static final String LAST = "transposed_conv.weight";

  @TempDir private Path dir;
  private Path out;

  @BeforeEach
  void chooseFolder() {
    out = dir.resolve("model");
  }

  private Path saved(Weights weights) throws IOException {
    Path file = dir.resolve("weights.safetensors");
    Safetensors.write(file, weights, Map.of());
    return file;
  }

  private static Weights fresh(Network network) {
    return Parameters.initial(Graph.of(network), 5);
  }

  /** ENet whose last channel, that of unlabelled pixels, is far above all others. */
  private static Weights loud() {
    FloatTensor last = fresh(DavidtvsENet.of2018(12)).get(LAST);
    float[] values = last.values().clone();
    for (int i = 0; i < 16; i++) {
      Arrays.fill(values, (i * 12 + 11) * 9, (i * 12 + 12) * 9, 100);
    }
    return fresh(DavidtvsENet.of2018(12))
        .with(
            Map.of(
                LAST,
                new FloatTensor(last.shape(), values),
                // What reaches the last layer is above zero.
                "regular5_1.out_prelu.weight",
                new FloatTensor(new int[] {16}, new float[16])));
  }

  /** The same without that channel. */
  private static Weights quiet() {
    Map<String, FloatTensor> tensors = new HashMap<>(loud().tensors());
    float[] all = loud().get(LAST).values();
    float[] eleven = new float[16 * 11 * 9];
    for (int i = 0; i < 16; i++) {
      System.arraycopy(all, i * 12 * 9, eleven, i * 11 * 9, 11 * 9);
    }
    tensors.put(LAST, new FloatTensor(new int[] {16, 11, 3, 3}, eleven));
    return Weights.of(tensors);
  }

  private Mask segmented(Weights weights, Object... more) throws IOException {
    Object[] words = {
      "import", saved(weights), "--network", "enet", "--height", 48, "-o", out, "--threads", 1
    };
    Object[] all = Arrays.copyOf(words, words.length + more.length);
    System.arraycopy(more, 0, all, words.length, more.length);
    Run run = Run.of(all);
    assertThat(run.code()).as(run.err()).isZero();
    Picture picture = Pictures.read(Path.of("../samples/street.jpg"));
    try (Segmenter segmenter =
        Segmenter.load(ModelBundle.read(out), Segmenter.Options.DEFAULT.withPrecision("fp32"))) {
      return segmenter.segment(picture).mask();
    }
  }

  @Test
  void theChannelOfUnlabelledPixelsIsNeverChosen() throws IOException {
    Mask twelve = segmented(loud());
    ModelBundle bundle = ModelBundle.read(out);
    assertThat(bundle.config().architecture().network()).isEqualTo("enet-davidtvs-2018");
    assertThat(bundle.config().architecture().unscored()).containsExactly(11);
    assertThat(bundle.classes().name()).isEqualTo("camvid-11");
    assertThat(bundle.card()).contains("Channels [11] of the logits are no class");
    long[] pixels = twelve.histogram();
    assertThat(Arrays.stream(pixels, 0, 11).sum()).isEqualTo(twelve.ids().length);

    // What the others say of one another is what they say without it.
    Mask eleven = segmented(quiet());
    assertThat(ModelBundle.read(out).config().architecture().unscored()).isEmpty();
    int same = 0;
    for (int i = 0; i < eleven.ids().length; i++) {
      same += eleven.ids()[i] == twelve.ids()[i] ? 1 : 0;
    }
    assertThat((double) same / eleven.ids().length).isCloseTo(1, within(1e-3));

    // As a class of its own it would be nearly everywhere.
    Path table = Files.writeString(dir.resolve("twelve.yaml"), twelveClasses());
    Mask plain = segmented(loud(), "--labels", table, "--unscored", "none");
    assertThat(plain.histogram()[11]).isGreaterThan(plain.ids().length * 9L / 10);
  }

  private static String twelveClasses() {
    StringBuilder yaml = new StringBuilder("name: twelve\nclasses:\n");
    for (int i = 0; i < 12; i++) {
      yaml.append(String.format("  - {label: %d, name: c%d, colour: [%d, 9, 9]}%n", i, i, i + 1));
    }
    return yaml.toString();
  }

  @Test
  void saysWhatItDid() throws IOException {
    Path report = dir.resolve("report.txt");
    FloatTensor more = new FloatTensor(new int[] {2, 3}, new float[6]);
    Run run =
        Run.of(
            "import",
            saved(loud().with(Map.of("auxiliary.weight", more))),
            "--network",
            "enet-davidtvs-2018",
            "--mean",
            "10,20,30",
            "--deviation",
            "1,2,4",
            "--scale",
            255,
            "--channels",
            "bgr",
            "--licence",
            "MIT",
            "--name",
            "enet.mine",
            "--report",
            report,
            "-o",
            out);
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out())
        .contains("safetensors, 555 tensors", "of 12 classes: 554 taken, 1 left over")
        .contains("left over: auxiliary.weight F32 [2, 3]", "as the options say")
        .contains("fp32: golden logits off by", "wrote " + out + ", digest ");
    assertThat(Files.readAllLines(report))
        .hasSize(555)
        .contains("taken: " + LAST + " F32 [16, 12, 3, 3]");
    ModelBundle bundle = ModelBundle.read(out);
    assertThat(bundle.config().name()).isEqualTo("enet.mine");
    assertThat(bundle.config().licence().id()).isEqualTo("MIT");
    assertThat(bundle.config().normalization().blueFirst()).isTrue();
    assertThat(bundle.config().normalization().mean())
        .containsExactly(10 / 255f, 20 / 255f, 30 / 255f);
    assertThat(bundle.config().normalization().deviation())
        .containsExactly(1 / 255f, 2 / 255f, 4 / 255f);
    assertThat(bundle.recipe()).isEmpty();
    assertThat(bundle.card()).contains("SHA-256 `", "554 taken", "MIT");
  }

  @Test
  void writesNothingWhereSomethingIsLacking() throws IOException {
    Map<String, FloatTensor> tensors = new HashMap<>(loud().tensors());
    tensors.remove("regular1_1.ext_conv1.0.weight");
    Path report = dir.resolve("report.txt");
    assertFails(
        Run.of(
            "import",
            saved(Weights.of(tensors)),
            "--network",
            "enet",
            "-o",
            out,
            "--report",
            report),
        1,
        "nothing is written: missing: regular1_1.ext_conv1.0.weight [16, 64, 1, 1]");
    assertThat(report).content().contains("missing: regular1_1.ext_conv1.0.weight");

    assertFails(
        Run.of("import", saved(loud()), "--network", "cgnet", "-o", out),
        1,
        "it fits --network enet-davidtvs-2018");
    assertFails(
        Run.of("import", saved(loud()), "--network", "enet", "--classes", 19, "-o", out),
        1,
        "tells 12 classes apart, by the shape of its classifier, and not 19");
    assertFails(
        Run.of("import", saved(loud()), "--network", "enet", "--labels", "streets", "-o", out),
        1,
        "class table 'streets' has");
    assertFails(
        Run.of("import", saved(fresh(DavidtvsENet.today(5))), "--network", "enet", "-o", out),
        1,
        "what the 5 classes are is not known; say so by --labels");
  }

  @Test
  void runsNoCodeAndTakesNoOtherFile() throws IOException {
    Path evil = dir.resolve("evil.pth");
    String codes = "\u0080\2cposix\nsystem\nX\5\0\0\0touch\u0085R.";
    Files.write(evil, codes.getBytes(StandardCharsets.ISO_8859_1));
    assertFails(
        Run.of("import", evil, "--network", "cgnet", "-o", out),
        1,
        "checkpoint " + evil + ": asks to use 'posix.system', and nothing in a checkpoint is run");
    assertFails(
        Run.of("import", "../samples/street.jpg", "--network", "cgnet", "-o", out),
        1,
        "is no checkpoint");
    assertFails(
        Run.of("import", dir.resolve("none.pth"), "--network", "cgnet", "-o", out),
        1,
        "does not exist");
  }

  @Test
  void wrongUsageIsTwo() throws IOException {
    Path file = saved(loud());
    assertFails(Run.of("import", file, "-o", out), 2, "--network");
    assertFails(Run.of("import", file, "--network", "enet"), 2, "--out");
    assertFails(
        Run.of("import", file, "--network", "cgnett", "-o", out), 2, "did you mean 'cgnet'?");
    assertFails(
        Run.of("import", file, "--network", "enet", "-o", out, "--mean", "1,2"), 2, "'1,2'");
    assertFails(
        Run.of("import", file, "--network", "enet", "-o", out, "--mean", "1,x,2"), 2, "'1,x,2'");
    assertFails(
        Run.of("import", file, "--network", "enet", "-o", out, "--scale", 2), 2, "--scale is 2");
    assertFails(
        Run.of("import", file, "--network", "enet", "-o", out, "--channels", "rbg"), 2, "'rbg'");
    assertFails(
        Run.of("import", file, "--network", "enet", "-o", out, "--unscored", "x"), 2, "'x'");
    assertFails(
        Run.of("import", file, "--network", "enet", "-o", out, "--classes", 0),
        2,
        "must be 1..255");
  }

  private void assertFails(Run run, int code, String part) {
    assertThat(run.code()).as(run.err()).isEqualTo(code);
    assertThat(run.err()).startsWith("efrnet: ").contains(part);
    assertThat(run.err().strip().lines()).hasSize(1);
    assertThat(out).doesNotExist();
  }
}
