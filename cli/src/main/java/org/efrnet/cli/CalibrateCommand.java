package org.efrnet.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.efrnet.bundle.BundleConfig;
import org.efrnet.bundle.Calibration;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.data.DataSet;
import org.efrnet.data.DataSets;
import org.efrnet.engine.Calibrator;
import org.efrnet.engine.OneDnnEngine;
import org.efrnet.images.Picture;
import org.efrnet.images.PlaneScaler;
import org.efrnet.segment.Evaluation;
import org.efrnet.segment.GoldenCheck;
import org.efrnet.segment.Segmenter;
import org.efrnet.segment.SizePolicy;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code efrnet calibrate}. */
@Command(
    name = "calibrate",
    description = {
      "Prepares a bundle for 8 bits: runs it on pictures, preferably those it was trained on, and",
      "writes into it how large values become. With --measure it then judges the model in every",
      "precision of this machine and records what each costs; 'auto' takes what costs at most 0.3",
      "points of mIoU."
    },
    footer = {
      "",
      "Example: efrnet calibrate runs/camvid/bundle --data CamVid --split train --measure test"
    })
final class CalibrateCommand implements Callable<Integer> {
  /** Golden logits are one small picture's: on another machine they may be twice as far away. */
  private static final double TOLERANCE_FACTOR = 2;

  @Parameters(paramLabel = "BUNDLE", description = "The bundle's folder, which is written anew.")
  private Path folder;

  @Option(
      names = "--data",
      required = true,
      paramLabel = "DIR",
      description = "The data set's folder: CamVid in either layout, or your own data.")
  private Path data;

  @Option(
      names = "--split",
      paramLabel = "NAME",
      defaultValue = "train",
      description = "The pictures to calibrate on (default: ${DEFAULT-VALUE}).")
  private String split;

  @Option(
      names = "--pictures",
      paramLabel = "N",
      defaultValue = "60",
      description = "How many of them, evenly spread (default: ${DEFAULT-VALUE}).")
  private int pictures;

  @Option(
      names = "--measure",
      paramLabel = "NAME",
      description = "The labelled split on which every precision is judged.")
  private Optional<String> measure;

  @Mixin private Threads threads;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    if (!Files.isDirectory(folder)) {
      throw new Failure(folder + " is not a folder; give the bundle's folder, which is written to");
    }
    if (pictures < 1) {
      throw new Failure("--pictures is " + pictures + "; give at least 1");
    }
    ModelBundle bundle = ModelBundle.read(folder);
    ModelBundle.requireReplaceable(folder);
    Optional<DataSet> judged = Optional.empty();
    if (measure.isPresent()) {
      // What is not there is said now, not after calibrating.
      judged = Optional.of(DataSets.open(data, measure.get()));
    }
    Calibration calibration = calibrated(bundle, DataSets.open(data, split));
    PrintWriter out = spec.commandLine().getOut();
    out.printf("calibrated %d convolutions%n", calibration.inputs().size());
    bundle = withoutFormerLoss(bundle.with(calibration));
    if (judged.isPresent()) {
      bundle = measured(bundle, judged.get(), out);
    }
    bundle.write(folder);
    return 0;
  }

  /** What 8 bits cost was measured by the calibration before, if at all. */
  private static ModelBundle withoutFormerLoss(ModelBundle bundle) {
    BundleConfig config = bundle.config();
    BundleConfig.Precision former = config.precisions().get(BundleConfig.INT8);
    return former == null
        ? bundle
        : bundle.with(
            config.withPrecision(
                BundleConfig.INT8, new BundleConfig.Precision(former.tolerance(), Map.of())));
  }

  private Calibration calibrated(ModelBundle bundle, DataSet set) throws IOException {
    int count = Math.min(pictures, set.size());
    try (Calibrator calibrator = new Calibrator(bundle.model(), threads.count());
        Progress progress = new Progress(spec.commandLine().getErr(), "calibrate", count)) {
      for (int i = 0; i < count; i++) {
        add(calibrator, bundle, set.load((int) ((long) i * set.size() / count)).picture());
        progress.to(i + 1, "");
      }
      return calibrator.calibration();
    }
  }

  /** Shows a picture to the network as {@link Segmenter} does. */
  private static void add(Calibrator calibrator, ModelBundle bundle, Picture picture) {
    SizePolicy.Scaled scaled =
        new SizePolicy.BundleHeight()
            .of(picture.width(), picture.height(), bundle.config().height());
    SizePolicy.Scaled padded = scaled.roundedUp(bundle.network().sizeMultiple());
    float[] planes = new float[3 * padded.width() * padded.height()];
    new PlaneScaler(
            picture.width(),
            picture.height(),
            scaled.width(),
            scaled.height(),
            padded.width(),
            padded.height(),
            bundle.config().normalization())
        .into(picture, planes);
    calibrator.add(planes, padded.height(), padded.width());
  }

  private ModelBundle measured(ModelBundle bundle, DataSet set, PrintWriter out)
      throws IOException {
    List<String> here = new OneDnnEngine().precisions();
    double fp32 = 0;
    BundleConfig config = bundle.config();
    for (String precision : BundleConfig.PRECISION_NAMES) {
      if (!here.contains(precision)) {
        out.printf("%s: this processor has no instructions for it, not measured%n", precision);
        continue;
      }
      Segmenter.Options options =
          Segmenter.Options.DEFAULT
              .withEngine(OneDnnEngine.NAME)
              .withThreads(threads.count())
              .withPrecision(precision)
              .with(GoldenCheck.NEVER);
      double miou;
      double difference;
      BundleConfig.Precision before =
          config
              .precisions()
              .getOrDefault(precision, BundleConfig.DEFAULT_PRECISIONS.get(precision));
      // A precision that the bundle says nothing of is one that this may add.
      ModelBundle judged = bundle.with(bundle.config().withPrecision(precision, before));
      try (Segmenter segmenter = Segmenter.load(judged, options);
          Progress progress = new Progress(spec.commandLine().getErr(), precision, set.size())) {
        difference = segmenter.golden().difference();
        miou =
            100
                * Evaluation.of(segmenter, set, (done, total) -> progress.to(done, ""))
                    .overall()
                    .miou();
      }
      if (precision.equals(BundleConfig.FP32)) {
        fp32 = miou;
      }
      double loss = Math.round((fp32 - miou) * 1000) / 1000.0;
      out.printf(
          Locale.ROOT,
          "%s: %.3f mIoU on %s, %.3f lost; golden logits off by %.2g%n",
          precision,
          miou,
          set.name(),
          loss,
          difference);
      Map<String, Double> losses = new LinkedHashMap<>(before.miouLoss());
      if (!precision.equals(BundleConfig.FP32)) {
        losses.put(set.name(), loss);
      }
      double tolerance = Math.max(before.tolerance(), TOLERANCE_FACTOR * difference);
      config =
          config.withPrecision(
              precision, new BundleConfig.Precision(Math.min(1, tolerance), losses));
    }
    return bundle.with(config);
  }
}
