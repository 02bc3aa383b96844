package org.efrnet.engine;

import static org.bytedeco.dnnl.global.dnnl.*;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_post_ops;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.efrnet.engine.Flow.Gradient;
import org.efrnet.engine.Flow.Maps;

/**
 * What the steps of a {@link LearningPlan} are made with. Maps of the way there stay, for the way
 * back needs them; gradients share memory, each serving others after its last use.
 */
abstract class LearningAssembly {
  final dnnl_engine engine;
  final NativeParameters parameters;
  final Kind kind;
  final int n;
  final Handles handles = new Handles();
  final List<Plan.Step> forward = new ArrayList<>();
  final List<Plan.Step> backward = new ArrayList<>();

  /** Plans the way back, the last one first. */
  final List<Runnable> tape = new ArrayList<>();

  /** The operation that is being planned, for profiles and messages. */
  String name = "image";

  /** Of primitives that do nothing besides. */
  final dnnl_primitive_attr unmodified = handles.attributes();

  private final dnnl_stream stream;
  private final Pool pool;
  private List<Plan.Step> steps = forward;

  LearningAssembly(
      dnnl_engine engine, dnnl_stream stream, NativeParameters parameters, Kind kind, int n) {
    this.engine = engine;
    this.stream = stream;
    this.parameters = parameters;
    this.kind = kind;
    this.n = n;
    this.pool = new Pool(handles, engine);
  }

  /** Plans what belongs to the way back of the operation that is being planned. */
  void onTheWayBack(Runnable plans) {
    String of = name;
    tape.add(
        () -> {
          name = of;
          plans.run();
        });
  }

  /** From now on steps belong to the way back. */
  void turnRound() {
    steps = backward;
  }

  dnnl_memory_desc mapsDesc(Kind of, int pictures, int channels, int height, int width) {
    return handles.strided(
        of,
        new long[] {pictures, channels, height, width},
        Assembly.channelsLast(channels, height, width));
  }

  Maps maps(int channels, int height, int width, boolean learns) {
    return maps(channels, channels, height, width, kind, learns);
  }

  Maps maps(int channels, int used, int height, int width, Kind of, boolean learns) {
    dnnl_memory_desc desc = mapsDesc(of, n, channels, height, width);
    dnnl_memory memory = handles.allocated(engine, desc);
    return new Maps(
        channels, used, height, width, of, learns, desc, memory, Handles.address(memory));
  }

  /** Maps of the same channels and size. */
  Maps like(Maps other, boolean learns) {
    return maps(other.channels, other.used, other.height, other.width, kind, learns);
  }

  /** Other maps in the same memory: what an activation makes of its input. */
  static Maps inPlace(Maps maps) {
    return new Maps(
        maps.channels,
        maps.used,
        maps.height,
        maps.width,
        maps.kind,
        maps.learns,
        maps.desc,
        maps.memory,
        maps.address);
  }

  Gradient gradient(Maps of) {
    Pool.Block block = pool.take(n * of.each() * kind.bytes);
    return new Gradient(handles.memory(engine, gradientDesc(of), block.address()), block);
  }

  dnnl_memory_desc gradientDesc(Maps of) {
    return of.kind == kind ? of.desc : mapsDesc(kind, n, of.channels, of.height, of.width);
  }

  /** The gradient of maps whose users have all been turned round. */
  Optional<Gradient> take(Maps of) {
    Optional<Gradient> taken = of.gradient;
    of.gradient = Optional.empty();
    return taken;
  }

  void release(Gradient gradient) {
    if (--gradient.owners == 0) {
      pool.give(gradient.block);
    }
  }

  /** Adds to the gradient of maps what a step writes; the first one writes the gradient itself. */
  void contribute(Maps to, Consumer<dnnl_memory> step) {
    if (!to.learns) {
      return;
    }
    Gradient made = gradient(to);
    step.accept(made.memory);
    give(to, made);
  }

  /** Adds a gradient, or one owner's share in it, to that of maps. */
  void give(Maps to, Gradient gradient) {
    if (!to.learns) {
      release(gradient);
    } else if (to.gradient.isEmpty()) {
      to.gradient = Optional.of(gradient);
    } else {
      Gradient sum = to.gradient.get();
      Gradient target = sum.owners == 1 ? sum : gradient.owners == 1 ? gradient : gradient(to);
      dnnl_memory_desc desc = gradientDesc(to);
      binary(
          "sum of gradients",
          dnnl_binary_add,
          desc,
          sum.memory,
          desc,
          gradient.memory,
          desc,
          target.memory,
          new Call());
      if (target != sum) {
        release(sum);
      }
      if (target != gradient) {
        release(gradient);
      }
      to.gradient = Optional.of(target);
    }
  }

  /** One picture of maps. */
  dnnl_memory picture(dnnl_memory_desc one, Pointer first, long bytesEach, int index) {
    return handles.memory(engine, one, new BytePointer(first).getPointer(bytesEach * index));
  }

