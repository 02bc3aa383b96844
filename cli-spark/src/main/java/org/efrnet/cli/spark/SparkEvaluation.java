package org.efrnet.cli.spark;

import java.io.IOException;
import org.efrnet.cli.EvaluationCluster;
import org.efrnet.segment.Evaluation;
import org.efrnet.spark.Cluster;
import org.efrnet.spark.Counted;
import org.efrnet.spark.EvaluationOrder;
import org.efrnet.spark.Labelling;
import org.efrnet.spark.Watcher;

/** {@code efrnet evaluate --spark}. */
public final class SparkEvaluation implements EvaluationCluster {
  /** Who only wants to know how far it is. */
  private record Onlooker(Evaluation.Progress progress) implements Watcher {
    @Override
    public void done(long done, long all) {
      progress.examples((int) done, (int) all);
    }

    @Override
    public void failed(String message) {
      System.err.println("efrnet: " + message);
    }

    @Override
    public void waiting(String message) {
      System.err.println("efrnet: " + message);
    }

    @Override
    public boolean stopped() {
      return false;
    }
  }

  @Override
  public Judged judge(Order order, Evaluation.Progress progress) throws IOException {
    int threads = order.options().threads();
    try (Cluster cluster = Cluster.open(order.master(), order.settings(), threads)) {
      Labelling labelling = Labelling.of(order.model(), order.options(), false);
      Counted counted =
          cluster.evaluate(
              new EvaluationOrder(
                  order.data().toString(),
                  order.split(),
                  order.protocol(),
                  order.byPicture(),
                  labelling),
              new Onlooker(progress));
      return new Judged(
          counted.evaluation(), counted.byPicture(), labelling.engine(), labelling.precision());
    }
  }
}
