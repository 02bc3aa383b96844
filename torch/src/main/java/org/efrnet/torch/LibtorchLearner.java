package org.efrnet.torch;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AbstractTensor;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.efrnet.graph.Graph;
import org.efrnet.graph.Model;
import org.efrnet.learning.Batch;
import org.efrnet.learning.Descent;
import org.efrnet.learning.Dropouts;
import org.efrnet.learning.Learner;
import org.efrnet.learning.LearningRule;
import org.efrnet.learning.LostProcessException;
import org.efrnet.learning.Optimiser;
import org.efrnet.learning.ParameterLayout;
import org.efrnet.readings.Parameter;
import org.efrnet.weights.FloatTensor;
import org.efrnet.weights.Weights;

/**
 * Learning by libtorch, whose autograd finds the gradients, on the host or a card, in one process
 * or several. Several take the step that one would take: batch norms and the loss are those of all
 * pictures, gradients are summed up, and every process then makes the same update.
 */
public final class LibtorchLearner implements Learner {
  private static final int SUM = 2;

  /** Less than any pixel weighs: a batch without a label has the loss 0, and nothing to learn. */
  private static final double LEAST_WEIGHT = 1e-20;

  private final Graph graph;
  private final LearningRule rule;
  private final Execution execution;
  private final Optional<TorchProcesses> processes;
  private final ParameterStore store;
  private final PointerScope memory = new PointerScope();
  private final Map<String, Tensor> state = new LinkedHashMap<>();
  private final Dropouts dropouts;
  private final TensorOptional classWeights;
  private final Tensor weightOfTruth;
  private final Tensor decays;
  private final Tensor lossSum;
  private Map<String, Float> frozenSlopes = Map.of();
  private long steps;
  private long lossCount;

  /** Starts from a model's weights, in one process. */
  public LibtorchLearner(Model model, LearningRule rule, Execution execution) {
    this(model, rule, execution, Optional.empty());
  }

  /**
   * Starts from a model's weights.
   *
   * @param processes those that learn together, all from the same weights; empty for one alone.
   *     They are not closed with the learner.
   */
  public LibtorchLearner(
      Model model, LearningRule rule, Execution execution, Optional<TorchProcesses> processes) {
    this.graph = model.graph();
    this.rule = rule;
    this.execution = execution;
    this.processes = processes;
    this.dropouts = Dropouts.of(graph);
    boolean complete = false;
    try {
      ParameterLayout layout = ParameterLayout.of(graph);
      store = new ParameterStore(layout, model.weights(), execution, true);
      state.put("trained", store.trained());
      state.put("statistics", store.statistics());
      if (rule.optimiser() instanceof Optimiser.AdamW) {
        state.put("first", torch.zeros_like(store.trained()));
        state.put("second", torch.zeros_like(store.trained()));
      } else {
        state.put("momentum", torch.zeros_like(store.trained()));
      }
      if (rule.averageDecay() > 0) {
        state.put("average", store.trained().clone());
        state.put("averageStatistics", store.statistics().clone());
      }
      classWeights =
          rule.classWeights().length == 0
              ? new TensorOptional()
              : new TensorOptional(store.upload(rule.classWeights()));
      weightOfTruth = weightOfTruth();
      decays = store.upload(layout.decays(rule));
      lossSum =
          execution.upload(AbstractTensor.create(new double[1], 1), ScalarType.Double).clone();
      freezeSlopes();
      complete = true;
    } finally {
      if (complete) {
        memory.extend();
      }
      memory.close();
    }
  }

  /** What a pixel weighs in the loss, by its truth value: (256), in 64 bits. */
  private Tensor weightOfTruth() {
    double[] weights = new double[256];
    float[] given = rule.classWeights();
    Arrays.fill(weights, given.length == 0 ? 1 : 0);
    for (int i = 0; i < given.length; i++) {
      weights[i] = given[i];
    }
    if (rule.ignore() >= 0 && rule.ignore() < weights.length) {
      weights[rule.ignore()] = 0;
    }
    return execution
        .upload(AbstractTensor.create(weights, weights.length), ScalarType.Double)
        .clone();
  }

  /** What does not learn is known on the host: a card need not be asked for it at each step. */
  private void freezeSlopes() {
    if (rule.learnSlopes()) {
      return;
    }
    Weights now = weights();
    Map<String, Float> slopes = new TreeMap<>();
    for (Parameter p : store.layout().parameters()) {
      if (p.kind() == Parameter.Kind.SLOPE && p.count() == 1) {
        slopes.put(p.name(), now.get(p.name()).values()[0]);
      }
    }
    frozenSlopes = slopes;
  }

