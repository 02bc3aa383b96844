package org.efrnet.engine;

import static org.bytedeco.dnnl.global.dnnl.*;

import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.efrnet.graph.FusingOps;
import org.efrnet.graph.Graph;
import org.efrnet.graph.Node;
import org.efrnet.graph.Op;
import org.efrnet.graph.Value;
import org.efrnet.ops.BatchNorm;
import org.efrnet.ops.ChannelDropout;
import org.efrnet.ops.Conv;
import org.efrnet.ops.ConvTranspose;
import org.efrnet.ops.Interpolation;
import org.efrnet.ops.Name;
import org.efrnet.ops.Pooled;
import org.efrnet.ops.Prelu;
import org.efrnet.segment.LogitRows;

/**
 * The reading that makes a {@link Plan}: every operation becomes a primitive of oneDNN, with its
 * memory, once per size of picture. Maps lie channels last; a map's memory goes to another one
 * after its last use.
 *
 * <p>In 8 bits, a map that a calibrated convolution reads is stored in 8 bits; all others are
 * floating-point numbers, as are what reads the image and what follows a global pooling.
 */
final class PlanBuilder extends Assembly implements FusingOps<Tensor> {
  /** From so many channels on, a product with a gate is not worth to be looked at otherwise. */
  private static final int WIDE = 64;

  private final Observer observer;

  private PlanBuilder(
      dnnl_engine engine,
      dnnl_stream stream,
      Constants constants,
      Graph graph,
      Choices choices,
      Kind floating,
      Observer observer,
      int height,
      int width) {
    super(engine, stream, constants, graph, choices, floating, height, width);
    this.observer = observer;
  }

  /**
   * Makes a plan.
   *
   * @param graph after {@link org.efrnet.graph.Passes#fusing}
   * @param constants of this graph's model, which outlive the plan
   * @param choices of this graph, for all of its plans
   * @param floating what numbers are that are not of 8 bits
   * @param observer is shown what convolutions of maps read; only where all is {@link Kind#F32}
   */
  static Plan plan(
      dnnl_engine engine,
      dnnl_stream stream,
      Constants constants,
      Graph graph,
      Choices choices,
      Kind floating,
      Observer observer,
      int height,
      int width) {
    PlanBuilder builder =
        new PlanBuilder(
            engine, stream, constants, graph, choices, floating, observer, height, width);
    boolean complete = false;
    try {
      Plan plan = builder.build();
      complete = true;
      return plan;
    } finally {
      if (!complete) {
        builder.handles.close();
      }
    }
  }

  private Plan build() {
    FloatBuffer target =
        new FloatPointer(Handles.address(planes)).capacity(image.count()).asBuffer();
    Map<Value, Integer> uses = new HashMap<>();
    for (Node node : graph.nodes()) {
      node.inputs().forEach(input -> uses.merge(input, 1, Integer::sum));
    }
    Value logits = graph.outputs().get(Graph.LOGITS);
    uses.merge(logits, 1, Integer::sum);
    image.uses = uses.getOrDefault(Value.IMAGE, 0);
    Map<Value, Tensor> tensors = new HashMap<>();
    tensors.put(Value.IMAGE, image);
    boolean[] needed = graph.needed(Set.of(Graph.LOGITS));
    for (Node node : graph.nodes()) {
      if (!needed[node.id()]) {
        continue;
      }
      current = new Value(node.id(), 0);
      List<Tensor> inputs = node.inputs().stream().map(tensors::get).toList();
      List<Tensor> results = node.op().read(this, inputs);
      for (int port = 0; port < results.size(); port++) {
        Value value = new Value(node.id(), port);
        Tensor result = results.get(port);
        result.uses += uses.getOrDefault(value, 0);
        tensors.put(value, result);
      }
      inputs.forEach(this::used);
    }
    Tensor last = tensors.get(logits);
    current = logits;
    Tensor.View view = view(last, Kind.F32);
    FloatPointer values = new FloatPointer(view.block().address()).capacity(last.count());
    int row = last.width * last.channels;
    return new Plan(
        handles, target, steps, rows(values, last.height, row, Integer.MAX_VALUE / Float.BYTES));
  }

