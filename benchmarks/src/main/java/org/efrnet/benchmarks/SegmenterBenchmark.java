package org.efrnet.benchmarks;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.images.Picture;
import org.efrnet.segment.Segmentation;
import org.efrnet.segment.Segmenter;
import org.efrnet.segment.SizePolicy;
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

/** A whole frame through the embedded model, decoding left out. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(1)
public class SegmenterBenchmark {
  /** Columns and rows that the network sees. */
  @Param("640x360")
  public String size;

  /** Of the engine. */
  @Param("1")
  public int threads;

  private final Picture picture = Street.of(Street.WIDTH, Street.HEIGHT).picture();
  private Segmenter segmenter;

  /** Loads the model. */
  @Setup
  public void load() throws IOException {
    segmenter =
        Segmenter.load(
            ModelBundle.of("efrnet.camvid"),
            Segmenter.Options.DEFAULT.with(SizePolicy.parse(size)).withThreads(threads));
  }

  /** Gives it back. */
  @TearDown
  public void close() {
    segmenter.close();
  }

  /** A picture of 1280x720 to its class map. */
  @Benchmark
  public Segmentation segment() {
    return segmenter.segment(picture);
  }
}
