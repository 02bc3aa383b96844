package org.efrnet.engine;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_stream;
import org.efrnet.graph.Graph;
import org.efrnet.graph.Node;
import org.efrnet.graph.Op;
import org.efrnet.graph.Value;
import org.efrnet.learning.Batch;
import org.efrnet.learning.Dropouts;
import org.efrnet.learning.LearningRule;
import org.efrnet.learning.ParameterLayout;
import org.efrnet.ops.Name;
import org.efrnet.readings.Shape;
import org.efrnet.readings.Shapes;

/**
 * A training step for batches of one size, as two lists of calls whose memory and arguments are all
 * made: the way there and the way back. Between them stands the loss. For one thread at a time.
 */
final class LearningPlan implements AutoCloseable {
  private final LearningOps ops;
  private final FloatBuffer image;
  private final List<SoftmaxLoss> losses = new ArrayList<>();

  LearningPlan(
      dnnl_engine engine,
      dnnl_stream stream,
      NativeParameters parameters,
      ParameterLayout layout,
      Graph graph,
      LearningRule rule,
      Dropouts dropouts,
      float[] statistics,
      Map<String, Float> slopes,
      Kind kind,
      int n,
      int height,
      int width) {
    ops =
        new LearningOps(engine, stream, parameters, kind, n, dropouts, layout, statistics, slopes);
    boolean complete = false;
    try {
      long pixels = (long) height * width;
      dnnl_memory_desc planes =
          ops.handles.strided(
              Kind.F32,
              new long[] {n, Assembly.IMAGE_CHANNELS, height, width},
              new long[] {Assembly.IMAGE_CHANNELS * pixels, pixels, width, 1});
      dnnl_memory given = ops.handles.allocated(engine, planes);
      image = LearningAssembly.floats(given, pixels * n * Assembly.IMAGE_CHANNELS);
      Flow.Maps maps = ops.maps(Assembly.IMAGE_CHANNELS, height, width, false);
      ops.reorder("image", planes, given, maps.desc, maps.memory);
      heads(graph, rule, maps, height, width);
      Collections.reverse(ops.tape);
      ops.turnRound();
      ops.tape.forEach(Runnable::run);
      complete = true;
    } finally {
      if (!complete) {
        ops.handles.close();
      }
    }
  }

  private void heads(Graph graph, LearningRule rule, Flow.Maps image, int height, int width) {
    Map<Value, Flow> values = new HashMap<>();
    values.put(Value.IMAGE, image);
    boolean[] needed = graph.needed(graph.outputs().keySet());
    // Marks of stages read nothing: what is behind them is what is before them.
    Map<Value, Value> marked = new HashMap<>();
    Map<Value, Integer> readers = new HashMap<>();
    for (Node node : graph.nodes()) {
      if (node.op() instanceof Op.Stage) {
        Value before = node.inputs().get(0);
        marked.put(new Value(node.id(), 0), marked.getOrDefault(before, before));
      } else if (needed[node.id()]) {
        node.inputs().forEach(v -> readers.merge(marked.getOrDefault(v, v), 1, Integer::sum));
      }
    }
    Map<String, Value> outputs = new LinkedHashMap<>();
    graph.outputs().forEach((name, v) -> outputs.put(name, marked.getOrDefault(v, v)));
    outputs.values().forEach(v -> readers.merge(v, 1, Integer::sum));
    for (Node node : graph.nodes()) {
      if (!needed[node.id()] || node.op() instanceof Op.Stage) {
        continue;
      }
      List<Value> read = node.inputs().stream().map(v -> marked.getOrDefault(v, v)).toList();
      Value own = new Value(node.id(), 0);
      ops.name = name(node);
      ops.isHead = outputs.containsValue(own) && readers.get(own) == 1;
      ops.soleReader = !read.isEmpty() && readers.get(read.get(0)) == 1;
      List<Flow> inputs = new ArrayList<>();
      for (Value input : read) {
        Flow flow = values.get(input);
        // What is read more than once is computed once.
        if (readers.get(input) > 1
            && !(flow instanceof Flow.Means)
            && !(flow instanceof Flow.Places)) {
          flow = ops.maps(flow);
          values.put(input, flow);
        }
        inputs.add(flow);
      }
      List<Flow> made = node.op().read(ops, inputs);
      for (int port = 0; port < made.size(); port++) {
        values.put(new Value(node.id(), port), made.get(port));
      }
    }
    Map<String, Shape> shapes =
        graph.read(new Shapes(), Shape.image(ops.n, height, width), graph.outputs().keySet());
    outputs.forEach(
        (name, value) -> {
          ops.name = name;
          losses.add(
              new SoftmaxLoss(
                  ops,
                  ops.logits(values.get(value)),
                  shapes.get(name).channels(),
                  height,
                  width,
                  rule,
                  graph.auxiliaryWeights().getOrDefault(name, 1.0)));
        });
  }

  private static String name(Node node) {
    Op op = node.op();
    return Choices.convolution(op)
        .map(Name::value)
        .orElse(op instanceof Op.Normalise n ? n.norm().at().value() : "node " + node.id());
  }

  /**
   * The loss, its gradient by the parameters where they lie, and running statistics that have
   * followed.
   *
   * @param gates as {@link Dropouts#draw} gives them
   * @throws ArithmeticException if the loss is not a finite number
   */
  double run(Batch batch, float[] gates) {
    image.put(0, batch.planes(), 0, batch.planes().length);
    ops.setGates(gates);
    run(ops.forward);
    double loss = compare(batch);
    run(ops.backward);
    return loss;
  }

  private double compare(Batch batch) {
    double loss = 0;
    for (SoftmaxLoss one : losses) {
      loss += one.compare(batch.truth());
    }
    if (!Double.isFinite(loss)) {
      throw new ArithmeticException("loss is " + loss);
    }
    return loss;
  }

  private static void run(List<Plan.Step> steps) {
    for (int i = 0; i < steps.size(); i++) {
      steps.get(i).action().run();
    }
  }

  @Override
  public void close() {
    ops.handles.close();
  }
}
