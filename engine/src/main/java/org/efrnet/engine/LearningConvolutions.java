package org.efrnet.engine;

import static org.bytedeco.dnnl.global.dnnl.*;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.efrnet.engine.Flow.Gradient;
import org.efrnet.engine.Flow.Maps;
import org.efrnet.ops.Conv;
import org.efrnet.ops.ConvTranspose;
import org.efrnet.ops.Name;

/**
 * Convolutions of a {@link LearningPlan}: the way there, to the input and to the weights. Few
 * outputs are stored as a full vector of channels, those behind their own being zeros.
 */
abstract class LearningConvolutions extends LearningAssembly {
  /** A logit that no softmax sees. */
  private static final float NEVER = -1e4f;

  /** Whether what is planned is what a head says, and nothing else reads it. */
  boolean isHead;

  /** Heads whose added channels have no chance. */
  final Set<Maps> silenced = new HashSet<>();

  private final Set<String> claimed = new HashSet<>();

  LearningConvolutions(
      dnnl_engine engine, dnnl_stream stream, NativeParameters parameters, Kind kind, int n) {
    super(engine, stream, parameters, kind, n);
  }

  /**
   * Gradients are written where they are kept, not added: a parameter has one user.
   *
   * @throws IllegalArgumentException at the second one
   */
  void claim(String parameter) {
    if (!claimed.add(parameter)) {
      throw cannot("a network that uses " + parameter + " twice");
    }
  }

  static String parameter(Name at, String which) {
    return at + "." + which;
  }

  static IllegalArgumentException cannot(String what) {
    return new IllegalArgumentException(
        "engine onednn cannot train " + what + "; choose the engine libtorch");
  }

  /** What is done on the way back, if it comes by there at all. */
  void back(Maps of, Consumer<Gradient> steps) {
    onTheWayBack(() -> take(of).ifPresent(steps));
  }

  /** How a part's channels lie among those of a whole. */
  dnnl_memory_desc slice(Maps whole, Maps part) {
    return handles.strided(
        kind,
        new long[] {n, part.used, part.height, part.width},
        Assembly.channelsLast(whole.channels, part.height, part.width));
  }

  dnnl_memory sliceOf(dnnl_memory_desc desc, Pointer begin, int first) {
    return handles.memory(
        engine, desc, new BytePointer(begin).getPointer((long) first * kind.bytes));
  }

  /** How oneDNN describes the way there of a convolution, transposed or not. */
  @FunctionalInterface
  private interface There {
    int create(
        dnnl_primitive_desc target,
        dnnl_engine engine,
        int propagation,
        int algorithm,
        dnnl_memory_desc input,
        dnnl_memory_desc weights,
        dnnl_memory_desc bias,
        dnnl_memory_desc output,
        long[] step,
        long[] dilation,
        long[] before,
        long[] after,
        dnnl_primitive_attr attributes);
  }

  /** The way back to its input. */
  @FunctionalInterface
  private interface ToInput {
    int create(
        dnnl_primitive_desc target,
        dnnl_engine engine,
        int algorithm,
        dnnl_memory_desc input,
        dnnl_memory_desc weights,
        dnnl_memory_desc output,
        long[] step,
        long[] dilation,
        long[] before,
        long[] after,
        dnnl_primitive_desc there,
        dnnl_primitive_attr attributes);
  }

  /** The way back to its weights. */
  @FunctionalInterface
  private interface ToWeights {
    int create(
        dnnl_primitive_desc target,
        dnnl_engine engine,
        int algorithm,
        dnnl_memory_desc input,
        dnnl_memory_desc weights,
        dnnl_memory_desc bias,
        dnnl_memory_desc output,
        long[] step,
        long[] dilation,
        long[] before,
        long[] after,
        dnnl_primitive_desc there,
        dnnl_primitive_attr attributes);
  }

  private record Family(int algorithm, There there, ToInput toInput, ToWeights toWeights) {
    static final Family PLAIN =
        new Family(
            dnnl_convolution_direct,
            org.bytedeco.dnnl.global.dnnl::dnnl_convolution_forward_primitive_desc_create,
            org.bytedeco.dnnl.global.dnnl::dnnl_convolution_backward_data_primitive_desc_create,
            org.bytedeco.dnnl.global.dnnl::dnnl_convolution_backward_weights_primitive_desc_create);
    static final Family TRANSPOSED =
        new Family(
            dnnl_deconvolution_direct,
            org.bytedeco.dnnl.global.dnnl::dnnl_deconvolution_forward_primitive_desc_create,
            org.bytedeco.dnnl.global.dnnl::dnnl_deconvolution_backward_data_primitive_desc_create,
            org.bytedeco.dnnl.global.dnnl
                ::dnnl_deconvolution_backward_weights_primitive_desc_create);
  }

