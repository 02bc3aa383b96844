package org.efrnet.engine;

import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.Map;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.efrnet.learning.ParameterLayout;
import org.efrnet.readings.Parameter;

/**
 * What gradients change and the gradients themselves, in native memory and 32 bits, where all plans
 * of a learner find them. Each parameter begins where a vector may.
 */
final class NativeParameters implements AutoCloseable {
  private final ParameterLayout layout;
  private final Handles handles = new Handles();
  private final dnnl_engine engine;
  private final Map<String, Integer> places = new HashMap<>();
  private final FloatPointer values;
  private final FloatPointer gradients;
  private final FloatBuffer valueBuffer;
  private final FloatBuffer gradientBuffer;

  NativeParameters(dnnl_engine engine, ParameterLayout layout) {
    this.layout = layout;
    this.engine = engine;
    int at = 0;
    for (Parameter p : layout.parameters()) {
      if (p.kind().trained()) {
        places.put(p.name(), at);
        at += Choices.roundedUp(p.count());
      }
    }
    boolean complete = false;
    try {
      values = vector(at);
      gradients = vector(at);
      complete = true;
    } finally {
      if (!complete) {
        handles.close();
      }
    }
    valueBuffer = values.asBuffer();
    gradientBuffer = gradients.asBuffer();
  }

  private FloatPointer vector(long count) {
    dnnl_memory memory =
        handles.allocated(
            engine, handles.strided(Kind.F32, new long[] {Math.max(1, count)}, new long[] {1}));
    Pointer address = Handles.address(memory);
    Pointer.memset(address, 0, count * Float.BYTES);
    return new FloatPointer(address).capacity(count);
  }

  private int place(String name) {
    Integer place = places.get(name);
    if (place == null) {
      throw new IllegalArgumentException("no parameter " + name + " that learns in this network");
    }
    return place;
  }

  /** Takes a vector of {@link ParameterLayout}'s over. */
  void put(float[] trained) {
    for (Parameter p : layout.parameters()) {
      if (p.kind().trained()) {
        valueBuffer.put(places.get(p.name()), trained, layout.place(p.name()), p.count());
      }
    }
  }

  /** Copies the gradients into a vector of {@link ParameterLayout}'s. */
  void gradients(float[] into) {
    for (Parameter p : layout.parameters()) {
      if (p.kind().trained()) {
        gradientBuffer.get(places.get(p.name()), into, layout.place(p.name()), p.count());
      }
    }
  }

  /** A parameter where it lies, described by the caller's layout. */
  dnnl_memory value(Handles owner, String name, dnnl_memory_desc desc) {
    return owner.memory(engine, desc, values.getPointer((long) place(name)));
  }

  /** Its gradient. */
  dnnl_memory gradient(Handles owner, String name, dnnl_memory_desc desc) {
    return owner.memory(engine, desc, gradients.getPointer((long) place(name)));
  }

  float value(String name, int index) {
    return valueBuffer.get(place(name) + index);
  }

  float gradient(String name, int index) {
    return gradientBuffer.get(place(name) + index);
  }

  void gradient(String name, int index, float value) {
    gradientBuffer.put(place(name) + index, value);
  }

  @Override
  public void close() {
    handles.close();
  }
}
