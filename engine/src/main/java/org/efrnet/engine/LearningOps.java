package org.efrnet.engine;

import static org.bytedeco.dnnl.global.dnnl.*;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.efrnet.engine.Flow.Gradient;
import org.efrnet.engine.Flow.Maps;
import org.efrnet.engine.Flow.Means;
import org.efrnet.learning.Dropouts;
import org.efrnet.learning.ParameterLayout;
import org.efrnet.ops.BatchNorm;
import org.efrnet.ops.ChannelDropout;
import org.efrnet.ops.Conv;
import org.efrnet.ops.ConvTranspose;
import org.efrnet.ops.Interpolation;
import org.efrnet.ops.Ops;
import org.efrnet.ops.Pooled;
import org.efrnet.ops.Prelu;

/**
 * The reading that plans a training step: the way there as calls of oneDNN, and for each of them
 * what belongs to the way back.
 */
final class LearningOps extends LearningMeans implements Ops<Flow> {
  private final Map<String, Float> slopes;
  private final dnnl_memory gates;
  private final FloatBuffer gateBuffer;
  private final List<Integer> gateStarts = new ArrayList<>();

  private int dropoutsMet;

  /** Whether the input of what is planned has no other reader. */
  boolean soleReader;

  /**
   * @param statistics the running statistics, which the way there follows
   * @param slopes of PReLUs by name, which do not learn
   */
  LearningOps(
      dnnl_engine engine,
      dnnl_stream stream,
      NativeParameters parameters,
      Kind kind,
      int n,
      Dropouts dropouts,
      ParameterLayout layout,
      float[] statistics,
      Map<String, Float> slopes) {
    super(engine, stream, parameters, kind, n, layout, statistics);
    this.slopes = slopes;
    int count = Math.max(1, n * dropouts.channels());
    this.gates = vector(count);
    this.gateBuffer = floats(gates, count);
    int at = 0;
    for (Dropouts.Place place : dropouts.places()) {
      gateStarts.add(at);
      at += n * place.channels();
    }
  }

  void setGates(float[] values) {
    gateBuffer.put(0, values, 0, values.length);
  }

  /** Maps that are computed; sums that were put off are computed here. */
  Maps maps(Flow flow) {
    if (flow instanceof Maps maps) {
      return maps;
    } else if (flow instanceof Flow.Sum sum) {
      return summed(sum, Optional.empty());
    } else if (flow instanceof Flow.Gated gated) {
      return gated(gated);
    } else if (flow instanceof Flow.Scaled scaled) {
      return scaled(scaled.maps(), scaled.gate(), 0);
    }
    throw cannot("what reads the means of maps as maps (" + name + ")");
  }

  @Override
  public Flow conv(Flow x, Conv c) {
    return x instanceof Means means ? product(means, c) : convolved(maps(x), c);
  }

  @Override
  public Flow convTranspose(Flow x, ConvTranspose c, Flow like) {
    return convolved(maps(x), c, maps(like));
  }

  /** A head's logits, in none of whose channels but its classes there is a chance. */
  Maps logits(Flow flow) {
    Maps maps = maps(flow);
    return silenced.contains(maps) ? maps : narrowed(maps);
  }

  // ---- normalisation and activations

