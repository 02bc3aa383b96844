package org.efrnet.spark;

import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.Function;
import org.apache.spark.util.LongAccumulator;
import org.efrnet.data.DataSet;
import org.efrnet.data.DataSets;
import org.efrnet.metrics.ConfusionMatrix;
import org.efrnet.segment.Evaluation;
import org.efrnet.segment.Protocol;
import org.efrnet.segment.Segmenter;

/** Counts a data set in parts, and adds up their confusion matrices. */
final class EvaluationRun {
  /** Tasks, at least; each one's end is a step of progress. */
  private static final int STEPS = 50;

  private static final int MOST_OF_TASK = 16;

  private EvaluationRun() {}

  /** Examples {@code from..to-1} of the data set. */
  private record Slice(int from, int to) implements Serializable {
    private static final long serialVersionUID = 1;
  }

  /** What was counted of a slice. */
  private record Part(
      SortedMap<String, ConfusionMatrix> bySequence, ArrayList<ConfusionMatrix> byPicture)
      implements Serializable {
    private static final long serialVersionUID = 1;
  }

  /** A {@link Protocol} that travels: width, height and strides of its window, or nothing. */
  private record Sight(int[] window, double[] scales, boolean flip) implements Serializable {
    private static final long serialVersionUID = 1;

    static Sight of(Protocol protocol) {
      return new Sight(
          protocol
              .window()
              .map(w -> new int[] {w.width(), w.height(), w.strideX(), w.strideY()})
              .orElse(new int[0]),
          protocol.scales().stream().mapToDouble(scale -> scale).toArray(),
          protocol.flip());
    }

    Protocol protocol() {
      Optional<Protocol.Window> windows =
          window.length == 0
              ? Optional.empty()
              : Optional.of(new Protocol.Window(window[0], window[1], window[2], window[3]));
      List<Double> all = new ArrayList<>();
      for (double scale : scales) {
        all.add(scale);
      }
      return new Protocol(windows, all, flip);
    }
  }

  /** Counts a slice in an executor. */
  private record Counting(
      Labelling labelling,
      String data,
      String split,
      Sight sight,
      boolean byPicture,
      LongAccumulator done)
      implements Function<Slice, Part> {
    private static final long serialVersionUID = 1;

    @Override
    public Part call(Slice slice) throws IOException {
      DataSet whole = DataSets.open(Path.of(data), split);
      DataSet part = DataSet.filter(whole.name(), whole, i -> i >= slice.from && i < slice.to);
      ArrayList<ConfusionMatrix> pictures = new ArrayList<>();
      Evaluation.Judge keep =
          byPicture
              ? (index, example, prediction, counted) -> pictures.add(counted)
              : Evaluation.Judge.NONE;
      Segmenters segmenters = Segmenters.of(labelling);
      Segmenter segmenter = segmenters.take();
      try {
        Evaluation counted =
            Evaluation.of(segmenter, part, sight.protocol(), (count, all) -> done.add(1), keep);
        return new Part(new TreeMap<>(counted.bySequence()), pictures);
      } finally {
        segmenters.give(segmenter);
      }
    }
  }

  static Counted run(
      JavaSparkContext context, Waiting waiting, EvaluationOrder order, Watcher watcher)
      throws IOException {
    int size = DataSets.open(Path.of(order.data()), order.split()).size();
    int ofTask = Math.max(1, Math.min(size / STEPS, MOST_OF_TASK));
    List<Slice> slices = new ArrayList<>();
    for (int from = 0; from < size; from += ofTask) {
      slices.add(new Slice(from, Math.min(size, from + ofTask)));
    }
    LongAccumulator done = context.sc().longAccumulator("pictures");
    Counting counting =
        new Counting(
            order.labelling(),
            Path.of(order.data()).toAbsolutePath().toString(),
            order.split(),
            Sight.of(order.protocol()),
            order.byPicture(),
            done);
    List<Part> parts = new ArrayList<>();
    boolean stopped =
        waiting.stopped(
            () -> parts.addAll(context.parallelize(slices, slices.size()).map(counting).collect()),
            watcher,
            () -> watcher.done(Math.min(size, done.value()), size));
    if (stopped) {
      throw new IllegalStateException("the evaluation was stopped; start it again");
    }
    return sum(parts);
  }

  private static Counted sum(List<Part> parts) {
    int classes = parts.get(0).bySequence.values().iterator().next().classes();
    ConfusionMatrix overall = new ConfusionMatrix(classes);
    SortedMap<String, ConfusionMatrix> bySequence = new TreeMap<>();
    List<ConfusionMatrix> byPicture = new ArrayList<>();
    for (Part part : parts) {
      part.bySequence.forEach(
          (name, matrix) -> {
            overall.merge(matrix);
            bySequence.computeIfAbsent(name, n -> new ConfusionMatrix(classes)).merge(matrix);
          });
      byPicture.addAll(part.byPicture);
    }
    return new Counted(new Evaluation(overall, bySequence), byPicture);
  }
}
