package org.efrnet.onnx;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.efrnet.bundle.BundleConfig;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.graph.Model;
import org.efrnet.graph.Passes;
import org.efrnet.labels.SegmentationClass;
import org.efrnet.readings.Shape;

/**
 * A trained network as ONNX says it, for the engines of others: operator set {@value #OPSET},
 * pictures, rows and columns free.
 *
 * <p>Input {@value #IMAGE}: (N, 3, H, W), planes normalised as in training. Output {@value
 * #LOGITS}: (N, classes, H, W). Output {@value #CLASSES}, where the options say so: (N, H, W).
 * Immutable.
 */
public final class OnnxModel {
  /** The version of ONNX's operators. */
  public static final int OPSET = 17;

  /** The name of the input. */
  public static final String IMAGE = "image";

  /** The name of the first output. */
  public static final String LOGITS = "logits";

  /** The name of the second output. */
  public static final String CLASSES = "classes";

  /** The side of the image by which channels are counted. */
  static final int PROBE_SIDE = 64;

  private static final int IR_VERSION = 8;

  private static final int MODEL_IR_VERSION = 1;
  private static final int MODEL_PRODUCER = 2;
  private static final int MODEL_PRODUCER_VERSION = 3;
  private static final int MODEL_GRAPH = 7;
  private static final int MODEL_OPSET = 8;
  private static final int MODEL_METADATA = 14;
  private static final int OPSET_DOMAIN = 1;
  private static final int OPSET_VERSION = 2;
  private static final int ENTRY_KEY = 1;
  private static final int ENTRY_VALUE = 2;

  private final byte[] bytes;

  private OnnxModel(byte[] bytes) {
    this.bytes = bytes;
  }

  /**
   * A network as it is used: batch norms folded into convolutions, no dropout.
   *
   * @param model as the network was written
   * @throws IllegalArgumentException if its weights do not fit it
   */
  public static OnnxModel of(Model model, OnnxOptions options) {
    return of(model, options, "efrnet", Map.of());
  }

  /**
   * A bundle's network, with what its user must know as metadata: {@code name}, {@code network},
   * {@code classes} (a JSON list of {@code id}, {@code name}, {@code colour} as #rrggbb), {@code
   * classTable} (as {@link org.efrnet.labels.ClassTable#of} reads it), {@code mean} and {@code
   * deviation} (JSON lists by channel, of values 0..1), {@code sizeMultiple}, {@code height},
   * {@code licence}, {@code licenceNote}, {@code digest} (of the bundle).
   */
  public static OnnxModel of(ModelBundle bundle, OnnxOptions options) {
    return of(bundle.model(), options, bundle.config().name(), metadata(bundle));
  }

  private static OnnxModel of(
      Model model, OnnxOptions options, String name, Map<String, String> metadata) {
    Model used = Passes.apply(Passes.inference(), model);
    OnnxGraph graph = new OnnxGraph();
    String image = graph.input(IMAGE, OnnxGraph.ElementType.FLOAT, "N", 3, "H", "W");
    Shape probe = Shape.image(1, PROBE_SIDE, PROBE_SIDE);
    OnnxOps ops = new OnnxOps(graph, used.weights(), options.unpooling());
    OnnxOps.Written logits = used.graph().logits(ops, new OnnxOps.Written(image, probe));
    boolean whole = logits.probe().withChannels(3).equals(probe);
    String rows = whole ? "H" : "logits.H";
    String columns = whole ? "W" : "logits.W";
    graph.output(
        logits.handle(),
        LOGITS,
        OnnxGraph.ElementType.FLOAT,
        "N",
        logits.probe().channels(),
        rows,
        columns);
    if (options.classMap() != OnnxOptions.ClassMap.NONE) {
      boolean bytes = options.classMap() == OnnxOptions.ClassMap.UINT8;
      String chosen =
          graph.named(
              "head.argmax",
              "ArgMax",
              List.of(logits.handle()),
              Attribute.of("axis", 1),
              Attribute.of("keepdims", 0));
      graph.output(
          bytes
              ? graph.named(
                  "head.cast",
                  "Cast",
                  List.of(chosen),
                  Attribute.of("to", OnnxGraph.ElementType.UINT8.number()))
              : chosen,
          CLASSES,
          bytes ? OnnxGraph.ElementType.UINT8 : OnnxGraph.ElementType.INT64,
          "N",
          rows,
          columns);
    }
    ProtobufWriter proto =
        new ProtobufWriter().number(MODEL_IR_VERSION, IR_VERSION).text(MODEL_PRODUCER, "efrnet");
    String version = OnnxModel.class.getPackage().getImplementationVersion();
    if (version != null) {
      proto.text(MODEL_PRODUCER_VERSION, version);
    }
    proto
        .message(MODEL_GRAPH, graph.encoded(name))
        .message(
            MODEL_OPSET, new ProtobufWriter().text(OPSET_DOMAIN, "").number(OPSET_VERSION, OPSET));
    metadata.forEach(
        (key, value) ->
            proto.message(
                MODEL_METADATA,
                new ProtobufWriter().text(ENTRY_KEY, key).text(ENTRY_VALUE, value)));
    return new OnnxModel(proto.toBytes());
  }

  private static Map<String, String> metadata(ModelBundle bundle) {
    BundleConfig config = bundle.config();
    ArrayNode classes = JsonNodeFactory.instance.arrayNode();
    for (SegmentationClass c : bundle.classes().classes()) {
      classes
          .addObject()
          .put("id", c.id())
          .put("name", c.name())
          .put("colour", String.format("#%06x", c.colour().rgb()));
    }
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put("name", config.name());
    metadata.put("network", config.architecture().network());
    metadata.put("classes", classes.toString());
    metadata.put("classTable", bundle.classes().toJson().toString());
    metadata.put("mean", Arrays.toString(config.normalization().mean()));
    metadata.put("deviation", Arrays.toString(config.normalization().deviation()));
    metadata.put("blueFirst", Boolean.toString(config.normalization().blueFirst()));
    metadata.put("unscored", config.architecture().unscored().toString());
    metadata.put("sizeMultiple", Integer.toString(bundle.network().sizeMultiple()));
    metadata.put("height", Integer.toString(config.height()));
    metadata.put("licence", config.licence().id());
    metadata.put("licenceNote", config.licence().note());
    metadata.put("digest", bundle.digest());
    return metadata;
  }

  /** The file's content: a {@code ModelProto}. */
  public byte[] toBytes() {
    return bytes.clone();
  }
}