  /**
   * Where a kernel's windows lie.
   *
   * @param dilation 0 for neighbours, as oneDNN counts
   * @param after may be negative
   */
  private record Windows(long[] step, long[] dilation, long[] before, long[] after) {}

  /** A convolution. */
  Maps convolved(Maps x, Conv c) {
    Maps in = c.groups() == 1 ? x : narrowed(x);
    int height = c.outHeight(in.height);
    int width = c.outWidth(in.width);
    int wide = c.groups() == 1 ? stored(c.out()) : c.out();
    Maps out = maps(wide, c.out(), height, width, isHead ? Kind.F32 : kind, true);
    long down = c.kernel().height();
    long across = c.kernel().width();
    long taps = down * across;
    long each = c.in() / c.groups();
    Plain plain;
    long[] dims;
    if (c.groups() > 1) {
      long outEach = c.out() / c.groups();
      dims = new long[] {c.groups(), outEach, each, down, across};
      long[] strides = {outEach * each * taps, each * taps, taps, across, 1};
      plain = new Plain(parameter(c.at(), "weight"), dims, strides, dims, strides);
    } else {
      dims = new long[] {wide, in.channels, down, across};
      plain =
          new Plain(
              parameter(c.at(), "weight"),
              new long[] {c.out(), c.in(), down, across},
              new long[] {c.in() * taps, taps, across, 1},
              dims,
              new long[] {in.channels * taps, taps, across, 1});
    }
    Windows windows =
        new Windows(
            new long[] {c.stride(), c.stride()},
            new long[] {c.dilation().height() - 1, c.dilation().width() - 1},
            new long[] {c.padding().height(), c.padding().width()},
            new long[] {
              behind(
                  c.stride(),
                  height,
                  in.height,
                  c.dilation().height() * (down - 1),
                  c.padding().height()),
              behind(
                  c.stride(),
                  width,
                  in.width,
                  c.dilation().width() * (across - 1),
                  c.padding().width())
            });
    return convolved(
        "convolution",
        Family.PLAIN,
        in,
        out,
        plain,
        dims,
        new Biases(c.at(), c.bias(), out),
        windows,
        (double) n * height * width * c.out() * each * taps);
  }

  static long behind(int stride, int out, int in, long reach, int before) {
    return (long) (out - 1) * stride + reach + 1 - in - before;
  }

  /** A transposed convolution to the size of other maps. */
  Maps convolved(Maps in, ConvTranspose c, Maps size) {
    int wide = stored(c.out());
    Maps out = maps(wide, c.out(), size.height, size.width, isHead ? Kind.F32 : kind, true);
    long k = c.kernel();
    long[] dims = {wide, in.channels, k, k};
    Windows windows =
        new Windows(
            new long[] {c.stride(), c.stride()},
            new long[] {0, 0},
            new long[] {c.padding(), c.padding()},
            new long[] {
              c.padding() - c.outputPadding(in.height, out.height),
              c.padding() - c.outputPadding(in.width, out.width)
            });
    // PyTorch keeps (in, out, k, k).
    return convolved(
        "transposed convolution",
        Family.TRANSPOSED,
        in,
        out,
        new Plain(
            parameter(c.at(), "weight"),
            new long[] {c.out(), c.in(), k, k},
            new long[] {k * k, c.out() * k * k, k, 1},
            dims,
            new long[] {k * k, wide * k * k, k, 1}),
        dims,
        new Biases(c.at(), c.bias(), out),
        windows,
        (double) n * in.height * in.width * c.in() * c.out() * k * k);
  }

