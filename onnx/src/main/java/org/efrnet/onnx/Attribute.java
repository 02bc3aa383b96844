package org.efrnet.onnx;

/** An attribute of a node: {@code AttributeProto}. */
record Attribute(String name, ProtobufWriter encoded) {
  private static final int NAME = 1;
  private static final int F = 2;
  private static final int I = 3;
  private static final int S = 4;
  private static final int INTS = 8;
  private static final int TYPE = 20;

  private static final int FLOAT_TYPE = 1;
  private static final int INT_TYPE = 2;
  private static final int STRING_TYPE = 3;
  private static final int INTS_TYPE = 7;

  private static ProtobufWriter named(String name) {
    return new ProtobufWriter().text(NAME, name);
  }

  static Attribute of(String name, float value) {
    return new Attribute(name, named(name).real(F, value).number(TYPE, FLOAT_TYPE));
  }

  static Attribute of(String name, long value) {
    return new Attribute(name, named(name).number(I, value).number(TYPE, INT_TYPE));
  }

  static Attribute of(String name, String value) {
    return new Attribute(name, named(name).text(S, value).number(TYPE, STRING_TYPE));
  }

  /** A list of integers. */
  static Attribute list(String name, long... values) {
    ProtobufWriter attribute = named(name);
    for (long value : values) {
      attribute.number(INTS, value);
    }
    return new Attribute(name, attribute.number(TYPE, INTS_TYPE));
  }
}