  @Override
  public Flow batchNorm(Flow x, BatchNorm norm) {
    if (x instanceof Means means) {
      return normalised(means, norm);
    }
    Maps in = maps(x);
    Maps out = like(in, true);
    int flags = dnnl_use_scale | dnnl_use_shift;
    dnnl_primitive_desc there =
        handles.description(
            "batch norm " + name,
            d ->
                dnnl_batch_normalization_forward_primitive_desc_create(
                    d,
                    engine,
                    dnnl_forward_training,
                    in.desc,
                    out.desc,
                    (float) norm.epsilon(),
                    flags,
                    unmodified));
    dnnl_memory mean = vector(in.channels);
    dnnl_memory variance = vector(in.channels);
    // Channels of zeros stay zeros.
    PerChannel scale = new PerChannel(parameter(norm.at(), "weight"), in.used, in.channels, 0);
    PerChannel shift = new PerChannel(parameter(norm.at(), "bias"), in.used, in.channels, 0);
    call(
        "batch norm",
        0,
        there,
        new Call()
            .with(DNNL_ARG_SRC, in.memory)
            .with(DNNL_ARG_DST, out.memory)
            .with(DNNL_ARG_SCALE, scale.value)
            .with(DNNL_ARG_SHIFT, shift.value)
            .with(DNNL_ARG_MEAN, mean)
            .with(DNNL_ARG_VARIANCE, variance));
    FloatBuffer means = floats(mean, in.channels);
    FloatBuffer variances = floats(variance, in.channels);
    java(
        "running statistics",
        () -> follow(norm, means::get, variances::get, (long) n * in.height * in.width));
    dnnl_primitive_desc backwards =
        handles.description(
            "gradient of batch norm " + name,
            d ->
                dnnl_batch_normalization_backward_primitive_desc_create(
                    d,
                    engine,
                    dnnl_backward,
                    gradientDesc(in),
                    gradientDesc(out),
                    in.desc,
                    (float) norm.epsilon(),
                    flags,
                    there,
                    unmodified));
    back(
        out,
        g -> {
          Gradient made = g.owners == 1 ? g : gradient(in);
          call(
              "batch norm's gradient",
              0,
              backwards,
              new Call()
                  .with(DNNL_ARG_SRC, in.memory)
                  .with(DNNL_ARG_MEAN, mean)
                  .with(DNNL_ARG_VARIANCE, variance)
                  .with(DNNL_ARG_SCALE, scale.value)
                  .with(DNNL_ARG_DIFF_DST, g.memory)
                  .with(DNNL_ARG_DIFF_SRC, made.memory)
                  .with(DNNL_ARG_DIFF_SCALE, scale.gradient)
                  .with(DNNL_ARG_DIFF_SHIFT, shift.gradient));
          scale.take();
          shift.take();
          if (made != g) {
            release(g);
          }
          give(in, made);
        });
    return out;
  }

  @Override
  public Flow prelu(Flow x, Prelu prelu) {
    String parameter = parameter(prelu.at(), "weight");
    Float frozen = slopes.get(parameter);
    return frozen == null ? learned(maps(x), prelu, parameter) : activated(x, frozen);
  }

  /** An activation whose slopes learn: its input stays, and oneDNN finds the slopes' gradient. */
  private Maps learned(Maps in, Prelu prelu, String parameter) {
    Maps out = like(in, true);
    boolean one = prelu.slopes() == 1;
    dnnl_memory_desc desc = perChannelDesc(in.channels);
    dnnl_memory laid = handles.allocated(engine, desc);
    FloatBuffer values = floats(laid, in.channels);
    dnnl_memory back = handles.allocated(engine, desc);
    FloatBuffer gradients = floats(back, in.channels);
    java(
        "slopes laid",
        () -> {
          for (int c = 0; c < in.channels; c++) {
            values.put(c, c < in.used ? parameters.value(parameter, one ? 0 : c) : 1);
          }
          for (int c = 0; c < prelu.slopes(); c++) {
            parameters.gradient(parameter, c, 0);
          }
        });
    dnnl_primitive_desc there =
        handles.description(
            "activation " + name,
            d ->
                dnnl_prelu_forward_primitive_desc_create(
                    d, engine, dnnl_forward_training, in.desc, desc, out.desc, unmodified));
    call(
        "activation that learns",
        0,
        there,
        new Call()
            .with(DNNL_ARG_SRC, in.memory)
            .with(DNNL_ARG_WEIGHTS, laid)
            .with(DNNL_ARG_DST, out.memory));
    dnnl_primitive_desc backwards =
        handles.description(
            "gradient of activation " + name,
            d ->
                dnnl_prelu_backward_primitive_desc_create(
                    d,
                    engine,
                    in.desc,
                    desc,
                    gradientDesc(in),
                    desc,
                    gradientDesc(out),
                    there,
                    unmodified));
    back(
        out,
        g -> {
          Gradient made = gradient(in);
          call(
              "gradient of an activation that learns",
              0,
              backwards,
              new Call()
                  .with(DNNL_ARG_SRC, in.memory)
                  .with(DNNL_ARG_WEIGHTS, laid)
                  .with(DNNL_ARG_DIFF_DST, g.memory)
                  .with(DNNL_ARG_DIFF_SRC, made.memory)
                  .with(DNNL_ARG_DIFF_WEIGHTS, back));
          // Added, for several activations may share a slope.
          java(
              "slopes' gradient",
              () -> {
                for (int c = 0; c < in.used; c++) {
                  int at = one ? 0 : c;
                  parameters.gradient(
                      parameter, at, parameters.gradient(parameter, at) + gradients.get(c));
                }
              });
          release(g);
          give(in, made);
        });
    return out;
  }

