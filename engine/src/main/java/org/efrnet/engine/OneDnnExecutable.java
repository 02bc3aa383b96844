package org.efrnet.engine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_stream;
import org.efrnet.bundle.BundleConfig;
import org.efrnet.bundle.Calibration;
import org.efrnet.graph.Graph;
import org.efrnet.graph.Model;
import org.efrnet.readings.Shape;
import org.efrnet.readings.Shapes;
import org.efrnet.segment.EngineOptions;
import org.efrnet.segment.Executable;
import org.efrnet.segment.LogitRows;
import org.efrnet.segment.NodeTime;
import org.efrnet.segment.Profiled;

/** A model's plans, one for each of the last few sizes. */
final class OneDnnExecutable implements Executable, Profiled {
  /** A camera has one size, a folder of pictures often two: upright and across. */
  private static final int MOST_PLANS = 3;

  private record Dimensions(int height, int width) {}

  private final Graph graph;
  private final EngineOptions options;
  private final int classes;
  private final Kind floating;
  private final Choices choices;
  private final Observer observer;
  private final Handles handles = new Handles();
  private final dnnl_engine engine;
  private final dnnl_stream stream;
  private final Constants constants;
  private final Map<Dimensions, Plan> plans = new LinkedHashMap<>(8, 0.75f, true);
  private boolean closed;

  OneDnnExecutable(Model model, EngineOptions options) {
    this(model, options, Observer.NONE);
  }

  OneDnnExecutable(Model model, EngineOptions options, Observer observer) {
    this.graph = model.graph();
    this.options = options;
    this.observer = observer;
    this.classes = graph.logits(new Shapes(), Shape.image(1, 64, 64)).channels();
    OpenMp.setThreads(options.threads());
    this.floating = Precisions.floating(options.precision());
    boolean quantises = options.precision().equals(BundleConfig.INT8);
    this.choices = new Choices(graph, quantises ? options.calibration() : Calibration.NONE);
    boolean complete = false;
    try {
      this.engine = handles.engine();
      this.stream = handles.stream(engine);
      this.constants = new Constants(engine, stream, model.weights());
      complete = true;
    } finally {
      if (!complete) {
        handles.close();
      }
    }
  }

  @Override
  public LogitRows run(float[] planes, int height, int width) {
    return plan(planes, height, width).run(planes);
  }

  private Plan plan(float[] planes, int height, int width) {
    if (closed) {
      throw new IllegalStateException("this executable is closed; prepare another one");
    }
    Executable.requirePlanes(planes, height, width);
    Dimensions size = new Dimensions(height, width);
    Plan known = plans.get(size);
    if (known != null) {
      return known;
    }
    // oneDNN's own words about sizes would be a number.
    graph.logits(new Shapes(), Shape.image(1, height, width));
    if (plans.size() == MOST_PLANS) {
      Dimensions oldest = plans.keySet().iterator().next();
      plans.remove(oldest).close();
    }
    Plan made =
        PlanBuilder.plan(
            engine, stream, constants, graph, choices, floating, observer, height, width);
    plans.put(size, made);
    return made;
  }

  @Override
  public List<NodeTime> profile(float[] planes, int height, int width, int rounds) {
    if (rounds < 1) {
      throw new IllegalArgumentException("rounds is " + rounds + ", must be at least 1");
    }
    Plan plan = plan(planes, height, width);
    List<Plan.Step> steps = plan.steps();
    long[][] times = new long[steps.size()][rounds];
    for (int round = 0; round < rounds; round++) {
      List<Long> one = plan.timed(planes);
      for (int i = 0; i < times.length; i++) {
        times[i][round] = one.get(i);
      }
    }
    List<NodeTime> result = new ArrayList<>();
    for (int i = 0; i < times.length; i++) {
      Arrays.sort(times[i]);
      double nanoseconds = times[i][rounds / 2];
      Plan.Step step = steps.get(i);
      result.add(
          new NodeTime(
              step.name(), step.what().get(), nanoseconds / 1e6, 2 * step.macs() / nanoseconds));
    }
    return List.copyOf(result);
  }

  @Override
  public String precision() {
    return options.precision();
  }

  @Override
  public int classes() {
    return classes;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      plans.values().forEach(Plan::close);
      plans.clear();
      constants.close();
      handles.close();
    }
  }
}