  dnnl_memory_desc vectorDesc(int count) {
    return handles.strided(Kind.F32, new long[] {count}, new long[] {1});
  }

  dnnl_memory_desc perChannelDesc(int channels) {
    return handles.strided(
        Kind.F32, new long[] {1, channels, 1, 1}, new long[] {channels, 1, channels, channels});
  }

  static FloatBuffer floats(dnnl_memory memory, long count) {
    return new FloatPointer(Handles.address(memory)).capacity(count).asBuffer();
  }

  /** A vector of its own. */
  dnnl_memory vector(int count) {
    return handles.allocated(engine, vectorDesc(count));
  }

  /** A vector of its own that holds one value throughout. */
  dnnl_memory constant(int count, float value) {
    dnnl_memory memory = vector(count);
    FloatBuffer buffer = floats(memory, count);
    for (int i = 0; i < count; i++) {
      buffer.put(i, value);
    }
    return memory;
  }

  /** Memory in a primitive's own layout. */
  dnnl_memory laid(dnnl_primitive_desc description, int query) {
    return handles.allocated(engine, dnnl_primitive_desc_query_md(description, query, 0));
  }

  dnnl_memory_desc descOf(dnnl_primitive_desc description, int query) {
    return dnnl_primitive_desc_query_md(description, query, 0);
  }

  /** The arguments of a call, and what it does besides. */
  final class Call {
    private final List<Integer> places = new ArrayList<>();
    private final List<dnnl_memory> memories = new ArrayList<>();
    private Optional<dnnl_post_ops> after = Optional.empty();
    private int afterCount;

    Call with(int place, dnnl_memory memory) {
      places.add(place);
      memories.add(memory);
      return this;
    }

    private dnnl_post_ops after() {
      if (after.isEmpty()) {
        after = Optional.of(handles.postOps());
      }
      return after.get();
    }

    /** Then adds a map. */
    Call thenAdd(dnnl_memory_desc desc, dnnl_memory memory) {
      with(DNNL_ARG_ATTR_MULTIPLE_POST_OP_BASE * (afterCount + 1) | DNNL_ARG_SRC_1, memory);
      Handles.require(dnnl_post_ops_append_binary(after(), dnnl_binary_add, desc), "a sum");
      afterCount++;
      return this;
    }

    /** Then {@code x} where positive, {@code slope * x} elsewhere. */
    Call thenRelu(float slope) {
      Handles.require(
          dnnl_post_ops_append_eltwise(after(), dnnl_eltwise_relu, slope, 0), "an activation");
      afterCount++;
      return this;
    }

    dnnl_primitive_attr attributes() {
      if (after.isEmpty()) {
        return unmodified;
      }
      dnnl_primitive_attr attributes = handles.attributes();
      Handles.require(
          dnnl_primitive_attr_set_post_ops(attributes, after.get()), "what follows a sum");
      return attributes;
    }
  }

  void call(String what, double macs, dnnl_primitive_desc description, Call with) {
    String done = what + " of " + name;
    dnnl_primitive primitive = handles.primitive(done, description);
    int count = with.places.size();
    dnnl_exec_arg_t arguments = handles.arguments(with.places, with.memories);
    steps.add(
        new Plan.Step(
            name,
            () -> what + " " + Assembly.implementation(description),
            macs,
            () ->
                Handles.require(
                    dnnl_primitive_execute(primitive, stream, count, arguments), done)));
  }

  /** A step of ours, in Java. */
  void java(String what, Runnable action) {
    steps.add(new Plan.Step(name, () -> what + " java", 0, action));
  }

  void reorder(
      String what,
      dnnl_memory_desc fromDesc,
      dnnl_memory from,
      dnnl_memory_desc toDesc,
      dnnl_memory to) {
    Call call = new Call().with(DNNL_ARG_FROM, from).with(DNNL_ARG_TO, to);
    dnnl_primitive_desc description =
        handles.description(
            what + " of " + name,
            d ->
                dnnl_reorder_primitive_desc_create(
                    d, fromDesc, engine, toDesc, engine, call.attributes()));
    call(what, 0, description, call);
  }

  void binary(
      String what,
      int algorithm,
      dnnl_memory_desc leftDesc,
      dnnl_memory left,
      dnnl_memory_desc rightDesc,
      dnnl_memory right,
      dnnl_memory_desc madeDesc,
      dnnl_memory made,
      Call call) {
    dnnl_primitive_attr attributes = call.attributes();
    dnnl_primitive_desc description =
        handles.description(
            what + " of " + name,
            d ->
                dnnl_binary_primitive_desc_create(
                    d, engine, algorithm, leftDesc, rightDesc, madeDesc, attributes));
    call.with(DNNL_ARG_SRC_0, left).with(DNNL_ARG_SRC_1, right).with(DNNL_ARG_DST, made);
    call(what, 0, description, call);
  }
}