  @Override
  public Flow clip(Flow x, float low, float high) {
    if (low != 0 || high != Float.POSITIVE_INFINITY) {
      throw cannot("activations that are clipped to " + low + ".." + high + " (" + name + ")");
    }
    return activated(x, 0);
  }

  private Flow activated(Flow x, float slope) {
    if (x instanceof Means means) {
      return mapped(
          "activation", means, v -> v > 0 ? v : slope * v, (value, made) -> value > 0 ? 1 : slope);
    }
    if (x instanceof Flow.Sum sum && soleReader) {
      return summed(sum, Optional.of(slope));
    }
    Maps in = maps(x);
    Maps out = soleReader ? inPlace(in) : like(in, in.learns);
    dnnl_primitive_desc there = activation(in, out, slope);
    call(
        "activation",
        0,
        there,
        new Call().with(DNNL_ARG_SRC, in.memory).with(DNNL_ARG_DST, out.memory));
    back(out, g -> give(in, throughActivation(out, slope, g)));
    return out;
  }

  private dnnl_primitive_desc activation(Maps in, Maps out, float slope) {
    return handles.description(
        "activation " + name,
        d ->
            dnnl_eltwise_forward_primitive_desc_create(
                d,
                engine,
                dnnl_forward_training,
                dnnl_eltwise_relu_use_dst_for_bwd,
                in.desc,
                out.desc,
                slope,
                0,
                unmodified));
  }

  /** The gradient before an activation, from that behind it; in its place, if nobody else's. */
  private Gradient throughActivation(Maps out, float slope, Gradient g) {
    Gradient made = g.owners == 1 ? g : gradient(out);
    dnnl_memory_desc desc = gradientDesc(out);
    dnnl_primitive_desc hint = activation(out, out, slope);
    dnnl_primitive_desc backwards =
        handles.description(
            "gradient of activation " + name,
            d ->
                dnnl_eltwise_backward_primitive_desc_create(
                    d,
                    engine,
                    dnnl_eltwise_relu_use_dst_for_bwd,
                    desc,
                    desc,
                    out.desc,
                    slope,
                    0,
                    hint,
                    unmodified));
    call(
        "activation's gradient",
        0,
        backwards,
        new Call()
            .with(DNNL_ARG_DST, out.memory)
            .with(DNNL_ARG_DIFF_DST, g.memory)
            .with(DNNL_ARG_DIFF_SRC, made.memory));
    if (made != g) {
      release(g);
    }
    return made;
  }

  // ---- sums, gates

  @Override
  public Flow dropout(Flow x, ChannelDropout dropout) {
    return dropout.rate() == 0 ? x : new Flow.Gated(maps(x), dropoutsMet++);
  }

