package org.efrnet.spark;

import java.io.Serializable;
import java.util.Map;
import java.util.TreeMap;
import org.efrnet.bundle.BundleException;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.segment.GoldenException;
import org.efrnet.segment.Segmenter;
import org.efrnet.segment.SizePolicy;

/**
 * How pictures are labelled, down to all that decides the bytes of a mask, so that every executor
 * does the same: what may be left open to {@link Segmenter.Options}, engine and precision, is
 * settled here, once.
 *
 * @param model a model's name, which an artefact of every executor's class path has, or a bundle's
 *     folder, which every executor sees at this path
 * @param digest of the bundle, {@link ModelBundle#digest}: an executor that finds another one under
 *     that name does nothing
 * @param size to which pictures are scaled, as {@link SizePolicy#toString} gives it
 * @param engine by name
 * @param precision in which it computes
 * @param threads of a picture, at least 1, at most the cores of a task ({@code spark.task.cpus})
 * @param lenient whether a JPEG that ends early is taken as far as it goes
 */
public record Labelling(
    String model,
    String digest,
    String size,
    String engine,
    String precision,
    int threads,
    boolean lenient)
    implements Serializable {
  private static final long serialVersionUID = 1;

  /**
   * Settles what the options leave open, by loading the model here: as one machine would choose.
   *
   * @param model a model's name, or the folder of a bundle
   * @param options of which {@code check} and {@code confidence} do not matter
   * @param lenient whether a JPEG that ends early is taken as far as it goes
   * @throws BundleException if there is no such model, or it is damaged
   * @throws IllegalArgumentException if there is no engine of the name in the options, or it does
   *     not compute in their precision on this machine
   * @throws IllegalStateException if there is no engine, or it cannot run here
   * @throws GoldenException if the engine gives other logits than the bundle says
   */
  public static Labelling of(String model, Segmenter.Options options, boolean lenient)
      throws BundleException {
    ModelBundle bundle = ModelBundle.of(model);
    Segmenter segmenter = Segmenter.load(bundle, options);
    Labelling settled =
        new Labelling(
            model,
            bundle.digest(),
            options.size().toString(),
            segmenter.engine(),
            segmenter.precision(),
            options.threads(),
            lenient);
    // What is loaded already serves the tasks of this process, where there are any.
    Segmenters.of(settled, () -> bundle).give(segmenter);
    return settled;
  }

  Segmenter.Options options() {
    SizePolicy policy =
        size.equals(new SizePolicy.BundleHeight().toString())
            ? new SizePolicy.BundleHeight()
            : SizePolicy.parse(size);
    return Segmenter.Options.DEFAULT
        .with(policy)
        .withEngine(engine)
        .withPrecision(precision)
        .withThreads(threads);
  }

  /**
   * What decides the bytes of a mask, as words by name. The path of a bundle does not: it may be
   * moved.
   */
  Map<String, String> words() {
    return new TreeMap<>(
        Map.of(
            "digest", digest,
            "size", size,
            "engine", engine,
            "precision", precision,
            "threads", Integer.toString(threads),
            "lenient", Boolean.toString(lenient)));
  }

  /**
   * The model, where it is the one that was meant.
   *
   * @throws IllegalStateException if there is none here, or another one
   */
  ModelBundle bundle() {
    ModelBundle bundle;
    try {
      bundle = ModelBundle.of(model);
    } catch (BundleException e) {
      throw new IllegalStateException(
          e.getMessage()
              + " (every executor needs it: at the same path, or as an artefact in spark.jars)",
          e);
    }
    if (!bundle.digest().equals(digest)) {
      throw new IllegalStateException(
          "bundle "
              + model
              + " has digest "
              + bundle.digest()
              + " on an executor and "
              + digest
              + " where the job was started; give both the same bundle");
    }
    return bundle;
  }
}
