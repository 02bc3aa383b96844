package org.efrnet.cli;

import org.efrnet.bundle.ModelBundle;
import org.efrnet.segment.Segmenter;
import org.efrnet.segment.SizePolicy;
import picocli.CommandLine.Mixin;

/** The options of every command that runs a model in its own process. */
public final class ModelOptions {
  /** The model of this project's own, which every command line has. */
  public static final String DEFAULT_MODEL = "efrnet.camvid";

  @Mixin private NetworkOptions network;

  @Mixin private Threads threads;

  SizePolicy size() {
    return network.size();
  }

  /** What the words say. */
  public Segmenter.Options segmenting() {
    return network.segmenting(threads.count());
  }

  /** The same for one of many tasks: with one thread, where the words say nothing of threads. */
  Segmenter.Options segmentingByTask() {
    return network.segmenting(threads.said().orElse(1));
  }

  Segmenter open(ModelBundle bundle) {
    return Segmenter.load(bundle, segmenting());
  }
}
