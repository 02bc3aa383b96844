package org.efrnet.engine;

import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_equal;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.efrnet.weights.Weights;

/** What all plans of a model compute with, made once: weights in the layouts that oneDNN likes. */
final class Constants implements AutoCloseable {
  private final Handles handles = new Handles();
  private final dnnl_engine engine;
  private final Weights weights;
  private final Map<String, List<Laid>> laid = new HashMap<>();
  private final Map<String, dnnl_memory> vectors = new HashMap<>();

  /** Weights in a layout. */
  private record Laid(dnnl_memory_desc desc, dnnl_memory memory) {}

  Constants(dnnl_engine engine, Weights weights) {
    this.engine = engine;
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

  /** How weights are brought into a layout. */
  @FunctionalInterface
  interface Layouter {
    void reorder(dnnl_memory_desc from, dnnl_memory values, dnnl_memory_desc to, dnnl_memory into);
  }

  /**
   * Weights in a layout.
   *
   * @param key what tells these weights from all others
   * @param strides how {@code values} lie
   * @param values for {@link Kind#F32}: fp32; for {@link Kind#S8} whole numbers within -127..127
   * @param wanted the layout
   */
  dnnl_memory laid(
      String key,
      Kind kind,
      long[] dims,
      long[] strides,
      float[] values,
      dnnl_memory_desc wanted,
      Layouter layouter) {
    List<Laid> known = laid.computeIfAbsent(key, k -> new ArrayList<>());
    for (Laid one : known) {
      if (dnnl_memory_desc_equal(one.desc, wanted) != 0) {
        return one.memory;
      }
    }
    // The layout's owner is a plan, which may be gone before this.
    dnnl_memory_desc own = handles.copy(wanted);
    dnnl_memory memory = handles.allocated(engine, own);
    try (Handles passing = new Handles()) {
      dnnl_memory_desc plain = passing.strided(kind, dims, strides);
      dnnl_memory source = passing.allocated(engine, plain);
      if (kind == Kind.S8) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < bytes.length; i++) {
          bytes[i] = (byte) values[i];
        }
        new BytePointer(Handles.address(source)).put(bytes, 0, bytes.length);
      } else {
        new FloatPointer(Handles.address(source)).put(values, 0, values.length);
      }
      layouter.reorder(plain, source, own, memory);
    }
    known.add(new Laid(own, memory));
    return memory;
  }

  @Override
  public void close() {
    laid.clear();
    vectors.clear();
    handles.close();
  }
}
