package org.efrnet.cli.video;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.OptionalDouble;
import org.efrnet.bundle.BundleConfig;
import org.efrnet.cli.Format;
import org.efrnet.segment.ResultJson;
import org.efrnet.video.VideoOptions;
import org.efrnet.video.VideoReport;
import org.efrnet.video.VideoSource;

/** What came of a video, for programs; docs/video.md says what the fields mean. */
final class ReportJson {
  private ReportJson() {}

  static String of(
      VideoSource source, VideoOptions wanted, Segmenters segmenters, VideoReport report) {
    BundleConfig model = segmenters.any().bundle().config();
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    node.put("video", source.name());
    node.put("width", report.width());
    node.put("height", report.height());
    node.put("rate", report.rate());
    node.put("model", model.name());
    node.put("licence", model.licence().id());
    ResultJson.describe(segmenters.any(), node);
    node.put("segmenters", segmenters.all().size());
    node.put("frames", report.frames());
    node.put("fps", rounded(report.fps()));
    node.put("dropped", report.dropped());
    node.put("damaged", report.damaged());
    node.put("resized", report.resized());
    node.put("reconnected", report.reconnected());
    node.put("seconds", rounded(report.seconds()));
    if (report.cpuSeconds() >= 0) {
      node.put("cpuSeconds", rounded(report.cpuSeconds()));
    }
    node.put("smooth", wanted.smooth());
    put(node, "flicker", report.flicker());
    put(node, "unsmoothedFlicker", report.unsmoothedFlicker());
    node.put("stillShare", report.stillShare());
    ObjectNode millis = node.putObject("millis");
    report
        .millis()
        .forEach(
            (stage, spread) ->
                millis
                    .putObject(stage)
                    .put("p50", spread.p50())
                    .put("p95", spread.p95())
                    .put("p99", spread.p99()));
    ObjectNode shares = node.putObject("shares");
    ObjectNode mean = shares.putObject("mean");
    report.shares().classes().forEach(share -> mean.put(share.name(), share.mean()));
    ArrayNode seconds = shares.putArray("seconds");
    report.shares().seconds().forEach(seconds::add);
    ObjectNode overTime = shares.putObject("overTime");
    for (VideoReport.ClassShares share : report.shares().classes()) {
      ArrayNode values = overTime.putArray(share.name());
      share.overTime().forEach(values::add);
    }
    wanted.out().ifPresent(file -> node.put("out", file.toString()));
    report.codec().ifPresent(codec -> node.put("codec", codec));
    ArrayNode audio = node.putArray("audio");
    report.audio().forEach(audio::add);
    ArrayNode leftOut = node.putArray("audioLeftOut");
    report.audioLeftOut().forEach(leftOut::add);
    report.fault().ifPresent(fault -> node.put("fault", fault));
    node.put("complete", report.isComplete());
    return Format.json(node);
  }

  /** Where there was nothing to measure there is no number. */
  private static void put(ObjectNode node, String name, OptionalDouble value) {
    if (value.isPresent()) {
      node.put(name, value.getAsDouble());
    } else {
      node.putNull(name);
    }
  }

  private static double rounded(double value) {
    return Math.round(value * 1000) / 1000.0;
  }
}
