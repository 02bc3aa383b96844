package org.efrnet.engine;

import static org.bytedeco.dnnl.global.dnnl.*;

import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_post_ops;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.dnnl.primitive_desc_base;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.Pointer;
import org.efrnet.graph.Graph;
import org.efrnet.graph.Op;
import org.efrnet.graph.Value;
import org.efrnet.ops.BatchNorm;
import org.efrnet.ops.Name;
import org.efrnet.ops.Prelu;

/**
 * What operations of a {@link Plan} are made with: maps in memory, primitives, their arguments. A
 * map's memory goes to another one after its last use.
 */
abstract class Assembly {
  /** Numbers of 32 bits in a vector of the widest kind; fewer channels leave vectors half empty. */
  static final int VECTOR = 16;

  static final int IMAGE_CHANNELS = 3;

  final dnnl_engine engine;
  final Constants constants;
  final Graph graph;
  final Choices choices;
  final Kind floating;
  final Handles handles = new Handles();
  final Pool pool;
  final List<Plan.Step> steps = new ArrayList<>();

  /** What the present operation gives. */
  Value current = Value.IMAGE;

  private final dnnl_stream stream;
  final dnnl_memory planes;
  final Tensor image;
  private final dnnl_memory_desc planesDesc;

  /**
   * @param constants of this graph's model, which outlive the plan
   * @param floating what numbers are that are not of 8 bits
   * @param height rows of the image
   * @param width columns of the image
   */
  Assembly(
      dnnl_engine engine,
      dnnl_stream stream,
      Constants constants,
      Graph graph,
      Choices choices,
      Kind floating,
      int height,
      int width) {
    this.engine = engine;
    this.stream = stream;
    this.constants = constants;
    this.graph = graph;
    this.choices = choices;
    this.floating = floating;
    this.pool = new Pool(handles, engine);
    long pixels = (long) height * width;
    boolean complete = false;
    try {
      this.planesDesc =
          handles.strided(
              Kind.F32,
              new long[] {1, IMAGE_CHANNELS, height, width},
              new long[] {IMAGE_CHANNELS * pixels, pixels, width, 1});
      this.planes = handles.allocated(engine, planesDesc);
      complete = true;
    } finally {
      if (!complete) {
        handles.close();
      }
    }
    this.image = new Tensor(IMAGE_CHANNELS, height, width, Optional.empty(), false);
  }

  Tensor result(int channels, int height, int width) {
    return new Tensor(channels, height, width, choices.scale(current), false);
  }

  /** What the present operation's result is made of. */
  Kind target() {
    return choices.scale(current).isPresent() ? Kind.S8 : floating;
  }

  static long[] dims(Tensor t) {
    return new long[] {1, t.channels, t.height, t.width};
  }

  static long[] channelsLast(int channels, int height, int width) {
    return new long[] {(long) height * width * channels, 1, (long) width * channels, channels};
  }

  Tensor.View allocate(Tensor t, Kind kind) {
    return allocate(t, kind, pool.take((long) t.count() * kind.bytes));
  }

  Tensor.View allocate(Tensor t, Kind kind, Pool.Block block) {
    dnnl_memory_desc desc =
        handles.strided(kind, dims(t), channelsLast(t.channels, t.height, t.width));
    Tensor.View view =
        new Tensor.View(kind, desc, handles.memory(engine, desc, block.address()), block);
    t.views.put(kind, view);
    return view;
  }

  /** The map in numbers of a kind; converted, if it is not there yet. */
  Tensor.View view(Tensor t, Kind kind) {
    Tensor.View there = t.views.get(kind);
    if (there != null) {
      return there;
    }
    if (t == image && t.views.isEmpty()) {
      Tensor.View made = allocate(t, kind);
      reorder("image", planesDesc, planes, made.desc(), made.memory(), 1, 1);
      return made;
    }
    Tensor.View from = t.views.values().iterator().next();
    Tensor.View made = allocate(t, kind);
    reorder(
        name(),
        from.desc(),
        from.memory(),
        made.desc(),
        made.memory(),
        scale(t, from.kind()),
        scale(t, kind));
    return made;
  }

  /** Of a map that has both, the view that moves fewer bytes. */
  Tensor.View smallest(Tensor t) {
    return t.views.containsKey(Kind.S8) ? t.views.get(Kind.S8) : view(t, floating);
  }

  static float scale(Tensor t, Kind kind) {
    return kind == Kind.S8 ? t.scale.orElseThrow() : 1;
  }

  void reorder(
      String name,
      dnnl_memory_desc fromDesc,
      dnnl_memory from,
      dnnl_memory_desc toDesc,
      dnnl_memory to,
      float fromScale,
      float toScale) {
    Attributes attributes = new Attributes();
    if (fromScale != toScale) {
      attributes.scale(DNNL_ARG_FROM, fromScale);
      attributes.scale(DNNL_ARG_TO, toScale);
    }
    dnnl_primitive_attr attr = attributes.made();
    String what = "reorder";
    dnnl_primitive_desc description =
        handles.description(
            what + " of " + name,
            d -> dnnl_reorder_primitive_desc_create(d, fromDesc, engine, toDesc, engine, attr));
    attributes.argument(DNNL_ARG_FROM, from);
    attributes.argument(DNNL_ARG_TO, to);
    call(name, what, 0, description, attributes);
  }

