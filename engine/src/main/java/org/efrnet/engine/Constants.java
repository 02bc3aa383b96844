package org.efrnet.engine;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_FROM;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_TO;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_equal;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_execute;
import static org.bytedeco.dnnl.global.dnnl.dnnl_reorder_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_wait;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.efrnet.weights.Weights;

/** What all plans of a model compute with, made once: weights in the layouts that oneDNN likes. */
final class Constants implements AutoCloseable {
  private final Handles handles = new Handles();
  private final dnnl_engine engine;
  private final dnnl_stream stream;
  private final Weights weights;
  private final Map<String, List<Laid>> laid = new HashMap<>();
  private final Map<String, dnnl_memory> vectors = new HashMap<>();
  private final Map<String, ConvolutionWeights.Rounded> rounded = new HashMap<>();

  /** Weights in a layout. */
  private record Laid(dnnl_memory_desc desc, dnnl_memory memory) {}

  Constants(dnnl_engine engine, dnnl_stream stream, Weights weights) {
    this.engine = engine;
    this.stream = stream;
    this.weights = weights;
  }

  float[] values(String name) {
    return weights.get(name).values();
  }

  /** Values along the channels, as post-operations and biases read them. */
  dnnl_memory vector(String name, float[] values) {
    return vectors.computeIfAbsent(
        name,
        n -> filled(handles.strided(Kind.F32, new long[] {values.length}, new long[] {1}), values));
  }

  /** The same of the shape (1, channels, 1, 1). */
  dnnl_memory perChannel(String name, float[] values) {
    int count = values.length;
    return vectors.computeIfAbsent(
        name + " by channel",
        n ->
            filled(
                handles.strided(
                    Kind.F32, new long[] {1, count, 1, 1}, new long[] {count, 1, count, count}),
                values));
  }

  /** One number. */
  dnnl_memory number(float value) {
    return vector("number " + Float.floatToIntBits(value), new float[] {value});
  }

  private dnnl_memory filled(dnnl_memory_desc desc, float[] values) {
    dnnl_memory memory = handles.allocated(engine, desc);
    new FloatPointer(Handles.address(memory)).put(values, 0, values.length);
    return memory;
  }

  /** Weights of a convolution in 8 bits. */
  ConvolutionWeights.Rounded rounded(ConvolutionWeights weights) {
    return rounded.computeIfAbsent(weights.key(), key -> weights.rounded());
  }

  /**
   * Weights of a convolution in a layout.
   *
   * @param kind {@link Kind#S8} for weights in 8 bits
   * @param wanted the layout
   */
  dnnl_memory laid(ConvolutionWeights weights, Kind kind, dnnl_memory_desc wanted) {
    List<Laid> known = laid.computeIfAbsent(weights.key() + " " + kind, k -> new ArrayList<>());
    for (Laid one : known) {
      if (dnnl_memory_desc_equal(one.desc, wanted) != 0) {
        return one.memory;
      }
    }
    // The layout's owner is a plan, which may be gone before this.
    dnnl_memory_desc own = handles.copy(wanted);
    dnnl_memory memory = handles.allocated(engine, own);
    try (Handles passing = new Handles()) {
      dnnl_memory_desc plain =
          passing.strided(kind == Kind.S8 ? Kind.S8 : Kind.F32, weights.dims(), weights.strides());
      dnnl_memory source = passing.allocated(engine, plain);
      if (kind == Kind.S8) {
        float[] values = rounded(weights).values();
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < bytes.length; i++) {
          bytes[i] = (byte) values[i];
        }
        new BytePointer(Handles.address(source)).put(bytes, 0, bytes.length);
      } else {
        new FloatPointer(Handles.address(source)).put(weights.values(), 0, weights.values().length);
      }
      reorder(passing, plain, source, own, memory);
    }
    known.add(new Laid(own, memory));
    return memory;
  }

  private void reorder(
      Handles passing,
      dnnl_memory_desc from,
      dnnl_memory values,
      dnnl_memory_desc to,
      dnnl_memory into) {
    String what = "reorder of weights";
    dnnl_primitive_attr attr = passing.attributes();
    dnnl_primitive_desc description =
        passing.description(
            what, d -> dnnl_reorder_primitive_desc_create(d, from, engine, to, engine, attr));
    dnnl_primitive primitive = passing.primitive(what, description);
    dnnl_exec_arg_t arguments = passing.arguments(2);
    arguments.position(0).arg(DNNL_ARG_FROM).memory(values);
    arguments.position(1).arg(DNNL_ARG_TO).memory(into);
    Handles.require(dnnl_primitive_execute(primitive, stream, 2, arguments.position(0)), what);
    Handles.require(dnnl_stream_wait(stream), what);
  }

  @Override
  public void close() {
    laid.clear();
    vectors.clear();
    rounded.clear();
    handles.close();
  }
}
