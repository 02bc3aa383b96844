package org.efrnet.weights;

import com.fasterxml.jackson.core.JsonEncoding;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import org.efrnet.text.Nearest;
import org.efrnet.text.OneLine;

/**
 * Reads and writes <a href="https://huggingface.co/docs/safetensors/index#format">safetensors</a>
 * files: eight bytes of header length (unsigned, little-endian), a JSON header that gives every
 * tensor's type, shape and place, then the values, little-endian and without a gap.
 *
 * <p>Files come from anywhere, so every size is checked against the file before memory is taken,
 * and whatever is wrong is a {@link WeightsException} of one line. The file is read through a
 * channel, not mapped: a mapped file that someone shortens meanwhile would end the JVM.
 */
public final class Safetensors {
  /** The largest header accepted, in bytes; a network of a thousand tensors needs about 100 KB. */
  public static final int MAX_HEADER_BYTES = 16 << 20;

  private static final String METADATA = "__metadata__";
  private static final Set<String> ENTRY_KEYS =
      Collections.unmodifiableSet(new TreeSet<>(List.of("data_offsets", "dtype", "shape")));
  private static final int CHUNK_BYTES = 1 << 20;

  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
          .build();

  private Safetensors() {}

  /**
   * What a file holds.
   *
   * @param tensors by name; copied into a sorted, unmodifiable map
   * @param metadata free text by key; copied likewise
   */
  public record Contents(Map<String, FloatTensor> tensors, Map<String, String> metadata) {
    public Contents {
      tensors = sorted(tensors);
      metadata = sorted(metadata);
    }

    private static <V> SortedMap<String, V> sorted(Map<String, V> map) {
      TreeMap<String, V> copy = new TreeMap<>();
      copy.putAll(map);
      return Collections.unmodifiableSortedMap(copy);
    }

    /** The tensors as weights. */
    public Weights weights() {
      return Weights.of(tensors);
    }
  }

  /** Where the header says that a tensor lies; offsets count from the header's end. */
  private record Entry(
      String name, ElementType dtype, int[] shape, int count, long begin, long end) {}

  /** Bytes by their place, wherever they lie. */
  private interface Source {
    long size() throws IOException;

    /** A buffer filled from {@code at} on, little-endian, ready to be read. */
    ByteBuffer read(long at, int length) throws IOException;
  }

  /**
   * Reads a whole file: F32 as it is, F64 rounded to fp32, F16 and BF16 widened, U8, I32 and I64 as
   * numbers, where every value is within 2^24 of zero.
   *
   * @throws WeightsException if the file is missing, unreadable, damaged, of another element type,
   *     too large for the heap, or holds NaN or infinity
   */
  public static Contents read(Path file) throws WeightsException {
    return read(file.toString(), () -> readFile(file));
  }

  /**
   * Reads what was a file's bytes, as {@link #read(Path)} reads the file.
   *
   * @param bytes the whole file; not written to
   * @param name of the file, for messages
   * @throws WeightsException as for a file
   */
  public static Contents read(byte[] bytes, String name) throws WeightsException {
    Source source =
        new Source() {
          @Override
          public long size() {
            return bytes.length;
          }

          @Override
          public ByteBuffer read(long at, int length) {
            return ByteBuffer.wrap(bytes, (int) at, length).slice().order(ByteOrder.LITTLE_ENDIAN);
          }
        };
    return read(name, () -> readChecked(source, name));
  }

  /** Reading, which may fail in every way of files. */
  private interface Reading {
    Contents get() throws IOException;
  }

  private static Contents read(String file, Reading reading) throws WeightsException {
    try {
      return reading.get();
    } catch (WeightsException e) {
      throw e;
    } catch (IOException e) {
      throw new WeightsException(
          "weights file "
              + file
              + ": cannot be read: "
              + OneLine.of(String.valueOf(e.getMessage())),
          e);
    } catch (OutOfMemoryError e) {
      // All sizes are bounded by the file's, but how much of the heap others hold is not known
      // beforehand; what was taken here is free again when this is caught.
      throw new WeightsException(
          "weights file "
              + file
              + ": does not fit into what is free of the heap of "
              + (Runtime.getRuntime().maxMemory() >> 20)
              + " MB; start Java with a larger -Xmx",
          e);
    }
  }

