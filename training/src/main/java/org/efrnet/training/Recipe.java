package org.efrnet.training;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.exc.ValueInstantiationException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.efrnet.bundle.BundleConfig;
import org.efrnet.data.Augmentation;
import org.efrnet.data.DataSets;
import org.efrnet.learning.LearningRule;
import org.efrnet.learning.Optimiser;
import org.efrnet.learning.Precision;
import org.efrnet.networks.Networks;
import org.efrnet.text.Nearest;
import org.efrnet.text.OneLine;
import org.efrnet.text.Sha256;
import org.efrnet.text.StrictYaml;

/**
 * A training as a file: every choice that changes the result stands in it. Reading is strict: an
 * unknown key is an error with the nearest known one.
 *
 * @param name what the trained bundle is called, such as {@code efrnet.camvid}
 * @param network a name of {@link Networks}
 * @param data where the pictures come from
 * @param seed of first weights, order, augmentation and dropout
 * @param precision of the training step
 * @param averageDecay of the moving average of the weights that the bundle gets; 0 for none
 * @param learnSlopes whether PReLU slopes learn; frozen at 0.25 they make a step a tenth cheaper
 * @param phases one after the other; the schedule runs over all of them
 * @param bundle what the trained bundle says of itself; changes nothing in the training
 * @param from a bundle, by name or folder, whose weights the training starts from; empty to start
 *     from random ones
 * @param watch what is looked at on the way; changes nothing in the training
 * @param before stages that are trained first, in order; each but the first, and then this recipe,
 *     starts from what the one before it made. In a file each says how it differs from the recipe,
 *     here each is whole, without stages of its own
 */