  /**
   * Reads rows of logits.
   *
   * @param row values of one
   * @param most values that a buffer holds; a frame of 7680x4320 may have more of them
   */
  static LogitRows rows(FloatPointer values, int height, int row, int most) {
    int each = Math.max(1, Math.min(height, most / row));
    FloatBuffer[] stretches = new FloatBuffer[(height + each - 1) / each];
    for (int i = 0; i < stretches.length; i++) {
      long first = (long) i * each;
      long count = Math.min(each, height - first) * row;
      stretches[i] = values.getPointer(first * row).capacity(count).asBuffer();
    }
    return (y, into) -> stretches[y / each].get(y % each * row, into, 0, into.length);
  }

  private void used(Tensor tensor) {
    tensor.uses--;
    if (tensor.uses == 0 && !tensor.pinned) {
      tensor.views.values().forEach(view -> pool.give(view.block()));
      tensor.views.clear();
    }
  }

  @Override
  public Tensor fused(Op.Fused fused, List<Tensor> in) {
    Op first = fused.first();
    List<Op> then = fused.then();
    List<Tensor> others = in.subList(fused.inputsOfFirst(in.size()), in.size());
    if (first instanceof Op.Convolve c) {
      return convolution(in.get(0), c.conv(), then, others);
    } else if (first instanceof Op.ConvolveTransposed c) {
      return transposed(in.get(0), c.conv(), in.get(1), then);
    } else if (first instanceof Op.MaxPool p) {
      return pooling(in.get(0), p.pool(), then);
    } else if (first instanceof Op.Resize r) {
      return resized(in.get(0), in.get(1).height, in.get(1).width, r.interpolation(), then);
    } else if (first instanceof Op.Mul) {
      return binary(dnnl_binary_mul, in.get(0), in.get(1), then, others);
    } else if (first instanceof Op.Add) {
      return binary(dnnl_binary_add, in.get(0), in.get(1), then, others);
    }
    throw new IllegalArgumentException(first + " is not known to take other operations in");
  }

  @Override
  public Tensor conv(Tensor x, Conv conv) {
    return convolution(x, conv, List.of(), List.of());
  }

  private Tensor convolution(Tensor x, Conv conv, List<Op> then, List<Tensor> others) {
    int outputs = choices.widened(current).orElse(conv.out());
    Tensor out = result(outputs, conv.outHeight(x.height), conv.outWidth(x.width));
    boolean quantised = x.scale.isPresent() && choices.quantises();
    Tensor.View source = view(x, quantised ? Kind.S8 : floating);
    observe(conv.at(), x, source);
    Kind kind = target();
    if (kind == Kind.S8 && !quantised) {
      // oneDNN's convolutions of floating-point numbers give such; 8 bits are made of them after.
      kind = floating;
    }
    Attributes attributes = new Attributes();
    String at = conv.at().value();
    ConvolutionWeights weights = ConvolutionWeights.of(conv, outputs, constants);
    Kind weightKind = weightKind(weights, quantised, attributes, x);
    Optional<Pool.Block> inPlace = Optional.empty();
    int next = 0;
    for (Op op : then) {
      if (!(op instanceof Op.Add)) {
        attributes.then(op);
        continue;
      }
      Tensor other = others.get(next++);
      Tensor.View there = other.views.get(kind);
      boolean onlyHere = other.uses == 1 && !other.pinned && other != x && other != image;
      if (there != null && onlyHere && inPlace.isEmpty()) {
        // The sum goes where the other operand is, which nobody needs any more.
        attributes.sum(scale(other, kind));
        inPlace = Optional.of(there.block());
        other.views.remove(kind);
      } else {
        Tensor.View operand = view(other, floating);
        attributes.binary(dnnl_binary_add, operand.desc(), operand.memory());
      }
    }
    Tensor.View made =
        inPlace.isPresent() ? allocate(out, kind, inPlace.get()) : allocate(out, kind);
    if (kind == Kind.S8) {
      attributes.scale(DNNL_ARG_DST, out.scale.orElseThrow());
    }
    dnnl_primitive_attr attr = attributes.made();
    dnnl_memory_desc bias = handles.strided(Kind.F32, new long[] {outputs}, new long[] {1});
    dnnl_memory_desc wanted = handles.any(weightKind, weights.dims());
    long[] strides = {conv.stride(), conv.stride()};
    long[] dilates = {conv.dilation().height() - 1, conv.dilation().width() - 1};
    long[] padding = {conv.padding().height(), conv.padding().width()};
    String what =
        String.format(
            Locale.ROOT,
            "convolution %s %d→%d %s",
            conv.kernel(),
            conv.in(),
            conv.out(),
            source.kind());
    dnnl_primitive_desc description =
        handles.description(
            what + " of " + at,
            d ->
                dnnl_convolution_forward_primitive_desc_create(
                    d,
                    engine,
                    dnnl_forward_inference,
                    dnnl_convolution_direct,
                    source.desc(),
                    wanted,
                    bias,
                    made.desc(),
                    strides,
                    dilates,
                    padding,
                    padding,
                    attr));
    attributes.argument(DNNL_ARG_SRC, source.memory());
    attributes.argument(
        DNNL_ARG_WEIGHTS,
        constants.laid(
            weights,
            weightKind,
            dnnl_primitive_desc_query_md(description, dnnl_query_weights_md, 0)));
    attributes.argument(DNNL_ARG_BIAS, bias(conv.at(), conv.bias(), outputs));
    attributes.argument(DNNL_ARG_DST, made.memory());
    double macs =
        (double) out.pixels()
            * conv.out()
            * conv.in()
            / conv.groups()
            * conv.kernel().height()
            * conv.kernel().width();
    call(at, what + "→" + kind, macs, description, attributes);
    return out;
  }

