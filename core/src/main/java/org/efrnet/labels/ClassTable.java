package org.efrnet.labels;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.efrnet.images.Mask;
import org.efrnet.text.Nearest;
import org.efrnet.text.OneLine;
import org.efrnet.text.StrictYaml;

/**
 * The classes of a network and the only converter between their three id spaces: train ids (indices
 * of {@link #classes()}, {@link #IGNORE} for pixels that do not count), label ids (pixel values of
 * a data set's label pictures) and colours. Every label id 0..255 is a class, ignored, or without a
 * rule; meeting one without a rule is an error, never a guess. Immutable.
 */
public final class ClassTable {
  /** The train id of pixels that count neither in the loss nor in a metric. */
  public static final int IGNORE = 255;

  private static final int NO_RULE = -1;
  private static final List<String> NAMED =
      List.of("camvid-11", "cityscapes-19", "streets", "streets-3");
  private static final long MAX_FILE_BYTES = 1 << 20;
  private static final List<String> KEYS = List.of("name", "classes", "ignore", "ignoreColour");
  private static final List<String> CLASS_KEYS = List.of("label", "name", "colour");

  private final String name;
  private final List<SegmentationClass> classes;
  private final List<LabelId> labels;
  private final List<LabelId> ignoredLabels;
  private final Colour ignored;
  private final int[] trainIds;
  private final Map<Colour, Integer> byColour;

  /** Says what is wrong, without the source, which the callers know. */
  private ClassTable(
      String name,
      List<SegmentationClass> classes,
      List<LabelId> labels,
      List<LabelId> ignoredLabels,
      Colour ignored)
      throws LabelException {
    this.name = name;
    this.classes = List.copyOf(classes);
    this.labels = List.copyOf(labels);
    this.ignoredLabels = List.copyOf(ignoredLabels);
    this.ignored = ignored;
    this.trainIds = new int[256];
    this.byColour = new HashMap<>();
    if (name.isBlank()) {
      throw new LabelException("'name' is blank");
    }
    if (classes.isEmpty() || classes.size() > IGNORE) {
      throw new LabelException(
          "has " + classes.size() + " classes; 1.." + IGNORE + " are possible, ids being bytes");
    }
    Arrays.fill(trainIds, NO_RULE);
    byColour.put(ignored, IGNORE);
    Set<String> names = new HashSet<>();
    for (SegmentationClass entry : classes) {
      if (entry.name().isBlank()) {
        throw new LabelException("class " + entry.id() + " has a blank name");
      }
      if (!names.add(entry.name())) {
        throw new LabelException("has two classes named '" + OneLine.of(entry.name()) + "'");
      }
      Integer taken = byColour.putIfAbsent(entry.colour(), entry.id());
      if (taken != null) {
        throw new LabelException(
            "colour "
                + entry.colour()
                + " of class '"
                + OneLine.of(entry.name())
                + "' is taken by "
                + (taken == IGNORE
                    ? "ignored pixels; change it or 'ignoreColour'"
                    : "class '" + OneLine.of(classes.get(taken).name()) + "'"));
      }
      rule(labels.get(entry.id()), entry.id());
    }
    for (LabelId label : ignoredLabels) {
      rule(label, IGNORE);
    }
  }

  private void rule(LabelId label, int trainId) throws LabelException {
    if (label.value() < 0) {
      throw new LabelException("label " + label.value() + " is not within 0..255");
    }
    if (trainIds[label.value()] != NO_RULE) {
      throw new LabelException("label " + label.value() + " has two rules; keep one");
    }
    trainIds[label.value()] = trainId;
  }

  /** The names that {@link #named} knows. */
  public static List<String> names() {
    return NAMED;
  }

