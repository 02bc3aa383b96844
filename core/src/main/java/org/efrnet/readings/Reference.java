package org.efrnet.readings;

import java.util.Arrays;
import java.util.List;
import org.efrnet.graph.Model;
import org.efrnet.ops.BatchNorm;
import org.efrnet.ops.ChannelDropout;
import org.efrnet.ops.Conv;
import org.efrnet.ops.ConvTranspose;
import org.efrnet.ops.Interpolation;
import org.efrnet.ops.Ops;
import org.efrnet.ops.Pool;
import org.efrnet.ops.Pooled;
import org.efrnet.ops.Prelu;
import org.efrnet.weights.FloatTensor;
import org.efrnet.weights.Weights;

/**
 * The reading that computes: plain Java, in double precision, as the network is used (running
 * statistics, no dropout). It is what every engine is held against, so each operation is its
 * definition and nothing else; it is slow.
 */
public final class Reference implements Ops<Reference.Planes> {
  private final Weights weights;
  private final Shapes shapes = new Shapes();

  /**
   * A reading with these weights.
   *
   * @param weights as {@link Parameters#of} lists them; a missing or misshapen one is refused when
   *     an operation needs it
   */
  public Reference(Weights weights) {
    this.weights = weights;
  }

  /**
   * A map of values.
   *
   * @param values row-major (n, channels, height, width); not copied, and not written to by whoever
   *     hands it over or reads it
   */
  public record Planes(int n, int channels, int height, int width, double[] values) {
    public Planes {
      if (values.length != new Shape(n, channels, height, width).count()) {
        throw new IllegalArgumentException(
            String.format(
                "planes of %dx%dx%dx%d, but %d values", n, channels, height, width, values.length));
      }
    }

    /**
     * The same values in double precision.
     *
     * @throws IllegalArgumentException if the tensor has not four sizes
     */
    public static Planes of(FloatTensor nchw) {
      int[] s = nchw.shape();
      if (s.length != 4) {
        throw new IllegalArgumentException(
            "a map has 4 sizes (N, C, H, W), not the " + s.length + " of " + nchw);
      }
      Planes planes = zeros(new Shape(s[0], s[1], s[2], s[3]));
      for (int i = 0; i < planes.values.length; i++) {
        planes.values[i] = nchw.values()[i];
      }
      return planes;
    }

    /** The same values, rounded to fp32: (n, channels, height, width). */
    public FloatTensor toTensor() {
      float[] rounded = new float[values.length];
      for (int i = 0; i < rounded.length; i++) {
        rounded[i] = (float) values[i];
      }
      return new FloatTensor(new int[] {n, channels, height, width}, rounded);
    }

    private static Planes zeros(Shape s) {
      double[] values = new double[Math.toIntExact(s.count())];
      return new Planes(s.n(), s.channels(), s.height(), s.width(), values);
    }

    private Shape shape() {
      return new Shape(n, channels, height, width);
    }

    private int at(int picture, int channel, int row, int column) {
      return ((picture * channels + channel) * height + row) * width + column;
    }

    private double get(int picture, int channel, int row, int column) {
      return values[at(picture, channel, row, column)];
    }

    private boolean contains(int row, int column) {
      return row >= 0 && row < height && column >= 0 && column < width;
    }
  }

  /** A value for every place of a map. */
  private interface Rule {
    double at(int picture, int channel, int row, int column);
  }

  private static Planes each(Shape shape, Rule rule) {
    Planes out = Planes.zeros(shape);
    for (int n = 0; n < out.n; n++) {
      for (int c = 0; c < out.channels; c++) {
        for (int h = 0; h < out.height; h++) {
          for (int w = 0; w < out.width; w++) {
            out.values[out.at(n, c, h, w)] = rule.at(n, c, h, w);
          }
        }
      }
    }
    return out;
  }

  /**
   * The logits of a model for a batch of images.
   *
   * @param image (N, 3, H, W), normalised as the model was trained
   * @return (N, classes, H, W)
   */
  public static FloatTensor logits(Model model, FloatTensor image) {
    return model.graph().logits(new Reference(model.weights()), Planes.of(image)).toTensor();
  }

  private float[] parameter(String name, int... shape) {
    FloatTensor tensor = weights.get(name);
    if (!Arrays.equals(tensor.shape(), shape)) {
      throw new IllegalArgumentException(
          "tensor '"
              + name
              + "' has shape "
              + Arrays.toString(tensor.shape())
              + ", the network needs "
              + Arrays.toString(shape));
    }
    return tensor.values();
  }

  private float[] bias(String name, boolean present, int channels) {
    return present ? parameter(name, channels) : new float[channels];
  }