  private Maps convolved(
      String what,
      Family family,
      Maps in,
      Maps out,
      Plain plain,
      long[] dims,
      Biases bias,
      Windows at,
      double macs) {
    dnnl_memory_desc weights = handles.any(kind, dims);
    dnnl_primitive_desc there =
        handles.description(
            what + " " + name,
            d ->
                family.there.create(
                    d,
                    engine,
                    dnnl_forward_training,
                    family.algorithm,
                    in.desc,
                    weights,
                    bias.desc,
                    out.desc,
                    at.step,
                    at.dilation,
                    at.before,
                    at.after,
                    unmodified));
    Call call =
        new Call()
            .with(DNNL_ARG_SRC, in.memory)
            .with(DNNL_ARG_WEIGHTS, plain.laid(descOf(there, dnnl_query_weights_md)))
            .with(DNNL_ARG_DST, out.memory);
    bias.value.ifPresent(b -> call.with(DNNL_ARG_BIAS, b));
    call(what, macs, there, call);

    Optional<dnnl_primitive_desc> toInput =
        in.learns
            ? Optional.of(
                handles.description(
                    "gradient of the input of " + name,
                    d ->
                        family.toInput.create(
                            d,
                            engine,
                            family.algorithm,
                            in.desc,
                            weights,
                            gradientDesc(out),
                            at.step,
                            at.dilation,
                            at.before,
                            at.after,
                            there,
                            unmodified)))
            : Optional.empty();
    // Weights change between steps alone: those of the way back are laid on the way there.
    Optional<dnnl_memory> laidBack = toInput.map(d -> plain.laid(descOf(d, dnnl_query_weights_md)));
    dnnl_memory_desc anyGradient = handles.any(Kind.F32, dims);
    dnnl_primitive_desc toWeights =
        handles.description(
            "gradient of the weights of " + name,
            d ->
                family.toWeights.create(
                    d,
                    engine,
                    family.algorithm,
                    in.desc,
                    anyGradient,
                    bias.desc,
                    gradientDesc(out),
                    at.step,
                    at.dilation,
                    at.before,
                    at.after,
                    there,
                    unmodified));
    back(
        out,
        g -> {
          dnnl_memory made = laid(toWeights, dnnl_query_diff_weights_md);
          Call weigh =
              new Call()
                  .with(DNNL_ARG_SRC, in.memory)
                  .with(DNNL_ARG_DIFF_DST, g.memory)
                  .with(DNNL_ARG_DIFF_WEIGHTS, made);
          bias.gradient.ifPresent(b -> weigh.with(DNNL_ARG_DIFF_BIAS, b));
          call("weights' gradient", macs, toWeights, weigh);
          plain.take(descOf(toWeights, dnnl_query_diff_weights_md), made);
          bias.take();
          toInput.ifPresent(
              d ->
                  contribute(
                      in,
                      target ->
                          call(
                              "input's gradient",
                              macs,
                              d,
                              new Call()
                                  .with(DNNL_ARG_DIFF_DST, g.memory)
                                  .with(DNNL_ARG_WEIGHTS, laidBack.orElseThrow())
                                  .with(DNNL_ARG_DIFF_SRC, target))));
          release(g);
        });
    return out;
  }

  /** In how many channels a convolution's outputs are stored. */
  private int stored(int channels) {
    return isHead || channels < Assembly.VECTOR ? Choices.roundedUp(channels) : channels;
  }

  /** The same maps without channels of zeros. */
  Maps narrowed(Maps in) {
    if (in.channels == in.used) {
      return in;
    }
    Maps out = maps(in.used, in.height, in.width, in.learns);
    reorder("narrowing", slice(in, in), in.memory, out.desc, out.memory);
    back(
        out,
        g -> {
          partBack("narrowing's gradient", out, g, in, 0);
          release(g);
        });
    return out;
  }

  /** Gives a part of some maps the gradient of its channels of the whole. */
  void partBack(String what, Maps whole, Gradient g, Maps part, int first) {
    contribute(
        part,
        target -> {
          Pointer address = Handles.address(target);
          if (part.used < part.channels) {
            long bytes = n * part.each() * kind.bytes;
            java("zeros", () -> Pointer.memset(address, 0, bytes));
          }
          dnnl_memory_desc from = slice(whole, part);
          dnnl_memory_desc to = slice(part, part);
          reorder(
              what,
              from,
              sliceOf(from, Handles.address(g.memory), first),
              to,
              handles.memory(engine, to, address));
        });
  }

  /**
   * A convolution's weights as they lie among the parameters, perhaps with outputs of zeros behind
   * its own.
   */
  private final class Plain {
    private final String parameter;
    private final dnnl_memory_desc own;
    private final dnnl_memory_desc part;
    private final dnnl_memory_desc wide;
    private final Optional<dnnl_memory> widened;
    private final List<Laid> known = new ArrayList<>();

    private record Laid(dnnl_memory_desc desc, dnnl_memory memory) {}