  /** What numbers the weights are; in 8 bits scales belong to them and to what they meet. */
  private Kind weightKind(
      ConvolutionWeights weights, boolean quantised, Attributes attributes, Tensor x) {
    if (!quantised) {
      return floating;
    }
    attributes.scale(DNNL_ARG_SRC, x.scale.orElseThrow());
    attributes.scales(
        DNNL_ARG_WEIGHTS,
        weights.mask(),
        constants.vector(weights.key() + " weight scales", constants.rounded(weights).scales()));
    return Kind.S8;
  }

  private void observe(Name at, Tensor x, Tensor.View source) {
    if (observer != Observer.NONE
        && choices.isMap(graph.nodes().get(current.node()).inputs().get(0))) {
      FloatBuffer values = floats(source, x);
      steps.add(
          new Plan.Step(
              at.value(),
              () -> "observation",
              0,
              () -> observer.see(at.value(), values, x.count())));
    }
  }

  @Override
  public Tensor convTranspose(Tensor x, ConvTranspose conv, Tensor like) {
    return transposed(x, conv, like, List.of());
  }

  private Tensor transposed(Tensor x, ConvTranspose conv, Tensor like, List<Op> then) {
    Tensor out = new Tensor(conv.out(), like.height, like.width, Optional.empty(), false);
    boolean quantised = x.scale.isPresent() && choices.quantises();
    Tensor.View source = view(x, quantised ? Kind.S8 : floating);
    observe(conv.at(), x, source);
    // Logits are never less than 32 bits.
    Kind kind = isLogits() ? Kind.F32 : floating;
    Tensor.View made = allocate(out, kind);
    Attributes attributes = new Attributes();
    then.forEach(attributes::then);
    int k = conv.kernel();
    String at = conv.at().value();
    ConvolutionWeights weights = ConvolutionWeights.of(conv, constants);
    Kind weightKind = weightKind(weights, quantised, attributes, x);
    dnnl_primitive_attr attr = attributes.made();
    dnnl_memory_desc wanted = handles.any(weightKind, weights.dims());
    dnnl_memory_desc bias = handles.strided(Kind.F32, new long[] {conv.out()}, new long[] {1});
    long[] strides = {conv.stride(), conv.stride()};
    long[] before = {conv.padding(), conv.padding()};
    long[] after = {
      conv.padding() - conv.outputPadding(x.height, like.height),
      conv.padding() - conv.outputPadding(x.width, like.width)
    };
    String what =
        String.format(
            Locale.ROOT,
            "transposed convolution %dx%d %d→%d %s",
            k,
            k,
            conv.in(),
            conv.out(),
            source.kind());
    dnnl_primitive_desc description =
        handles.description(
            what + " of " + at,
            d ->
                dnnl_deconvolution_forward_primitive_desc_create(
                    d,
                    engine,
                    dnnl_forward_inference,
                    dnnl_deconvolution_direct,
                    source.desc(),
                    wanted,
                    bias,
                    made.desc(),
                    strides,
                    new long[] {0, 0},
                    before,
                    after,
                    attr));
    attributes.argument(DNNL_ARG_SRC, source.memory());
    attributes.argument(
        DNNL_ARG_WEIGHTS,
        constants.laid(
            weights,
            weightKind,
            dnnl_primitive_desc_query_md(description, dnnl_query_weights_md, 0)));
    attributes.argument(DNNL_ARG_BIAS, bias(conv.at(), conv.bias(), conv.out()));
    attributes.argument(DNNL_ARG_DST, made.memory());
    double macs = (double) x.count() * conv.out() * k * k;
    call(at, what + "→" + kind, macs, description, attributes);
    return out;
  }

