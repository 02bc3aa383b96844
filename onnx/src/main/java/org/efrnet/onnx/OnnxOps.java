package org.efrnet.onnx;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.efrnet.ops.BatchNorm;
import org.efrnet.ops.ChannelDropout;
import org.efrnet.ops.Conv;
import org.efrnet.ops.ConvTranspose;
import org.efrnet.ops.Interpolation;
import org.efrnet.ops.Ops;
import org.efrnet.ops.Pool;
import org.efrnet.ops.Pooled;
import org.efrnet.ops.Prelu;
import org.efrnet.ops.Size;
import org.efrnet.readings.Shape;
import org.efrnet.readings.Shapes;
import org.efrnet.weights.FloatTensor;
import org.efrnet.weights.Weights;

/**
 * The reading that writes operations down as nodes of ONNX, operator set {@link OnnxModel#OPSET}.
 * Sizes of values are asked for when the model runs ({@code Shape}), since height and width stay
 * free.
 */
final class OnnxOps implements Ops<OnnxOps.Written> {
  private final OnnxGraph graph;
  private final Weights weights;
  private final OnnxOptions.Unpooling unpooling;
  private final Shapes shapes = new Shapes();
  private final Map<String, String> sizes = new HashMap<>();
  private final Map<List<Object>, String> fullSizes = new HashMap<>();
  private Optional<String> pictures = Optional.empty();

  /**
   * A value that is written down.
   *
   * @param handle in the graph
   * @param probe its size for an image of {@link OnnxModel#PROBE_SIDE} squared
   * @param places for indices of a pooling, where they point
   */
  record Written(String handle, Shape probe, Optional<Places> places) {
    Written(String handle, Shape probe) {
      this(handle, probe, Optional.empty());
    }
  }

  /** What was pooled, and how. */
  record Places(Pool pool, Shape source) {}

  OnnxOps(OnnxGraph graph, Weights weights, OnnxOptions.Unpooling unpooling) {
    this.graph = graph;
    this.weights = weights;
    this.unpooling = unpooling;
  }

  private String parameter(String name, long... shape) {
    FloatTensor tensor = weights.get(name);
    long count = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    if (tensor.values().length != count) {
      throw new IllegalArgumentException(
          "tensor '"
              + name
              + "' has shape "
              + Arrays.toString(tensor.shape())
              + ", the network needs "
              + Arrays.toString(shape));
    }
    return graph.constant(name, tensor.values(), shape);
  }

  private static Attribute both(String name, int side) {
    return Attribute.list(name, side, side);
  }

  private static Attribute sides(String name, Size size) {
    return Attribute.list(name, size.height(), size.width());
  }

  private static Attribute padding(Size size) {
    return Attribute.list("pads", size.height(), size.width(), size.height(), size.width());
  }

  /** Rows and columns of a value, asked for once. */
  private String size(Written x) {
    return sizes.computeIfAbsent(
        x.handle,
        handle ->
            graph.node("Shape", List.of(handle), Attribute.of("start", 2), Attribute.of("end", 4)));
  }

  /** The number of pictures, which is the image's for all values. */
  private String pictures(Written any) {
    if (pictures.isEmpty()) {
      pictures =
          Optional.of(
              graph.node(
                  "Shape", List.of(any.handle), Attribute.of("start", 0), Attribute.of("end", 1)));
    }
    return pictures.get();
  }

  /** The four sizes of a value that has so many channels and the size of {@code like}. */
  private String fullSize(int channels, Written like) {
    return fullSizes.computeIfAbsent(
        List.of(channels, like.handle),
        key ->
            graph.node(
                "Concat",
                List.of(pictures(like), graph.integers(channels), size(like)),
                Attribute.of("axis", 0)));
  }

  @Override
  public Written conv(Written x, Conv c) {
    Shape shape = shapes.conv(x.probe, c);
    List<String> inputs = new ArrayList<>(List.of(x.handle));
    inputs.add(
        parameter(
            c.at() + ".weight",
            c.out(),
            c.in() / c.groups(),
            c.kernel().height(),
            c.kernel().width()));
    if (c.bias()) {
      inputs.add(parameter(c.at() + ".bias", c.out()));
    }
    return new Written(
        graph.named(
            c.at().value(),
            "Conv",
            inputs,
            sides("kernel_shape", c.kernel()),
            both("strides", c.stride()),
            padding(c.padding()),
            sides("dilations", c.dilation()),
            Attribute.of("group", c.groups())),
        shape);
  }