  @Override
  public Planes conv(Planes x, Conv conv) {
    int kernelRows = conv.kernel().height();
    int kernelColumns = conv.kernel().width();
    int groupIn = conv.in() / conv.groups();
    int groupOut = conv.out() / conv.groups();
    float[] weight =
        parameter(conv.at() + ".weight", conv.out(), groupIn, kernelRows, kernelColumns);
    float[] bias = bias(conv.at() + ".bias", conv.bias(), conv.out());
    return each(
        shapes.conv(x.shape(), conv),
        (n, out, h, w) -> {
          double sum = bias[out];
          for (int in = 0; in < groupIn; in++) {
            for (int i = 0; i < kernelRows; i++) {
              for (int j = 0; j < kernelColumns; j++) {
                int row =
                    h * conv.stride() + i * conv.dilation().height() - conv.padding().height();
                int column =
                    w * conv.stride() + j * conv.dilation().width() - conv.padding().width();
                if (x.contains(row, column)) {
                  sum +=
                      weight[((out * groupIn + in) * kernelRows + i) * kernelColumns + j]
                          * x.get(n, out / groupOut * groupIn + in, row, column);
                }
              }
            }
          }
          return sum;
        });
  }

  @Override
  public Planes convTranspose(Planes x, ConvTranspose conv, Planes like) {
    int k = conv.kernel();
    float[] weight = parameter(conv.at() + ".weight", conv.in(), conv.out(), k, k);
    float[] bias = bias(conv.at() + ".bias", conv.bias(), conv.out());
    Shape shape = shapes.convTranspose(x.shape(), conv, like.shape());
    Planes out = each(shape, (n, c, h, w) -> bias[c]);
    // Every input value paints a kernel of values; what falls outside is dropped.
    for (int n = 0; n < x.n; n++) {
      for (int from = 0; from < conv.in(); from++) {
        for (int to = 0; to < conv.out(); to++) {
          for (int h = 0; h < x.height; h++) {
            for (int w = 0; w < x.width; w++) {
              for (int i = 0; i < k; i++) {
                for (int j = 0; j < k; j++) {
                  int row = h * conv.stride() + i - conv.padding();
                  int column = w * conv.stride() + j - conv.padding();
                  if (out.contains(row, column)) {
                    out.values[out.at(n, to, row, column)] +=
                        weight[((from * conv.out() + to) * k + i) * k + j] * x.get(n, from, h, w);
                  }
                }
              }
            }
          }
        }
      }
    }
    return out;
  }

  @Override
  public Planes batchNorm(Planes x, BatchNorm norm) {
    float[] scale = parameter(norm.at() + ".weight", norm.channels());
    float[] shift = parameter(norm.at() + ".bias", norm.channels());
    float[] mean = parameter(norm.at() + ".running_mean", norm.channels());
    float[] variance = parameter(norm.at() + ".running_var", norm.channels());
    return each(
        shapes.batchNorm(x.shape(), norm),
        (n, c, h, w) ->
            (x.get(n, c, h, w) - mean[c]) / Math.sqrt(variance[c] + norm.epsilon()) * scale[c]
                + shift[c]);
  }

  @Override
  public Planes prelu(Planes x, Prelu prelu) {
    float[] slopes = parameter(prelu.at() + ".weight", prelu.slopes());
    return each(
        shapes.prelu(x.shape(), prelu),
        (n, c, h, w) -> {
          double value = x.get(n, c, h, w);
          return value > 0 ? value : value * slopes[prelu.slopes() == 1 ? 0 : c];
        });
  }

  @Override
  public Planes clip(Planes x, float low, float high) {
    return each(
        x.shape(), (n, c, h, w) -> Math.min(Math.max(x.get(n, c, h, w), (double) low), high));
  }

  @Override
  public Planes sigmoid(Planes x) {
    return each(x.shape(), (n, c, h, w) -> 1 / (1 + Math.exp(-x.get(n, c, h, w))));
  }

  @Override
  public Planes maxPool(Planes x, Pool pool) {
    return maxPoolWithIndices(x, pool).values();
  }

  @Override
  public Pooled<Planes> maxPoolWithIndices(Planes x, Pool pool) {
    Planes indices =
        each(
            shapes.maxPool(x.shape(), pool),
            (n, c, h, w) -> {
              int best = -1;
              for (int i = 0; i < pool.kernel(); i++) {
                for (int j = 0; j < pool.kernel(); j++) {
                  int row = h * pool.stride() + i - pool.padding();
                  int column = w * pool.stride() + j - pool.padding();
                  if (x.contains(row, column)) {
                    int index = row * x.width + column;
                    if (best < 0 || inPlane(x, n, c, index) > inPlane(x, n, c, best)) {
                      best = index;
                    }
                  }
                }
              }
              return best;
            });
    Planes values =
        each(indices.shape(), (n, c, h, w) -> inPlane(x, n, c, (int) indices.get(n, c, h, w)));
    return new Pooled<>(values, indices);
  }

  private static double inPlane(Planes x, int picture, int channel, int index) {
    return x.get(picture, channel, index / x.width, index % x.width);
  }

