package org.efrnet.readings;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.efrnet.graph.Graph;
import org.efrnet.graph.Node;
import org.efrnet.graph.Value;
import org.efrnet.ops.BatchNorm;
import org.efrnet.ops.ChannelDropout;
import org.efrnet.ops.Conv;
import org.efrnet.ops.ConvTranspose;
import org.efrnet.ops.Interpolation;
import org.efrnet.ops.Name;
import org.efrnet.ops.Ops;
import org.efrnet.ops.Pool;
import org.efrnet.ops.Pooled;
import org.efrnet.ops.Prelu;

/**
 * What a network costs at one input size. Read it off the graph as the network was written, before
 * any pass: these are the figures to be held beside the paper's.
 *
 * @param parameters values that gradients change; a shared parameter counts once
 * @param operations multiply-accumulates in the convention of the paper's Table 2 (the counter
 *     "ptflops" in its early form): convolutions {@code out * Ho * Wo * in/groups * kh * kw} plus
 *     one for a bias, transposed convolutions on their <em>input</em> grid, batch norm 2 an
 *     element, activations 1 an element at each call, pooling (global as well) 1 an input element;
 *     resizing, unpooling, sigmoid, dropout, sums, products and joins nothing
 * @param convOperations multiply-accumulates of convolutions alone
 * @param receptiveField pixels along one side of the input that reach one output through
 *     convolutions and pooling; the global context of attention is not counted
 * @param activationBytes the most memory that live values need when the graph is computed node by
 *     node in fp32, every value freed after its last use
 * @param blocks the same by {@link Ops#stage}, in order
 */