  /** The name of the present operation, for profiles and messages. */
  String name() {
    if (current.equals(Value.IMAGE)) {
      return "image";
    }
    Op op = graph.nodes().get(current.node()).op();
    return Choices.convolution(Choices.first(op)).map(Name::value).orElse("node " + current.node());
  }

  /** What a primitive does besides, and the arguments that this takes. */
  final class Attributes {
    private final dnnl_primitive_attr attr = handles.attributes();
    private final dnnl_post_ops after = handles.postOps();
    private final List<Integer> places = new ArrayList<>();
    private final List<dnnl_memory> memories = new ArrayList<>();
    private int count;

    void argument(int place, dnnl_memory memory) {
      places.add(place);
      memories.add(memory);
    }

    void scale(int place, float scale) {
      Handles.require(dnnl_primitive_attr_set_scales_mask(attr, place, 0), "a scale");
      argument(DNNL_ARG_ATTR_SCALES | place, constants.number(scale));
    }

    void scales(int place, int mask, dnnl_memory vector) {
      Handles.require(dnnl_primitive_attr_set_scales_mask(attr, place, mask), "scales");
      argument(DNNL_ARG_ATTR_SCALES | place, vector);
    }

    private int place() {
      return DNNL_ARG_ATTR_MULTIPLE_POST_OP_BASE * (count + 1);
    }

    void element(int algorithm, float alpha, float beta) {
      Handles.require(dnnl_post_ops_append_eltwise(after, algorithm, alpha, beta), "an activation");
      count++;
    }

    void sum(float scale) {
      Handles.require(dnnl_post_ops_append_sum(after, scale, 0, dnnl_data_type_undef), "a sum");
      count++;
    }

    void binary(int algorithm, dnnl_memory_desc desc, dnnl_memory memory) {
      argument(place() | DNNL_ARG_SRC_1, memory);
      Handles.require(dnnl_post_ops_append_binary(after, algorithm, desc), "a sum or product");
      count++;
    }

    void slopes(Prelu prelu, float[] values) {
      argument(place() | DNNL_ARG_WEIGHTS, constants.perChannel(prelu.at() + ".weight", values));
      Handles.require(dnnl_post_ops_append_prelu(after, 1 << 1), "a PReLU");
      count++;
    }

    /** Operations on the result of a primitive, but for sums. */
    void then(Op op) {
      if (op instanceof Op.Activate a) {
        float[] slopes = constants.values(a.prelu().at() + ".weight");
        if (slopes.length == 1) {
          element(dnnl_eltwise_relu, slopes[0], 0);
        } else {
          slopes(a.prelu(), slopes);
        }
      } else if (op instanceof Op.Clip c) {
        if (c.low() == 0 && c.high() == Float.POSITIVE_INFINITY) {
          element(dnnl_eltwise_relu, 0, 0);
        } else {
          element(dnnl_eltwise_clip, c.low(), Math.min(c.high(), Float.MAX_VALUE));
        }
      } else if (op instanceof Op.Sigmoid) {
        element(dnnl_eltwise_logistic, 0, 0);
      } else if (op instanceof Op.Normalise n) {
        BatchNorm norm = n.norm();
        Affine affine = Affine.of(norm, constants);
        dnnl_memory_desc desc = perChannelDesc(norm.channels());
        binary(
            dnnl_binary_mul, desc, constants.perChannel(norm.at() + " factors", affine.factors()));
        binary(dnnl_binary_add, desc, constants.perChannel(norm.at() + " shifts", affine.shifts()));
      } else {
        throw new IllegalArgumentException(op + " cannot follow another operation");
      }
    }

    /**
     * All that follows, sums included; primitives that know no scale of their result get it as the
     * last operation.
     *
     * @param others what is added, in order
     */
    void then(List<Op> then, List<Tensor> others) {
      int next = 0;
      for (Op op : then) {
        if (op instanceof Op.Add) {
          Tensor.View other = view(others.get(next++), floating);
          binary(dnnl_binary_add, other.desc(), other.memory());
        } else {
          then(op);
        }
      }
    }

    void rounded(Tensor result, Kind kind) {
      if (kind == Kind.S8) {
        element(dnnl_eltwise_linear, 1 / result.scale.orElseThrow(), 0);
      }
    }

    dnnl_primitive_attr made() {
      Handles.require(dnnl_primitive_attr_set_post_ops(attr, after), "what follows an operation");
      return attr;
    }
  }