  /**
   * With as much output padding as there may be, and then cut: what is cut off is what a smaller
   * output padding would not have computed, all else is the same.
   */
  @Override
  public Written convTranspose(Written x, ConvTranspose c, Written like) {
    Shape shape = shapes.convTranspose(x.probe, c, like.probe);
    List<String> inputs = new ArrayList<>(List.of(x.handle));
    inputs.add(parameter(c.at() + ".weight", c.in(), c.out(), c.kernel(), c.kernel()));
    if (c.bias()) {
      inputs.add(parameter(c.at() + ".bias", c.out()));
    }
    String large =
        graph.named(
            c.at().value(),
            "ConvTranspose",
            inputs,
            both("kernel_shape", c.kernel()),
            both("strides", c.stride()),
            padding(Size.square(c.padding())),
            both("output_padding", c.stride() - 1));
    if (c.stride() == 1) {
      return new Written(large, shape);
    }
    return new Written(
        graph.node("Slice", List.of(large, graph.integers(0, 0), size(like), graph.integers(2, 3))),
        shape);
  }

  @Override
  public Written batchNorm(Written x, BatchNorm norm) {
    Shape shape = shapes.batchNorm(x.probe, norm);
    List<String> inputs = new ArrayList<>(List.of(x.handle));
    for (String which : List.of("weight", "bias", "running_mean", "running_var")) {
      inputs.add(parameter(norm.at() + "." + which, norm.channels()));
    }
    return new Written(
        graph.named(
            norm.at().value(),
            "BatchNormalization",
            inputs,
            Attribute.of("epsilon", (float) norm.epsilon())),
        shape);
  }

  @Override
  public Written prelu(Written x, Prelu prelu) {
    Shape shape = shapes.prelu(x.probe, prelu);
    String name = prelu.at().value();
    if (prelu.slopes() > 1) {
      String slopes = parameter(prelu.at() + ".weight", prelu.slopes(), 1, 1);
      return new Written(graph.named(name, "PRelu", List.of(x.handle, slopes)), shape);
    }
    float slope = weights.get(prelu.at() + ".weight").values()[0];
    return new Written(
        graph.named(
            name,
            "LeakyRelu",
            List.of(x.handle),
            Attribute.of("alpha", OnnxGraph.withoutSubnormal(slope))),
        shape);
  }

  @Override
  public Written clip(Written x, float low, float high) {
    if (low == 0 && high == Float.POSITIVE_INFINITY) {
      return new Written(graph.node("Relu", List.of(x.handle)), x.probe);
    }
    return new Written(
        graph.node("Clip", List.of(x.handle, graph.number(low), graph.number(high))), x.probe);
  }

  @Override
  public Written sigmoid(Written x) {
    return new Written(graph.node("Sigmoid", List.of(x.handle)), x.probe);
  }

  private List<String> pooled(int outputs, Written x, Pool pool) {
    return graph.nodeWith(
        outputs,
        "MaxPool",
        List.of(x.handle),
        both("kernel_shape", pool.kernel()),
        both("strides", pool.stride()),
        padding(Size.square(pool.padding())),
        Attribute.of("ceil_mode", pool.ceil() ? 1 : 0));
  }

  @Override
  public Written maxPool(Written x, Pool pool) {
    return new Written(pooled(1, x, pool).get(0), shapes.maxPool(x.probe, pool));
  }

  /** ONNX counts places through the whole batch, not within a plane: only unpooling reads them. */
  @Override
  public Pooled<Written> maxPoolWithIndices(Written x, Pool pool) {
    Shape shape = shapes.maxPool(x.probe, pool);
    List<String> both = pooled(2, x, pool);
    return new Pooled<>(
        new Written(both.get(0), shape),
        new Written(both.get(1), shape, Optional.of(new Places(pool, x.probe))));
  }