  private boolean isLogits() {
    return current.equals(graph.outputs().get(Graph.LOGITS));
  }

  @Override
  public Tensor batchNorm(Tensor x, BatchNorm norm) {
    return elementwise(x, new Op.Normalise(norm));
  }

  private Tensor binary(int algorithm, Tensor a, Tensor b, List<Op> then, List<Tensor> others) {
    Tensor out = result(a.channels, a.height, a.width);
    Attributes attributes = new Attributes();
    Tensor.View left = view(a, floating);
    Tensor.View right = view(b, floating);
    boolean gates = algorithm == dnnl_binary_mul && b.pixels() == 1 && a.pixels() > 1;
    boolean refines =
        gates && !then.isEmpty() && then.get(0) instanceof Op.Add && others.get(0) == a;
    if (refines) {
      // x·g + x is x·(g + 1), and a gate has a value a channel only.
      then = then.subList(1, then.size());
      others = others.subList(1, others.size());
    }
    if (gates && a.channels < WIDE && others.isEmpty()) {
      return gatedByRow(out, a, left, b, right, refines, then);
    }
    if (refines) {
      right = spread(b, right, 1, true);
    }
    attributes.then(then, others);
    return binary(
        out,
        algorithm == dnnl_binary_mul ? "product" : "sum",
        algorithm,
        left,
        right.desc(),
        right.memory(),
        attributes);
  }

  /** A gate's values, repeated for every column of a row, plus 1 where that is wanted. */
  private Tensor.View spread(Tensor gate, Tensor.View view, int columns, boolean plusOne) {
    Tensor row = new Tensor(gate.channels, 1, columns, Optional.empty(), true);
    Tensor.View made = allocate(row, Kind.F32, pool.fresh((long) row.count() * Kind.F32.bytes));
    Attributes attributes = new Attributes();
    if (plusOne) {
      attributes.element(dnnl_eltwise_linear, 1, 1);
    }
    dnnl_primitive_attr attr = attributes.made();
    float[] ones = new float[row.count()];
    Arrays.fill(ones, 1);
    dnnl_memory_desc desc = made.desc();
    dnnl_primitive_desc description =
        handles.description(
            "a gate's row",
            d ->
                dnnl_binary_primitive_desc_create(
                    d, engine, dnnl_binary_mul, desc, view.desc(), desc, attr));
    attributes.argument(
        DNNL_ARG_SRC_0,
        handles.memory(
            engine, desc, Handles.address(constants.vector("ones " + ones.length, ones))));
    attributes.argument(DNNL_ARG_SRC_1, view.memory());
    attributes.argument(DNNL_ARG_DST, made.memory());
    call(name(), "a gate's row", 0, description, attributes);
    return made;
  }

  /** A product with a gate, where to oneDNN a whole row is channels: its vectors are then full. */
  private Tensor gatedByRow(
      Tensor out,
      Tensor x,
      Tensor.View source,
      Tensor gate,
      Tensor.View values,
      boolean plusOne,
      List<Op> then) {
    Kind kind = target();
    Tensor.View made = allocate(out, kind);
    Tensor.View row = spread(gate, values, x.width, plusOne);
    int count = x.width * x.channels;
    dnnl_memory_desc rowDesc = perChannelDesc(count);
    dnnl_memory rowMemory = handles.memory(engine, rowDesc, row.block().address());
    Attributes attributes = new Attributes();
    attributes.then(then, List.of());
    attributes.rounded(out, kind);
    binary(
        "product by rows",
        dnnl_binary_mul,
        asChannels(x, source),
        rowDesc,
        rowMemory,
        asChannels(out, made),
        attributes);
    return out;
  }

