package org.efrnet.engine;

import static org.bytedeco.dnnl.global.dnnl.*;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Optional;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.javacpp.Pointer;
import org.efrnet.engine.Flow.Gradient;
import org.efrnet.engine.Flow.Maps;
import org.efrnet.engine.Flow.Means;
import org.efrnet.learning.ParameterLayout;
import org.efrnet.ops.BatchNorm;
import org.efrnet.ops.Conv;

/**
 * What a {@link LearningPlan} does with one value a picture and channel, as channel attention has
 * them: too little for oneDNN, and done in Java.
 */
abstract class LearningMeans extends LearningConvolutions {
  private final float[] statistics;
  private final ParameterLayout layout;

  /**
   * @param statistics the running statistics, which the way there follows
   */
  LearningMeans(
      dnnl_engine engine,
      dnnl_stream stream,
      NativeParameters parameters,
      Kind kind,
      int n,
      ParameterLayout layout,
      float[] statistics) {
    super(engine, stream, parameters, kind, n);
    this.layout = layout;
    this.statistics = statistics;
  }

  /** One value of many, by its channel. */
  @FunctionalInterface
  interface ByChannel {
    float get(int channel);
  }

  /** Running statistics follow as PyTorch's do, the variance without bias. */
  void follow(BatchNorm norm, ByChannel mean, ByChannel variance, long values) {
    int means = layout.place(parameter(norm.at(), "running_mean"));
    int variances = layout.place(parameter(norm.at(), "running_var"));
    float share = (float) norm.momentum();
    float unbiased = values > 1 ? (float) values / (values - 1) : 1;
    for (int c = 0; c < norm.channels(); c++) {
      statistics[means + c] += share * (mean.get(c) - statistics[means + c]);
      statistics[variances + c] += share * (variance.get(c) * unbiased - statistics[variances + c]);
    }
  }

  /** The mean of every channel. */
  Means means(Maps in) {
    Means out = new Means(n, in.used);
    int count = n * in.channels;
    dnnl_memory_desc desc = mapsDesc(kind, n, in.channels, 1, 1);
    dnnl_memory pooled = handles.allocated(engine, desc);
    dnnl_memory_desc exact = mapsDesc(Kind.F32, n, in.channels, 1, 1);
    dnnl_memory values = handles.allocated(engine, exact);
    long[] whole = {in.height, in.width};
    long[] none = {0, 0};
    Call call = new Call().with(DNNL_ARG_SRC, in.memory).with(DNNL_ARG_DST, pooled);
    dnnl_primitive_desc there =
        handles.description(
            "means " + name,
            d ->
                dnnl_pooling_forward_primitive_desc_create(
                    d,
                    engine,
                    dnnl_forward_inference,
                    dnnl_pooling_avg_exclude_padding,
                    in.desc,
                    desc,
                    whole,
                    whole,
                    none,
                    none,
                    none,
                    unmodified));
    call("means", 0, there, call);
    reorder("means", desc, pooled, exact, values);
    FloatBuffer buffer = floats(values, count);
    java(
        "means",
        () -> {
          for (int i = 0; i < n; i++) {
            buffer.get(i * in.channels, out.values, i * in.used, in.used);
          }
          Arrays.fill(out.gradients, 0);
        });
    onTheWayBack(
        () -> {
          if (!in.learns) {
            return;
          }
          dnnl_memory shares = constant(count, 0);
          FloatBuffer sharesBuffer = floats(shares, count);
          float pixels = (float) in.height * in.width;
          java(
              "means' gradient",
              () -> {
                for (int i = 0; i < n; i++) {
                  for (int c = 0; c < in.used; c++) {
                    sharesBuffer.put(i * in.channels + c, out.gradients[i * in.used + c] / pixels);
                  }
                }
              });
          spread(in, shares);
        });
    return out;
  }

  /** Adds one value a picture and channel to the gradient of all pixels. */
  private void spread(Maps to, dnnl_memory shares) {
    Optional<Gradient> known = take(to);
    Gradient target;
    if (known.isEmpty()) {
      target = gradient(to);
      Pointer address = Handles.address(target.memory);
      long bytes = n * to.each() * kind.bytes;
      java("zeros", () -> Pointer.memset(address, 0, bytes));
    } else if (known.get().owners == 1) {
      target = known.get();
    } else {
      target = gradient(to);
    }
    Gradient source = known.orElse(target);
    dnnl_memory_desc one = mapsDesc(kind, 1, to.channels, to.height, to.width);
    dnnl_memory_desc perChannel = perChannelDesc(to.channels);
    long bytes = to.each() * kind.bytes;
    for (int i = 0; i < n; i++) {
      binary(
          "means spread",
          dnnl_binary_add,
          one,
          picture(one, Handles.address(source.memory), bytes, i),
          perChannel,
          picture(perChannel, Handles.address(shares), (long) to.channels * Float.BYTES, i),
          one,
          picture(one, Handles.address(target.memory), bytes, i),
          new Call());
    }
    if (source != target) {
      release(source);
    }
    to.gradient = Optional.of(target);
  }

