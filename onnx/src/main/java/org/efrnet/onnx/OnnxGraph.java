package org.efrnet.onnx;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * A {@code GraphProto} on its way: nodes in the order in which they can be computed, and constants.
 * Values are known by handles until the end, when it is said which are outputs and bear the names
 * of those.
 */
final class OnnxGraph {
  /** {@code TensorProto.DataType}. */
  enum ElementType {
    FLOAT(1),
    UINT8(2),
    INT64(7);

    private final int number;

    ElementType(int number) {
      this.number = number;
    }

    int number() {
      return number;
    }
  }

  /** The handle of an input that an operator leaves out. */
  static final String NONE = "";

  private static final int GRAPH_NODE = 1;
  private static final int GRAPH_NAME = 2;
  private static final int GRAPH_INITIALIZER = 5;
  private static final int GRAPH_INPUT = 11;
  private static final int GRAPH_OUTPUT = 12;
  private static final int NODE_INPUT = 1;
  private static final int NODE_OUTPUT = 2;
  private static final int NODE_NAME = 3;
  private static final int NODE_OPERATOR = 4;
  private static final int NODE_ATTRIBUTE = 5;
  private static final int TENSOR_DIMENSION = 1;
  private static final int TENSOR_TYPE = 2;
  private static final int TENSOR_NAME = 8;
  private static final int TENSOR_RAW = 9;
  private static final int VALUE_NAME = 1;
  private static final int VALUE_TYPE = 2;
  private static final int TYPE_TENSOR = 1;
  private static final int TENSOR_TYPE_ELEMENT = 1;
  private static final int TENSOR_TYPE_SHAPE = 2;
  private static final int SHAPE_DIMENSION = 1;
  private static final int DIMENSION_VALUE = 1;
  private static final int DIMENSION_NAME = 2;

  /** A node whose outputs are handles. */
  private record Node(
      String name,
      String operator,
      List<String> inputs,
      List<String> outputs,
      List<Attribute> attributes) {}

  private final List<Node> nodes = new ArrayList<>();
  private final Map<String, ProtobufWriter> constants = new LinkedHashMap<>();
  private final Map<String, String> valueNames = new HashMap<>();
  private final Set<String> taken = new HashSet<>();
  private final List<ProtobufWriter> inputs = new ArrayList<>();
  private final List<ProtobufWriter> outputs = new ArrayList<>();
  private final Set<String> outputHandles = new HashSet<>();
  private String block = "image";
  private int handles;

  /** Declares an input; its handle is its name. */
  String input(String name, ElementType type, Object... dimensions) {
    inputs.add(value(name, type, dimensions));
    taken.add(name);
    valueNames.put(name, name);
    return name;
  }

  /** Adds a node with one output, named after the last one that has a name of its own. */
  String node(String operator, List<String> nodeInputs, Attribute... attributes) {
    return nodeWith(1, operator, nodeInputs, attributes).get(0);
  }

  /** The same with several outputs. */
  List<String> nodeWith(
      int count, String operator, List<String> nodeInputs, Attribute... attributes) {
    String name = block + "." + operator.toLowerCase(Locale.ROOT);
    return add(free(name), count, operator, nodeInputs, attributes);
  }

  /** Adds a node that has a name of its own, such as {@code b2.1.reduce.conv}. */
  String named(String name, String operator, List<String> nodeInputs, Attribute... attributes) {
    int dot = name.lastIndexOf('.');
    block = dot < 0 ? name : name.substring(0, dot);
    return add(free(name), 1, operator, nodeInputs, attributes).get(0);
  }