  @Override
  public void step(Batch batch, double learningRate, RandomGenerator dropout) {
    try (PointerScope scope = new PointerScope()) {
      DropoutGates gates = new DropoutGates(dropouts, batch, dropout, execution);
      Optional<SharedNorms> norms = processes.map(together -> new SharedNorms(together, batch));
      TorchOps training =
          new TorchOps(store, execution, new TorchOps.Mode.Training(gates, frozenSlopes, norms));
      try (NoGradGuard guard = new NoGradGuard()) {
        store.beginStep();
      }
      Map<String, Tensor> outputs = graph.read(training, planes(batch), graph.outputs().keySet());
      Tensor loss = loss(outputs, truth(batch));
      Tensor whole = loss.detach().to(ScalarType.Double).view(1).clone();
      processes.ifPresent(together -> together.sum(whole));
      if (execution.onHost()) {
        requireFinite("loss", whole.item_double());
      }
      loss.backward();
      try (NoGradGuard guard = new NoGradGuard()) {
        store.gatherGradients();
        processes.ifPresent(together -> together.sum(store.gradients()));
        update(learningRate, norms);
        lossSum.add_(whole);
        lossCount++;
      }
    } catch (RuntimeException e) {
      // Within a backward pass it has become libtorch's.
      Optional<LostProcessException> lost = processes.flatMap(TorchProcesses::lost);
      if (lost.isPresent()) {
        throw lost.get();
      }
      throw TorchErrors.translated(e);
    }
  }

  /** The loss; in several processes this one's share of it: the losses of all add up to it. */
  private Tensor loss(Map<String, Tensor> outputs, Tensor truth) {
    Map<String, Double> heads = new LinkedHashMap<>();
    heads.put(Graph.LOGITS, 1.0);
    heads.putAll(graph.auxiliaryWeights());
    List<Tensor> losses = new ArrayList<>();
    List<Tensor> weighed = new ArrayList<>();
    List<Tensor> overlaps = new ArrayList<>();
    heads.forEach(
        (name, factor) -> {
          Tensor logits = outputs.get(name).to(execution.parameterType());
          Tensor seen =
              name.equals(Graph.LOGITS)
                  ? truth
                  : truthOfSize(truth, logits.size(2), logits.size(3));
          Tensor loss = loss(logits, seen);
          losses.add(factor == 1 ? loss : torch.mul(loss, new Scalar(factor)));
          if (rule.jaccard() > 0) {
            overlaps.add(
                new SoftJaccard(factor * rule.jaccard(), rule.ignore(), processes)
                    .of(logits, seen));
          }
          weighed.add(weightOfTruth.index_select(0, seen.flatten()).sum().view(1));
        });
    // A mean over the labelled pixels of all processes, which may have any number of them each.
    Tensor all = torch.cat(new TensorVector(weighed.toArray(new Tensor[0])), 0);
    processes.ifPresent(together -> together.sum(all));
    Tensor divisors = all.clamp_min(new Scalar(LEAST_WEIGHT)).to(execution.parameterType());
    for (int i = 0; i < losses.size(); i++) {
      losses.set(i, losses.get(i).div(divisors.select(0, i)));
    }
    Tensor loss = losses.get(0);
    losses.addAll(overlaps);
    for (Tensor extra : losses.subList(1, losses.size())) {
      loss = loss.add(extra);
    }
    return loss;
  }

