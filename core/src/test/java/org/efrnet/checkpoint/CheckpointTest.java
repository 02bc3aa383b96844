package org.efrnet.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.efrnet.weights.FloatTensor;
import org.efrnet.weights.Safetensors;
import org.efrnet.weights.Weights;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class CheckpointTest {
  @TempDir Path dir;

  static byte[] recorded(String name) throws IOException {
    try (InputStream in = CheckpointTest.class.getResourceAsStream(name)) {
      return in.readAllBytes();
    }
  }

  /** All tensors of a checkpoint. */
  static Map<String, FloatTensor> tensors(Path file) throws CheckpointException {
    Map<String, FloatTensor> tensors = new LinkedHashMap<>();
    try (Checkpoint checkpoint = Checkpoint.open(file)) {
      StateDict dict = checkpoint.stateDict();
      for (String name : dict.tensors().keySet()) {
        tensors.put(name, dict.read(name));
      }
    }
    return tensors;
  }

  private static FloatTensor tensor(int[] shape, double... values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    return new FloatTensor(shape, floats);
  }

  private void assertRefused(byte[] bytes, String... parts) {
    Path file = Pickles.write(dir, bytes);
    assertThatThrownBy(() -> tensors(file))
        .isInstanceOf(CheckpointException.class)
        .hasMessageStartingWith("checkpoint " + file + ": ")
        .hasMessageContainingAll(parts)
        .message()
        .doesNotContain("\n")
        .hasSizeLessThan(700);
  }

  @ParameterizedTest
  @ValueSource(strings = {"stream", "archive"})
  void readsEveryElementTypeAndView(String format) throws IOException {
    Path file = Pickles.write(dir, recorded("mixed." + format + ".pth"));
    Map<String, FloatTensor> expected = new LinkedHashMap<>();
    int[] two = {2};
    expected.put("whole.weight", tensor(new int[] {3, 4}, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11));
    expected.put("turned.weight", tensor(new int[] {4, 3}, 0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11));
    expected.put("part.weight", tensor(new int[] {4}, 5, 6, 7, 8));
    expected.put("own.weight", tensor(new int[] {1, 2}, -1.5, 2.5));
    expected.put("half.weight", tensor(new int[] {3}, 0.5, -2, 65504));
    expected.put("bfloat.weight", tensor(two, 1, -3));
    expected.put("double.weight", tensor(new int[] {1}, 0.1));
    for (String type : new String[] {"long", "int", "short", "char"}) {
      expected.put(type + ".weight", tensor(two, -7, 100));
    }
    expected.put("byte.weight", tensor(two, 7, 200));
    expected.put("bool.weight", tensor(two, 1, 0));
    expected.put("none.weight", tensor(new int[] {0, 3}));
    assertThat(tensors(file)).containsExactlyEntriesOf(expected);

    try (Checkpoint checkpoint = Checkpoint.open(file)) {
      StateDict dict = checkpoint.stateDict();
      assertThat(dict.place()).isEqualTo("state_dict");
      assertThat(dict.prefix()).isEqualTo("module.");
      assertThat(dict.skipped()).containsExactly("module.bn.num_batches_tracked");
      assertThat(checkpoint.sha256()).hasSize(64);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"stream", "archive"})
  void readsABareStateDict(String format) throws IOException {
    Path file = Pickles.write(dir, recorded("small." + format + ".pth"));
    Map<String, FloatTensor> expected = new LinkedHashMap<>();
    expected.put("w", tensor(new int[] {2}, 1, 2));
    expected.put("b", tensor(new int[] {1}, 3));
    assertThat(tensors(file)).containsExactlyEntriesOf(expected);
  }

  @Test
  void readsSafetensors() throws IOException {
    Path file = dir.resolve("weights.safetensors");
    FloatTensor w = tensor(new int[] {2}, 1, 2);
    Safetensors.write(file, Weights.of(Map.of("_orig_mod.module.w", w)), Map.of());
    assertThat(tensors(file)).containsExactly(Map.entry("w", w));
  }

  @Test
  void valuesAreReadWhileTheFileIsOpenOnly() throws IOException {
    for (String format : new String[] {"stream", "archive"}) {
      Path file = Pickles.write(dir, recorded("small." + format + ".pth"));
      Checkpoint checkpoint = Checkpoint.open(file);
      StateDict dict = checkpoint.stateDict();
      checkpoint.close();
      assertThatThrownBy(() -> dict.read("w"))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("tensor 'w' is read after the checkpoint was closed");
    }
  }

  /** Each would run a command in Python. */
  static Stream<Arguments> malicious() {
    String calls = "cposix\nsystem\n";
    String stack = "X\5\0\0\0posixX\6\0\0\0system\u0093";
    return Stream.of(
        Arguments.of("REDUCE", calls + "X\2\0\0\0id\u0085R", "'posix.system'"),
        Arguments.of("STACK_GLOBAL", stack + "X\2\0\0\0id\u0085R", "'posix.system'"),
        Arguments.of("INST", "(X\2\0\0\0idios\nsystem\n", "call 'os.system'"),
        Arguments.of("OBJ", "(" + calls + "X\2\0\0\0ido", "'posix.system'"),
        Arguments.of("OBJ of what is known", "(ctorch\nSize\n)o", "make an object of 'torch.Size'"),
        Arguments.of("NEWOBJ", "csubprocess\nPopen\nX\2\0\0\0id\u0085\u0081", "'subprocess.Popen'"),
        Arguments.of("NEWOBJ of what is known", "ctorch\nSize\n)\u0081", "make an object of"),
        Arguments.of("NEWOBJ_EX", "ctorch\nSize\n)}\u0092", "make an object of 'torch.Size'"),
        Arguments.of("BUILD of what is no dictionary", "ctorch\nSize\n}b", "set the state of"),
        Arguments.of("eval", "cbuiltins\neval\nX\1\0\0\0" + "1\u0085R", "'builtins.eval'"),
        Arguments.of("eval of Python 2", "c__builtin__\neval\n", "'__builtin__.eval'"),
        Arguments.of("a dotted name", "ctorch\nSize.__new__\n", "'torch.Size.__new__'"),
        Arguments.of(
            "a module in a name", "ctorch._utils\n_rebuild_tensor_v2.__globals__\n", "_v2"),
        Arguments.of("a class of the file's own", "c__main__\nNet\n)R", "'__main__.Net'"),
        Arguments.of("EXT1", "\u0082\1", "pickle code 0x82"),
        Arguments.of("PERSID", "Pabc\n", "pickle code 0x50"),
        Arguments.of("text INT", "I1\n", "pickle code 0x49"),
        Arguments.of("persistent id of a module", "X\6\0\0\0module\u0085Q", "find something else"),
        Arguments.of("a line break in a name", "\u008c\4a\nbc\u008c\1d\u0093", "a\\u000abc.d"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("malicious")
  void runsNothing(String name, String codes, String part) {
    assertRefused(Pickles.stream(Pickles.of(codes)), part);
    byte[] pickle = Pickles.of("\u0080\2").add(Pickles.of(codes).toBytes()).add(".").toBytes();
    assertRefused(Pickles.archive(Map.of("data.pkl", pickle)), part);
  }

  static Stream<Arguments> damaged() {
    int[] four = {4};
    int[] one = {1};
    return Stream.of(
        Arguments.of("an empty stack", new Pickles(), "uses a value that is not there"),
        Arguments.of("below a mark", Pickles.of("}(s"), "uses values that are not there"),
        Arguments.of("no mark", Pickles.of("}u"), "lacks a mark"),
        Arguments.of("something behind", Pickles.of("}}"), "leaves values behind"),
        Arguments.of("a mark behind", Pickles.of("}("), "uses a value that is not there"),
        Arguments.of("an unknown memo", Pickles.of("h\7"), "recalls value 7"),
        Arguments.of("a key without a value", Pickles.of("}(Nu"), "without a value"),
        Arguments.of("a list for a key", Pickles.of("}]Ns"), "a list for a key"),
        Arguments.of("a tuple for a key", Pickles.of("})Ns"), "a tuple for a key"),
        Arguments.of("a key twice", Pickles.of("}(NNNNu"), "twice"),
        Arguments.of("append to a dictionary", Pickles.of("}Na"), "append to a dictionary"),
        Arguments.of("items of a number", Pickles.of("K\1NNs"), "set items of a number"),
        Arguments.of("a text beyond the end", Pickles.of("X\377\377\377\177a"), "only"),
        Arguments.of(
            "a text of 2^63", Pickles.of("\u008d\377\377\377\377\377\377\377\377"), "bytes"),
        Arguments.of("a long integer", Pickles.of("\u008b\0\1\0\0"), "an integer of 256 bytes"),
        Arguments.of("not UTF-8", Pickles.of("X\1\0\0\0\377"), "not UTF-8"),
        Arguments.of("protocol 9", Pickles.of("\u0080\11}"), "protocol 9"),
        Arguments.of("a long name", Pickles.of("c" + "x".repeat(2000)), "more than 1024"),
        Arguments.of(
            "a text alone", new Pickles().text("hello"), "holds a text instead of named tensors"),
        Arguments.of("no tensors", Pickles.of("}").text("epoch").add("K\1s"), "of epoch"),
        Arguments.of(
            "a storage that is not there",
            Pickles.of("}").text("w").tensor("FloatStorage", "0", 4, 0, four, one).add("s"),
            "lacks storage '0'"),
        Arguments.of(
            "values beyond the storage",
            Pickles.of("}").text("w").tensor("FloatStorage", "0", 4, 1, four, one).add("s"),
            "4 values up to number 4 of storage '0', which has 4"),
        Arguments.of(
            "values that repeat",
            Pickles.of("}")
                .text("w")
                .tensor("FloatStorage", "0", 4, 0, new int[] {1 << 30}, new int[] {0})
                .add("s"),
            "which has 4"),
        Arguments.of(
            "sizes that overflow",
            Pickles.of("}")
                .text("w")
                .tensor(
                    "FloatStorage",
                    "0",
                    4,
                    0,
                    new int[] {1 << 30, 1 << 30, 1 << 30},
                    new int[] {1, 1, 1})
                .add("s"),
            "overflow"),
        Arguments.of(
            "a negative size",
            Pickles.of("}")
                .text("w")
                .tensor("FloatStorage", "0", 4, 0, new int[] {-4}, one)
                .add("s"),
            "-4 for a tensor's size"),
        Arguments.of(
            "fewer strides",
            Pickles.of("}").text("w").tensor("FloatStorage", "0", 4, 0, four, new int[0]).add("s"),
            "1 sizes and 0 strides"),
        Arguments.of(
            "another storage", Pickles.of("ctorch\nComplexFloatStorage\n"), "ComplexFloatStorage"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("damaged")
  void refusesWhatIsDamaged(String name, Pickles object, String part) {
    assertRefused(Pickles.stream(object), part);
  }

  @Test
  void refusesWithoutEnd() {
    assertRefused(Pickles.stream(Pickles.of("N".repeat(1 << 17))), "stacks more than 65536");
    assertRefused(Pickles.stream(Pickles.of("(".repeat(1 << 17))), "stacks more than 65536");
    assertRefused(Pickles.stream(Pickles.of("N0".repeat(1 << 20))), "more than 1048576 steps");
    // Nested as deep as it may be, and never looked into by recursion.
    assertRefused(
        Pickles.stream(Pickles.of(")" + "\u0085".repeat(1 << 19))), "a tuple instead of named");
    // A list that is made a dictionary of again and again.
    Pickles pairs = Pickles.of("](");
    for (int i = 0; i < 20_000; i++) {
      pairs.number(i).add("N\u0086");
    }
    pairs.add("eq\0ccollections\nOrderedDict\nq\1");
    for (int i = 0; i < 1000; i++) {
      pairs.add("h\1h\0\u0085R0");
    }
    assertRefused(Pickles.stream(pairs), "dictionaries without end");
    // It holds itself, which is nobody's business.
    assertRefused(Pickles.stream(Pickles.of("]q\0h\0a")), "a list instead of named tensors");
  }

  @Test
  void refusesOtherFiles() {
    assertRefused(new byte[0], "is empty");
    assertRefused("\u0089PNG\r\n\32\n".getBytes(StandardCharsets.ISO_8859_1), "is no checkpoint");
    assertRefused("<!DOCTYPE html><p>Not found".getBytes(StandardCharsets.US_ASCII), "download");
    assertRefused(
        Pickles.of("\u0080\2}.").toBytes(), "none of torch.save: the magic number is missing");
    byte[] tar = new byte[1024];
    tar[0] = 's';
    System.arraycopy("ustar".getBytes(StandardCharsets.US_ASCII), 0, tar, 257, 5);
    assertRefused(tar, "is a tar archive, as PyTorch wrote it before 0.1.10");
    assertRefused(Pickles.stream(false).add("\u0080\2}.\u0080\2].").toBytes(), "big-endian");
    assertRefused(Pickles.archive(Map.of("code.py", new byte[3])), "without data.pkl");
    byte[] empty = Pickles.of("\u0080\2}.").toBytes();
    assertRefused(
        Pickles.archive(Map.of("data.pkl", empty, "constants.pkl", empty)), "TorchScript program");
    assertRefused(
        Pickles.archive(
            Map.of("data.pkl", empty, "byteorder", "big".getBytes(StandardCharsets.US_ASCII))),
        "byte order 'big'");
    assertRefused(
        Pickles.archive(Map.of("data.pkl", Pickles.of("\u0080\2}..").toBytes())),
        "1 bytes behind its pickle");
    assertThatThrownBy(() -> Checkpoint.open(dir.resolve("none.pth")))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("does not exist");
    assertThatThrownBy(() -> Checkpoint.open(dir))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("not a regular file");
  }

  @Test
  void holdsStoragesAgainstTheirSizes() throws IOException {
    byte[] object =
        Pickles.of("\u0080\2}")
            .text("w")
            .tensor("FloatStorage", "0", 2, 0, new int[] {2}, new int[] {1})
            .add("s.")
            .toBytes();
    byte[] values = {0, 0, (byte) 0x80, 0x3f, 0, 0, 0, 0x40};
    byte[] keys = Pickles.of("\u0080\2](").text("0").add("e.").toBytes();
    byte[] whole =
        Pickles.stream(true)
            .add(object)
            .add(keys)
            .add(Pickles.littleEndian(2, 8))
            .add(values)
            .toBytes();
    FloatTensor w = tensor(new int[] {2}, 1, 2);
    assertThat(tensors(Pickles.write(dir, whole))).containsExactly(Map.entry("w", w));
    assertRefused(Arrays.copyOf(whole, whole.length + 1), "1 bytes behind its last storage");
    assertRefused(Arrays.copyOf(whole, whole.length - 1), "within storage '0'", "cut short");
    whole[whole.length - 16] = 3;
    assertRefused(whole, "3 values in storage '0' of 2");

    Map<String, byte[]> files = new LinkedHashMap<>(Map.of("data.pkl", object, "data/0", values));
    assertThat(tensors(Pickles.write(dir, Pickles.archive(files))))
        .containsExactly(Map.entry("w", w));
    files.put("data/0", Arrays.copyOf(values, 7));
    assertRefused(Pickles.archive(files), "storage '0' of 2 values of F32 in 7 bytes");
    files.remove("data/0");
    assertRefused(Pickles.archive(files), "storage '0' of 2 values of F32 nowhere");
  }

  /** A stream has no checksum: a changed value is read as one. All else is found. */
  @ParameterizedTest
  @ValueSource(strings = {"stream", "archive"})
  void whateverIsCutOrFlippedIsReadOrRefused(String format) throws IOException {
    byte[] whole = recorded("small." + format + ".pth");
    Map<String, FloatTensor> right = tensors(Pickles.write(dir, whole));
    int refused = 0;
    for (int length = 0; length < whole.length; length++) {
      assertThat(readOrRefused(Arrays.copyOf(whole, length))).as("cut at %d", length).isEmpty();
    }
    for (int i = 0; i < whole.length; i++) {
      byte[] flipped = whole.clone();
      flipped[i] ^= (byte) (1 << (i % 8));
      Map<String, FloatTensor> read = readOrRefused(flipped);
      refused += read.isEmpty() ? 1 : 0;
      if (format.equals("archive") && !read.isEmpty()) {
        assertThat(read).as("bit %d of byte %d", i % 8, i).isEqualTo(right);
      }
    }
    assertThat(refused).isGreaterThan(whole.length / 4);
  }

  /** Empty where it was refused as it should be. */
  private Map<String, FloatTensor> readOrRefused(byte[] bytes) {
    try {
      Map<String, FloatTensor> read = tensors(Pickles.write(dir, bytes));
      assertThat(read).isNotEmpty();
      return read;
    } catch (CheckpointException e) {
      assertThat(e).message().startsWith("checkpoint ").doesNotContain("\n");
      return Map.of();
    }
  }

  @Test
  void aLyingFileTakesNoMemory() throws IOException {
    // Says that it holds 2^31 values, and holds none.
    byte[] object =
        Pickles.of("}")
            .text("w")
            .tensor(
                "FloatStorage",
                "0",
                Integer.MAX_VALUE,
                0,
                new int[] {Integer.MAX_VALUE - 8},
                new int[] {1})
            .add("s")
            .toBytes();
    byte[] keys = Pickles.of("\u0080\2](").text("0").add("e.").toBytes();
    byte[] lying =
        Pickles.stream(true)
            .add("\u0080\2")
            .add(object)
            .add(".")
            .add(keys)
            .add(Pickles.littleEndian(Integer.MAX_VALUE, 8))
            .toBytes();
    assertRefused(lying, "cut short");
    byte[] pickle = Pickles.of("\u0080\2").add(object).add(".").toBytes();
    assertRefused(Pickles.archive(Map.of("data.pkl", pickle, "data/0", new byte[8])), "in 8 bytes");
    assertThat(Files.size(dir.resolve("weights.pth"))).isLessThan(1000);
  }
}