  private static Contents readFile(Path path) throws IOException {
    String file = path.toString();
    if (!Files.exists(path)) {
      throw bad(file, "does not exist; check the path");
    }
    // A pipe or device has no size to check against and could block for ever.
    if (!Files.isRegularFile(path)) {
      throw bad(file, "is not a regular file");
    }
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      Source source =
          new Source() {
            @Override
            public long size() throws IOException {
              return channel.size();
            }

            @Override
            public ByteBuffer read(long at, int length) throws IOException {
              return buffer(channel, file, at, length);
            }
          };
      return readChecked(source, file);
    }
  }

  private static Contents readChecked(Source source, String file) throws IOException {
    long size = source.size();
    if (size < Long.BYTES) {
      throw bad(
          file,
          "has " + size + " bytes, fewer than the 8 of the header length; it is no safetensors");
    }
    long headerLength = source.read(0, Long.BYTES).getLong();
    if (headerLength < 2 || headerLength > MAX_HEADER_BYTES) {
      throw bad(
          file,
          "header length "
              + Long.toUnsignedString(headerLength)
              + " is not within 2.."
              + MAX_HEADER_BYTES
              + "; the file is damaged or no safetensors");
    }
    if (headerLength > size - Long.BYTES) {
      throw bad(
          file,
          "header length "
              + headerLength
              + " reaches beyond the file's "
              + size
              + " bytes; the file is cut short or no safetensors");
    }
    JsonNode header = json(file, source.read(Long.BYTES, (int) headerLength));
    long dataStart = Long.BYTES + headerLength;
    SortedMap<String, String> metadata = new TreeMap<>();
    List<Entry> entries = new ArrayList<>();
    for (Map.Entry<String, JsonNode> property : header.properties()) {
      if (property.getKey().equals(METADATA)) {
        metadata.putAll(metadata(file, property.getValue()));
      } else {
        entries.add(entry(file, property.getKey(), property.getValue()));
      }
    }
    checkCover(file, entries, size - dataStart);
    SortedMap<String, FloatTensor> tensors = new TreeMap<>();
    for (Entry entry : entries) {
      tensors.put(entry.name, values(source, file, dataStart, entry));
    }
    return new Contents(tensors, metadata);
  }

  private static JsonNode json(String file, ByteBuffer bytes) throws IOException {
    if (bytes.get(0) != '{') {
      throw bad(file, "header does not begin with '{'; the file is damaged or no safetensors");
    }
    String text;
    try {
      text = StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
    } catch (CharacterCodingException e) {
      throw new WeightsException("weights file " + file + ": header is not UTF-8", e);
    }
    try {
      return JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw new WeightsException(
          "weights file "
              + file
              + ": header is not valid JSON: "
              + OneLine.of(e.getOriginalMessage()),
          e);
    }
  }

  private static Map<String, String> metadata(String file, JsonNode node) throws WeightsException {
    if (!node.isObject()) {
      throw bad(file, METADATA + " is not an object");
    }
    Map<String, String> metadata = new TreeMap<>();
    for (Map.Entry<String, JsonNode> property : node.properties()) {
      if (!property.getValue().isTextual()) {
        throw bad(file, METADATA + " '" + OneLine.of(property.getKey()) + "' is not a text");
      }
      metadata.put(property.getKey(), property.getValue().textValue());
    }
    return metadata;
  }

  private static Entry entry(String file, String name, JsonNode node) throws WeightsException {
    if (!node.isObject()) {
      throw bad(file, name, "is not an object with dtype, shape and data_offsets");
    }
    for (Map.Entry<String, JsonNode> property : node.properties()) {
      if (!ENTRY_KEYS.contains(property.getKey())) {
        throw bad(
            file,
            name,
            "has the unknown key '"
                + OneLine.of(property.getKey())
                + "'"
                + Nearest.hint(property.getKey(), ENTRY_KEYS));
      }
    }
    JsonNode typeNode = node.path("dtype");
    if (!typeNode.isTextual()) {
      throw bad(file, name, "has no dtype");
    }
    Optional<ElementType> dtype = ElementType.named(typeNode.textValue());
    if (dtype.isEmpty()) {
      throw bad(
          file,
          name,
          "has the element type '"
              + OneLine.of(typeNode.textValue())
              + "', read are "
              + Arrays.toString(ElementType.values())
              + "; convert it first");
    }
    int[] shape = shape(file, name, node.path("shape"));
    // An empty side makes the product 0 whatever the others are, so it cannot overflow.
    long count = Arrays.stream(shape).anyMatch(side -> side == 0) ? 0 : 1;
    for (int side : shape) {
      count *= side;
      if (count > Integer.MAX_VALUE - 8) {
        throw bad(file, name, "shape " + Arrays.toString(shape) + " overflows a Java array");
      }
    }
    JsonNode offsets = node.path("data_offsets");
    if (!offsets.isArray()
        || offsets.size() != 2
        || !isOffset(offsets.get(0))
        || !isOffset(offsets.get(1))) {
      throw bad(file, name, "data_offsets are not two numbers from 0 up");
    }
    long begin = offsets.get(0).longValue();
    long end = offsets.get(1).longValue();
    if (begin > end) {
      throw bad(file, name, "data_offsets end at " + end + ", before they begin at " + begin);
    }
    if (end - begin != count * dtype.get().bytes()) {
      throw bad(
          file,
          name,
          dtype.get()
              + " of shape "
              + Arrays.toString(shape)
              + " needs "
              + count * dtype.get().bytes()
              + " bytes, data_offsets give "
              + (end - begin));
    }
    return new Entry(name, dtype.get(), shape, (int) count, begin, end);
  }

  private static int[] shape(String file, String name, JsonNode node) throws WeightsException {
    // The longest rank that anything here computes with is 4; 8 leaves room for foreign files.
    if (!node.isArray() || node.size() > 8) {
      throw bad(file, name, "shape is not a list of at most 8 sizes");
    }
    int[] shape = new int[node.size()];
    for (int i = 0; i < shape.length; i++) {
      JsonNode side = node.get(i);
      if (!side.isIntegralNumber() || !side.canConvertToInt() || side.intValue() < 0) {
        throw bad(
            file,
            name,
            "size '" + OneLine.of(side.toString()) + "' in its shape is not within 0..2^31-1");
      }
      shape[i] = side.intValue();
    }
    return shape;
  }

  private static boolean isOffset(JsonNode node) {
    return node.isIntegralNumber() && node.canConvertToLong() && node.longValue() >= 0;
  }

  /** Every byte after the header belongs to exactly one tensor, and the heap can take them all. */
  private static void checkCover(String file, List<Entry> entries, long dataBytes)
      throws WeightsException {
    entries.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
    long at = 0;
    long heapBytes = 0;
    for (Entry entry : entries) {
      if (entry.end > dataBytes) {
        throw bad(
            file,
            entry.name,
            "ends at byte "
                + entry.end
                + " of only "
                + dataBytes
                + " after the header; the file is cut short");
      }
      if (entry.begin != at) {
        throw bad(
            file,
            entry.name,
            "begins at byte "
                + entry.begin
                + (entry.begin < at ? ", overlapping the tensor that ends at " : ", a hole after ")
                + at);
      }
      at = entry.end;
      heapBytes += 4L * entry.count;
    }
    if (at != dataBytes) {
      throw bad(file, (dataBytes - at) + " bytes follow the last tensor; the file is damaged");
    }
    if (heapBytes > Runtime.getRuntime().maxMemory() / 2) {
      throw bad(
          file,
          "needs "
              + (heapBytes >> 20)
              + " MB, more than half of the heap of "
              + (Runtime.getRuntime().maxMemory() >> 20)
              + " MB; start Java with a larger -Xmx");
    }
  }

  private static FloatTensor values(Source source, String file, long dataStart, Entry entry)
      throws IOException {
    float[] values = new float[entry.count];
    long at = dataStart + entry.begin;
    int done = 0;
    while (done < values.length) {
      int now = Math.min(values.length - done, CHUNK_BYTES / entry.dtype.bytes());
      ByteBuffer chunk = source.read(at, now * entry.dtype.bytes());
      at += chunk.remaining();
      for (int i = 0; i < now; i++) {
        float value = entry.dtype.next(chunk);
        if (!Float.isFinite(value)) {
          throw bad(
              file,
              entry.name,
              "value "
                  + (done + i)
                  + " is NaN, infinite, or beyond what fp32 can hold; such weights cannot be used");
        }
        values[done + i] = value;
      }
      done += now;
    }
    return new FloatTensor(entry.shape, values);
  }

  private static ByteBuffer buffer(FileChannel channel, String file, long at, int length)
      throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, at + buffer.position()) < 0) {
        throw bad(file, "became shorter while it was read");
      }
    }
    return buffer.flip();
  }

  /** As {@link #write(Path, Contents)}. */
  public static void write(Path file, Weights weights, Map<String, String> metadata)
      throws WeightsException {
    write(file, new Contents(weights.tensors(), metadata));
  }

  /**
   * Writes F32, sorted by name, so that equal contents are equal files. The bytes go into a new
   * file beside the target, reach the disk, and only then take the target's name: a reader finds
   * the old file or the new one, never half of one, and a full disk leaves the old one alone.
   *
   * @throws WeightsException if the file cannot be written, or {@link #read} would refuse it: NaN,
   *     infinity, or a tensor named {@code __metadata__}
   */
  public static void write(Path path, Contents contents) throws WeightsException {
    String file = path.toString();
    for (Map.Entry<String, FloatTensor> tensor : contents.tensors.entrySet()) {
      if (tensor.getKey().equals(METADATA)) {
        throw bad(file, tensor.getKey(), "has the name that the format keeps for itself");
      }
      float[] values = tensor.getValue().values();
      for (int i = 0; i < values.length; i++) {
        if (!Float.isFinite(values[i])) {
          throw bad(
              file, tensor.getKey(), "value " + i + " is " + values[i] + "; nothing was written");
        }
      }
    }
    Path target = path.toAbsolutePath();
    // Not Files.createTempFile: its files can be read by their owner only, and keep that.
    Path fresh = target.resolveSibling("." + target.getFileName() + "." + UUID.randomUUID());
    try {
      byte[] header = header(contents);
      if (header.length > MAX_HEADER_BYTES) {
        throw bad(file, "its header would have " + header.length + " bytes; 16 MB are allowed");
      }
      try {
        try (FileChannel channel =
            FileChannel.open(fresh, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
          writeAll(channel, header, contents);
          channel.force(true);
        }
        move(fresh, target);
      } finally {
        Files.deleteIfExists(fresh);
      }
    } catch (WeightsException e) {
      throw e;
    } catch (IOException e) {
      throw new WeightsException(
          "weights file "
              + file
              + ": cannot be written: "
              + e.getClass().getSimpleName()
              + " "
              + OneLine.of(String.valueOf(e.getMessage())),
          e);
    }
  }

  private static void writeAll(FileChannel channel, byte[] header, Contents contents)
      throws IOException {
    ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    drain(channel, chunk.putLong(header.length));
    writeFully(channel, ByteBuffer.wrap(header));
    for (FloatTensor tensor : contents.tensors.values()) {
      for (float value : tensor.values()) {
        if (!chunk.hasRemaining()) {
          drain(channel, chunk);
        }
        chunk.putFloat(value);
      }
    }
    drain(channel, chunk);
  }

  private static void drain(FileChannel channel, ByteBuffer chunk) throws IOException {
    writeFully(channel, chunk.flip());
    chunk.clear();
  }

  private static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  private static void move(Path fresh, Path target) throws IOException {
    try {
      Files.move(fresh, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (AtomicMoveNotSupportedException e) {
      Files.move(fresh, target, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  private static byte[] header(Contents contents) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = JSON.createGenerator(bytes, JsonEncoding.UTF8)) {
      ObjectNode header = JSON.createObjectNode();
      if (!contents.metadata.isEmpty()) {
        ObjectNode metadata = header.putObject(METADATA);
        contents.metadata.forEach(metadata::put);
      }
      long at = 0;
      for (Map.Entry<String, FloatTensor> tensor : contents.tensors.entrySet()) {
        ObjectNode entry = header.putObject(tensor.getKey());
        entry.put("dtype", "F32");
        ArrayNode shape = entry.putArray("shape");
        for (int side : tensor.getValue().shape()) {
          shape.add(side);
        }
        long end = at + 4L * tensor.getValue().values().length;
        entry.putArray("data_offsets").add(at).add(end);
        at = end;
      }
      JSON.writeTree(json, header);
    }
    // The values then start at a multiple of 8, as the format asks.
    while (bytes.size() % Long.BYTES != 0) {
      bytes.write(' ');
    }
    return bytes.toByteArray();
  }

  private static WeightsException bad(String file, String what) {
    return new WeightsException("weights file " + file + ": " + what);
  }

  private static WeightsException bad(String file, String tensor, String what) {
    return bad(file, "tensor '" + OneLine.of(tensor) + "' " + what);
  }
}
