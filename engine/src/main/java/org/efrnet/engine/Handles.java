package org.efrnet.engine;

import static org.bytedeco.dnnl.global.dnnl.*;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_post_ops;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;

/**
 * Owns objects of oneDNN: each is made here and given back by {@link #close}, the last one first.
 * For one thread at a time.
 */
final class Handles implements AutoCloseable {
  private static final AtomicLong LIVE = new AtomicLong();

  private final Deque<Runnable> owned = new ArrayDeque<>();

  /** Objects of this process that were made and not given back. */
  static long live() {
    return LIVE.get();
  }

  /** Takes an object over. */
  private <P extends Pointer> P own(P made, Runnable giveBack) {
    LIVE.incrementAndGet();
    owned.push(
        () -> {
          giveBack.run();
          made.setNull();
          LIVE.decrementAndGet();
        });
    return made;
  }

  /**
   * Refuses what oneDNN did not do.
   *
   * @throws IllegalStateException naming what was asked for
   */
  static void require(int status, String what) {
    if (status != dnnl_success) {
      throw new IllegalStateException(
          "oneDNN cannot do "
              + what
              + " ("
              + (status == dnnl_out_of_memory
                  ? "out of memory; choose a smaller size"
                  : "status " + status + "; choose another engine, and please report it")
              + ")");
    }
  }

  dnnl_engine engine() {
    dnnl_engine engine = new dnnl_engine();
    require(dnnl_engine_create(engine, dnnl_cpu, 0), "an engine");
    return own(engine, () -> dnnl_engine_destroy(engine));
  }

  dnnl_stream stream(dnnl_engine engine) {
    dnnl_stream stream = new dnnl_stream();
    require(dnnl_stream_create(stream, engine, dnnl_stream_default_flags), "a stream");
    return own(stream, () -> dnnl_stream_destroy(stream));
  }

  /** Values of a kind, wherever the strides put them. */
  dnnl_memory_desc strided(Kind kind, long[] dims, long[] strides) {
    dnnl_memory_desc desc = new dnnl_memory_desc();
    require(
        dnnl_memory_desc_create_with_strides(desc, dims.length, dims, kind.code, strides),
        "a layout");
    return own(desc, () -> dnnl_memory_desc_destroy(desc));
  }

  /** Bytes without a sign, wherever the strides put them. */
  dnnl_memory_desc bytes(long[] dims, long[] strides) {
    dnnl_memory_desc desc = new dnnl_memory_desc();
    require(
        dnnl_memory_desc_create_with_strides(desc, dims.length, dims, dnnl_u8, strides),
        "a layout");
    return own(desc, () -> dnnl_memory_desc_destroy(desc));
  }

  /** Values of a kind, laid out as oneDNN likes. */
  dnnl_memory_desc any(Kind kind, long... dims) {
    dnnl_memory_desc desc = new dnnl_memory_desc();
    require(
        dnnl_memory_desc_create_with_tag(desc, dims.length, dims, kind.code, dnnl_format_tag_any),
        "a layout");
    return own(desc, () -> dnnl_memory_desc_destroy(desc));
  }

  /** The same layout, owned here. */
  dnnl_memory_desc copy(dnnl_memory_desc other) {
    dnnl_memory_desc desc = new dnnl_memory_desc();
    require(dnnl_memory_desc_clone(desc, other), "a layout");
    return own(desc, () -> dnnl_memory_desc_destroy(desc));
  }

  dnnl_post_ops postOps() {
    dnnl_post_ops ops = new dnnl_post_ops();
    require(dnnl_post_ops_create(ops), "a list of operations");
    return own(ops, () -> dnnl_post_ops_destroy(ops));
  }

  dnnl_primitive_attr attributes() {
    dnnl_primitive_attr attributes = new dnnl_primitive_attr();
    require(dnnl_primitive_attr_create(attributes), "attributes");
    return own(attributes, () -> dnnl_primitive_attr_destroy(attributes));
  }

  /** Says how a primitive is made. */
  @FunctionalInterface
  interface Description {
    int create(dnnl_primitive_desc target);
  }

  dnnl_primitive_desc description(String what, Description description) {
    dnnl_primitive_desc made = new dnnl_primitive_desc();
    require(description.create(made), what);
    return own(made, () -> dnnl_primitive_desc_destroy(made));
  }

  dnnl_primitive primitive(String what, dnnl_primitive_desc description) {
    dnnl_primitive primitive = new dnnl_primitive();
    require(dnnl_primitive_create(primitive, description), what);
    return own(primitive, () -> dnnl_primitive_destroy(primitive));
  }

  /** Memory of its own, aligned as oneDNN likes. */
  dnnl_memory allocated(dnnl_engine engine, dnnl_memory_desc desc) {
    return memory(engine, desc, new Allocate());
  }

  /** A view of memory that something else owns. */
  dnnl_memory memory(dnnl_engine engine, dnnl_memory_desc desc, Pointer at) {
    dnnl_memory memory = new dnnl_memory();
    require(
        dnnl_memory_create(memory, desc, engine, at),
        dnnl_memory_desc_get_size(desc) + " bytes of memory");
    return own(memory, () -> dnnl_memory_destroy(memory));
  }

  /** Room for the arguments of a call. */
  dnnl_exec_arg_t arguments(int count) {
    dnnl_exec_arg_t arguments = new dnnl_exec_arg_t(count);
    return own(arguments, arguments::deallocate);
  }

  /** The arguments of a call. */
  dnnl_exec_arg_t arguments(List<Integer> places, List<dnnl_memory> memories) {
    dnnl_exec_arg_t arguments = arguments(places.size());
    for (int i = 0; i < places.size(); i++) {
      arguments.position(i).arg(places.get(i)).memory(memories.get(i));
    }
    return arguments.position(0);
  }

  /** Where a memory's values begin. */
  static Pointer address(dnnl_memory memory) {
    try (PointerPointer<Pointer> address = new PointerPointer<>(1)) {
      require(dnnl_memory_get_data_handle(memory, address), "an address");
      return address.get(0);
    }
  }

  /** oneDNN's DNNL_MEMORY_ALLOCATE: the address that means "allocate it yourself". */
  private static final class Allocate extends Pointer {
    Allocate() {
      address = -1;
    }
  }

  @Override
  public void close() {
    while (!owned.isEmpty()) {
      owned.pop().run();
    }
  }
}