  private Tensor binary(
      Tensor out,
      String what,
      int algorithm,
      Tensor.View left,
      dnnl_memory_desc rightDesc,
      dnnl_memory right,
      Attributes attributes) {
    Kind kind = target();
    Tensor.View made = allocate(out, kind);
    attributes.rounded(out, kind);
    binary(what, algorithm, left, rightDesc, right, made, attributes);
    return out;
  }

  @Override
  public Tensor prelu(Tensor x, Prelu prelu) {
    if (prelu.slopes() == 1) {
      return elementwise(x, new Op.Activate(prelu));
    }
    Tensor out = result(x.channels, x.height, x.width);
    Tensor.View source = view(x, floating);
    Tensor.View made = allocate(out, floating);
    dnnl_memory_desc slopes = perChannelDesc(prelu.slopes());
    Attributes attributes = new Attributes();
    dnnl_primitive_attr attr = attributes.made();
    dnnl_primitive_desc description =
        handles.description(
            "PReLU " + prelu.at(),
            d ->
                dnnl_prelu_forward_primitive_desc_create(
                    d, engine, dnnl_forward_inference, source.desc(), slopes, made.desc(), attr));
    attributes.argument(DNNL_ARG_SRC, source.memory());
    attributes.argument(
        DNNL_ARG_WEIGHTS,
        constants.perChannel(prelu.at() + ".weight", constants.values(prelu.at() + ".weight")));
    attributes.argument(DNNL_ARG_DST, made.memory());
    call(prelu.at().value(), "PReLU " + floating, 0, description, attributes);
    return out;
  }

  @Override
  public Tensor clip(Tensor x, float low, float high) {
    return elementwise(x, new Op.Clip(low, high));
  }

  @Override
  public Tensor sigmoid(Tensor x) {
    return elementwise(x, new Op.Sigmoid());
  }

  /** Alone they are what follows a product with 1. */
  private Tensor elementwise(Tensor x, Op op) {
    Tensor out = result(x.channels, x.height, x.width);
    Attributes attributes = new Attributes();
    attributes.then(op);
    float[] ones = new float[x.channels];
    Arrays.fill(ones, 1);
    return binary(
        out,
        op.getClass().getSimpleName().toLowerCase(Locale.ROOT),
        dnnl_binary_mul,
        view(x, floating),
        perChannelDesc(x.channels),
        constants.perChannel("ones " + x.channels, ones),
        attributes);
  }

  @Override
  public Tensor maxPool(Tensor x, org.efrnet.ops.Pool pool) {
    return pooling(x, pool, List.of());
  }

  private Tensor pooling(Tensor x, org.efrnet.ops.Pool window, List<Op> then) {
    int height = window.out(x.height);
    int width = window.out(x.width);
    boolean bytes = then.isEmpty() && x.views.containsKey(Kind.S8);
    // A maximum of numbers with a scale has this scale.
    Tensor out =
        bytes
            ? new Tensor(x.channels, height, width, x.scale, false)
            : result(x.channels, height, width);
    Tensor.View source = bytes ? x.views.get(Kind.S8) : view(x, floating);
    if (x.channels < VECTOR && !bytes) {
      return pooledByDirection(x, source, window, out, then);
    }
    Tensor.View made = allocate(out, source.kind());
    Attributes attributes = new Attributes();
    attributes.then(then, List.of());
    long side = window.kernel();
    long step = window.stride();
    long padding = window.padding();
    pool(
        "max pooling " + side + "x" + side,
        dnnl_pooling_max,
        source,
        made,
        new long[] {step, step},
        new long[] {side, side},
        new long[] {padding, padding},
        new long[] {
          (height - 1) * step + side - padding - x.height,
          (width - 1) * step + side - padding - x.width
        },
        attributes);
    return out;
  }