  /** A batch norm by running statistics, as a factor and a shift for every channel. */
  record Affine(float[] factors, float[] shifts) {
    static Affine of(BatchNorm norm, Constants constants) {
      float[] gamma = constants.values(norm.at() + ".weight");
      float[] beta = constants.values(norm.at() + ".bias");
      float[] mean = constants.values(norm.at() + ".running_mean");
      float[] variance = constants.values(norm.at() + ".running_var");
      float[] factors = new float[gamma.length];
      float[] shifts = new float[gamma.length];
      for (int c = 0; c < gamma.length; c++) {
        double factor = gamma[c] / Math.sqrt(variance[c] + norm.epsilon());
        factors[c] = (float) factor;
        shifts[c] = (float) (beta[c] - mean[c] * factor);
      }
      return new Affine(factors, shifts);
    }
  }

  dnnl_memory_desc perChannelDesc(int channels) {
    return handles.strided(
        Kind.F32, new long[] {1, channels, 1, 1}, new long[] {channels, 1, channels, channels});
  }

  void call(
      String name, String what, double macs, dnnl_primitive_desc description, Attributes with) {
    String done = what + " of " + name;
    dnnl_primitive primitive = handles.primitive(done, description);
    int count = with.places.size();
    dnnl_exec_arg_t arguments = handles.arguments(with.places, with.memories);
    steps.add(
        new Plan.Step(
            name,
            () -> what + " " + implementation(description),
            macs,
            () ->
                Handles.require(
                    dnnl_primitive_execute(primitive, stream, count, arguments), done)));
  }

  static String implementation(dnnl_primitive_desc description) {
    try (primitive_desc_base base = new primitive_desc_base(description, true);
        BytePointer text = base.impl_info_str()) {
      return text.getString();
    }
  }

  /** The same memory as (1, width · channels, height, 1). */
  Tensor.View asChannels(Tensor t, Tensor.View view) {
    int row = t.width * t.channels;
    dnnl_memory_desc desc =
        handles.strided(
            view.kind(), new long[] {1, row, t.height, 1}, channelsLast(row, t.height, 1));
    return new Tensor.View(
        view.kind(), desc, handles.memory(engine, desc, view.block().address()), view.block());
  }

  void pool(
      String what,
      int algorithm,
      Tensor.View source,
      Tensor.View made,
      long[] strides,
      long[] kernel,
      long[] before,
      long[] after,
      Attributes attributes) {
    // A last row that no window reaches is negative padding to the formula.
    long[] behind = {Math.max(0, after[0]), Math.max(0, after[1])};
    dnnl_primitive_attr attr = attributes.made();
    dnnl_primitive_desc description =
        handles.description(
            what,
            d ->
                dnnl_pooling_forward_primitive_desc_create(
                    d,
                    engine,
                    dnnl_forward_inference,
                    algorithm,
                    source.desc(),
                    made.desc(),
                    strides,
                    kernel,
                    new long[] {0, 0},
                    before,
                    behind,
                    attr));
    attributes.argument(DNNL_ARG_SRC, source.memory());
    attributes.argument(DNNL_ARG_DST, made.memory());
    call(name(), what + " " + source.kind(), 0, description, attributes);
  }

  static FloatBuffer floats(Tensor.View view, Tensor t) {
    return new FloatPointer(view.block().address()).capacity(t.count()).asBuffer();
  }

  static IntBuffer bits(Tensor.View view, Tensor t) {
    return new IntPointer(view.block().address()).capacity(t.count()).asBuffer();
  }

  dnnl_memory bias(Name at, boolean present, int outputs) {
    String name = at + ".bias";
    return constants.vector(
        name + " " + outputs,
        present ? Arrays.copyOf(constants.values(name), outputs) : new float[outputs]);
  }

  /** Copies a map into the channels of another one, from {@code first} on. */
  void into(
      Tensor.View target,
      int targetChannels,
      int first,
      Tensor part,
      Tensor.View source,
      float targetScale) {
    dnnl_memory_desc desc =
        handles.strided(
            target.kind(), dims(part), channelsLast(targetChannels, part.height, part.width));
    Pointer begin =
        new BytePointer(target.block().address()).getPointer((long) first * target.kind().bytes);
    dnnl_memory place = handles.memory(engine, desc, begin);
    reorder(
        name(),
        source.desc(),
        source.memory(),
        desc,
        place,
        scale(part, source.kind()),
        targetScale);
  }

  void binary(
      String what,
      int algorithm,
      Tensor.View left,
      dnnl_memory_desc rightDesc,
      dnnl_memory right,
      Tensor.View made,
      Attributes attributes) {
    dnnl_primitive_attr attr = attributes.made();
    dnnl_primitive_desc description =
        handles.description(
            what,
            d ->
                dnnl_binary_primitive_desc_create(
                    d, engine, algorithm, left.desc(), rightDesc, made.desc(), attr));
    attributes.argument(DNNL_ARG_SRC_0, left.memory());
    attributes.argument(DNNL_ARG_SRC_1, right);
    attributes.argument(DNNL_ARG_DST, made.memory());
    call(name(), what + " " + left.kind() + "→" + made.kind(), 0, description, attributes);
  }
}