  @Override
  public Flow add(Flow a, Flow b) {
    if (b instanceof Flow.Scaled s && s.maps() == a) {
      return scaled(s.maps(), s.gate(), 1);
    } else if (a instanceof Flow.Scaled s && s.maps() == b) {
      return scaled(s.maps(), s.gate(), 1);
    } else if (b instanceof Flow.Gated g) {
      return new Flow.Sum(maps(a), g.maps(), Optional.of(g.place()));
    } else if (a instanceof Flow.Gated g) {
      return new Flow.Sum(maps(b), g.maps(), Optional.of(g.place()));
    }
    return new Flow.Sum(maps(a), maps(b), Optional.empty());
  }

  private Maps summed(Flow.Sum sum, Optional<Float> slope) {
    Maps a = narrowed(sum.first());
    Maps b = narrowed(sum.second());
    Maps out = like(a, a.learns || b.learns);
    if (sum.place().isEmpty()) {
      Call call = new Call();
      slope.ifPresent(call::thenRelu);
      binary(
          "sum", dnnl_binary_add, a.desc, a.memory, b.desc, b.memory, out.desc, out.memory, call);
    } else {
      eachPicture(
          "gated sum",
          b,
          gate(sum.place().get()),
          i -> {
            Call call = new Call().thenAdd(one(a), picture(a, i));
            slope.ifPresent(call::thenRelu);
            return call;
          },
          out);
    }
    back(
        out,
        g -> {
          Gradient before = slope.isPresent() ? throughActivation(out, slope.get(), g) : g;
          if (sum.place().isEmpty()) {
            before.owners++;
            give(a, before);
            give(b, before);
          } else {
            contribute(
                b,
                target ->
                    eachPicture(
                        "gated gradient",
                        Handles.address(before.memory),
                        b,
                        gate(sum.place().get()),
                        i -> new Call(),
                        Handles.address(target)));
            give(a, before);
          }
        });
    return out;
  }

  private Maps gated(Flow.Gated gated) {
    Maps in = narrowed(gated.maps());
    Maps out = like(in, in.learns);
    eachPicture("dropout", in, gate(gated.place()), i -> new Call(), out);
    back(
        out,
        g -> {
          contribute(
              in,
              target ->
                  eachPicture(
                      "dropout's gradient",
                      Handles.address(g.memory),
                      in,
                      gate(gated.place()),
                      i -> new Call(),
                      Handles.address(target)));
          release(g);
        });
    return out;
  }

  /** Where the gates of a dropout begin. */
  private Pointer gate(int place) {
    return new BytePointer(Handles.address(gates))
        .getPointer((long) Float.BYTES * gateStarts.get(place));
  }

  private dnnl_memory_desc one(Maps maps) {
    return mapsDesc(maps.kind, 1, maps.channels, maps.height, maps.width);
  }

  private dnnl_memory picture(Maps maps, int index) {
    return picture(one(maps), maps.address, maps.each() * maps.kind.bytes, index);
  }

  private void eachPicture(
      String what, Maps in, Pointer factors, IntFunction<Call> also, Maps out) {
    eachPicture(what, in.address, in, factors, also, out.address);
  }

  /**
   * Multiplies every picture by its own value a channel.
   *
   * @param size maps of the same size and kind
   * @param factors (n, channels)
   * @param also gives what else is done to a picture
   */
  private void eachPicture(
      String what, Pointer in, Maps size, Pointer factors, IntFunction<Call> also, Pointer out) {
    dnnl_memory_desc one = mapsDesc(kind, 1, size.channels, size.height, size.width);
    dnnl_memory_desc perChannel = perChannelDesc(size.channels);
    long bytes = size.each() * kind.bytes;
    for (int i = 0; i < n; i++) {
      binary(
          what,
          dnnl_binary_mul,
          one,
          picture(one, in, bytes, i),
          perChannel,
          picture(perChannel, factors, (long) size.channels * Float.BYTES, i),
          one,
          picture(one, out, bytes, i),
          also.apply(i));
    }
  }

  @Override
  public Flow mul(Flow x, Flow gate) {
    if (!(gate instanceof Means means)) {
      throw cannot("products of maps (" + name + ")");
    }
    return new Flow.Scaled(maps(x), means);
  }

