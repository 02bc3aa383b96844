package org.efrnet.readings;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.efrnet.graph.Graph;
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

/** The reading that lists the parameters of a network, and how they start. */
public final class Parameters implements Ops<Parameters.Nothing> {
  /** What flows in a reading that only collects. */
  public enum Nothing {
    /** Nothing at all. */
    NOTHING
  }

  private final Map<String, Parameter> byName = new LinkedHashMap<>();
  private final Map<String, Object> owners = new LinkedHashMap<>();

  private Parameters() {}

  /**
   * The parameters of a graph in the order of first use.
   *
   * @throws IllegalArgumentException if one name is used with two descriptions
   */
  public static List<Parameter> of(Graph graph) {
    Parameters reading = new Parameters();
    graph.read(reading, Nothing.NOTHING, graph.outputs().keySet());
    return List.copyOf(reading.byName.values());
  }

  /** How many values gradients change. */
  public static long trainedCount(Graph graph) {
    return of(graph).stream().filter(p -> p.kind().trained()).mapToLong(Parameter::count).sum();
  }

  /**
   * Fresh weights: convolutions Kaiming normal by fan-in with gain sqrt(2), transposed convolutions
   * uniform in +-1/sqrt(fan-in) (PyTorch's default), batch norms the identity, slopes 0.25. This is
   * what the code base behind the paper's counts does.
   */
  public static Weights initial(Graph graph, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    Map<String, FloatTensor> tensors = new LinkedHashMap<>();
    for (Parameter p : of(graph)) {
      tensors.put(p.name(), new FloatTensor(p.shape(), initialValues(p, random.split())));
    }
    return Weights.of(tensors);
  }

  private static float[] initialValues(Parameter p, SplittableRandom random) {
    float[] values = new float[p.count()];
    int[] s = p.shape();
    switch (p.kind()) {
      case CONV_WEIGHT -> {
        double deviation = Math.sqrt(2.0 / (s[1] * s[2] * s[3]));
        for (int i = 0; i < values.length; i++) {
          values[i] = (float) (deviation * gaussian(random));
        }
      }
      case TRANSPOSED_WEIGHT -> {
        // PyTorch takes the second dimension, here the output channels, for the fan-in.
        double bound = 1 / Math.sqrt(s[1] * s[2] * s[3]);
        for (int i = 0; i < values.length; i++) {
          values[i] = (float) (bound * (2 * random.nextDouble() - 1));
        }
      }
      case SCALE, RUNNING_VARIANCE -> Arrays.fill(values, 1);
      case SLOPE -> Arrays.fill(values, Prelu.INITIAL_SLOPE);
      case BIAS, SHIFT, RUNNING_MEAN -> {}
    }
    return values;
  }

  /** Box-Muller over StrictMath: the same numbers on every machine and JDK. */
  private static double gaussian(SplittableRandom random) {
    double radius = StrictMath.sqrt(-2 * StrictMath.log(1 - random.nextDouble()));
    return radius * StrictMath.cos(2 * Math.PI * random.nextDouble());
  }

  private void add(String name, Object owner, Parameter.Kind kind, int... shape) {
    Object known = owners.putIfAbsent(name, owner);
    if (known != null && !known.equals(owner)) {
      throw new IllegalArgumentException(
          "parameter "
              + name
              + " is used twice with different descriptions: "
              + known
              + " and "
              + owner);
    }
    byName.putIfAbsent(name, new Parameter(name, shape, kind));
  }

  @Override
  public Nothing conv(Nothing x, Conv c) {
    add(
        c.at() + ".weight",
        c,
        Parameter.Kind.CONV_WEIGHT,
        c.out(),
        c.in() / c.groups(),
        c.kernel().height(),
        c.kernel().width());
    if (c.bias()) {
      add(c.at() + ".bias", c, Parameter.Kind.BIAS, c.out());
    }
    return x;
  }

  @Override
  public Nothing convTranspose(Nothing x, ConvTranspose c, Nothing like) {
    add(
        c.at() + ".weight",
        c,
        Parameter.Kind.TRANSPOSED_WEIGHT,
        c.in(),
        c.out(),
        c.kernel(),
        c.kernel());
    if (c.bias()) {
      add(c.at() + ".bias", c, Parameter.Kind.BIAS, c.out());
    }
    return x;
  }

  @Override
  public Nothing batchNorm(Nothing x, BatchNorm norm) {
    add(norm.at() + ".weight", norm, Parameter.Kind.SCALE, norm.channels());
    add(norm.at() + ".bias", norm, Parameter.Kind.SHIFT, norm.channels());
    add(norm.at() + ".running_mean", norm, Parameter.Kind.RUNNING_MEAN, norm.channels());
    add(norm.at() + ".running_var", norm, Parameter.Kind.RUNNING_VARIANCE, norm.channels());
    return x;
  }

  @Override
  public Nothing prelu(Nothing x, Prelu prelu) {
    add(prelu.at() + ".weight", prelu, Parameter.Kind.SLOPE, prelu.slopes());
    return x;
  }

  @Override
  public Nothing clip(Nothing x, float low, float high) {
    return x;
  }

  @Override
  public Nothing sigmoid(Nothing x) {
    return x;
  }

  @Override
  public Nothing maxPool(Nothing x, Pool pool) {
    return x;
  }

  @Override
  public Pooled<Nothing> maxPoolWithIndices(Nothing x, Pool pool) {
    return new Pooled<>(x, x);
  }

  @Override
  public Nothing maxUnpool(Nothing x, Nothing indices, Nothing like) {
    return x;
  }

  @Override
  public Nothing avgPool(Nothing x, Pool pool) {
    return x;
  }

  @Override
  public Nothing globalAvgPool(Nothing x) {
    return x;
  }

  @Override
  public Nothing gridPool(Nothing x, int bins) {
    return x;
  }

  @Override
  public Nothing padChannels(Nothing x, int channels) {
    return x;
  }

  @Override
  public Nothing resize(Nothing x, Nothing like, Interpolation interpolation) {
    return x;
  }

  @Override
  public Nothing shrink(Nothing x, int factor, Interpolation interpolation) {
    return x;
  }

  @Override
  public Nothing concat(List<Nothing> xs) {
    return Nothing.NOTHING;
  }

  @Override
  public Nothing add(Nothing a, Nothing b) {
    return a;
  }

  @Override
  public Nothing mul(Nothing x, Nothing gate) {
    return x;
  }

  @Override
  public Nothing dropout(Nothing x, ChannelDropout dropout) {
    return x;
  }
}
