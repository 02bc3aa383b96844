package org.efrnet.benchmarks;

import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.efrnet.engine.OneDnnLearner;
import org.efrnet.graph.Graph;
import org.efrnet.graph.Model;
import org.efrnet.graph.Passes;
import org.efrnet.learning.Batch;
import org.efrnet.learning.Learner;
import org.efrnet.learning.LearningRule;
import org.efrnet.learning.Optimiser;
import org.efrnet.learning.Precision;
import org.efrnet.networks.Networks;
import org.efrnet.readings.Parameters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * One training step by oneDNN on two threads: forward, loss, backward, update. {@code
 * python/training_step.py} beside this takes the same step in PyTorch.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 4)
@Measurement(iterations = 10)
@Fork(1)
public class LearnerBenchmark {
  private static final int CLASSES = 11;

  /** What learns. */
  @Param("efrnet")
  public String network;

  /** What maps are made of. */
  @Param({"BF16", "FP32"})
  public Precision precision;

  /** Whether PReLU slopes learn. */
  @Param({"false", "true"})
  public boolean learnSlopes;

  /** Pictures a step. */
  @Param("10")
  public int batch;

  /** Of the crops. */
  @Param("480x360")
  public String size;

  private Learner learner;
  private Batch pictures;
  private long steps;

  /** Plans nothing yet: the first step of the warm-up does. */
  @Setup
  public void prepare() {
    int width = Integer.parseInt(size.substring(0, size.indexOf('x')));
    int height = Integer.parseInt(size.substring(size.indexOf('x') + 1));
    Graph graph = Graph.of(Networks.named(network, CLASSES).orElseThrow());
    Model model = Passes.apply(Passes.training(), new Model(graph, Parameters.initial(graph, 1)));
    LearningRule rule =
        new LearningRule(
            new Optimiser.Sgd(0.9, 2e-4, true),
            new float[0],
            255,
            0,
            5,
            0.99,
            learnSlopes,
            LearningRule.Decay.CONVOLUTIONS);
    learner = new OneDnnLearner(model, rule, precision, 2);
    SplittableRandom random = new SplittableRandom(1);
    float[] planes = new float[batch * 3 * height * width];
    for (int i = 0; i < planes.length; i++) {
      planes[i] = (float) random.nextDouble(-1, 1);
    }
    byte[] truth = new byte[batch * height * width];
    for (int i = 0; i < truth.length; i++) {
      truth[i] = (byte) random.nextInt(CLASSES);
    }
    pictures = new Batch(batch, height, width, planes, truth);
  }

  /** Forward, loss, backward, update. */
  @Benchmark
  public void step() {
    learner.step(pictures, 0.05, new SplittableRandom(steps++));
  }

  /** Gives it back. */
  @TearDown
  public void close() {
    learner.close();
  }
}