  /**
   * Maps times (base + gate). On the way back the gate's gradient is a sum over pixels of gradient
   * times map: what a batch norm of mean 0 and variance 1 gives as its scale's gradient.
   */
  private Maps scaled(Maps in, Means gate, float base) {
    Maps out = like(in, true);
    int count = n * in.channels;
    dnnl_memory factors = constant(count, 0);
    FloatBuffer buffer = floats(factors, count);
    java(
        "gates",
        () -> {
          for (int i = 0; i < n; i++) {
            for (int c = 0; c < in.used; c++) {
              buffer.put(i * in.channels + c, base + gate.values[i * in.used + c]);
            }
          }
        });
    eachPicture("gate", in, Handles.address(factors), i -> new Call(), out);
    int flags = dnnl_use_global_stats | dnnl_use_scale;
    dnnl_memory_desc one = one(in);
    dnnl_primitive_desc hint =
        handles.description(
            "gate " + name,
            d ->
                dnnl_batch_normalization_forward_primitive_desc_create(
                    d, engine, dnnl_forward_training, one, one, 0, flags, unmodified));
    dnnl_primitive_desc backwards =
        handles.description(
            "gradient of gate " + name,
            d ->
                dnnl_batch_normalization_backward_primitive_desc_create(
                    d, engine, dnnl_backward, one, one, one, 0, flags, hint, unmodified));
    back(
        out,
        g -> {
          dnnl_memory sums = vector(count);
          dnnl_memory zeros = constant(in.channels, 0);
          dnnl_memory ones = constant(in.channels, 1);
          dnnl_memory_desc perChannel = vectorDesc(in.channels);
          long vectorBytes = (long) in.channels * Float.BYTES;
          contribute(
              in,
              target -> {
                for (int i = 0; i < n; i++) {
                  long bytes = in.each() * kind.bytes;
                  call(
                      "gate's gradient",
                      0,
                      backwards,
                      new Call()
                          .with(DNNL_ARG_SRC, picture(in, i))
                          .with(DNNL_ARG_MEAN, zeros)
                          .with(DNNL_ARG_VARIANCE, ones)
                          .with(
                              DNNL_ARG_SCALE,
                              picture(perChannel, Handles.address(factors), vectorBytes, i))
                          .with(
                              DNNL_ARG_DIFF_DST, picture(one, Handles.address(g.memory), bytes, i))
                          .with(DNNL_ARG_DIFF_SRC, picture(one, Handles.address(target), bytes, i))
                          .with(
                              DNNL_ARG_DIFF_SCALE,
                              picture(perChannel, Handles.address(sums), vectorBytes, i)));
                }
              });
          FloatBuffer values = floats(sums, count);
          java(
              "gates' gradient",
              () -> {
                for (int i = 0; i < n; i++) {
                  for (int c = 0; c < in.used; c++) {
                    gate.gradients[i * in.used + c] += values.get(i * in.channels + c);
                  }
                }
              });
          release(g);
        });
    return out;
  }

  @Override
  public Flow globalAvgPool(Flow x) {
    return means(maps(x));
  }

  @Override
  public Flow sigmoid(Flow x) {
    if (!(x instanceof Means in)) {
      throw cannot("sigmoids of maps (" + name + ")");
    }
    return mapped(
        "sigmoid", in, v -> (float) (1 / (1 + Math.exp(-v))), (value, made) -> made * (1 - made));
  }

  // ---- places

  @Override
  public Flow maxPool(Flow x, org.efrnet.ops.Pool p) {
    return pooled("maximum pooling", dnnl_pooling_max, maps(x), p, false).pooled();
  }

  @Override
  public Flow avgPool(Flow x, org.efrnet.ops.Pool p) {
    return pooled("average pooling", dnnl_pooling_avg_include_padding, maps(x), p, false).pooled();
  }

  /** What a pooling made. */
  private record Pooling(Maps pooled, Optional<dnnl_memory> where, dnnl_primitive_desc there) {}

