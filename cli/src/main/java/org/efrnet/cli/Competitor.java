package org.efrnet.cli;

import org.efrnet.bundle.ModelBundle;
import org.efrnet.segment.Engine;
import org.efrnet.segment.EngineOptions;
import org.efrnet.segment.Executable;
import org.efrnet.segment.UpsampleArgmax;

/**
 * A model made ready by an engine for pictures of one size, with all its buffers: what takes part
 * in a {@link Contest}. The executable is closed by whoever made this.
 */
record Competitor(
    String engine,
    Executable executable,
    UpsampleArgmax choosing,
    byte[] ids,
    int width,
    int height) {
  /**
   * Makes it ready.
   *
   * @param calibrated with a calibration, if the precision is int8
   * @param width of the picture and of the class map
   * @param height of the picture and of the class map
   */
  static Competitor of(
      Engine engine, String precision, ModelBundle calibrated, int threads, int width, int height) {
    Executable executable =
        engine.prepare(
            calibrated.model(), new EngineOptions(threads, precision, calibrated.calibration()));
    return new Competitor(
        engine.name(),
        executable,
        new UpsampleArgmax(executable.classes(), height, width, height, width),
        new byte[width * height],
        width,
        height);
  }

  /**
   * From planes to the class map.
   *
   * @param planes (3, height, width)
   */
  void compute(float[] planes) {
    choosing.into(executable.run(planes, height, width), ids);
  }
}