public record Recipe(
    @JsonProperty(required = true) String name,
    @JsonProperty(required = true) String network,
    @JsonProperty(required = true) Data data,
    @JsonProperty(required = true) long seed,
    @JsonProperty(required = true) Precision precision,
    @JsonProperty(required = true) OptimiserChoice optimiser,
    @JsonProperty(required = true) PolySchedule schedule,
    @JsonProperty(required = true) Loss loss,
    @JsonProperty(required = true) double averageDecay,
    @JsonProperty(required = true) boolean learnSlopes,
    @JsonProperty(required = true) Jitter jitter,
    @JsonProperty(required = true) List<Phase> phases,
    @JsonProperty(required = true) Bundle bundle,
    String from,
    Watch watch,
    List<Recipe> before) {

  /** What may be missing gets its meaning of "none". */
  public Recipe {
    from = from == null ? "" : from;
    watch = watch == null ? Watch.NONE : watch;
    before = before == null ? List.of() : List.copyOf(before);
  }

  private static final String BEFORE = "before";

  /** What stages may differ in: all of them train one network on the same pictures by one seed. */
  private static final Set<String> OF_STAGES =
      Set.of(
          "precision",
          "optimiser",
          "schedule",
          "loss",
          "averageDecay",
          "learnSlopes",
          "jitter",
          "phases");

  private static final ObjectMapper MAPPER =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          // 1.9 epochs are not 1, and 1 is no precision: what is not meant is not taken.
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .enable(DeserializationFeature.FAIL_ON_NUMBERS_FOR_ENUMS)
          .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)
          .enable(SerializationFeature.INDENT_OUTPUT)
          .build();

  /** Which pictures are trained on. */
  public enum Source {
    /** A folder in CamVid's layout, given on the command line. */
    CAMVID,
    /** A folder with CamVid's original release, given on the command line. */
    @JsonProperty("camvid-original")
    CAMVID_ORIGINAL,
    /** A folder in Cityscapes' official layout, given on the command line. */
    CITYSCAPES,
    /** A folder of one's own data, given on the command line. */
    FOLDER,
    /** Generated street scenes: no download. */
    STREETS;

    /** The layout that the folder on the command line must have; empty where none is needed. */
    public Optional<DataSets.Layout> layout() {
      return switch (this) {
        case CAMVID -> Optional.of(DataSets.Layout.CAMVID);
        case CAMVID_ORIGINAL -> Optional.of(DataSets.Layout.CAMVID_ORIGINAL);
        case CITYSCAPES -> Optional.of(DataSets.Layout.CITYSCAPES);
        case FOLDER -> Optional.of(DataSets.Layout.FOLDER);
        case STREETS -> Optional.empty();
      };
    }
  }

  /**
   * The pictures.
   *
   * @param split such as {@code train} or {@code train+val}; generated scenes ignore it
   * @param width of generated scenes; 0 for others, as for the next two
   * @param height of generated scenes
   * @param count how many scenes
   */
  public record Data(
      @JsonProperty(required = true) Source source,
      @JsonProperty(required = true) String split,
      int width,
      int height,
      int count) {}

  /** How gradients become updates. */
  public record OptimiserChoice(
      @JsonProperty(required = true) Kind kind,
      double momentum,
      boolean nesterov,
      double beta1,
      double beta2,
      @JsonProperty(required = true) double weightDecay,
      @JsonProperty(required = true) LearningRule.Decay decay,
      double clipNorm) {
    /** The optimisers that a recipe can name. */
    public enum Kind {
      /** {@link Optimiser.Sgd}. */
      SGD,
      /** {@link Optimiser.AdamW}. */
      ADAMW
    }

    Optimiser optimiser() {
      return switch (kind) {
        case SGD -> new Optimiser.Sgd(momentum, weightDecay, nesterov);
        case ADAMW -> new Optimiser.AdamW(beta1, beta2, 1e-8, weightDecay);
      };
    }
  }

  /**
   * The loss.
   *
   * @param classWeights c in {@code 1 / ln(c + share of the class)}, ENet's weighting; 0 for none
   * @param labelSmoothing share of the target spread over all classes
   * @param jaccard what the soft Jaccard loss weighs beside the cross-entropy; 0 for none
   */
  public record Loss(
      @JsonProperty(required = true) double classWeights,
      @JsonProperty(required = true) double labelSmoothing,
      double jaccard) {}

  /** How colours and sides are changed at random; see {@link Augmentation}. */
  public record Jitter(
      @JsonProperty(required = true) double flip,
      @JsonProperty(required = true) double brightness,
      @JsonProperty(required = true) double contrast,
      @JsonProperty(required = true) double saturation) {}

  /**
   * A stretch of training with one size of crops.
   *
   * @param crop width x height
   * @param scale smallest and largest factor of the random rescale
   */
  public record Phase(
      @JsonProperty(required = true) int epochs,
      @JsonProperty(required = true) int batch,
      @JsonProperty(required = true) String crop,
      @JsonProperty(required = true) double[] scale) {
    int[] cropSize() {
      String[] sides = crop.split("x", -1);
      return new int[] {Integer.parseInt(sides[0]), Integer.parseInt(sides[1])};
    }

    Augmentation augmentation(Jitter jitter) {
      int[] size = cropSize();
      return new Augmentation(
          scale[0],
          scale[1],
          size[0],
          size[1],
          jitter.flip(),
          jitter.brightness(),
          jitter.contrast(),
          jitter.saturation());
    }
  }

  /**
   * What the bundle says.
   *
   * @param height rows to which pictures are scaled before they are segmented
   * @param licence of the weights, by its SPDX identifier: that of the data may bind them
   * @param note one sentence on why
   */
  public record Bundle(
      @JsonProperty(required = true) int height,
      @JsonProperty(required = true) String licence,
      @JsonProperty(required = true) String note) {}

  /**
   * Pictures that are not trained on and are segmented every few epochs: what a person looks at
   * while training goes on.
   *
   * @param split of the training's data, such as {@code val}; generated scenes ignore it and draw
   *     others
   * @param everyEpochs after how many epochs; the last step is looked at in any case
   * @param pictures at most so many, spread evenly over the split; 0 for all
   * @param samples how many of them are shown
   */
  public record Watch(
      @JsonProperty(required = true) String split,
      @JsonProperty(required = true) int everyEpochs,
      int pictures,
      int samples) {
    /** Nothing is looked at. */
    public static final Watch NONE = new Watch("", 0, 0, 0);
  }

  /** How many steps the phases of this recipe take, without those of stages before it. */
  long steps(int pictures) {
    return phases.stream().mapToLong(phase -> (long) phase.epochs * (pictures / phase.batch)).sum();
  }

  /** The phase of an epoch, counted from 1 over all of them; beyond the last one that one. */
  Phase phaseOf(int epoch) {
    int end = 0;
    for (Phase phase : phases) {
      end += phase.epochs;
      if (epoch <= end) {
        return phase;
      }
    }
    return phases.get(phases.size() - 1);
  }

  /**
   * Reads a recipe. One that says {@code like: OTHER.yaml} is that recipe of the same folder, with
   * what it says itself instead: keys of mappings one by one, lists whole.
   *
   * @param overrides {@code key=value}, keys dotted: {@code optimiser.weightDecay=1e-4}, {@code
   *     phases.0.epochs=3}
   * @throws RecipeException naming the file, the key and the remedy
   */
  public static Recipe read(Path file, List<String> overrides) throws RecipeException {
    ObjectNode tree = whole(file);
    for (String override : overrides) {
      override(tree, override);
    }
    return of(tree, "recipe " + file);
  }

  private static ObjectNode whole(Path file) throws RecipeException {
    ObjectNode own = tree(file);
    JsonNode like = own.remove("like");
    if (like == null) {
      return own;
    }
    if (!like.asText("").matches("[A-Za-z0-9][A-Za-z0-9._-]*[.]yaml")) {
      throw new RecipeException(
          "recipe "
              + file
              + ": like is '"
              + OneLine.of(like.asText(""))
              + "', must be a recipe of the same folder, such as efrnet.cityscapes.yaml");
    }
    Path other = file.resolveSibling(like.textValue());
    ObjectNode tree = tree(other);
    if (tree.has("like")) {
      throw new RecipeException(
          "recipe " + file + ": " + other + " is like another itself; name that one");
    }
    put(tree, own);
    return tree;
  }

  private static void put(ObjectNode tree, ObjectNode own) {
    for (Map.Entry<String, JsonNode> field : own.properties()) {
      if (tree.get(field.getKey()) instanceof ObjectNode inner
          && field.getValue() instanceof ObjectNode ofOwn) {
        put(inner, ofOwn);
      } else {
        tree.set(field.getKey(), field.getValue());
      }
    }
  }

  private static ObjectNode tree(Path file) throws RecipeException {
    try {
      return StrictYaml.parse(Files.readString(file));
    } catch (NoSuchFileException e) {
      throw new RecipeException("recipe " + file + ": no such file", e);
    } catch (IOException e) {
      throw new RecipeException("recipe " + file + ": " + e.getMessage(), e);
    }
  }

  /**
   * Reads a recipe from its text, as a bundle carries it.
   *
   * @param source what errors call it
   */
  public static Recipe parse(String yaml, String source) throws RecipeException {
    try {
      return of(StrictYaml.parse(yaml), source);
    } catch (RecipeException e) {
      throw e;
    } catch (IOException e) {
      throw new RecipeException(source + ": " + e.getMessage(), e);
    }
  }

  private static Recipe of(ObjectNode tree, String source) throws RecipeException {
    refuseEmpty(tree, "", source);
    requireKnown(tree, Recipe.class, "", source);
    Recipe recipe;
    try {
      // First alone: what all stages lack is the recipe's fault.
      recipe = MAPPER.treeToValue(tree.deepCopy().without(BEFORE), Recipe.class);
      if (tree.has(BEFORE)) {
        recipe = MAPPER.treeToValue(withWholeStages(tree, source), Recipe.class);
      }
    } catch (ValueInstantiationException e) {
      throw new RecipeException(source + ": " + String.valueOf(e.getCause().getMessage()), e);
    } catch (JsonMappingException e) {
      String place =
          e.getPath().stream()
              .map(r -> r.getFieldName() == null ? "" + r.getIndex() : r.getFieldName())
              .collect(Collectors.joining("."));
      String message = e.getOriginalMessage().lines().findFirst().orElse("");
      throw new RecipeException(source + ": " + (place.isEmpty() ? "" : place + ": ") + message, e);
    } catch (JsonProcessingException e) {
      throw new RecipeException(source + ": " + e.getOriginalMessage(), e);
    }
    recipe.check(source);
    return recipe;
  }

  /** The same, with stages that say all and not only what differs. */
  private static ObjectNode withWholeStages(ObjectNode tree, String source) throws RecipeException {
    JsonNode before = tree.path(BEFORE);
    if (!before.isArray()) {
      throw new RecipeException(
          source
              + ": before must be a list of stages, each with what differs in it, such as"
              + " - {schedule: {rate: 0.1}}");
    }
    ObjectNode plain = tree.deepCopy().without(BEFORE);
    ObjectNode whole = plain.deepCopy();
    ArrayNode stages = whole.putArray(BEFORE);
    for (int i = 0; i < before.size(); i++) {
      String place = source + ": " + BEFORE + "." + i;
      if (!(before.get(i) instanceof ObjectNode own)) {
        throw new RecipeException(place + " must be a mapping, such as {schedule: {rate: 0.1}}");
      }
      for (Map.Entry<String, JsonNode> field : own.properties()) {
        if (!OF_STAGES.contains(field.getKey())) {
          throw new RecipeException(
              place
                  + " says '"
                  + field.getKey()
                  + "', which is the same in all stages; leave it out, or train by two recipes, the"
                  + " second with from");
        }
      }
      ObjectNode stage = plain.deepCopy();
      put(stage, own.deepCopy());
      stage.put("name", plain.path("name").asText() + "-stage-" + (i + 1));
      stages.add(stage);
    }
    return whole;
  }

  /** A key without a value would otherwise become zero unseen. */
  private static void refuseEmpty(JsonNode node, String place, String source)
      throws RecipeException {
    if (node.isNull()) {
      throw new RecipeException(source + ": " + place + " has no value");
    }
    if (node.isObject()) {
      for (Map.Entry<String, JsonNode> field : node.properties()) {
        String key = place.isEmpty() ? field.getKey() : place + "." + field.getKey();
        refuseEmpty(field.getValue(), key, source);
      }
    }
    for (int i = 0; node.isArray() && i < node.size(); i++) {
      refuseEmpty(node.get(i), place + "." + i, source);
    }
  }

  /** Before binding, which would complain of what is missing rather than of what is misspelt. */
  private static void requireKnown(JsonNode node, Type type, String place, String source)
      throws RecipeException {
    if (type instanceof ParameterizedType list) {
      for (int i = 0; i < node.size(); i++) {
        requireKnown(node.path(i), list.getActualTypeArguments()[0], place + "." + i, source);
      }
      return;
    }
    if (!(type instanceof Class<?> record) || !record.isRecord()) {
      return;
    }
    Map<String, Type> known = new TreeMap<>();
    for (RecordComponent component : record.getRecordComponents()) {
      known.put(component.getName(), component.getGenericType());
    }
    try {
      StrictYaml.requireKnownKeys(node, known.keySet());
    } catch (IOException e) {
      throw new RecipeException(source + ": " + (place + " " + e.getMessage()).strip(), e);
    }
    for (Map.Entry<String, JsonNode> field : node.properties()) {
      String inner = place.isEmpty() ? field.getKey() : place + "." + field.getKey();
      requireKnown(field.getValue(), known.get(field.getKey()), inner, source);
    }
  }

  private void check(String source) throws RecipeException {
    if (Networks.named(network, 2).isEmpty()) {
      throw new RecipeException(
          source
              + ": unknown network '"
              + network
              + "'"
              + Nearest.hint(network, Networks.names())
              + "; known: "
              + Networks.names());
    }
    try {
      BundleConfig.requireName(name);
    } catch (IllegalArgumentException e) {
      throw new RecipeException(source + ": " + e.getMessage(), e);
    }
    if (bundle.height() < 1 || bundle.licence().isBlank()) {
      throw new RecipeException(
          source + ": bundle.height must be at least 1, bundle.licence not blank");
    }
    requireWithin(source, "averageDecay", averageDecay, 0, 1);
    requireWithin(source, "loss.labelSmoothing", loss.labelSmoothing(), 0, 1);
    requireWithin(source, "loss.jaccard", loss.jaccard(), 0, 100);
    requireWithin(source, "optimiser.momentum", optimiser.momentum(), 0, 1);
    requireWithin(source, "optimiser.beta1", optimiser.beta1(), 0, 1);
    requireWithin(source, "optimiser.beta2", optimiser.beta2(), 0, 1);
    requireWithin(source, "optimiser.weightDecay", optimiser.weightDecay(), 0, 1);
    requireWithin(source, "optimiser.clipNorm", optimiser.clipNorm(), 0, Double.POSITIVE_INFINITY);
    if (optimiser.kind() == OptimiserChoice.Kind.ADAMW
        && (optimiser.beta1() == 0 || optimiser.beta2() == 0)) {
      throw new RecipeException(
          source + ": optimiser adamw needs beta1 and beta2, such as 0.9 and 0.999");
    }
    if (loss.classWeights() != 0 && !(loss.classWeights() > 1)) {
      throw new RecipeException(
          source
              + ": loss.classWeights is "
              + loss.classWeights()
              + ", must be 0 for none or above 1, such as 1.10: its logarithm divides");
    }
    if (!watch.equals(Watch.NONE)
        && (watch.split.isBlank()
            || watch.everyEpochs < 1
            || watch.pictures < 0
            || watch.samples < 0)) {
      throw new RecipeException(
          source
              + ": watch needs a split, everyEpochs of at least 1, pictures and samples of at least"
              + " 0; leave it out to watch nothing");
    }
    if (!before.isEmpty() && !from.isEmpty()) {
      throw new RecipeException(
          source
              + ": from is '"
              + from
              + "', but before says what training starts from; leave one of them out, as by"
              + " before=[]");
    }
    if (phases.isEmpty()) {
      throw new RecipeException(source + ": phases is empty; give one at least");
    }
    for (int i = 0; i < phases.size(); i++) {
      Phase phase = phases.get(i);
      if (phase.epochs < 1) {
        throw new RecipeException(
            source + ": phases." + i + ".epochs is " + phase.epochs + ", must be at least 1");
      }
      if (phase.batch < 2) {
        throw new RecipeException(
            source
                + ": phases."
                + i
                + ".batch is "
                + phase.batch
                + ", must be at least 2: batch norm on channel attention's 1x1 maps needs two"
                + " pictures");
      }
      if (!phase.crop.matches("[1-9][0-9]{0,4}x[1-9][0-9]{0,4}")) {
        throw new RecipeException(
            source
                + ": phases."
                + i
                + ".crop is '"
                + phase.crop
                + "', must be WIDTHxHEIGHT such as 256x192");
      }
      if (phase.scale.length != 2) {
        throw new RecipeException(
            source + ": phases." + i + ".scale needs two numbers, smallest and largest");
      }
      try {
        phase.augmentation(jitter);
      } catch (IllegalArgumentException e) {
        throw new RecipeException(source + ": phases." + i + ": " + e.getMessage(), e);
      }
    }
    for (int i = 0; i < before.size(); i++) {
      before.get(i).check(source + ": " + BEFORE + "." + i);
    }
  }

  /** At least {@code low}, below {@code high}. */
  private static void requireWithin(
      String source, String key, double value, double low, double high) throws RecipeException {
    if (!(value >= low && value < high)) {
      throw new RecipeException(
          source + ": " + key + " is " + value + ", must be at least " + low + ", below " + high);
    }
  }

  private static void override(ObjectNode tree, String override) throws RecipeException {
    int equals = override.indexOf('=');
    if (equals < 1) {
      throw new RecipeException(
          "override '" + override + "' is not key=value, such as phases.0.epochs=3");
    }
    JsonNode value;
    try {
      value = StrictYaml.parse("value: " + override.substring(equals + 1)).get("value");
    } catch (IOException e) {
      throw new RecipeException("override '" + override + "' " + e.getMessage(), e);
    }
    String[] keys = override.substring(0, equals).split("\\.", -1);
    JsonNode node = tree;
    Type type = Recipe.class;
    for (int i = 0; i < keys.length; i++) {
      if (type instanceof ParameterizedType && !node.isArray()) {
        String list = String.join(".", List.of(keys).subList(0, i));
        throw new RecipeException(
            "override '"
                + override
                + "': the recipe gives no list "
                + list
                + " to change in; give it whole, "
                + list
                + "=[...]");
      }
      type = inner(type, keys[i], node, override);
      boolean last = i == keys.length - 1;
      if (node instanceof ArrayNode array) {
        int index = Integer.parseInt(keys[i]);
        if (last) {
          array.set(index, value);
        } else {
          node = array.get(index);
        }
      } else if (node instanceof ObjectNode object) {
        if (last) {
          object.set(keys[i], value);
        } else {
          // An optional part that the recipe leaves out can be given all the same.
          node = object.has(keys[i]) ? object.get(keys[i]) : object.putObject(keys[i]);
        }
      }
    }
  }

  /** The type of what stands under a key, with the node that holds it. */
  private static Type inner(Type type, String key, JsonNode holder, String override)
      throws RecipeException {
    List<String> known = new ArrayList<>();
    if (holder.isArray()) {
      if (key.matches("[0-9]{1,4}") && Integer.parseInt(key) < holder.size()) {
        return type instanceof ParameterizedType list
            ? list.getActualTypeArguments()[0]
            : double.class;
      }
    } else if (type instanceof Class<?> record && record.isRecord() && holder.isObject()) {
      for (RecordComponent component : record.getRecordComponents()) {
        if (component.getName().equals(key)) {
          return component.getGenericType();
        }
        known.add(component.getName());
      }
    }
    throw new RecipeException(
        "override '"
            + override
            + "': a recipe has no key '"
            + key
            + "'"
            + Nearest.hint(key, known)
            + (known.isEmpty() ? "" : "; known here: " + known));
  }

  /** The recipe as YAML, complete with overrides: what a bundle carries. */
  public String toYaml() {
    try {
      return YAMLMapper.builder().build().writeValueAsString(tree());
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Without what says "none": a key that a later version knows leaves old recipes as they are. */
  private ObjectNode tree() {
    ObjectNode tree = MAPPER.valueToTree(this);
    tree.remove(BEFORE);
    if (!before.isEmpty()) {
      ArrayNode stages = MAPPER.createArrayNode();
      for (Recipe stage : before) {
        ObjectNode whole = MAPPER.valueToTree(stage);
        stages.add(differences(whole.retain(OF_STAGES), tree));
      }
      tree.set(BEFORE, stages);
    }
    if (from.isEmpty()) {
      tree.remove("from");
    }
    if (watch.equals(Watch.NONE)) {
      tree.remove("watch");
    }
    if (loss.jaccard() == 0) {
      ((ObjectNode) tree.get("loss")).remove("jaccard");
    }
    return tree;
  }

  /** What of a tree another one has otherwise: keys of mappings one by one, lists whole. */
  private static ObjectNode differences(ObjectNode tree, ObjectNode other) {
    ObjectNode differences = MAPPER.createObjectNode();
    for (Map.Entry<String, JsonNode> field : tree.properties()) {
      JsonNode there = other.path(field.getKey());
      if (!field.getValue().equals(there)) {
        differences.set(
            field.getKey(),
            field.getValue() instanceof ObjectNode inner && there instanceof ObjectNode outer
                ? differences(inner, outer)
                : field.getValue());
      }
    }
    return differences;
  }

  private ObjectNode decisive() {
    return tree().without(List.of("bundle", "watch"));
  }

  /** A digest of everything that changes the result. */
  public String fingerprint() {
    try {
      return Sha256.of(MAPPER.writeValueAsString(decisive()));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /** What changes the result and differs from another recipe, such as {@code seed 1 -> 2}. */
  public List<String> changesFrom(Recipe before) {
    Map<String, String> then = new TreeMap<>();
    Map<String, String> now = new TreeMap<>();
    flatten("", before.decisive(), then);
    flatten("", decisive(), now);
    Set<String> keys = new TreeSet<>(then.keySet());
    keys.addAll(now.keySet());
    return keys.stream()
        .filter(key -> !Objects.equals(then.get(key), now.get(key)))
        .map(
            key ->
                key
                    + " "
                    + then.getOrDefault(key, "absent")
                    + " -> "
                    + now.getOrDefault(key, "absent"))
        .toList();
  }

  private static void flatten(String place, JsonNode node, Map<String, String> values) {
    if (node.isContainerNode()) {
      String prefix = place.isEmpty() ? "" : place + ".";
      node.properties()
          .forEach(field -> flatten(prefix + field.getKey(), field.getValue(), values));
      for (int i = 0; node.isArray() && i < node.size(); i++) {
        flatten(prefix + i, node.get(i), values);
      }
    } else {
      values.put(place, node.asText());
    }
  }
}