  /**
   * A table that comes with the library: {@code camvid-11}, {@code cityscapes-19}, {@code streets}
   * (the generated scenes) or {@code streets-3} (the same, grouped to three).
   *
   * @throws IllegalArgumentException for another name, with the nearest known one and the list
   */
  public static ClassTable named(String name) {
    if (!NAMED.contains(name)) {
      throw new IllegalArgumentException(
          "no class table is named '"
              + OneLine.of(name)
              + "'"
              + Nearest.hint(name, NAMED)
              + "; there are "
              + String.join(", ", NAMED)
              + ", or give a classes.yaml file");
    }
    try {
      return name.equals("cityscapes-19") ? cityscapes() : resource(name + ".yaml");
    } catch (LabelException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static ClassTable resource(String file) throws LabelException {
    try (InputStream in = ClassTable.class.getResourceAsStream(file)) {
      return parse(in.readAllBytes(), file);
    } catch (LabelException e) {
      throw e;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static ClassTable cityscapes() throws LabelException {
    List<CityscapesLabels.Label> evaluated =
        CityscapesLabels.all().stream()
            .filter(label -> label.trainId() != IGNORE)
            .sorted(Comparator.comparingInt(CityscapesLabels.Label::trainId))
            .toList();
    List<LabelId> ignoredLabels = new ArrayList<>();
    for (CityscapesLabels.Label label : CityscapesLabels.all()) {
      // Licence plates carry no pixel value; labelIds pictures hold their car's.
      if (label.trainId() == IGNORE && label.id().value() >= 0) {
        ignoredLabels.add(label.id());
      }
    }
    ignoredLabels.add(new LabelId(255));
    return new ClassTable(
        "cityscapes-19",
        evaluated.stream()
            .map(label -> new SegmentationClass(label.trainId(), label.name(), label.colour()))
            .toList(),
        evaluated.stream().map(CityscapesLabels.Label::id).toList(),
        ignoredLabels,
        Colour.BLACK);
  }

  /**
   * A user's own table, a YAML file such as
   *
   * <pre>
   * name: yard
   * classes:
   *   - {label: 0, name: Ground, colour: [128, 64, 128]}
   *   - {label: 7, name: Person, colour: [220, 20, 60]}
   * ignore: [255]              # may be left out
   * ignoreColour: [0, 0, 0]    # may be left out: black
   * </pre>
   *
   * @throws LabelException naming the file and what is wrong: missing, over 1 MB, not YAML, anchors
   *     or type tags, unknown keys, ids, names or colours twice or out of range
   */
  public static ClassTable read(Path yaml) throws LabelException {
    try {
      if (!Files.exists(yaml)) {
        throw new LabelException("class table " + yaml + ": does not exist; check the path");
      }
      if (!Files.isRegularFile(yaml) || Files.size(yaml) > MAX_FILE_BYTES) {
        throw new LabelException("class table " + yaml + ": is not a regular file of 1 MB at most");
      }
      try (InputStream in = Files.newInputStream(yaml)) {
        return parse(in.readNBytes((int) MAX_FILE_BYTES), yaml.toString());
      }
    } catch (LabelException e) {
      throw e;
    } catch (IOException e) {
      throw new LabelException(
          "class table "
              + yaml
              + ": cannot be read: "
              + e.getClass().getSimpleName()
              + " "
              + OneLine.of(String.valueOf(e.getMessage())),
          e);
    }
  }

  private static ClassTable parse(byte[] yaml, String source) throws LabelException {
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(yaml)).toString();
      return of(StrictYaml.parse(text), source);
    } catch (LabelException e) {
      throw e;
    } catch (CharacterCodingException e) {
      throw new LabelException("class table " + source + ": is not UTF-8 text", e);
    } catch (IOException e) {
      throw new LabelException("class table " + source + ": " + e.getMessage(), e);
    }
  }

  /**
   * The table that {@link #toJson} describes, by the same rules as {@link #read}.
   *
   * @param source named in the error
   */
  public static ClassTable of(JsonNode description, String source) throws LabelException {
    try {
      return table(description);
    } catch (IOException e) {
      throw new LabelException("class table " + source + ": " + e.getMessage(), e);
    }
  }

  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  private static ClassTable ofJson(JsonNode description) throws LabelException {
    return of(description, "in JSON");
  }

  private static ClassTable table(JsonNode node) throws IOException {
    if (!node.isObject()) {
      throw new LabelException("is not a mapping with the keys " + String.join(", ", KEYS));
    }
    StrictYaml.requireKnownKeys(node, KEYS);
    if (!node.path("classes").isArray()) {
      throw new LabelException("'classes' is not a list");
    }
    List<SegmentationClass> classes = new ArrayList<>();
    List<LabelId> labels = new ArrayList<>();
    for (JsonNode entry : node.path("classes")) {
      String where = "class " + classes.size();
      if (!entry.isObject()) {
        throw new LabelException(
            where + " is not a mapping with the keys " + String.join(", ", CLASS_KEYS));
      }
      try {
        StrictYaml.requireKnownKeys(entry, CLASS_KEYS);
      } catch (IOException e) {
        throw new LabelException(where + " " + e.getMessage(), e);
      }
      labels.add(new LabelId(byteOf(entry.path("label"), where + " 'label'")));
      classes.add(
          new SegmentationClass(
              classes.size(),
              text(entry.path("name"), where + " 'name'"),
              colour(entry.path("colour"), where + " 'colour'")));
    }
    List<LabelId> ignoredLabels = new ArrayList<>();
    if (node.has("ignore")) {
      if (!node.path("ignore").isArray()) {
        throw new LabelException("'ignore' is not a list of label ids");
      }
      for (JsonNode label : node.path("ignore")) {
        ignoredLabels.add(new LabelId(byteOf(label, "'ignore'")));
      }
    }
    Colour ignored =
        node.has("ignoreColour")
            ? colour(node.path("ignoreColour"), "'ignoreColour'")
            : Colour.BLACK;
    return new ClassTable(
        text(node.path("name"), "'name'"), classes, labels, ignoredLabels, ignored);
  }

  private static String text(JsonNode node, String what) throws LabelException {
    if (!node.isTextual()) {
      throw new LabelException(what + " is " + shown(node) + ", not a text; quote it");
    }
    return node.textValue();
  }

  private static int byteOf(JsonNode node, String what) throws LabelException {
    if (!node.isIntegralNumber()
        || !node.canConvertToInt()
        || node.intValue() < 0
        || node.intValue() > 255) {
      throw new LabelException(what + " is " + shown(node) + ", not a number within 0..255");
    }
    return node.intValue();
  }

  private static Colour colour(JsonNode node, String what) throws LabelException {
    if (!node.isArray() || node.size() != 3) {
      throw new LabelException(what + " is " + shown(node) + ", not [red, green, blue]");
    }
    return new Colour(
        byteOf(node.get(0), what), byteOf(node.get(1), what), byteOf(node.get(2), what));
  }

  private static String shown(JsonNode node) {
    return node.isMissingNode() ? "missing" : OneLine.of(node.toString());
  }

  /**
   * This table as JSON of the same form as {@link #read}'s YAML; {@link #of(JsonNode, String)}
   * makes an equal table of it. Jackson writes and reads tables so wherever they stand in a record.
   */
  @JsonValue
  public ObjectNode toJson() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("name", name);
    ArrayNode entries = json.putArray("classes");
    for (SegmentationClass entry : classes) {
      ObjectNode line = entries.addObject();
      line.put("label", labels.get(entry.id()).value());
      line.put("name", entry.name());
      put(line.putArray("colour"), entry.colour());
    }
    ArrayNode ignore = json.putArray("ignore");
    ignoredLabels.forEach(label -> ignore.add(label.value()));
    put(json.putArray("ignoreColour"), ignored);
    return json;
  }

  private static void put(ArrayNode array, Colour colour) {
    array.add(colour.red()).add(colour.green()).add(colour.blue());
  }

  /**
   * The same classes for label pictures whose values are train ids already, {@link #IGNORE} alone
   * being ignored: values beyond the classes have no rule.
   */
  public ClassTable ofTrainIds() {
    try {
      return new ClassTable(
          name + " train ids",
          classes,
          classes.stream().map(entry -> new LabelId(entry.id())).toList(),
          List.of(new LabelId(IGNORE)),
          ignored);
    } catch (LabelException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The table's own name, such as {@code camvid-11}. */
  public String name() {
    return name;
  }

  /** The classes, each at the index that is its train id. */
  public List<SegmentationClass> classes() {
    return classes;
  }

  /** How many classes there are, 1..255. */
  public int size() {
    return classes.size();
  }

  /** The colour that shows ignored pixels. */
  public Colour ignored() {
    return ignored;
  }

  /** The label ids whose pixels are ignored; the first is the one written for them. */
  public List<LabelId> ignoredLabels() {
    return ignoredLabels;
  }

  /**
   * 256 colours 0xRRGGBB by train id, a new array: the classes', at {@link #IGNORE} that of ignored
   * pixels, black at ids that no mask of this table holds.
   */
  public int[] palette() {
    int[] palette = new int[256];
    for (SegmentationClass entry : classes) {
      palette[entry.id()] = entry.colour().rgb();
    }
    palette[IGNORE] = ignored.rgb();
    return palette;
  }

  /**
   * 256 colours 0xRRGGBB by label id, a new array: what {@link #palette()} is for masks of {@link
   * #toLabelIds}.
   */
  public int[] labelPalette() {
    int[] palette = new int[256];
    for (SegmentationClass entry : classes) {
      palette[labels.get(entry.id()).value()] = entry.colour().rgb();
    }
    ignoredLabels.forEach(label -> palette[label.value()] = ignored.rgb());
    return palette;
  }

  /** The train id of a label id, {@link #IGNORE} for an ignored one, empty without a rule. */
  public OptionalInt trainIdOf(LabelId label) {
    return label.value() < 0 || trainIds[label.value()] == NO_RULE
        ? OptionalInt.empty()
        : OptionalInt.of(trainIds[label.value()]);
  }

  /** The train id of a colour, {@link #IGNORE} for {@link #ignored()}, empty for a foreign one. */
  public OptionalInt trainIdOf(Colour colour) {
    Integer id = byColour.get(colour);
    return id == null ? OptionalInt.empty() : OptionalInt.of(id);
  }

  /** The class of a colour, empty for a foreign one and for that of ignored pixels. */
  public Optional<SegmentationClass> byColour(Colour colour) {
    OptionalInt id = trainIdOf(colour);
    return id.isEmpty() || id.getAsInt() == IGNORE
        ? Optional.empty()
        : Optional.of(classes.get(id.getAsInt()));
  }

  /** The class of that name, upper and lower case being different. */
  public Optional<SegmentationClass> byName(String className) {
    return classes.stream().filter(entry -> entry.name().equals(className)).findFirst();
  }

  /**
   * The label id of a class.
   *
   * @throws IllegalArgumentException if there is no such class; also for {@link #IGNORE}, which may
   *     have several or none ({@link #ignoredLabels()})
   */
  public LabelId labelOf(int trainId) {
    if (trainId < 0 || trainId >= classes.size()) {
      throw new IllegalArgumentException(
          "train id "
              + trainId
              + " is no class of table '"
              + name
              + "', which has 0.."
              + (classes.size() - 1));
    }
    return labels.get(trainId);
  }

  /**
   * Label ids to train ids.
   *
   * @param mask label ids
   * @param source the file of the mask, for the error
   * @return a new mask of train ids, {@link #IGNORE} where ignored
   * @throws LabelException if a value has no rule, naming the source, the value, how many pixels
   *     have it, the first of them and the remedy
   */
  public Mask toTrainIds(Mask mask, String source) throws LabelException {
    byte[] from = mask.ids();
    byte[] to = new byte[from.length];
    for (int i = 0; i < from.length; i++) {
      int trainId = trainIds[from[i] & 0xff];
      if (trainId == NO_RULE) {
        throw withoutRule(mask, source, i);
      }
      to[i] = (byte) trainId;
    }
    return new Mask(mask.width(), mask.height(), to);
  }

  private LabelException withoutRule(Mask mask, String source, int first) {
    long[] histogram = mask.histogram();
    int value = mask.ids()[first] & 0xff;
    long others = 0;
    for (int id = 0; id < 256; id++) {
      if (histogram[id] > 0 && trainIds[id] == NO_RULE && id != value) {
        others++;
      }
    }
    return new LabelException(
        "label mask "
            + source
            + ": value "
            + value
            + " has no rule in class table '"
            + OneLine.of(name)
            + "' ("
            + histogram[value]
            + (histogram[value] == 1 ? " pixel, at (" : " pixels, the first at (")
            + first % mask.width()
            + ", "
            + first / mask.width()
            + ")"
            + (others > 0 ? ", and " + others + " more such values" : "")
            + "); give it a class or list it under 'ignore', or use the table of this data set");
  }

  /**
   * Train ids to label ids; {@link #IGNORE} becomes the first of {@link #ignoredLabels()}.
   *
   * @param mask train ids
   * @return a new mask of label ids
   * @throws IllegalArgumentException if an id is no class of this table, or pixels are ignored and
   *     the table has no label for that
   */
  public Mask toLabelIds(Mask mask) {
    byte[] from = mask.ids();
    byte[] to = new byte[from.length];
    for (int i = 0; i < from.length; i++) {
      int trainId = from[i] & 0xff;
      if (trainId == IGNORE && ignoredLabels.isEmpty()) {
        throw new IllegalArgumentException(
            "class table '" + name + "' has no label for ignored pixels; add one under 'ignore'");
      }
      LabelId label = trainId == IGNORE ? ignoredLabels.get(0) : labelOf(trainId);
      to[i] = (byte) label.value();
    }
    return new Mask(mask.width(), mask.height(), to);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ClassTable t
        && name.equals(t.name)
        && classes.equals(t.classes)
        && labels.equals(t.labels)
        && ignoredLabels.equals(t.ignoredLabels)
        && ignored.equals(t.ignored);
  }

  @Override
  public int hashCode() {
    return Objects.hash(name, classes, labels, ignoredLabels, ignored);
  }

  @Override
  public String toString() {
    return "ClassTable[" + name + ", " + classes.size() + " classes]";
  }
}
