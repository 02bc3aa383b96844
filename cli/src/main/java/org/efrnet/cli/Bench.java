package org.efrnet.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;
import org.efrnet.bundle.BundleConfig;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.graph.Passes;
import org.efrnet.images.Picture;
import org.efrnet.images.Pictures;
import org.efrnet.images.ReadOptions;
import org.efrnet.readings.Cost;
import org.efrnet.readings.Shape;
import org.efrnet.segment.Engine;
import org.efrnet.segment.GoldenCheck;
import org.efrnet.segment.NodeTime;
import org.efrnet.segment.Profiled;
import org.efrnet.segment.Segmentation;
import org.efrnet.segment.Segmenter;
import org.efrnet.segment.SizePolicy;

/**
 * What {@code bench} measures, on the calling thread.
 *
 * @param rounds that are measured
 * @param warmUp seconds, for each competitor
 * @param nodes whether the first engine is profiled
 */
record Bench(
    ModelBundle bundle,
    PictureSize size,
    int threads,
    int rounds,
    double warmUp,
    boolean nodes,
    PrintWriter err) {
  /**
   * All that was measured.
   *
   * @param convGmac 10^9 multiply-accumulates of the convolutions that engines compute: after the
   *     passes for inference, transposed convolutions by their input grid
   */
  record Result(
      double convGmac, List<Entry> entries, List<Frames> frames, List<Profile> profiles) {}

  /** One engine in one precision, from planes to class map. */
  record Entry(String engine, String precision, Distribution millis) {}

  /** Whole frames through a segmenter, by stage. */
  record Frames(
      String engine, String precision, int width, int height, Map<String, Distribution> stages) {}

  /** Where an engine's time goes, the longest first. */
  record Profile(String engine, String precision, List<NodeTime> times) {
    ObjectNode toJson() {
      ObjectNode node = JsonNodeFactory.instance.objectNode();
      node.put("name", engine);
      node.put("precision", precision);
      ArrayNode array = node.putArray("nodes");
      double all = times.stream().mapToDouble(NodeTime::milliseconds).sum();
      double sum = 0;
      for (NodeTime time : times) {
        sum += time.milliseconds();
        array
            .addObject()
            .put("node", time.name())
            .put("what", time.what())
            .put("millis", Math.round(time.milliseconds() * 1e4) / 1e4)
            .put("share", BenchCommand.rounded(time.milliseconds() / all))
            .put("cumulated", BenchCommand.rounded(sum / all))
            .put("gflops", BenchCommand.rounded(time.gflops()));
      }
      return node;
    }
  }

  /**
   * Measures.
   *
   * @param entries engines and their precisions; the first is the one in question
   * @param jpeg the frame
   */
  Result run(Map<Engine, List<String>> entries, byte[] jpeg) throws IOException {
    double convGmac = convGmac();
    float[] planes = RandomBundle.noise(size.width(), size.height());
    ModelBundle calibrated =
        entries.values().stream().anyMatch(precisions -> precisions.contains(BundleConfig.INT8))
            ? bundle.with(RandomBundle.calibration(bundle))
            : bundle;
    List<Competitor> competitors = new ArrayList<>();
    List<Entry> results = new ArrayList<>();
    List<Profile> profiles = new ArrayList<>();
    Engine own = entries.keySet().iterator().next();
    int frameKinds = entries.get(own).size();
    int steps = rounds * (1 + frameKinds);
    try (Progress progress = new Progress(err, "bench", steps)) {
      try {
        entries.forEach(
            (engine, precisions) ->
                precisions.forEach(
                    precision ->
                        competitors.add(
                            Competitor.of(
                                engine,
                                precision,
                                calibrated,
                                threads,
                                size.width(),
                                size.height()))));
        if (nodes) {
          requireProfiled(competitors.subList(0, frameKinds));
        }
        Contest contest =
            new Contest(competitors.stream().<Runnable>map(c -> () -> c.compute(planes)).toList());
        contest.warmUp(warmUp);
        double[][] millis = contest.run(rounds, done -> progress.to(done, ""));
        for (int i = 0; i < millis.length; i++) {
          Competitor c = competitors.get(i);
          results.add(
              new Entry(c.engine(), c.executable().precision(), Distribution.of(millis[i])));
        }
        if (nodes) {
          for (Competitor c : competitors.subList(0, frameKinds)) {
            profiles.add(profile(c, planes));
          }
        }
      } finally {
        competitors.forEach(c -> c.executable().close());
      }
      List<Frames> frames = new ArrayList<>();
      for (String precision : entries.get(own)) {
        int before = rounds * (1 + frames.size());
        frames.add(
            frames(
                calibrated,
                own.name(),
                precision,
                jpeg,
                done -> progress.to(before + done, "frames")));
      }
      return new Result(convGmac, results, frames, profiles);
    }
  }

  private double convGmac() {
    try {
      return Cost.of(
              Passes.apply(Passes.inference(), bundle.model()).graph(),
              Shape.image(1, size.height(), size.width()))
          .convGmac();
    } catch (IllegalArgumentException e) {
      throw new Failure(
          bundle.network().name()
              + " at "
              + size.width()
              + "x"
              + size.height()
              + ": "
              + e.getMessage()
              + "; choose sides that are multiples of "
              + bundle.network().sizeMultiple()
              + " and not too small",
          e);
    }
  }

  private static void requireProfiled(List<Competitor> own) {
    for (Competitor c : own) {
      if (!(c.executable() instanceof Profiled)) {
        throw new Failure(
            "engine "
                + c.engine()
                + " cannot say where its time goes: leave --nodes out, or choose another --engine");
      }
    }
  }

  private Profile profile(Competitor c, float[] planes) {
    Profiled profiled = (Profiled) c.executable();
    return new Profile(
        c.engine(),
        c.executable().precision(),
        profiled.profile(planes, size.height(), size.width(), rounds).stream()
            .sorted(Comparator.comparingDouble(NodeTime::milliseconds).reversed())
            .toList());
  }

  private Frames frames(
      ModelBundle calibrated, String engine, String precision, byte[] jpeg, IntConsumer done)
      throws IOException {
    List<String> names = List.of("decode", "prepare", "network", "finish", "total");
    double[][] millis = new double[names.size()][rounds];
    Picture picture = Pictures.read(jpeg, "frame", ReadOptions.DEFAULT);
    Segmenter.Options options =
        Segmenter.Options.DEFAULT
            .with(new SizePolicy.Exact(size.width(), size.height()))
            .withThreads(threads)
            .withEngine(engine)
            .withPrecision(precision)
            .with(GoldenCheck.NEVER);
    try (Segmenter segmenter = Segmenter.load(calibrated, options)) {
      double[][] unmeasured = new double[names.size()][1];
      long begun = System.nanoTime();
      for (int i = 0; i < 10 || System.nanoTime() - begun < warmUp * 1e9; i++) {
        frame(segmenter, jpeg, unmeasured, 0);
      }
      for (int round = 0; round < rounds; round++) {
        frame(segmenter, jpeg, millis, round);
        done.accept(round + 1);
      }
    }
    Map<String, Distribution> stages = new LinkedHashMap<>();
    for (int i = 0; i < names.size(); i++) {
      stages.put(names.get(i), Distribution.of(millis[i]));
    }
    return new Frames(engine, precision, picture.width(), picture.height(), stages);
  }

  private static void frame(Segmenter segmenter, byte[] jpeg, double[][] millis, int round)
      throws IOException {
    long begun = System.nanoTime();
    Picture picture = Pictures.read(jpeg, "frame", ReadOptions.DEFAULT);
    millis[0][round] = (System.nanoTime() - begun) / 1e6;
    Segmentation.Millis stages = segmenter.segment(picture).millis();
    millis[4][round] = (System.nanoTime() - begun) / 1e6;
    millis[1][round] = stages.prepare();
    millis[2][round] = stages.network();
    millis[3][round] = stages.finish();
  }
}