  /**
   * Rows first, then columns: the maximum of maxima. To the rows' pass a whole row is channels, so
   * that its vectors are full however few channels there are, and the columns' pass has but one row
   * of the window left to look at.
   */
  private Tensor pooledByDirection(
      Tensor x, Tensor.View source, org.efrnet.ops.Pool window, Tensor out, List<Op> then) {
    long side = window.kernel();
    long step = window.stride();
    long padding = window.padding();
    Tensor rows = new Tensor(x.channels, out.height, x.width, Optional.empty(), false);
    Tensor.View between = allocate(rows, floating);
    pool(
        "max pooling " + side + "x1",
        dnnl_pooling_max,
        asChannels(x, source),
        asChannels(rows, between),
        new long[] {step, 1},
        new long[] {side, 1},
        new long[] {padding, 0},
        new long[] {(out.height - 1) * step + side - padding - x.height, 0},
        new Attributes());
    Tensor.View made = allocate(out, floating);
    Attributes attributes = new Attributes();
    attributes.then(then, List.of());
    pool(
        "max pooling 1x" + side,
        dnnl_pooling_max,
        between,
        made,
        new long[] {1, step},
        new long[] {1, side},
        new long[] {0, padding},
        new long[] {0, (out.width - 1) * step + side - padding - x.width},
        attributes);
    pool.give(between.block());
    return out;
  }

  @Override
  public Pooled<Tensor> maxPoolWithIndices(Tensor x, org.efrnet.ops.Pool window) {
    Tensor values =
        new Tensor(x.channels, window.out(x.height), window.out(x.width), Optional.empty(), false);
    Tensor places = new Tensor(x.channels, values.height, values.width, Optional.empty(), false);
    int[] indices = new int[places.count()];
    places.indices = Optional.of(indices);
    PlainPooling pooling = new PlainPooling(x.channels, x.height, x.width, window);
    Tensor.View from = view(x, Kind.F32);
    Tensor.View to = allocate(values, Kind.F32);
    IntBuffer source = bits(from, x);
    IntBuffer target = bits(to, values);
    steps.add(
        new Plan.Step(
            name(),
            () -> "max pooling with indices in Java",
            0,
            () -> pooling.pool(source, target, indices)));
    return new Pooled<>(values, places);
  }

  @Override
  public Tensor maxUnpool(Tensor x, Tensor places, Tensor like) {
    Tensor out = new Tensor(x.channels, like.height, like.width, Optional.empty(), false);
    FloatBuffer source = floats(view(x, Kind.F32), x);
    FloatBuffer target = floats(allocate(out, Kind.F32), out);
    int[] indices = places.indices.orElseThrow();
    PlainUnpooling unpooling = new PlainUnpooling(x.channels, x.pixels(), like.pixels());
    steps.add(
        new Plan.Step(
            name(), () -> "unpooling in Java", 0, () -> unpooling.unpool(source, indices, target)));
    return out;
  }

  @Override
  public Tensor avgPool(Tensor x, org.efrnet.ops.Pool window) {
    Tensor out = result(x.channels, window.out(x.height), window.out(x.width));
    Tensor.View source = view(x, floating);
    Tensor.View made = allocate(out, floating);
    long side = window.kernel();
    long step = window.stride();
    long padding = window.padding();
    pool(
        "average pooling " + side + "x" + side,
        dnnl_pooling_avg_include_padding,
        source,
        made,
        new long[] {step, step},
        new long[] {side, side},
        new long[] {padding, padding},
        new long[] {
          (out.height - 1) * step + side - padding - x.height,
          (out.width - 1) * step + side - padding - x.width
        },
        new Attributes());
    return out;
  }

  @Override
  public Tensor globalAvgPool(Tensor x) {
    Tensor out = result(x.channels, 1, 1);
    Tensor.View source = view(x, floating);
    Tensor.View made = allocate(out, floating);
    pool(
        "global average",
        dnnl_pooling_avg_exclude_padding,
        source,
        made,
        new long[] {1, 1},
        new long[] {x.height, x.width},
        new long[] {0, 0},
        new long[] {0, 0},
        new Attributes());
    return out;
  }

  @Override
  public Tensor gridPool(Tensor x, int bins) {
    Tensor out = new Tensor(x.channels, bins, bins, Optional.empty(), false);
    FloatBuffer source = floats(view(x, Kind.F32), x);
    FloatBuffer target = floats(allocate(out, Kind.F32), out);
    PlainGridPooling pooling = new PlainGridPooling(x.channels, x.height, x.width, bins);
    steps.add(
        new Plan.Step(name(), () -> "grid pooling in Java", 0, () -> pooling.pool(source, target)));
    return out;
  }