    /**
     * @param dims of the parameter
     * @param strides of the parameter
     * @param wideDims of the whole
     * @param wideStrides of the whole
     */
    Plain(String parameter, long[] dims, long[] strides, long[] wideDims, long[] wideStrides) {
      claim(parameter);
      this.parameter = parameter;
      this.own = handles.strided(Kind.F32, dims, strides);
      this.part = handles.strided(Kind.F32, dims, wideStrides);
      this.wide = handles.strided(Kind.F32, wideDims, wideStrides);
      if (dnnl_memory_desc_equal(own, wide) == 0) {
        dnnl_memory memory = handles.allocated(engine, wide);
        Pointer.memset(Handles.address(memory), 0, dnnl_memory_desc_get_size(wide));
        widened = Optional.of(memory);
        reorder("widening", own, parameters.value(handles, parameter, own), part, inPart(memory));
      } else {
        widened = Optional.empty();
      }
    }

    private dnnl_memory inPart(dnnl_memory whole) {
      return handles.memory(engine, part, Handles.address(whole));
    }

    /** The weights in a primitive's layout and kind, converted at the begin of each step. */
    dnnl_memory laid(dnnl_memory_desc wanted) {
      for (Laid one : known) {
        if (dnnl_memory_desc_equal(one.desc, wanted) != 0) {
          return one.memory;
        }
      }
      dnnl_memory memory = handles.allocated(engine, wanted);
      reorder(
          "weights laid",
          wide,
          widened.orElseGet(() -> parameters.value(handles, parameter, wide)),
          wanted,
          memory);
      known.add(new Laid(wanted, memory));
      return memory;
    }

    /** Takes a gradient over from a primitive's layout. */
    void take(dnnl_memory_desc desc, dnnl_memory gradient) {
      if (widened.isEmpty()) {
        reorder(
            "gradient laid", desc, gradient, wide, parameters.gradient(handles, parameter, wide));
      } else {
        dnnl_memory whole = handles.allocated(engine, wide);
        reorder("gradient laid", desc, gradient, wide, whole);
        reorder(
            "narrowing", part, inPart(whole), own, parameters.gradient(handles, parameter, own));
      }
    }
  }

  /** A value a channel that learns, with constants behind its own where maps are stored wider. */
  final class PerChannel {
    private final String parameter;
    private final int own;
    private final int wide;
    final dnnl_memory value;
    final dnnl_memory gradient;

    PerChannel(String parameter, int own, int wide, float behind) {
      claim(parameter);
      this.parameter = parameter;
      this.own = own;
      this.wide = wide;
      if (own == wide) {
        dnnl_memory_desc desc = vectorDesc(own);
        value = parameters.value(handles, parameter, desc);
        gradient = parameters.gradient(handles, parameter, desc);
      } else {
        value = constant(wide, behind);
        gradient = vector(wide);
        FloatBuffer buffer = floats(value, wide);
        java(
            "values laid",
            () -> {
              for (int i = 0; i < own; i++) {
                buffer.put(i, parameters.value(parameter, i));
              }
            });
      }
    }

    /** Once its gradient is there. */
    void take() {
      if (own < wide) {
        FloatBuffer buffer = floats(gradient, wide);
        java(
            "gradient laid",
            () -> {
              for (int i = 0; i < own; i++) {
                parameters.gradient(parameter, i, buffer.get(i));
              }
            });
      }
    }
  }

  /** A convolution's biases: none, those of its own, or some that keep added logits silent. */
  private final class Biases {
    /** Null where there is none, which is oneDNN's way of saying so. */
    private final dnnl_memory_desc desc;

    private final Optional<dnnl_memory> value;
    private final Optional<dnnl_memory> gradient;
    private final Optional<PerChannel> learned;

    Biases(Name at, boolean learns, Maps out) {
      boolean silences = isHead && out.used < out.channels;
      if (silences) {
        silenced.add(out);
      }
      if (learns) {
        PerChannel bias =
            new PerChannel(parameter(at, "bias"), out.used, out.channels, silences ? NEVER : 0);
        learned = Optional.of(bias);
        value = Optional.of(bias.value);
        gradient = Optional.of(bias.gradient);
      } else {
        learned = Optional.empty();
        value = silences ? Optional.of(constant(out.channels, NEVER)) : Optional.empty();
        gradient = silences ? Optional.of(vector(out.channels)) : Optional.empty();
        value.ifPresent(
            v -> {
              FloatBuffer buffer = floats(v, out.channels);
              for (int i = 0; i < out.used; i++) {
                buffer.put(i, 0);
              }
            });
      }
      desc = value.isPresent() ? vectorDesc(out.channels) : null;
    }

    void take() {
      learned.ifPresent(PerChannel::take);
    }
  }
}
