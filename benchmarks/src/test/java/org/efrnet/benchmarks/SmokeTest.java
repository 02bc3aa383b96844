package org.efrnet.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collection;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Every benchmark runs; what it measures in a millisecond says nothing. */
class SmokeTest {
  @Test
  void everyBenchmarkRuns() throws Exception {
    Options options =
        new OptionsBuilder()
            .include("org.efrnet.benchmarks.*")
            .param("size", "96x64")
            .param("batch", "2")
            .param("precision", "FP32")
            .forks(0)
            .warmupIterations(0)
            .measurementIterations(1)
            .measurementTime(TimeValue.milliseconds(1))
            .shouldFailOnError(true)
            .verbosity(VerboseMode.SILENT)
            .build();
    Collection<RunResult> results = new Runner(options).run();
    assertThat(results)
        .extracting(result -> result.getParams().getBenchmark().replaceFirst(".*\\.", ""))
        .containsExactlyInAnyOrder(
            "decodeJpeg",
            "resizeAndNormalise",
            "argmax",
            "upsampleAndArgmax",
            "overlay",
            "segment",
            "step",
            "step");
  }
}