  private Pooling pooled(
      String what, int algorithm, Maps in, org.efrnet.ops.Pool p, boolean remembered) {
    Maps out = maps(in.channels, in.used, p.out(in.height), p.out(in.width), kind, in.learns);
    Spots spots = spots(in, out, p);
    boolean remembers = algorithm == dnnl_pooling_max && (in.learns || remembered);
    dnnl_primitive_desc there =
        handles.description(
            what + " " + name,
            d ->
                dnnl_pooling_forward_primitive_desc_create(
                    d,
                    engine,
                    in.learns || remembered ? dnnl_forward_training : dnnl_forward_inference,
                    algorithm,
                    in.desc,
                    out.desc,
                    spots.step,
                    spots.kernel,
                    new long[] {0, 0},
                    spots.before,
                    spots.after,
                    unmodified));
    Call call = new Call().with(DNNL_ARG_SRC, in.memory).with(DNNL_ARG_DST, out.memory);
    Optional<dnnl_memory> where =
        remembers ? Optional.of(laid(there, dnnl_query_workspace_md)) : Optional.empty();
    where.ifPresent(w -> call.with(DNNL_ARG_WORKSPACE, w));
    call(what, 0, there, call);
    back(
        out,
        g -> {
          if (in.learns) {
            contribute(
                in,
                target ->
                    returned(
                        what + "'s gradient",
                        algorithm,
                        spots,
                        there,
                        where,
                        gradientDesc(out),
                        g.memory,
                        gradientDesc(in),
                        target));
          }
          release(g);
        });
    return new Pooling(out, where, there);
  }

  /** Where the windows of a pooling lie. */
  private record Spots(long[] step, long[] kernel, long[] before, long[] after) {}

  private static Spots spots(Maps in, Maps out, org.efrnet.ops.Pool p) {
    return new Spots(
        new long[] {p.stride(), p.stride()},
        new long[] {p.kernel(), p.kernel()},
        new long[] {p.padding(), p.padding()},
        new long[] {
          Math.max(0, behind(p.stride(), out.height, in.height, p.kernel() - 1, p.padding())),
          Math.max(0, behind(p.stride(), out.width, in.width, p.kernel() - 1, p.padding()))
        });
  }

  /** The way back through a pooling. */
  private void returned(
      String what,
      int algorithm,
      Spots spots,
      dnnl_primitive_desc there,
      Optional<dnnl_memory> where,
      dnnl_memory_desc fromDesc,
      dnnl_memory from,
      dnnl_memory_desc toDesc,
      dnnl_memory to) {
    dnnl_primitive_desc backwards =
        handles.description(
            what + " " + name,
            d ->
                dnnl_pooling_backward_primitive_desc_create(
                    d,
                    engine,
                    algorithm,
                    toDesc,
                    fromDesc,
                    spots.step,
                    spots.kernel,
                    new long[] {0, 0},
                    spots.before,
                    spots.after,
                    there,
                    unmodified));
    Call call = new Call().with(DNNL_ARG_DIFF_DST, from).with(DNNL_ARG_DIFF_SRC, to);
    where.ifPresent(w -> call.with(DNNL_ARG_WORKSPACE, w));
    call(what, 0, backwards, call);
  }

  @Override
  public Pooled<Flow> maxPoolWithIndices(Flow x, org.efrnet.ops.Pool p) {
    if (p.stride() < p.kernel() || p.padding() > 0) {
      throw cannot("networks that unpool windows which overlap (" + name + ")");
    }
    Maps in = narrowed(maps(x));
    Pooling pooling = pooled("maximum pooling", dnnl_pooling_max, in, p, true);
    return new Pooled<>(
        pooling.pooled,
        new Flow.Places(in, pooling.pooled, p, pooling.where.orElseThrow(), pooling.there));
  }