  /** A 1x1 convolution. */
  Means product(Means in, Conv c) {
    if (c.groups() > 1 || c.kernel().height() * c.kernel().width() > 1) {
      throw cannot("convolution " + c.at() + " of means");
    }
    Means out = new Means(n, c.out());
    String weight = parameter(c.at(), "weight");
    claim(weight);
    String bias = parameter(c.at(), "bias");
    if (c.bias()) {
      claim(bias);
    }
    java(
        "product",
        () -> {
          Arrays.fill(out.gradients, 0);
          for (int i = 0; i < n; i++) {
            for (int o = 0; o < c.out(); o++) {
              double sum = c.bias() ? parameters.value(bias, o) : 0;
              for (int k = 0; k < c.in(); k++) {
                sum +=
                    (double) in.values[i * c.in() + k] * parameters.value(weight, o * c.in() + k);
              }
              out.values[i * c.out() + o] = (float) sum;
            }
          }
        });
    onTheWayBack(
        () -> {
          java(
              "product's gradient",
              () -> {
                for (int o = 0; o < c.out(); o++) {
                  if (c.bias()) {
                    float sum = 0;
                    for (int i = 0; i < n; i++) {
                      sum += out.gradients[i * c.out() + o];
                    }
                    parameters.gradient(bias, o, sum);
                  }
                  for (int k = 0; k < c.in(); k++) {
                    double sum = 0;
                    float w = parameters.value(weight, o * c.in() + k);
                    for (int i = 0; i < n; i++) {
                      float g = out.gradients[i * c.out() + o];
                      sum += (double) g * in.values[i * c.in() + k];
                      in.gradients[i * c.in() + k] += g * w;
                    }
                    parameters.gradient(weight, o * c.in() + k, (float) sum);
                  }
                }
              });
        });
    return out;
  }

  /** A batch norm over the pictures of the batch. */
  Means normalised(Means in, BatchNorm norm) {
    int channels = norm.channels();
    Means out = new Means(n, channels);
    String scale = parameter(norm.at(), "weight");
    String shift = parameter(norm.at(), "bias");
    claim(scale);
    claim(shift);
    float[] mean = new float[channels];
    float[] variance = new float[channels];
    java(
        "batch norm",
        () -> {
          Arrays.fill(out.gradients, 0);
          for (int c = 0; c < channels; c++) {
            double sum = 0;
            for (int i = 0; i < n; i++) {
              sum += in.values[i * channels + c];
            }
            double m = sum / n;
            double squares = 0;
            for (int i = 0; i < n; i++) {
              double d = in.values[i * channels + c] - m;
              squares += d * d;
            }
            mean[c] = (float) m;
            variance[c] = (float) (squares / n);
            double factor = parameters.value(scale, c) / Math.sqrt(variance[c] + norm.epsilon());
            for (int i = 0; i < n; i++) {
              out.values[i * channels + c] =
                  (float) ((in.values[i * channels + c] - m) * factor + parameters.value(shift, c));
            }
          }
          follow(norm, c -> mean[c], c -> variance[c], n);
        });
    onTheWayBack(
        () -> {
          java(
              "batch norm's gradient",
              () -> {
                for (int c = 0; c < channels; c++) {
                  double inverse = 1 / Math.sqrt(variance[c] + norm.epsilon());
                  double sum = 0;
                  double along = 0;
                  for (int i = 0; i < n; i++) {
                    float g = out.gradients[i * channels + c];
                    sum += g;
                    along += g * (in.values[i * channels + c] - mean[c]) * inverse;
                  }
                  parameters.gradient(scale, c, (float) along);
                  parameters.gradient(shift, c, (float) sum);
                  double factor = parameters.value(scale, c) * inverse;
                  for (int i = 0; i < n; i++) {
                    double normal = (in.values[i * channels + c] - mean[c]) * inverse;
                    in.gradients[i * channels + c] +=
                        (float)
                            (factor
                                * (out.gradients[i * channels + c] - sum / n - normal * along / n));
                  }
                }
              });
        });
    return out;
  }

  @FunctionalInterface
  interface OfOne {
    float apply(float value);
  }

  @FunctionalInterface
  interface Slope {
    float at(float value, float made);
  }

  /** A function of each mean. */
  Means mapped(String what, Means in, OfOne function, Slope slope) {
    Means out = new Means(n, in.channels);
    java(
        what,
        () -> {
          Arrays.fill(out.gradients, 0);
          for (int i = 0; i < in.values.length; i++) {
            out.values[i] = function.apply(in.values[i]);
          }
        });
    onTheWayBack(
        () -> {
          java(
              what + "'s gradient",
              () -> {
                for (int i = 0; i < in.values.length; i++) {
                  in.gradients[i] += out.gradients[i] * slope.at(in.values[i], out.values[i]);
                }
              });
        });
    return out;
  }
}