  @Override
  public Written maxUnpool(Written x, Written indices, Written like) {
    Shape shape = shapes.maxUnpool(x.probe, indices.probe, like.probe);
    Places places =
        indices.places.orElseThrow(
            () -> new IllegalArgumentException("unpooling: its indices are those of no pooling"));
    if (!places.source.equals(shape)) {
      // Places are counted through the whole batch, so another size would shift them all.
      throw new IllegalArgumentException(
          "unpooling to " + shape + ": what was pooled is " + places.source);
    }
    boolean scatters = unpooling == OnnxOptions.Unpooling.SCATTER;
    if (scatters && places.pool.kernel() > places.pool.stride()) {
      throw new IllegalArgumentException(
          String.format(
              "unpooling of windows %dx%d at steps of %d: windows overlap, so two maxima may stand"
                  + " in one place, and ONNX leaves open which of them ScatterElements keeps; take"
                  + " %s",
              places.pool.kernel(),
              places.pool.kernel(),
              places.pool.stride(),
              OnnxOptions.Unpooling.MAXUNPOOL));
    }
    String target = fullSize(shape.channels(), like);
    if (!scatters) {
      // Rounded up, windows reach over the border, which the operator takes for a larger target; a
      // window of one place says nothing of sizes, and the target's size is given anyway.
      Pool window = places.pool.ceil() ? new Pool(1, 1, 0, false) : places.pool;
      return new Written(
          graph.node(
              "MaxUnpool",
              List.of(x.handle, indices.handle, target),
              both("kernel_shape", window.kernel()),
              both("strides", window.stride()),
              padding(Size.square(window.padding()))),
          shape);
    }
    String all = graph.integers(-1);
    String zeros =
        graph.node(
            "ConstantOfShape",
            List.of(graph.node("ReduceProd", List.of(target), Attribute.of("keepdims", 1))));
    String scattered =
        graph.node(
            "ScatterElements",
            List.of(
                zeros,
                graph.node("Reshape", List.of(indices.handle, all)),
                graph.node("Reshape", List.of(x.handle, all))),
            Attribute.of("axis", 0));
    return new Written(graph.node("Reshape", List.of(scattered, target)), shape);
  }

  @Override
  public Written avgPool(Written x, Pool pool) {
    Shape shape = shapes.avgPool(x.probe, pool);
    return new Written(
        graph.node(
            "AveragePool",
            List.of(x.handle),
            both("kernel_shape", pool.kernel()),
            both("strides", pool.stride()),
            padding(Size.square(pool.padding())),
            Attribute.of("count_include_pad", 1)),
        shape);
  }

  @Override
  public Written globalAvgPool(Written x) {
    return new Written(
        graph.node("GlobalAveragePool", List.of(x.handle)), shapes.globalAvgPool(x.probe));
  }

  /** ONNX has no such pooling: two products with matrices that follow from the map's size. */
  @Override
  public Written gridPool(Written x, int bins) {
    Shape shape = shapes.gridPool(x.probe, bins);
    String rows = graph.node("MatMul", List.of(shares(x, 0, bins), x.handle));
    String columns =
        graph.node("Transpose", List.of(shares(x, 1, bins)), Attribute.list("perm", 1, 0));
    return new Written(graph.node("MatMul", List.of(rows, columns)), shape);
  }

  /**
   * What each row (or column) gives to each bin: (bins, H) or (bins, W).
   *
   * @param side 0 for rows, 1 for columns
   */
  private String shares(Written x, int side, int bins) {
    long[] bin = new long[bins];
    long[] next = new long[bins];
    for (int i = 0; i < bins; i++) {
      bin[i] = i;
      next[i] = i + 1L;
    }
    String all = graph.integer(bins);
    String extent = graph.node("Gather", List.of(size(x), graph.integer(side)));
    String first =
        graph.node("Div", List.of(graph.node("Mul", List.of(graph.integers(bin), extent)), all));
    String end =
        graph.node(
            "Div",
            List.of(
                graph.node(
                    "Add",
                    List.of(
                        graph.node("Mul", List.of(graph.integers(next), extent)),
                        graph.integer(bins - 1))),
                all));
    String column = graph.integers(1);
    first = graph.node("Unsqueeze", List.of(first, column));
    end = graph.node("Unsqueeze", List.of(end, column));
    String places = graph.node("Range", List.of(graph.integer(0), extent, graph.integer(1)));
    String inside =
        graph.node(
            "And",
            List.of(
                graph.node("GreaterOrEqual", List.of(places, first)),
                graph.node("Less", List.of(places, end))));
    return graph.node("Div", List.of(real(inside), real(graph.node("Sub", List.of(end, first)))));
  }

