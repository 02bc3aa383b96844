package org.efrnet.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SafetensorsTest {
  @TempDir Path folder;

  /** A file of a given header and given data, whether they belong together or not. */
  private Path file(String header, byte[] data) throws IOException {
    return file(header.getBytes(StandardCharsets.UTF_8), data);
  }

  private Path file(byte[] header, byte[] data) throws IOException {
    ByteBuffer bytes =
        ByteBuffer.allocate(8 + header.length + data.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(header.length).put(header).put(data);
    return Files.write(folder.resolve("x.safetensors"), bytes.array());
  }

  private Path file(String header, ByteBuffer data) throws IOException {
    return file(header, bytes(data));
  }

  private static byte[] bytes(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.capacity()];
    buffer.rewind().get(bytes);
    return bytes;
  }

  private static ByteBuffer data(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static void refused(Path file, String... parts) {
    assertThatThrownBy(() -> Safetensors.read(file))
        .isInstanceOf(WeightsException.class)
        .hasMessageContainingAll(parts)
        .hasMessageContaining(file.getFileName().toString())
        .extracting(Throwable::getMessage)
        .matches(message -> message.lines().count() == 1);
  }

  private static Safetensors.Contents sample(Random random) {
    Map<String, FloatTensor> tensors = new TreeMap<>();
    int[][] shapes = {{}, {1}, {7}, {3, 5}, {4, 3, 3, 3}, {0, 9}, {2, 2, 2}};
    for (int[] shape : shapes) {
      float[] values = new float[Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) random.nextGaussian();
      }
      tensors.put("block." + random.nextInt(1000) + ".wéight", new FloatTensor(shape, values));
    }
    return new Safetensors.Contents(tensors, Map.of("note", "two\nlines", "seed", "\"7\""));
  }

  @Test
  void theIndependentNetworkIsReadWhole() throws IOException, URISyntaxException {
    Path oracle =
        Path.of(
            SafetensorsTest.class.getResource("/org/efrnet/oracle/efrnet-11.safetensors").toURI());
    Safetensors.Contents contents = Safetensors.read(oracle);
    assertThat(contents.tensors()).hasSize(650);
    assertThat(contents.metadata()).containsOnlyKeys("losses_float32", "losses_float64");
    assertThat(contents.metadata().get("losses_float64")).startsWith("[2.4716563693432074, ");
    Weights weights = contents.weights();
    assertThat(weights.get("cls.weight").shape()).containsExactly(16, 11, 3, 3);
    assertThat(weights.get("oracle.batch").shape()).containsExactly(4, 3, 72, 96);
    assertThat(weights.get("b0.act.weight").shape()).containsExactly(1);
    FloatTensor labels = weights.get("oracle.labels");
    assertThat(labels.shape()).containsExactly(4, 72, 96);
    for (float label : labels.values()) {
      assertThat(label).isBetween(0f, 11f).isEqualTo((float) (int) label);
    }
  }

  @Test
  void whatIsWrittenIsReadAndEqualContentsAreEqualFiles() throws IOException {
    Safetensors.Contents contents = sample(new Random(5));
    Path first = folder.resolve("first.safetensors");
    Path second = folder.resolve("second.safetensors");
    Safetensors.write(first, contents);
    Safetensors.write(second, contents.weights(), contents.metadata());
    assertThat(Safetensors.read(first)).isEqualTo(contents);
    assertThat(second).hasSameBinaryContentAs(first);
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(first)).order(ByteOrder.LITTLE_ENDIAN);
    assertThat(bytes.getLong() % 8).as("values start at a multiple of 8").isZero();
  }

  @Test
  void aFileWithoutTensorsIsAFile() throws IOException {
    Safetensors.Contents nothing = new Safetensors.Contents(Map.of(), Map.of());
    Path file = folder.resolve("nothing.safetensors");
    Safetensors.write(file, nothing);
    assertThat(Safetensors.read(file)).isEqualTo(nothing);
  }

  @Test
  void writingReplacesTheOldFileAndLeavesNoOther() throws IOException {
    Path file = folder.resolve("weights.safetensors");
    Safetensors.write(file, sample(new Random(1)));
    Safetensors.Contents second = sample(new Random(2));
    Safetensors.write(file, second);
    assertThat(Safetensors.read(file)).isEqualTo(second);
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).containsExactly(file);
    }
  }

  @Test
  void aWriteThatFailsLeavesTheOldFileAlone() throws IOException {
    Path file = folder.resolve("weights.safetensors");
    Safetensors.Contents old = sample(new Random(1));
    Safetensors.write(file, old);
    for (String name : List.of("nan", "__metadata__")) {
      float value = name.equals("nan") ? Float.NaN : 1;
      Map<String, FloatTensor> wrong =
          Map.of(name, new FloatTensor(new int[] {2}, new float[] {0, value}));
      assertThatThrownBy(() -> Safetensors.write(file, new Safetensors.Contents(wrong, Map.of())))
          .isInstanceOf(WeightsException.class)
          .hasMessageContainingAll("'" + name + "'", "weights.safetensors");
    }
    assertThat(Safetensors.read(file)).isEqualTo(old);
    assertThatThrownBy(() -> Safetensors.write(folder.resolve("no/such/x.safetensors"), old))
        .isInstanceOf(WeightsException.class)
        .hasMessageContaining("cannot be written: NoSuchFileException");
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).containsExactly(file);
    }
  }

  @Test
  void everyElementTypeBecomesFp32() throws IOException {
    String header =
        """
        {"d":{"dtype":"F64","shape":[2],"data_offsets":[0,16]},
         "h":{"dtype":"F16","shape":[5],"data_offsets":[16,26]},
         "b":{"dtype":"BF16","shape":[2],"data_offsets":[26,30]},
         "l":{"dtype":"I64","shape":[2],"data_offsets":[30,46]},
         "i":{"dtype":"I32","shape":[1],"data_offsets":[46,50]},
         "u":{"dtype":"U8","shape":[2],"data_offsets":[50,52]}}""";
    ByteBuffer data = data(52);
    data.putDouble(0.1).putDouble(-3);
    // 1, -2, the largest, the smallest normal and the smallest subnormal half.
    for (int half : new int[] {0x3c00, 0xc000, 0x7bff, 0x0400, 0x8001}) {
      data.putShort((short) half);
    }
    data.putShort((short) 0x3f80).putShort((short) 0xc049);
    data.putLong(1 << 24).putLong(-5).putInt(-7).put((byte) 11).put((byte) 255);
    Map<String, FloatTensor> read = Safetensors.read(file(header, data)).tensors();
    assertThat(read.get("d").values()).containsExactly(0.1f, -3f);
    assertThat(read.get("h").values()).containsExactly(1f, -2f, 65504f, 0x1p-14f, -0x1p-24f);
    assertThat(read.get("b").values()).containsExactly(1f, -3.140625f);
    assertThat(read.get("l").values()).containsExactly(1 << 24, -5f);
    assertThat(read.get("i").values()).containsExactly(-7f);
    assertThat(read.get("u").values()).containsExactly(11f, 255f);
  }

  @Test
  void valuesThatFp32CannotHoldAreRefusedByName() throws IOException {
    refused(
        file(
            "{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
            data(8).putFloat(1).putFloat(Float.NaN)),
        "tensor 'w' value 1 is NaN");
    refused(
        file(
            "{\"w\":{\"dtype\":\"F64\",\"shape\":[],\"data_offsets\":[0,8]}}",
            data(8).putDouble(1e300)),
        "tensor 'w' value 0");
    refused(
        file(
            "{\"w\":{\"dtype\":\"F16\",\"shape\":[1],\"data_offsets\":[0,2]}}",
            data(2).putShort((short) 0x7c00)),
        "tensor 'w' value 0");
    refused(
        file(
            "{\"w\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[0,8]}}",
            data(8).putLong((1L << 24) + 1)),
        "tensor 'w' value 0");
    refused(
        file(
            "{\"w\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[0,8]}}",
            data(8).putLong(Long.MIN_VALUE)),
        "tensor 'w' value 0");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "[1]|header does not begin with '{'",
        "{\"w\":|not valid JSON",
        "{} {}|not valid JSON",
        "{\"w\":7}|tensor 'w' is not an object",
        "{\"__metadata__\":[]}|__metadata__ is not an object",
        "{\"__metadata__\":{\"a\":1}}|'a' is not a text",
        "{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}|Duplicate field 'a'",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offset\":[0,4]}}|did you mean 'data_offsets'",
        "{\"w\":{\"shape\":[1],\"data_offsets\":[0,4]}}|tensor 'w' has no dtype",
        "{\"w\":{\"dtype\":\"F8_E5M2\",\"shape\":[4],\"data_offsets\":[0,4]}}|element type 'F8_E5M2'",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}|size '-1'",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[1.0],\"data_offsets\":[0,4]}}|size '1.0'",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[99999999999999999999],\"data_offsets\":[0,4]}}|size '9999",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[65536,65536],\"data_offsets\":[0,4]}}|overflows",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[2147483647,2147483647,4],\"data_offsets\":[0,4]}}|overflows",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,4]}}|at most 8",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}|needs 8 bytes",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[-4,0]}}|not two numbers",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4]}}|not two numbers",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}|before they begin",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}|of only 4",
        "{}|4 bytes follow",
        "{\"w\":{\"dtype\":\"F16\",\"shape\":[1],\"data_offsets\":[0,2]}}|2 bytes follow",
        "{\"w\":{\"dtype\":\"F16\",\"shape\":[1],\"data_offsets\":[2,4]}}|a hole after 0",
        "{\"v\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"w\":{\"dtype\":\"F16\",\"shape\":[1],\"data_offsets\":[2,4]}}|overlapping",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}|Duplicate field 'w'",
        "{\"a\\nb\":{}}|tensor 'a\\u000ab' has no dtype",
      })
  void aHeaderThatIsWrongIsRefused(String header, String part) throws IOException {
    refused(file(header, new byte[4]), part);
  }

  @Test
  void aFileThatIsNoSafetensorsIsRefused() throws IOException {
    refused(folder.resolve("missing.safetensors"), "does not exist");
    refused(folder, "is not a regular file");
    refused(Files.write(folder.resolve("short"), new byte[7]), "has 7 bytes");
    refused(file(new byte[] {'{', (byte) 0xc3, '"', '}'}, new byte[0]), "not UTF-8");
    for (long length : new long[] {-1, 0, Long.MIN_VALUE, (16 << 20) + 1, Long.MAX_VALUE}) {
      Path file = folder.resolve("length");
      Files.write(file, bytes(data(64).putLong(length)));
      refused(file, "header length " + Long.toUnsignedString(length));
    }
    Path beyond = folder.resolve("beyond");
    Files.write(beyond, bytes(data(64).putLong(57)));
    refused(beyond, "reaches beyond");
  }

  @Test
  void deepNestingIsRefused() throws IOException {
    refused(file("{\"w\":" + "[".repeat(200_000), new byte[0]), "not valid JSON");
  }

  @Test
  void aSparseFileLargerThanTheHeapIsRefusedBeforeMemoryIsTaken() throws IOException {
    long tensors = Runtime.getRuntime().maxMemory() / (4L << 28) + 1;
    StringBuilder header = new StringBuilder("{");
    for (long t = 0; t < tensors; t++) {
      header.append(
          (t == 0 ? "" : ",")
              + "\"t%d\":{\"dtype\":\"F16\",\"shape\":[268435456],\"data_offsets\":[%d,%d]}"
                  .formatted(t, t << 29, (t + 1) << 29));
    }
    byte[] start = header.append('}').toString().getBytes(StandardCharsets.UTF_8);
    Path file = folder.resolve("sparse.safetensors");
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.SPARSE,
            StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(bytes(data(8).putLong(start.length))));
      channel.write(ByteBuffer.wrap(start));
      channel.write(ByteBuffer.wrap(new byte[1]), 8 + start.length + (tensors << 29) - 1);
    }
    refused(file, "start Java with a larger -Xmx");
  }

  /** Reads the file of its argument in a JVM of its own and prints the message that comes of it. */
  static final class Reading {
    public static void main(String[] arguments) {
      try {
        System.out.println("read " + Safetensors.read(Path.of(arguments[0])).tensors().size());
      } catch (WeightsException e) {
        System.out.println(e.getMessage());
      }
    }
  }

  @Test
  void aHeaderThatFillsTheHeapIsRefused() throws IOException, InterruptedException {
    StringBuilder header = new StringBuilder("{\"__metadata__\":{}");
    for (int i = 0; header.length() < Safetensors.MAX_HEADER_BYTES - 32; i++) {
      header.append(",\"").append(i).append("\":{}");
    }
    Path file = file(header.append('}').toString(), new byte[0]);
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx80m",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                Reading.class.getName(),
                file.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    assertThat(output.strip())
        .startsWith("weights file " + file + ": does not fit into what is free of the heap of ")
        .endsWith(" MB; start Java with a larger -Xmx")
        .hasLineCount(1);
  }

  @Test
  void everyTruncationIsRefused() throws IOException {
    Path whole = folder.resolve("whole.safetensors");
    Safetensors.write(whole, sample(new Random(3)));
    byte[] bytes = Files.readAllBytes(whole);
    Path cut = folder.resolve("cut.safetensors");
    for (int length = 0; length < bytes.length; length += 97) {
      Files.write(cut, Arrays.copyOf(bytes, length));
      refused(cut, "weights file");
    }
    Files.write(cut, Arrays.copyOf(bytes, bytes.length + 1));
    refused(cut, "1 bytes follow");
  }

  @Test
  void flippedBytesGiveContentsOrAWeightsException() throws IOException {
    long seed = new Random().nextLong();
    System.out.println("flippedBytesGiveContentsOrAWeightsException: seed " + seed);
    Random random = new Random(seed);
    Path whole = folder.resolve("whole.safetensors");
    Safetensors.Contents original = sample(new Random(4));
    Safetensors.write(whole, original);
    byte[] bytes = Files.readAllBytes(whole);
    int headerEnd = 8 + (int) ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
    Path flipped = folder.resolve("flipped.safetensors");
    int refusals = 0;
    for (int round = 0; round < 1000; round++) {
      byte[] copy = bytes.clone();
      int lowest = copy.length;
      for (int n = random.nextInt(3); n >= 0; n--) {
        // The header is where damage does harm, so it gets most of it.
        int at = random.nextInt(random.nextInt(4) > 0 ? headerEnd : copy.length);
        lowest = Math.min(lowest, at);
        copy[at] ^= (byte) (1 + random.nextInt(255));
      }
      Files.write(flipped, copy);
      try {
        Safetensors.Contents read = Safetensors.read(flipped);
        if (lowest >= headerEnd) {
          assertThat(read.metadata()).isEqualTo(original.metadata());
          assertThat(read.tensors().keySet()).isEqualTo(original.tensors().keySet());
        }
        assertThat(read.tensors()).hasSameSizeAs(original.tensors());
      } catch (WeightsException e) {
        assertThat(e.getMessage().lines().count()).as(e.getMessage()).isEqualTo(1);
        assertThat(lowest < headerEnd || e.getMessage().contains("is NaN")).isTrue();
        refusals++;
      } catch (RuntimeException | StackOverflowError e) {
        fail("seed " + seed + " round " + round, e);
      }
    }
    assertThat(refusals).isGreaterThan(100);
  }
}