public record Cost(
    long parameters,
    long operations,
    long convOperations,
    int receptiveField,
    long activationBytes,
    List<Block> blocks) {

  /** The cost of one row of a network's table. */
  public record Block(
      String name, Shape out, long parameters, long operations, long convOperations) {}

  /** Counts a graph for an image of that shape. */
  public static Cost of(Graph graph, Shape image) {
    Reading reading = new Reading();
    Trace out = graph.logits(reading, new Trace(image, 1, 1));
    return new Cost(
        reading.totalParameters,
        reading.totalOperations,
        reading.totalConvOperations,
        (int) Math.round(out.field),
        peakBytes(graph, image),
        List.copyOf(reading.blocks));
  }

  /** Operations in units of 10^9, as papers print them. */
  public double gmac() {
    return operations / 1e9;
  }

  /** Convolutions' operations in units of 10^9. */
  public double convGmac() {
    return convOperations / 1e9;
  }

  private static long peakBytes(Graph graph, Shape image) {
    List<Shape> shapes = new ArrayList<>();
    Map<Integer, Integer> lastUse = new LinkedHashMap<>();
    boolean[] needed = graph.needed(Set.of(Graph.LOGITS));
    Shapes rule = new Shapes();
    for (Node node : graph.nodes()) {
      List<Shape> in = new ArrayList<>();
      for (Value value : node.inputs()) {
        in.add(value.node() < 0 ? image : shapes.get(value.node()));
        if (needed[node.id()]) {
          lastUse.put(value.node(), node.id());
        }
      }
      shapes.add(node.op().read(rule, in).get(0));
    }
    lastUse.put(graph.outputs().get(Graph.LOGITS).node(), graph.nodes().size());
    long live = image.count();
    long peak = live;
    for (Node node : graph.nodes()) {
      if (!needed[node.id()]) {
        continue;
      }
      live += shapes.get(node.id()).count();
      peak = Math.max(peak, live);
      for (Value value : new HashSet<>(node.inputs())) {
        if (lastUse.get(value.node()) == node.id()) {
          live -= value.node() < 0 ? image.count() : shapes.get(value.node()).count();
        }
      }
    }
    return 4 * peak;
  }

  /**
   * What flows: a shape, the input pixels between neighbours, the input pixels that one value sees.
   */
  private record Trace(Shape shape, double jump, double field) {}

  private static final class Reading implements Ops<Trace> {
    private final Shapes shapes = new Shapes();
    private final Set<String> counted = new HashSet<>();
    private final List<Block> blocks = new ArrayList<>();
    private long totalParameters;
    private long totalOperations;
    private long totalConvOperations;
    private long parametersBefore;
    private long operationsBefore;
    private long convOperationsBefore;

    private void parameters(String name, long count) {
      if (counted.add(name)) {
        totalParameters += count;
      }
    }

    private void convolution(long operations, long bias) {
      totalConvOperations += operations;
      totalOperations += operations + bias;
    }

    private Trace windowed(Trace x, Shape out, int kernel, int dilation, int stride) {
      return new Trace(out, x.jump * stride, x.field + (double) (kernel - 1) * dilation * x.jump);
    }

    @Override
    public Trace conv(Trace x, Conv c) {
      Shape out = shapes.conv(x.shape, c);
      long weights =
          (long) c.out() * (c.in() / c.groups()) * c.kernel().height() * c.kernel().width();
      parameters(c.at() + ".weight", weights);
      if (c.bias()) {
        parameters(c.at() + ".bias", c.out());
      }
      long positions = (long) out.n() * out.height() * out.width();
      convolution(weights * positions, c.bias() ? c.out() * positions : 0);
      Trace vertical = windowed(x, out, c.kernel().height(), c.dilation().height(), c.stride());
      Trace horizontal = windowed(x, out, c.kernel().width(), c.dilation().width(), c.stride());
      // A pair of 1-D convolutions widens each side once: the field is that of the wider side, so
      // the vertical half counts and the horizontal half adds nothing.
      return c.kernel().height() >= c.kernel().width()
          ? vertical
          : new Trace(out, horizontal.jump, x.field);
    }

    @Override
    public Trace convTranspose(Trace x, ConvTranspose c, Trace like) {
      Shape out = shapes.convTranspose(x.shape, c, like.shape);
      long weights = (long) c.in() * c.out() * c.kernel() * c.kernel();
      parameters(c.at() + ".weight", weights);
      if (c.bias()) {
        parameters(c.at() + ".bias", c.out());
      }
      Shape in = x.shape;
      convolution(weights * in.n() * in.height() * in.width(), c.bias() ? out.count() : 0);
      int reach = (c.kernel() + c.stride() - 1) / c.stride() - 1;
      return new Trace(out, x.jump / c.stride(), x.field + reach * x.jump);
    }

    @Override
    public Trace batchNorm(Trace x, BatchNorm norm) {
      shapes.batchNorm(x.shape, norm);
      parameters(norm.at() + ".weight", norm.channels());
      parameters(norm.at() + ".bias", norm.channels());
      totalOperations += 2 * x.shape.count();
      return x;
    }

    @Override
    public Trace prelu(Trace x, Prelu prelu) {
      shapes.prelu(x.shape, prelu);
      parameters(prelu.at() + ".weight", prelu.slopes());
      totalOperations += x.shape.count();
      return x;
    }

    @Override
    public Trace clip(Trace x, float low, float high) {
      totalOperations += x.shape.count();
      return x;
    }

    @Override
    public Trace sigmoid(Trace x) {
      return x;
    }

    @Override
    public Trace maxPool(Trace x, Pool pool) {
      totalOperations += x.shape.count();
      return windowed(x, shapes.maxPool(x.shape, pool), pool.kernel(), 1, pool.stride());
    }

    @Override
    public Pooled<Trace> maxPoolWithIndices(Trace x, Pool pool) {
      Trace pooled = maxPool(x, pool);
      return new Pooled<>(pooled, pooled);
    }

    @Override
    public Trace maxUnpool(Trace x, Trace indices, Trace like) {
      Shape out = shapes.maxUnpool(x.shape, indices.shape, like.shape);
      return new Trace(out, like.jump, Math.max(x.field, indices.field));
    }

    @Override
    public Trace globalAvgPool(Trace x) {
      totalOperations += x.shape.count();
      return new Trace(shapes.globalAvgPool(x.shape), x.jump, x.field);
    }

    @Override
    public Trace padChannels(Trace x, int channels) {
      return new Trace(shapes.padChannels(x.shape, channels), x.jump, x.field);
    }

    @Override
    public Trace resize(Trace x, Trace like, Interpolation interpolation) {
      Shape out = shapes.resize(x.shape, like.shape, interpolation);
      double reach = interpolation == Interpolation.NEAREST ? 0 : x.jump;
      return new Trace(out, like.jump, x.field + reach);
    }

    @Override
    public Trace concat(List<Trace> xs) {
      double field = xs.stream().mapToDouble(x -> x.field).max().orElseThrow();
      Shape out = shapes.concat(xs.stream().map(x -> x.shape).toList());
      return new Trace(out, xs.get(0).jump, field);
    }

    @Override
    public Trace add(Trace a, Trace b) {
      return new Trace(shapes.add(a.shape, b.shape), a.jump, Math.max(a.field, b.field));
    }

    @Override
    public Trace mul(Trace x, Trace gate) {
      return new Trace(shapes.mul(x.shape, gate.shape), x.jump, Math.max(x.field, gate.field));
    }

    @Override
    public Trace dropout(Trace x, ChannelDropout dropout) {
      return x;
    }

    @Override
    public Trace stage(Name name, Trace x) {
      blocks.add(
          new Block(
              name.value(),
              x.shape,
              totalParameters - parametersBefore,
              totalOperations - operationsBefore,
              totalConvOperations - convOperationsBefore));
      parametersBefore = totalParameters;
      operationsBefore = totalOperations;
      convOperationsBefore = totalConvOperations;
      return x;
    }
  }
}