  private List<String> add(
      String name, int count, String operator, List<String> nodeInputs, Attribute... attributes) {
    List<String> handed = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String handle = "%" + handles++;
      handed.add(handle);
      valueNames.put(handle, i == 0 ? name : free(name + "." + i));
    }
    nodes.add(new Node(name, operator, nodeInputs, handed, List.of(attributes)));
    return handed;
  }

  private String free(String name) {
    String result = name;
    for (int n = 2; !taken.add(result); n++) {
      result = name + "." + n;
    }
    return result;
  }

  /**
   * A constant of 32-bit numbers; its handle is its name. Subnormal numbers become zero: they add
   * nothing that could be seen, and processors are slow with them.
   */
  String constant(String name, float[] values, long... shape) {
    byte[] raw = new byte[Float.BYTES * values.length];
    ByteBuffer littleEndian = ByteBuffer.wrap(raw).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      littleEndian.putFloat(withoutSubnormal(value));
    }
    return constant(name, ElementType.FLOAT, raw, shape);
  }

  /** The same value, or zero in the place of one below the normal numbers. */
  static float withoutSubnormal(float value) {
    return Math.abs(value) < Float.MIN_NORMAL ? 0 : value;
  }

  /** A constant list of integers, shared by all who need the same. */
  String integers(long... values) {
    byte[] raw = new byte[Long.BYTES * values.length];
    ByteBuffer littleEndian = ByteBuffer.wrap(raw).order(ByteOrder.LITTLE_ENDIAN);
    for (long value : values) {
      littleEndian.putLong(value);
    }
    return constant("integers." + join(values), ElementType.INT64, raw, values.length);
  }

  /** A constant integer without sides, shared by all who need the same. */
  String integer(long value) {
    byte[] raw = new byte[Long.BYTES];
    ByteBuffer.wrap(raw).order(ByteOrder.LITTLE_ENDIAN).putLong(value);
    return constant("integer." + value, ElementType.INT64, raw);
  }

  /** A constant number, shared by all who need the same. */
  String number(float value) {
    return constant("number." + value, new float[] {value});
  }

  private static String join(long[] values) {
    return String.join(".", Arrays.stream(values).mapToObj(Long::toString).toList());
  }

  private String constant(String name, ElementType type, byte[] raw, long... shape) {
    if (!constants.containsKey(name)) {
      ProtobufWriter tensor = new ProtobufWriter();
      for (long side : shape) {
        tensor.number(TENSOR_DIMENSION, side);
      }
      tensor.number(TENSOR_TYPE, type.number).text(TENSOR_NAME, name).bytes(TENSOR_RAW, raw);
      constants.put(name, tensor);
      taken.add(name);
      valueNames.put(name, name);
    }
    return name;
  }

  /**
   * Declares an output, after all nodes.
   *
   * @param handle of the value, which gets this name; a copy of it if it is an input or an output
   */
  void output(String handle, String name, ElementType type, Object... dimensions) {
    if (!taken.add(name)) {
      throw new IllegalArgumentException("output '" + name + "': something else has this name");
    }
    boolean given = !handle.startsWith("%") || outputHandles.contains(handle);
    String own = given ? named(name + ".copy", "Identity", List.of(handle)) : handle;
    outputHandles.add(own);
    valueNames.put(own, name);
    outputs.add(value(name, type, dimensions));
  }

  private static ProtobufWriter value(String name, ElementType type, Object... dimensions) {
    ProtobufWriter shape = new ProtobufWriter();
    for (Object dimension : dimensions) {
      ProtobufWriter side = new ProtobufWriter();
      if (dimension instanceof Integer size) {
        side.number(DIMENSION_VALUE, size);
      } else {
        side.text(DIMENSION_NAME, dimension.toString());
      }
      shape.message(SHAPE_DIMENSION, side);
    }
    ProtobufWriter tensor =
        new ProtobufWriter()
            .number(TENSOR_TYPE_ELEMENT, type.number)
            .message(TENSOR_TYPE_SHAPE, shape);
    return new ProtobufWriter()
        .text(VALUE_NAME, name)
        .message(VALUE_TYPE, new ProtobufWriter().message(TYPE_TENSOR, tensor));
  }

  /** The whole graph. */
  ProtobufWriter encoded(String name) {
    ProtobufWriter graph = new ProtobufWriter();
    for (Node node : nodes) {
      graph.message(GRAPH_NODE, encoded(node));
    }
    graph.text(GRAPH_NAME, name);
    constants.values().forEach(tensor -> graph.message(GRAPH_INITIALIZER, tensor));
    inputs.forEach(value -> graph.message(GRAPH_INPUT, value));
    outputs.forEach(value -> graph.message(GRAPH_OUTPUT, value));
    return graph;
  }

  private ProtobufWriter encoded(Node node) {
    ProtobufWriter proto = new ProtobufWriter();
    for (String input : node.inputs) {
      proto.text(NODE_INPUT, input.isEmpty() ? "" : valueNames.get(input));
    }
    for (String output : node.outputs) {
      proto.text(NODE_OUTPUT, valueNames.get(output));
    }
    proto.text(NODE_NAME, node.name).text(NODE_OPERATOR, node.operator);
    for (Attribute attribute : node.attributes) {
      proto.message(NODE_ATTRIBUTE, attribute.encoded());
    }
    return proto;
  }
}
