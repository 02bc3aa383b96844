package org.efrnet.engine;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_stream;
import org.efrnet.bundle.BundleConfig;
import org.efrnet.graph.Graph;
import org.efrnet.graph.Model;
import org.efrnet.learning.Batch;
import org.efrnet.learning.Descent;
import org.efrnet.learning.Dropouts;
import org.efrnet.learning.Learner;
import org.efrnet.learning.LearningRule;
import org.efrnet.learning.ParameterLayout;
import org.efrnet.learning.Precision;
import org.efrnet.readings.Parameter;
import org.efrnet.weights.FloatTensor;
import org.efrnet.weights.Weights;

/**
 * Learning by oneDNN on the CPU: the way there and back of a network as two lists of calls in
 * memory that is made once, several times as fast as an engine that finds its gradients anew in
 * every step.
 */
public final class OneDnnLearner implements Learner {
  /** Phases of a training differ in size; the last one is the one that is used. */
  private static final int MOST_PLANS = 2;

  /** Of a batch that is planned to find out whether it can be. */
  private static final int SMALL = 64;

  private record Size(int n, int height, int width) {}

  private final Graph graph;
  private final LearningRule rule;
  private final Kind kind;
  private final ParameterLayout layout;
  private final Dropouts dropouts;
  private final Descent descent;
  private final Handles handles = new Handles();
  private final dnnl_engine engine;
  private final dnnl_stream stream;
  private final NativeParameters parameters;
  private final Map<Size, LearningPlan> plans = new LinkedHashMap<>(4, 0.75f, true);
  private final float[] gradients;
  private final Map<String, Float> frozenSlopes = new TreeMap<>();
  private double lossSum;
  private long lossCount;

  /**
   * Starts from a model's weights.
   *
   * @param threads that compute at once; holds for the calling thread, which must be the one that
   *     steps
   * @throws IllegalArgumentException if it cannot learn what the rule says, or in this precision on
   *     this processor
   */
  public OneDnnLearner(Model model, LearningRule rule, Precision precision, int threads) {
    this.graph = model.graph();
    this.rule = rule;
    if (rule.labelSmoothing() > 0) {
      throw new IllegalArgumentException(
          "engine onednn does not smooth labels; choose the engine libtorch");
    }
    this.kind = OneDnnEngine.loaded(() -> kind(precision));
    this.layout = ParameterLayout.of(graph);
    this.dropouts = Dropouts.of(graph);
    this.descent =
        new Descent(
            rule,
            layout.trained(model.weights()),
            layout.statistics(model.weights()),
            layout.decays(rule));
    this.gradients = new float[layout.trainedCount()];
    freezeSlopes();
    OpenMp.setThreads(threads);
    this.engine = handles.engine();
    this.stream = handles.stream(engine);
    this.parameters = new NativeParameters(engine, layout);
    boolean complete = false;
    try {
      parameters.put(descent.trained());
      // Says now what it cannot do, and not after pictures were read.
      plan(new Size(2, SMALL, SMALL)).close();
      complete = true;
    } finally {
      if (!complete) {
        parameters.close();
        handles.close();
      }
    }
  }

  private static Kind kind(Precision precision) {
    return switch (precision) {
      case FP32 -> Kind.F32;
      case BF16 -> {
        if (!Precisions.here().contains(BundleConfig.BF16)) {
          throw new IllegalArgumentException(
              "engine onednn does not train in bf16 on this processor, which has no instructions"
                  + " for it; choose fp32");
        }
        yield Kind.BF16;
      }
      case FP64 ->
          throw new IllegalArgumentException(
              "engine onednn does not compute in 64 bits; choose the engine libtorch");
    };
  }

  /** What does not learn is part of the plans. */
  private void freezeSlopes() {
    frozenSlopes.clear();
    if (!rule.learnSlopes()) {
      for (Parameter p : layout.parameters()) {
        if (p.kind() == Parameter.Kind.SLOPE && p.count() == 1) {
          frozenSlopes.put(p.name(), descent.trained()[layout.place(p.name())]);
        }
      }
    }
  }

  private LearningPlan planned(Batch batch) {
    Size size = new Size(batch.n(), batch.height(), batch.width());
    LearningPlan known = plans.get(size);
    if (known != null) {
      return known;
    }
    if (plans.size() == MOST_PLANS) {
      Size oldest = plans.keySet().iterator().next();
      plans.remove(oldest).close();
    }
    LearningPlan made = plan(size);
    plans.put(size, made);
    return made;
  }

  private LearningPlan plan(Size size) {
    return new LearningPlan(
        engine,
        stream,
        parameters,
        layout,
        graph,
        rule,
        dropouts,
        descent.statistics(),
        frozenSlopes,
        kind,
        size.n,
        size.height,
        size.width);
  }

  @Override
  public void step(Batch batch, double learningRate, RandomGenerator dropout) {
    if (!batch.isWhole()) {
      throw new IllegalArgumentException(
          "oneDNN's batch norm sees one process's pictures alone; choose libtorch for several");
    }
    double loss = planned(batch).run(batch, dropouts.draw(batch.n(), dropout));
    parameters.gradients(gradients);
    descent.update(gradients, learningRate);
    parameters.put(descent.trained());
    lossSum += loss;
    lossCount++;
  }

  @Override
  public double meanLoss() {
    if (lossCount == 0) {
      throw new IllegalStateException("no step was taken since the last mean");
    }
    double mean = lossSum / lossCount;
    lossSum = 0;
    lossCount = 0;
    return mean;
  }

  @Override
  public long steps() {
    return descent.steps();
  }

  @Override
  public Weights weights() {
    return layout.weights(descent.trained(), descent.statistics());
  }

  @Override
  public Weights averagedWeights() {
    Weights averaged = layout.weights(descent.averaged(), descent.averagedStatistics());
    averaged.tensors().forEach((name, tensor) -> Descent.requireFinite(name, tensor.values()));
    return averaged;
  }

  @Override
  public Map<String, FloatTensor> state() {
    return descent.state();
  }

  @Override
  public void restore(Map<String, FloatTensor> saved, long stepsTaken) {
    descent.restore(saved, stepsTaken);
    parameters.put(descent.trained());
    freezeSlopes();
    // A state in which they learned has momentum left in them.
    frozenSlopes.keySet().forEach(slope -> descent.stop(layout.place(slope)));
    plans.values().forEach(LearningPlan::close);
    plans.clear();
  }

  @Override
  public void close() {
    plans.values().forEach(LearningPlan::close);
    plans.clear();
    parameters.close();
    handles.close();
  }
}