  @Override
  public Planes maxUnpool(Planes x, Planes indices, Planes like) {
    Planes out = Planes.zeros(shapes.maxUnpool(x.shape(), indices.shape(), like.shape()));
    for (int n = 0; n < x.n; n++) {
      for (int c = 0; c < x.channels; c++) {
        for (int h = 0; h < x.height; h++) {
          for (int w = 0; w < x.width; w++) {
            int index = (int) indices.get(n, c, h, w);
            if (index >= out.height * out.width) {
              throw new IllegalArgumentException(
                  "unpooling: index " + index + " lies outside of " + out.shape());
            }
            out.values[out.at(n, c, index / out.width, index % out.width)] = x.get(n, c, h, w);
          }
        }
      }
    }
    return out;
  }

  @Override
  public Planes avgPool(Planes x, Pool pool) {
    return each(
        shapes.avgPool(x.shape(), pool),
        (n, c, h, w) -> {
          double sum = 0;
          for (int i = 0; i < pool.kernel(); i++) {
            for (int j = 0; j < pool.kernel(); j++) {
              int row = h * pool.stride() + i - pool.padding();
              int column = w * pool.stride() + j - pool.padding();
              if (x.contains(row, column)) {
                sum += x.get(n, c, row, column);
              }
            }
          }
          return sum / (pool.kernel() * pool.kernel());
        });
  }

  @Override
  public Planes globalAvgPool(Planes x) {
    return each(
        shapes.globalAvgPool(x.shape()),
        (n, c, h, w) -> {
          double sum = 0;
          for (int index = 0; index < x.height * x.width; index++) {
            sum += inPlane(x, n, c, index);
          }
          return sum / (x.height * x.width);
        });
  }

  @Override
  public Planes gridPool(Planes x, int bins) {
    return each(
        shapes.gridPool(x.shape(), bins),
        (n, c, h, w) -> {
          int top = h * x.height / bins;
          int bottom = -Math.floorDiv(-(h + 1) * x.height, bins);
          int left = w * x.width / bins;
          int right = -Math.floorDiv(-(w + 1) * x.width, bins);
          double sum = 0;
          for (int row = top; row < bottom; row++) {
            for (int column = left; column < right; column++) {
              sum += x.get(n, c, row, column);
            }
          }
          return sum / ((bottom - top) * (right - left));
        });
  }

  @Override
  public Planes padChannels(Planes x, int channels) {
    return each(
        shapes.padChannels(x.shape(), channels),
        (n, c, h, w) -> c < x.channels ? x.get(n, c, h, w) : 0);
  }

  @Override
  public Planes resize(Planes x, Planes like, Interpolation interpolation) {
    return resized(x, shapes.resize(x.shape(), like.shape(), interpolation), interpolation);
  }

  @Override
  public Planes shrink(Planes x, int factor, Interpolation interpolation) {
    return resized(x, shapes.shrink(x.shape(), factor, interpolation), interpolation);
  }

  private static Planes resized(Planes x, Shape target, Interpolation interpolation) {
    return each(
        target,
        (n, c, h, w) -> {
          double row = source(interpolation, h, x.height, target.height());
          double column = source(interpolation, w, x.width, target.width());
          int top = (int) row;
          int left = (int) column;
          int bottom = Math.min(top + 1, x.height - 1);
          int right = Math.min(left + 1, x.width - 1);
          double down = row - top;
          double along = column - left;
          return (1 - down) * (1 - along) * x.get(n, c, top, left)
              + (1 - down) * along * x.get(n, c, top, right)
              + down * (1 - along) * x.get(n, c, bottom, left)
              + down * along * x.get(n, c, bottom, right);
        });
  }

  /** Where row (or column) {@code i} of {@code target} lies among those of the source; from 0. */
  private static double source(Interpolation interpolation, int i, int source, int target) {
    return switch (interpolation) {
      case BILINEAR -> Math.max(0, (i + 0.5) * source / target - 0.5);
      case BILINEAR_ALIGNED -> target == 1 ? 0 : (double) i * (source - 1) / (target - 1);
      case NEAREST -> Math.floorDiv((long) i * source, target);
    };
  }

  @Override
  public Planes concat(List<Planes> xs) {
    Planes out = Planes.zeros(shapes.concat(xs.stream().map(Planes::shape).toList()));
    for (int n = 0; n < out.n; n++) {
      int channel = 0;
      for (Planes x : xs) {
        int count = x.channels * x.height * x.width;
        System.arraycopy(x.values, n * count, out.values, out.at(n, channel, 0, 0), count);
        channel += x.channels;
      }
    }
    return out;
  }

  @Override
  public Planes add(Planes a, Planes b) {
    return each(
        shapes.add(a.shape(), b.shape()), (n, c, h, w) -> a.get(n, c, h, w) + b.get(n, c, h, w));
  }

  @Override
  public Planes mul(Planes x, Planes gate) {
    boolean single = gate.height == 1 && gate.width == 1;
    return each(
        shapes.mul(x.shape(), gate.shape()),
        (n, c, h, w) -> x.get(n, c, h, w) * (single ? gate.get(n, c, 0, 0) : gate.get(n, c, h, w)));
  }

  @Override
  public Planes dropout(Planes x, ChannelDropout dropout) {
    return x;
  }
}
