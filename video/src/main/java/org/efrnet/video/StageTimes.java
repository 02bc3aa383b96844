package org.efrnet.video;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/** How long stages take, in memory that does not grow with a video's length. For one thread. */
final class StageTimes {
  private static final int DIGITS = 3;

  private final Map<String, Histogram> stages = new LinkedHashMap<>();

  void add(String stage, double millis) {
    stages
        .computeIfAbsent(stage, name -> new Histogram(DIGITS))
        .recordValue(Math.max(0, Math.round(millis * TimeUnit.MILLISECONDS.toMicros(1))));
  }

  Map<String, VideoReport.Percentiles> percentiles() {
    Map<String, VideoReport.Percentiles> found = new LinkedHashMap<>();
    stages.forEach(
        (stage, micros) ->
            found.put(
                stage,
                new VideoReport.Percentiles(at(micros, 50), at(micros, 95), at(micros, 99))));
    return found;
  }

  private static double at(Histogram micros, double percent) {
    return micros.getValueAtPercentile(percent) / 1000.0;
  }
}
