package org.efrnet.readings;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
import org.efrnet.ops.Ops;
import org.efrnet.ops.Pool;
import org.efrnet.ops.Pooled;
import org.efrnet.ops.Prelu;
import org.efrnet.ops.Size;

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
 * @param receptiveField pixels along the longer side that reach one output through convolutions and
 *     pooling; the global context of attention is not counted
 * @param activationBytes the most memory that live values need when the graph is computed node by
 *     node in fp32 (places of maxima in 32 bits), every node's results freed after their last use;
 *     stages and dropout are identities and need nothing
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
    Trace out = graph.logits(reading, new Trace(image, 1, 1, 1));
    return new Cost(
        reading.totalParameters,
        reading.totalOperations,
        reading.totalConvOperations,
        (int) Math.round(Math.max(out.rows, out.columns)),
        peakBytes(graph, image),
        List.copyOf(reading.blocks));
  }

  /**
   * The operations of everything that a network's file writes down, by the same convention: what
   * neither its logits nor its auxiliary heads need is counted as well. Tools that count a running
   * program see these.
   */
  public static long operationsAsWritten(Graph graph, Shape image) {
    Reading reading = new Reading();
    graph.values(reading, new Trace(image, 1, 1, 1));
    return reading.totalOperations;
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
    List<List<Shape>> shapes = graph.values(new Shapes(), image);
    List<Node> nodes = new ArrayList<>();
    boolean[] needed = graph.needed(Set.of(Graph.LOGITS));
    graph.nodes().stream().filter(node -> needed[node.id()]).forEach(nodes::add);
    // Identities hold no memory of their own: what reads them reads what they were given.
    Map<Integer, Integer> holders = new HashMap<>();
    Map<Integer, Integer> lastUse = new HashMap<>();
    for (Node node : nodes) {
      for (Value value : node.inputs()) {
        lastUse.put(holder(holders, value), node.id());
      }
      if (isIdentity(node)) {
        holders.put(node.id(), holder(holders, node.inputs().get(0)));
      }
    }
    lastUse.remove(holder(holders, graph.outputs().get(Graph.LOGITS)));
    Map<Integer, Long> live = new HashMap<>();
    live.put(Value.IMAGE.node(), image.count());
    long values = image.count();
    long peak = values;
    for (Node node : nodes) {
      if (!isIdentity(node)) {
        long count = shapes.get(node.id()).stream().mapToLong(Shape::count).sum();
        live.put(node.id(), count);
        values += count;
        peak = Math.max(peak, values);
      }
      for (Value value : node.inputs()) {
        int holder = holder(holders, value);
        if (lastUse.getOrDefault(holder, -1) == node.id() && live.containsKey(holder)) {
          values -= live.remove(holder);
        }
      }
    }
    return Float.BYTES * peak;
  }

  private static boolean isIdentity(Node node) {
    return node.op() instanceof Op.Stage || node.op() instanceof Op.Dropout;
  }

  private static int holder(Map<Integer, Integer> holders, Value value) {
    return holders.getOrDefault(value.node(), value.node());
  }

  /**
   * What flows.
   *
   * @param jump input pixels between neighbours
   * @param rows input rows that one value sees
   * @param columns input columns that one value sees
   */
  private record Trace(Shape shape, double jump, double rows, double columns) {
    /** A map that sees as much. */
    Trace with(Shape other) {
      return new Trace(other, jump, rows, columns);
    }

    /** A map whose values see what {@code kernel} of these in a row and a column do. */
    Trace through(Shape out, Size kernel, double newJump) {
      return new Trace(
          out, newJump, rows + (kernel.height() - 1) * jump, columns + (kernel.width() - 1) * jump);
    }

    /** The same, seeing what the other sees as well. */
    Trace and(Trace other) {
      return new Trace(shape, jump, Math.max(rows, other.rows), Math.max(columns, other.columns));
    }
  }

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
      Size reach =
          new Size(
              (c.kernel().height() - 1) * c.dilation().height() + 1,
              (c.kernel().width() - 1) * c.dilation().width() + 1);
      return x.through(out, reach, x.jump * c.stride());
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
      int reach = (c.kernel() + c.stride() - 1) / c.stride();
      return x.through(out, Size.square(reach), x.jump / c.stride());
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
      Shape out = shapes.maxPool(x.shape, pool);
      return x.through(out, Size.square(pool.kernel()), x.jump * pool.stride());
    }

    @Override
    public Pooled<Trace> maxPoolWithIndices(Trace x, Pool pool) {
      Trace pooled = maxPool(x, pool);
      return new Pooled<>(pooled, pooled);
    }

    @Override
    public Trace maxUnpool(Trace x, Trace indices, Trace like) {
      Shape out = shapes.maxUnpool(x.shape, indices.shape, like.shape);
      Trace seen = x.and(indices);
      return new Trace(out, like.jump, seen.rows, seen.columns);
    }

    @Override
    public Trace avgPool(Trace x, Pool pool) {
      shapes.avgPool(x.shape, pool);
      return maxPool(x, pool);
    }

    @Override
    public Trace globalAvgPool(Trace x) {
      totalOperations += x.shape.count();
      return x.with(shapes.globalAvgPool(x.shape));
    }

    @Override
    public Trace gridPool(Trace x, int bins) {
      totalOperations += x.shape.count();
      return x.with(shapes.gridPool(x.shape, bins));
    }

    @Override
    public Trace padChannels(Trace x, int channels) {
      return x.with(shapes.padChannels(x.shape, channels));
    }

    @Override
    public Trace resize(Trace x, Trace like, Interpolation interpolation) {
      Shape out = shapes.resize(x.shape, like.shape, interpolation);
      return x.through(out, reach(interpolation), like.jump);
    }

    private static Size reach(Interpolation interpolation) {
      return Size.square(interpolation == Interpolation.NEAREST ? 1 : 2);
    }

    @Override
    public Trace shrink(Trace x, int factor, Interpolation interpolation) {
      Shape out = shapes.shrink(x.shape, factor, interpolation);
      return x.through(out, reach(interpolation), x.jump * factor);
    }

    @Override
    public Trace concat(List<Trace> xs) {
      Shape out = shapes.concat(xs.stream().map(Trace::shape).toList());
      return xs.stream().reduce(Trace::and).orElseThrow().with(out);
    }

    @Override
    public Trace add(Trace a, Trace b) {
      return a.and(b).with(shapes.add(a.shape, b.shape));
    }

    @Override
    public Trace mul(Trace x, Trace gate) {
      return x.and(gate).with(shapes.mul(x.shape, gate.shape));
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
