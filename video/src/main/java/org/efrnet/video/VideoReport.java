package org.efrnet.video;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What came of a video.
 *
 * @param width of the frames that were segmented, upright, in pixels
 * @param height of the frames that were segmented, upright, in pixels
 * @param rate frames a second, as the source says
 * @param frames that were segmented, and written where a file was asked for
 * @param dropped frames of a live source that came while another was under way
 * @param damaged packets and frames that could not be decoded, or only in part
 * @param resized frames that came in another size than the first and were scaled to it
 * @param reconnected how often a live source was lost and came back
 * @param seconds from the first frame's reading to the last one's writing
 * @param cpuSeconds processor time of the whole process meanwhile; negative if nobody tells
 * @param millis by stage: {@code decode} (reading, decoding, conversion to RGB), {@code prepare},
 *     {@code network} and {@code finish} as {@link org.efrnet.segment.Segmentation.Millis} has
 *     them, {@code draw} (stillness, flicker, smoothing, overlay), {@code encode} (conversion,
 *     encoding, writing) and {@code total}, a frame's way from decoded to done, waiting included
 * @param flicker of what is shown; empty if the picture never stood still anywhere
 * @param unsmoothedFlicker of the network's own classes; the same where nothing was smoothed
 * @param stillShare the part of pixels that flicker was judged by, 0..1
 * @param shares of classes over time
 * @param codec of the written video; empty if none was written
 * @param audio codecs of sound that was copied
 * @param audioLeftOut codecs of sound that the container does not take
 * @param fault why it ended before the source's end; empty if it did not
 */
public record VideoReport(
    int width,
    int height,
    double rate,
    long frames,
    long dropped,
    long damaged,
    long resized,
    int reconnected,
    double seconds,
    double cpuSeconds,
    Map<String, Percentiles> millis,
    OptionalDouble flicker,
    OptionalDouble unsmoothedFlicker,
    double stillShare,
    Shares shares,
    Optional<String> codec,
    List<String> audio,
    List<String> audioLeftOut,
    Optional<String> fault) {
  /** Times in milliseconds that so many of a hundred do not exceed, within 0.1 %. */
  public record Percentiles(double p50, double p95, double p99) {}

  /**
   * Parts of classes over time.
   *
   * @param seconds from the beginning, at which each stretch of time starts
   * @param classes all of the model
   */
  public record Shares(List<Double> seconds, List<ClassShares> classes) {}

  /**
   * A class's part of the pixels.
   *
   * @param mean over all frames, 0..1
   * @param overTime for each stretch of {@link Shares#seconds}, 0..1
   */
  public record ClassShares(String name, double mean, List<Double> overTime) {}

  /** Frames a second that were done. */
  public double fps() {
    return seconds > 0 ? frames / seconds : 0;
  }

  /** Whether every frame of the source was there, whole. */
  public boolean isComplete() {
    return fault.isEmpty() && damaged == 0;
  }
}