  private String real(String handle) {
    return graph.node(
        "Cast", List.of(handle), Attribute.of("to", OnnxGraph.ElementType.FLOAT.number()));
  }

  @Override
  public Written padChannels(Written x, int channels) {
    Shape shape = shapes.padChannels(x.probe, channels);
    int more = channels - x.probe.channels();
    return more == 0
        ? x
        : new Written(
            graph.node("Pad", List.of(x.handle, graph.integers(0, 0, 0, 0, 0, more, 0, 0))), shape);
  }

  @Override
  public Written resize(Written x, Written like, Interpolation interpolation) {
    Shape shape = shapes.resize(x.probe, like.probe, interpolation);
    String full =
        interpolation == Interpolation.NEAREST
            ? OnnxGraph.NONE
            : fullSize(x.probe.channels(), like);
    return new Written(resized(x, size(like), full, interpolation), shape);
  }

  @Override
  public Written shrink(Written x, int factor, Interpolation interpolation) {
    Shape shape = shapes.shrink(x.probe, factor, interpolation);
    String one = graph.integers(1);
    String steps =
        graph.node(
            "Div", List.of(graph.node("Sub", List.of(size(x), one)), graph.integers(factor)));
    String target = graph.node("Add", List.of(steps, one));
    String full =
        interpolation == Interpolation.NEAREST
            ? OnnxGraph.NONE
            : graph.node(
                "Concat",
                List.of(pictures(x), graph.integers(x.probe.channels()), target),
                Attribute.of("axis", 0));
    return new Written(resized(x, target, full, interpolation), shape);
  }

  /**
   * A resized map.
   *
   * @param target rows and columns
   * @param full all four sizes; {@link OnnxGraph#NONE} for the nearest, which do without
   */
  private String resized(Written x, String target, String full, Interpolation interpolation) {
    return switch (interpolation) {
      case BILINEAR -> bilinear(x, full, "half_pixel");
      case BILINEAR_ALIGNED -> bilinear(x, full, "align_corners");
      case NEAREST -> nearest(nearest(x.handle, x, target, 0), x, target, 1);
    };
  }

  private String bilinear(Written x, String full, String mode) {
    return graph.node(
        "Resize",
        List.of(x.handle, OnnxGraph.NONE, OnnxGraph.NONE, full),
        Attribute.of("mode", "linear"),
        Attribute.of("coordinate_transformation_mode", mode));
  }

  /**
   * Picks rows (or columns) by whole numbers. The operator {@code Resize} divides by a rounded
   * ratio, and where {@code i * source / target} is a whole number it may take the place before it.
   *
   * @param handle what is picked from
   * @param size rows and columns of the result
   * @param side 0 for rows, 1 for columns
   */
  private String nearest(String handle, Written x, String size, int side) {
    String which = graph.integer(side);
    String source = graph.node("Gather", List.of(size(x), which));
    String target = graph.node("Gather", List.of(size, which));
    String all = graph.node("Range", List.of(graph.integer(0), target, graph.integer(1)));
    String scaled = graph.node("Mul", List.of(all, source));
    String places = graph.node("Div", List.of(scaled, target));
    return graph.node("Gather", List.of(handle, places), Attribute.of("axis", 2 + side));
  }

  @Override
  public Written concat(List<Written> xs) {
    return new Written(
        graph.node("Concat", xs.stream().map(Written::handle).toList(), Attribute.of("axis", 1)),
        shapes.concat(xs.stream().map(Written::probe).toList()));
  }

  @Override
  public Written add(Written a, Written b) {
    return new Written(
        graph.node("Add", List.of(a.handle, b.handle)), shapes.add(a.probe, b.probe));
  }

  @Override
  public Written mul(Written x, Written gate) {
    return new Written(
        graph.node("Mul", List.of(x.handle, gate.handle)), shapes.mul(x.probe, gate.probe));
  }

  @Override
  public Written dropout(Written x, ChannelDropout dropout) {
    return x;
  }
}