  @Override
  public Tensor padChannels(Tensor x, int channels) {
    if (channels == x.channels) {
      return x;
    }
    Tensor out = new Tensor(channels, x.height, x.width, Optional.empty(), true);
    Pool.Block block = pool.fresh((long) out.count() * floating.bytes);
    Pointer.memset(block.address(), 0, block.bytes());
    Tensor.View made = allocate(out, floating, block);
    // The zeros are written once: nothing else ever writes behind the first channels.
    into(made, channels, 0, x, smallest(x), 1);
    return out;
  }

  @Override
  public Tensor concat(List<Tensor> parts) {
    Tensor leading = parts.get(0);
    Value first = graph.nodes().get(current.node()).inputs().get(0);
    if (choices.widened(first).isPresent()) {
      // The convolution has left room behind its own channels.
      int channels =
          ((Op.Convolve) Choices.first(graph.nodes().get(first.node()).op())).conv().out();
      Tensor.View made = leading.views.values().iterator().next();
      join(leading, made, channels, parts.subList(1, parts.size()));
      return leading;
    }
    int channels = parts.stream().mapToInt(part -> part.channels).sum();
    Tensor out = result(channels, leading.height, leading.width);
    join(out, allocate(out, target()), 0, parts);
    return out;
  }

  private void join(Tensor out, Tensor.View made, int first, List<Tensor> parts) {
    int at = first;
    for (Tensor part : parts) {
      Tensor.View source = made.kind() == Kind.S8 ? smallest(part) : view(part, made.kind());
      into(made, out.channels, at, part, source, scale(out, made.kind()));
      at += part.channels;
    }
  }

  @Override
  public Tensor add(Tensor a, Tensor b) {
    return binary(dnnl_binary_add, a, b, List.of(), List.of());
  }

  @Override
  public Tensor mul(Tensor x, Tensor gate) {
    return binary(dnnl_binary_mul, x, gate, List.of(), List.of());
  }

  @Override
  public Tensor resize(Tensor x, Tensor like, Interpolation interpolation) {
    return resized(x, like.height, like.width, interpolation, List.of());
  }

  @Override
  public Tensor shrink(Tensor x, int factor, Interpolation interpolation) {
    return resized(
        x, (x.height - 1) / factor + 1, (x.width - 1) / factor + 1, interpolation, List.of());
  }

  private Tensor resized(
      Tensor x, int height, int width, Interpolation interpolation, List<Op> then) {
    Tensor out = result(x.channels, height, width);
    if (interpolation != Interpolation.BILINEAR) {
      Tensor plain = new Tensor(x.channels, height, width, Optional.empty(), false);
      FloatBuffer source = floats(view(x, Kind.F32), x);
      FloatBuffer target = floats(allocate(plain, Kind.F32), plain);
      PlainResize resize =
          new PlainResize(interpolation, x.channels, x.height, x.width, height, width);
      steps.add(
          new Plan.Step(name(), () -> "resize in Java", 0, () -> resize.resize(source, target)));
      Tensor result = plain;
      for (Op op : then) {
        result = elementwise(result, op);
      }
      return result;
    }
    // Rounding to 8 bits on the way takes longer than doing it afterwards.
    Tensor.View source = view(x, floating);
    Tensor.View made = allocate(out, floating);
    Attributes attributes = new Attributes();
    attributes.then(then, List.of());
    dnnl_primitive_attr attr = attributes.made();
    dnnl_primitive_desc description =
        handles.description(
            "resize",
            d ->
                dnnl_resampling_forward_primitive_desc_create(
                    d,
                    engine,
                    dnnl_forward_inference,
                    dnnl_resampling_linear,
                    (FloatPointer) null,
                    source.desc(),
                    made.desc(),
                    attr));
    attributes.argument(DNNL_ARG_SRC, source.memory());
    attributes.argument(DNNL_ARG_DST, made.memory());
    call(name(), "resize " + source.kind(), 0, description, attributes);
    return out;
  }

  @Override
  public Tensor dropout(Tensor x, ChannelDropout dropout) {
    return x;
  }
}