  /**
   * Putting values back where maxima stood is the way back of the pooling that remembers them; the
   * way back of that takes the values from there.
   */
  @Override
  public Flow maxUnpool(Flow x, Flow indices, Flow like) {
    if (!(indices instanceof Flow.Places places)) {
      throw cannot("indices that are none (" + name + ")");
    }
    Maps in = narrowed(maps(x));
    Maps out = like(places.source, in.learns);
    returned(
        "unpooling",
        dnnl_pooling_max,
        spots(places.source, places.pooled, places.window),
        places.there,
        Optional.of(places.where),
        in.desc,
        in.memory,
        out.desc,
        out.memory);
    Gathering gathering = Gathering.of(this, places);
    back(
        out,
        g -> {
          contribute(
              in,
              target -> {
                Pointer from = Handles.address(g.memory);
                Pointer to = Handles.address(target);
                java("unpooling's gradient", () -> gathering.gather(from, to));
              });
          release(g);
        });
    return out;
  }

  @Override
  public Flow gridPool(Flow x, int bins) {
    throw cannot("pooling into " + bins + " bins (" + name + ")");
  }

  @Override
  public Flow shrink(Flow x, int factor, Interpolation interpolation) {
    throw cannot("image pyramids (" + name + ")");
  }

  @Override
  public Flow resize(Flow x, Flow like, Interpolation interpolation) {
    if (interpolation != Interpolation.BILINEAR) {
      throw cannot("resizing by " + interpolation + " (" + name + ")");
    }
    Maps in = maps(x);
    Maps size = maps(like);
    Maps out = maps(in.channels, in.used, size.height, size.width, kind, in.learns);
    float[] factors = {(float) out.height / in.height, (float) out.width / in.width};
    dnnl_primitive_desc there =
        handles.description(
            "resizing " + name,
            d ->
                dnnl_resampling_forward_primitive_desc_create(
                    d,
                    engine,
                    dnnl_forward_training,
                    dnnl_resampling_linear,
                    factors,
                    in.desc,
                    out.desc,
                    unmodified));
    call(
        "resizing",
        0,
        there,
        new Call().with(DNNL_ARG_SRC, in.memory).with(DNNL_ARG_DST, out.memory));
    back(
        out,
        g -> {
          dnnl_primitive_desc backwards =
              handles.description(
                  "gradient of resizing " + name,
                  d ->
                      dnnl_resampling_backward_primitive_desc_create(
                          d,
                          engine,
                          dnnl_resampling_linear,
                          factors,
                          gradientDesc(in),
                          gradientDesc(out),
                          there,
                          unmodified));
          contribute(
              in,
              target ->
                  call(
                      "resizing's gradient",
                      0,
                      backwards,
                      new Call()
                          .with(DNNL_ARG_DIFF_DST, g.memory)
                          .with(DNNL_ARG_DIFF_SRC, target)));
          release(g);
        });
    return out;
  }

  @Override
  public Flow padChannels(Flow x, int channels) {
    Maps in = maps(x);
    Maps out = maps(channels, in.height, in.width, in.learns);
    Pointer.memset(out.address, 0, n * out.each() * kind.bytes);
    reorder(
        "padding",
        slice(in, in),
        in.memory,
        slice(out, in),
        sliceOf(slice(out, in), out.address, 0));
    back(
        out,
        g -> {
          partBack("padding's gradient", out, g, in, 0);
          release(g);
        });
    return out;
  }

  @Override
  public Flow concat(List<Flow> xs) {
    List<Maps> parts = xs.stream().map(this::maps).toList();
    Maps first = parts.get(0);
    int channels = parts.stream().mapToInt(p -> p.used).sum();
    Maps out = maps(channels, first.height, first.width, parts.stream().anyMatch(p -> p.learns));
    int begin = 0;
    for (Maps part : parts) {
      reorder(
          "joining",
          slice(part, part),
          part.memory,
          slice(out, part),
          sliceOf(slice(out, part), out.address, begin));
      begin += part.used;
    }
    back(
        out,
        g -> {
          int at = 0;
          for (Maps part : parts) {
            partBack("part's gradient", out, g, part, at);
            at += part.used;
          }
          release(g);
        });
    return out;
  }
}