  @Override
  public double meanLoss() {
    if (lossCount == 0) {
      throw new IllegalStateException("no step was taken since the last mean");
    }
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      double mean = lossSum.item_double() / lossCount;
      lossSum.zero_();
      lossCount = 0;
      requireFinite("loss", mean);
      return mean;
    } catch (RuntimeException e) {
      throw TorchErrors.translated(e);
    }
  }

  private static void requireFinite(String what, double value) {
    if (!Double.isFinite(value)) {
      throw new ArithmeticException(what + " is " + value);
    }
  }

  private Tensor planes(Batch batch) {
    return TorchOps.image(batch.planes(), batch.n(), batch.height(), batch.width(), execution);
  }

  private Tensor truth(Batch batch) {
    return execution.upload(
        AbstractTensor.create(batch.truth(), false, batch.n(), batch.height(), batch.width()),
        ScalarType.Long);
  }

  /**
   * The truth at the nearest pixels, as {@link org.efrnet.ops.Interpolation#NEAREST} takes them:
   * what a head that speaks at a smaller size is held against. Classes cannot be interpolated.
   */
  private Tensor truthOfSize(Tensor truth, long height, long width) {
    return selected(selected(truth, 1, height), 2, width);
  }

  private Tensor selected(Tensor truth, int dimension, long side) {
    long from = truth.size(dimension);
    if (from == side) {
      return truth;
    }
    long[] places = new long[Math.toIntExact(side)];
    Arrays.setAll(places, i -> i * from / side);
    Tensor index = execution.upload(AbstractTensor.create(places, places.length), ScalarType.Long);
    return truth.index_select(dimension, index);
  }

  private Tensor loss(Tensor logits, Tensor truth) {
    return torch.cross_entropy_loss(
        logits, truth, classWeights, SUM, rule.ignore(), rule.labelSmoothing());
  }

  private void update(double learningRate, Optional<SharedNorms> norms) {
    Tensor weights = store.trained();
    Tensor gradients = store.gradients();
    Tensor norm = gradients.norm();
    if (execution.onHost()) {
      requireFinite("the gradient's norm", norm.item_double());
    }
    if (rule.clipNorm() < Double.POSITIVE_INFINITY) {
      // At most 1: a shorter gradient stays as it is. Computed where the gradient lies.
      gradients.mul_(
          norm.reciprocal().mul_(new Scalar(rule.clipNorm())).clamp_max_(new Scalar(1.0)));
    }
    norms.ifPresent(SharedNorms::follow);
    steps++;
    if (rule.optimiser() instanceof Optimiser.Sgd sgd) {
      Tensor momentum = state.get("momentum");
      gradients.addcmul_(weights, decays, new Scalar(sgd.weightDecay()));
      momentum.mul_(new Scalar(sgd.momentum())).add_(gradients);
      if (sgd.nesterov()) {
        gradients.add_(momentum, new Scalar(sgd.momentum()));
        weights.add_(gradients, new Scalar(-learningRate));
      } else {
        weights.add_(momentum, new Scalar(-learningRate));
      }
    } else if (rule.optimiser() instanceof Optimiser.AdamW adam) {
      Tensor first = state.get("first");
      Tensor second = state.get("second");
      weights.addcmul_(weights, decays, new Scalar(-learningRate * adam.weightDecay()));
      first.lerp_(gradients, new Scalar(1 - adam.beta1()));
      second
          .mul_(new Scalar(adam.beta2()))
          .addcmul_(gradients, gradients, new Scalar(1 - adam.beta2()));
      double scale1 = 1 - Math.pow(adam.beta1(), (double) steps);
      double scale2 = Math.sqrt(1 - Math.pow(adam.beta2(), (double) steps));
      Tensor denominator = second.sqrt().add_(new Scalar(adam.epsilon() * scale2));
      weights.addcdiv_(first, denominator, new Scalar(-learningRate * scale2 / scale1));
    }
    if (rule.averageDecay() > 0) {
      // Early on the average follows faster, or it would remember the random start for long.
      double decay = Math.min(rule.averageDecay(), (1.0 + steps) / (10.0 + steps));
      state.get("average").lerp_(weights, new Scalar(1 - decay));
      state.get("averageStatistics").lerp_(store.statistics(), new Scalar(1 - decay));
    }
  }

  @Override
  public long steps() {
    return steps;
  }

  @Override
  public Weights weights() {
    return store.weights(store.trained(), store.statistics());
  }

  @Override
  public Weights averagedWeights() {
    Weights averaged =
        rule.averageDecay() > 0
            ? store.weights(state.get("average"), state.get("averageStatistics"))
            : weights();
    averaged.tensors().forEach((name, tensor) -> Descent.requireFinite(name, tensor.values()));
    return averaged;
  }

  /**
   * Logits (N, classes, H, W) in evaluation mode with the weights as they are, in 64 bits: for
   * parity tests and for a look at the network while it learns.
   */
  public double[] logits(float[] planes, int n, int height, int width) {
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      store.beginStep();
      TorchOps inference = new TorchOps(store, execution, new TorchOps.Mode.Inference());
      Tensor image = TorchOps.image(planes, n, height, width, execution);
      return ParameterStore.downloadDoubles(
          graph.read(inference, image, Set.of(Graph.LOGITS)).get(Graph.LOGITS));
    }
  }

  /** A vector of the state in the learner's own precision. */
  double[] exact(String name) {
    return ParameterStore.downloadDoubles(state.get(name));
  }

  @Override
  public Map<String, FloatTensor> state() {
    Map<String, FloatTensor> copy = new TreeMap<>();
    state.forEach(
        (name, tensor) -> {
          float[] values = ParameterStore.download(tensor);
          Descent.requireFinite(name, values);
          copy.put(name, new FloatTensor(new int[] {values.length}, values));
        });
    return copy;
  }

  @Override
  public void restore(Map<String, FloatTensor> saved, long stepsTaken) {
    Descent.requireNames(saved, state);
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      state.forEach(
          (name, tensor) -> {
            float[] values = saved.get(name).values();
            Descent.requireCount(name, values.length, tensor.numel());
            tensor.copy_(store.upload(values));
          });
    }
    steps = stepsTaken;
    freezeSlopes();
    forgetMotionOfSlopes();
  }

  /** A state in which they learned has momentum left in them. */
  private void forgetMotionOfSlopes() {
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      for (String memory : Descent.MOTION) {
        if (state.containsKey(memory)) {
          frozenSlopes
              .keySet()
              .forEach(slope -> state.get(memory).select(0, store.layout().place(slope)).zero_());
        }
      }
    }
  }

  @Override
  public void close() {
    store.close();
    memory.close();
  }
}
